"""Which round of a venue is due, and when: closes, bars that come late, closes that a round has missed."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from trader.brokers.reconcile import Report
from trader.domain.market import Timeframe
from trader.domain.portfolio import Book
from trader.runner import closes
from trader.runner.closes import Due, Watch
from trader.runner.watching import Control
from trader.settings import load

START = datetime(2025, 3, 3, 10, 5, tzinfo=UTC)
FIRST = datetime(2025, 3, 3, 10, 15, tzinfo=UTC)
LENGTH = timedelta(minutes=15)
BOOK = cast("Book", type("Two", (), {"symbols": ("BTC/USDT", "ETH/USDT"), "timeframe": Timeframe.M15}))


@dataclass
class Quick:
    """Every look at the clock takes twenty seconds."""

    at: datetime = START

    def now(self) -> datetime:
        self.at += timedelta(seconds=20)
        return self.at

    def monotonic(self) -> float:
        return 0.0


@dataclass
class Venue:
    """Bars that come when a test says; whoever watches, and the account beside, which is quiet."""

    clock: Quick = field(default_factory=Quick)
    come: dict[tuple[str, datetime], datetime] = field(default_factory=dict)
    """Symbol and close -> when the bar is there; at its close where nothing is said."""
    control: Control = field(default_factory=Control)
    notes: list[str] = field(default_factory=list)
    read_at: datetime = START

    async def read(self, now: datetime) -> None:
        self.read_at = now

    def has(self, symbol: str, close: datetime) -> bool:
        return self.come.get((symbol, close), close) <= self.read_at

    def note(self, text: str) -> None:
        self.notes.append(text)

    async def refresh(self) -> None:
        pass

    async def reconcile(self) -> Report:
        return Report(at=self.clock.at)

    async def listen(self) -> tuple[str, ...]:
        return ()

    def watch(self) -> Watch:
        settings, _ = load(flags={})
        every = cast("Any", self)
        return Watch(settings, every, every, self.clock, self.control, every, lambda: None, every)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closes, "LOOK_S", 0.0)


async def test_each_close_is_a_round_once_its_bars_are_here() -> None:
    watch = Venue().watch()
    assert [await watch.next_round(BOOK) for _ in range(3)] == [
        Due(FIRST),
        Due(FIRST + LENGTH),
        Due(FIRST + 2 * LENGTH),
    ]


async def test_a_bar_that_comes_late_has_a_round_of_its_own_once_it_is_heard_of() -> None:
    there = FIRST + timedelta(minutes=10)
    venue = Venue(come={("ETH/USDT", FIRST): there})
    watch = venue.watch()
    assert await watch.next_round(BOOK) == Due(FIRST)
    assert FIRST + LENGTH / 2 <= venue.clock.at < there
    late = await watch.next_round(BOOK)
    assert late is not None
    assert late.late == {"ETH/USDT": FIRST}
    assert venue.read_at <= late.as_of < FIRST + LENGTH
    assert late.as_of >= there
    assert late.as_of.microsecond == 0
    assert await watch.next_round(BOOK) == Due(FIRST + LENGTH)
    assert "round goes on without it" in venue.notes[0]
    assert "a round of its own" in venue.notes[1]


async def test_a_bar_that_comes_with_the_next_one_is_of_that_round() -> None:
    venue = Venue(come={("ETH/USDT", FIRST): FIRST + LENGTH})
    watch = venue.watch()
    assert [await watch.next_round(BOOK) for _ in range(2)] == [Due(FIRST), Due(FIRST + LENGTH)]


async def test_two_that_come_at_different_times_have_a_round_each() -> None:
    come = {
        ("BTC/USDT", FIRST): FIRST + timedelta(minutes=9),
        ("ETH/USDT", FIRST): FIRST + timedelta(minutes=12),
    }
    venue = Venue(come=come)
    watch = venue.watch()
    rounds = [await watch.next_round(BOOK) for _ in range(3)]
    assert [one.late for one in rounds if one] == [{"BTC/USDT": FIRST}, {"ETH/USDT": FIRST}, {}]
    assert len({one.as_of for one in rounds if one}) == 3
    assert venue.notes[0].startswith("no bar closed")


async def test_a_close_that_goes_by_during_a_round_is_taken_up_for_half_a_bar() -> None:
    venue = Venue()
    watch = venue.watch()
    assert await watch.next_round(BOOK) == Due(FIRST)
    venue.clock.at = FIRST + LENGTH + timedelta(minutes=3)
    assert await watch.next_round(BOOK) == Due(FIRST + LENGTH)
    venue.clock.at = FIRST + 2 * LENGTH + timedelta(minutes=9)
    assert await watch.next_round(BOOK) == Due(FIRST + 3 * LENGTH)


async def test_closes_of_before_the_run_are_not_made_up_for() -> None:
    venue = Venue(clock=Quick(FIRST + timedelta(seconds=30)))
    assert await venue.watch().next_round(BOOK) == Due(FIRST + LENGTH)


async def test_who_wants_to_stop_waits_for_no_round() -> None:
    assert await Venue(control=Control(stop=True)).watch().next_round(BOOK) is None
