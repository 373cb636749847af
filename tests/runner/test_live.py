"""A venue's sandbox traded on its own bars: the whole desk, and a clock that runs fast."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.venues.binance import KEY, SECRET, UID
from tests.venues.exchange import Listing
from tests.venues.server import StandIn, serving, stand_in
from tests.venues.walk import START, FastClock, Walk, moved_by
from trader.data.calendar import trading_calendar
from trader.data.feeds.ccxt_exchange import Keys
from trader.domain.errors import Refused, TraderError, UnknownName, UsageError
from trader.domain.orders import OrderState
from trader.graph.replay import replay
from trader.journal.reader import JournalReader
from trader.journal.records import Commanded
from trader.journal.writer import Journal
from trader.runner.closes import last_close
from trader.runner.live import run_live
from trader.runner.loop import Ran
from trader.runner.past import Past
from trader.runner.watching import ClosedRound, Control, Opening
from trader.settings import load
from trader.workspace import Workspace

D = Decimal
KEYS = Keys(SecretStr(KEY), SecretStr(SECRET))
FAST = 1800.0
"""A bar of 15 minutes in half a second."""


@dataclass
class Seen:
    """Keeps what it is told."""

    after: Callable[[ClosedRound], None] = lambda closed: None
    rounds: list[ClosedRound] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    opening: Opening | None = None

    def preparing(self, what: str, done: int, total: int) -> None:
        pass

    def opened(self, opening: Opening) -> None:
        self.opening = opening

    def round_closed(self, closed: ClosedRound) -> None:
        self.rounds.append(closed)
        self.after(closed)

    def note(self, text: str) -> None:
        self.notes.append(text)


@dataclass
class Sandbox:
    """A venue whose market moves, and a workspace to trade it from."""

    venue: StandIn
    clock: FastClock
    workspace: Workspace
    flags: dict[str, Any]

    async def run(self, seen: Seen | None = None, control: Control | None = None, **flags: Any) -> Ran:
        settings, _ = load(flags={**self.flags, **{k.replace("__", "."): v for k, v in flags.items()}})
        return await run_live(
            self.workspace,
            settings,
            KEYS,
            observer=seen or Seen(),
            control=control or Control(),
            clock=self.clock,
        )

    @property
    def sent(self) -> list[str]:
        return [one for one in self.venue.venue.asked if one.startswith(("POST", "DELETE"))]


@asynccontextmanager
async def sandbox(
    folder: Path, *more: Listing, factor: float = FAST, **balances: str
) -> AsyncIterator[Sandbox]:
    clock = FastClock(START, factor)
    venue = stand_in(
        Listing("BTC", "USDT"),
        *more,
        liquid=True,
        **(balances or {"USDT": "100000", "BTC": "0.5", "ETH": "3"}),
    )
    async with serving(moved_by(venue, "BTCUSDT", Walk(clock))):
        flags = {
            "run.broker": "ccxt:binance",
            "run.feed": "ccxt:binance",
            "run.symbols": ("BTC/USDT",),
            "run.timeframe": "15m",
            "run.cycles": 3,
            "desk.quorum": 1,
            "desk.horizon": 4,
            "desk.minimum_agreement": 0.0,
            "venue.stand_in": venue.url,
            "venue.history": 390,
            "venue.recv_window_ms": 1000,
            "venue.poll_s": 120.0,
        }
        yield Sandbox(venue, clock, Workspace(folder), flags)


def stopped(town: Sandbox) -> Decimal:
    """Units that stops at the venue protect."""
    open_orders = town.venue.exchange.open_orders()
    return sum((one.left for one in open_orders if one.type == "STOP_LOSS"), D(0))


async def test_a_sandbox_is_traded_stopped_and_gone_on_with(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as town:
        first = Seen()
        ran = await town.run(first)
        assert ran.finished
        assert ran.book.id == f"binance-sandbox-{UID}"
        assert len(first.rounds) == 3
        assert all(b.as_of > a.as_of for a, b in zip(first.rounds, first.rounds[1:], strict=False))
        exchange = town.venue.exchange
        entry = exchange.orders[1]
        assert (entry.side, entry.status, entry.type) == ("BUY", "FILLED", "LIMIT")
        assert stopped(town) == exchange.balances["BTC"] - D("0.5") > 0
        assert any("still works" in note for note in first.notes)

        control, second = Control(), Seen()

        def stop_after_one(closed: ClosedRound) -> None:
            control.stop = True

        second.after = stop_after_one
        again = await town.run(second, control, run__cycles=None)
        assert not again.finished
        assert second.opening is not None
        assert (second.opening.resumed, second.opening.done) == (True, 3)
        assert again.book == ran.book
        assert [one for one in second.notes if "still works" not in one] == []

        with JournalReader(ran.journal) as reader:
            orders = reader.orders(ran.book.id)
            assert [one.order.client_id for one in orders] == [
                one.client_id for one in exchange.orders.values()
            ]
            fills = reader.fills(ran.book.id)
            spent = sum(fill.signed_quantity * fill.price for fill in fills)
            assert 100_000 - spent == exchange.balances["USDT"]
            assert sum(fill.signed_quantity for fill in fills) == exchange.balances["BTC"] - D("0.5")
            assert stopped(town) == exchange.balances["BTC"] - D("0.5")
            assert [run.ended.reason for run in reader.runs(ran.book.id) if run.ended] == [
                "finished",
                "stopped",
            ]


async def test_while_the_folder_is_halted_nothing_is_sent(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as town:
        town.workspace.halt.parent.mkdir(parents=True)
        town.workspace.halt.write_text("by hand")
        seen = Seen()
        ran = await town.run(seen, run__cycles=2)
        assert town.sent == []
        with JournalReader(ran.journal) as reader:
            states = {event.state for event in reader.order_events(ran.book.id)}
        assert states == {OrderState.NOT_SENT}
        assert [note for note in seen.notes if "still works" not in note] == [
            "halted by hand; nothing is sent",
        ]


@pytest.mark.parametrize(
    ("ask", "says"), [("1.02", "spread: 2 % of the price asked"), (None, "spread: bid and ask are not known")]
)
async def test_an_entry_into_a_wide_market_or_one_without_a_quote_is_refused(
    tmp_path: Path, ask: str | None, says: str
) -> None:
    async with sandbox(tmp_path) as town:
        if ask is None:
            town.venue.fault("GET /ticker/24hr", reply="half", times=9)
        else:
            town.venue.venue.ask_over_bid = D(ask)
        ran = await town.run(run__cycles=1)
        assert town.sent == []
        with JournalReader(ran.journal) as reader:
            ((ruling),) = [one.ruling for one in reader.rulings(ran.book.id)]
    assert (ruling.limit, ruling.quantity) == ("spread", 0)
    assert ruling.sentence.startswith(says)


async def test_a_dry_run_asks_the_venue_and_sends_it_nothing(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as town:
        ran = await town.run(run__cycles=1, run__dry_run=True)
        assert town.sent == []
        with JournalReader(ran.journal) as reader:
            told = {(event.state, event.reason) for event in reader.order_events(ran.book.id)}
        assert told == {(OrderState.NOT_SENT, "dry run: orders are written down")}


async def test_a_workspace_keeps_one_book_for_an_account(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as town:
        await town.run(run__cycles=1)
        with pytest.raises(UsageError, match="trades BTC/USDT on 15m bars") as refused:
            await town.run(run__timeframe="1h")
        assert "account" in refused.value.hint


async def test_an_account_without_money_is_refused(tmp_path: Path) -> None:
    async with sandbox(tmp_path, BTC="1") as town:
        with pytest.raises(Refused, match="owns no USDT"):
            await town.run()


async def test_markets_of_two_quote_currencies_are_refused_in_one_book(tmp_path: Path) -> None:
    async with sandbox(tmp_path, Listing("ETH", "BTC")) as town:
        with pytest.raises(UsageError, match=r"a book has one quote currency.* BTC, USDT") as refused:
            await town.run(run__symbols=("BTC/USDT", "ETH/BTC"))
        assert "another account" in refused.value.hint
        assert town.sent == []


async def test_a_book_in_a_coin_is_exact_in_it_and_a_restart_counts_the_entries_of_its_last_round(
    tmp_path: Path,
) -> None:
    """Entries are written down some time after the close that they belong to."""
    async with sandbox(tmp_path, Listing("ETH", "BTC"), BTC="1000000") as town:
        town.venue.exchange.last["ETHBTC"] = D(30_000)
        ran = await town.run(run__symbols=("ETH/BTC",), run__cycles=1)
        with JournalReader(ran.journal) as reader:
            fills, last = reader.fills(ran.book.id), reader.last_closed(ran.book.id)
            assert last is not None
            calendar = trading_calendar("24/7", last.date(), last.date())
            entered = [one for one in reader.orders(ran.book.id) if not one.order.reduce_only]
            assert entered
            assert Past.of(reader, ran.book, calendar).entries_today(last) == len(entered)
        spent = sum((fill.signed_quantity * fill.price for fill in fills), D(0))
        assert (ran.book.currency, ran.book.cash) == ("BTC", 1_000_000)
        assert {fill.fee_currency for fill in fills} <= {"BTC"}
        assert ran.book.cash - spent == town.venue.exchange.balances["BTC"]


async def test_keys_that_do_not_fit_stop_before_anything_is_sent(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as town:
        town.venue.venue.revoked = True
        with pytest.raises(TraderError, match="-2015") as failed:
            await town.run()
        assert KEY not in str(failed.value)
        assert town.sent == []


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"run.feed": "sample"}, "trades on its own bars"),
        ({"run.symbols": ()}, "too many markets"),
        ({"run.timeframe": None, "run.symbols": ("BTC/USDT",)}, "too many markets"),
        ({"venue.stand_in": "http://10.0.0.1:80"}, "a stand-in is on this machine"),
        ({"run.broker": "ccxt", "run.feed": "ccxt"}, "not a venue"),
        ({"run.broker": "ccxt:nowhere", "run.feed": "ccxt:nowhere"}, "unknown exchange"),
    ],
)
async def test_what_does_not_fit_together_says_what_to_do(
    tmp_path: Path, flags: dict[str, Any], words: str
) -> None:
    async with sandbox(tmp_path) as town:
        town.flags = {key: value for key, value in {**town.flags, **flags}.items() if value is not None}
        with pytest.raises(TraderError, match=words) as refused:
            await town.run()
        assert refused.value.hint
        assert town.venue.venue.asked == []


async def test_an_unknown_market_names_the_nearest(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as town:
        with pytest.raises(UnknownName, match="BTC/USD") as refused:
            await town.run(run__symbols=("BTC/USD",))
        assert "BTC/USDT" in refused.value.hint


def test_the_last_close_is_that_of_a_market_that_never_closes() -> None:
    from datetime import UTC, datetime

    from trader.domain.market import Timeframe

    now = datetime(2025, 3, 3, 10, 44, 59, tzinfo=UTC)
    assert last_close(now, Timeframe.M15) == datetime(2025, 3, 3, 10, 30, tzinfo=UTC)
    assert last_close(now, Timeframe.D1) == datetime(2025, 3, 3, tzinfo=UTC)


async def test_an_order_that_waits_for_a_person_is_sent_once_it_is_approved(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as town:
        seen, asked = Seen(), []

        def approve(closed: ClosedRound) -> None:
            with JournalReader(town.workspace.journal) as reader:
                waiting = [
                    one
                    for one in reader.orders(seen.opening.book.id)  # type: ignore[union-attr]
                    if one.state is OrderState.AWAITING_APPROVAL and one.order.parent is None
                ]
            if waiting and not asked:
                assert town.sent == []
                asked.append(waiting[-1].order.client_id)
                given = {"book": waiting[-1].book, "order": asked[0]}
                with Journal.open(town.workspace.journal) as journal:
                    journal.append(Commanded(id="c1", at=town.clock.now(), kind="approve", arguments=given))

        seen.after = approve
        await town.run(seen, run__approval="always", venue__poll_s=30.0)
        exchange = town.venue.exchange
        assert [one.client_id for one in exchange.orders.values()][:1] == asked
        assert exchange.orders[1].status == "FILLED"
        assert exchange.orders[2].type == "STOP_LOSS"
        assert any("approve:" in note for note in seen.notes)


async def test_a_person_can_leave_everything_while_the_run_goes_on(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as town:
        seen = Seen()

        def flatten(closed: ClosedRound) -> None:
            if closed.account.positions:
                given = {"book": seen.opening.book.id}  # type: ignore[union-attr]
                with Journal.open(town.workspace.journal) as journal:
                    journal.append(Commanded(id="c2", at=town.clock.now(), kind="flatten", arguments=given))

        seen.after = flatten
        ran = await town.run(seen, venue__poll_s=30.0)
        exchange = town.venue.exchange
        assert exchange.orders[2].status == "CANCELED"
        assert ("SELL", "MARKET", "FILLED") in [(o.side, o.type, o.status) for o in exchange.orders.values()]
        with JournalReader(ran.journal) as reader:
            assert sum(fill.signed_quantity for fill in reader.fills(ran.book.id)) == exchange.balances[
                "BTC"
            ] - D("0.5")


async def test_a_symbol_whose_bar_comes_late_is_decided_in_a_round_of_its_own(tmp_path: Path) -> None:
    async with sandbox(tmp_path, Listing("ETH", "USDT"), factor=FAST / 8) as town:
        venue, seen, hidden = town.venue.venue, Seen(), [True]
        bars = venue.bars
        since = START.timestamp() * 1000

        def without(symbol: str, interval: str) -> list[Any]:
            known = bars(symbol, interval)
            return [bar for bar in known if bar[0] < since] if hidden and symbol == "ETHUSDT" else known

        venue.bars = without
        seen.after = lambda closed: hidden.clear()
        ran = await town.run(seen, run__symbols=("BTC/USDT", "ETH/USDT"), run__cycles=2)
        exact, late, after = seen.rounds
        bar = timedelta(minutes=15)
        assert exact.as_of + bar / 2 < late.as_of < exact.as_of + bar <= after.as_of
        decided = [[one.symbol for one in closed.decisions] for closed in seen.rounds]
        assert decided == [["BTC/USDT"], ["ETH/USDT"], ["BTC/USDT", "ETH/USDT"]]
        with JournalReader(ran.journal) as reader:
            assert [mark.as_of for mark in reader.marks(ran.book.id)] == [exact.as_of, after.as_of]
            assert len({one.round for one in reader.rounds(ran.book.id)}) == 3
            again = await asyncio.to_thread(replay, reader, late.decisions[0].id, ran.market)
        assert (again.identical, again.differences) == (True, ())
