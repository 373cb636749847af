"""A person lifts breakers; nobody else does, and not while a run is at work."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from trader.data.calendar import trading_calendar
from trader.domain.errors import WorkspaceInUse
from trader.domain.ids import BookId
from trader.domain.market import Timeframe
from trader.domain.portfolio import Book, Mode
from trader.journal.reader import JournalReader
from trader.journal.records import BookOpened, BreakerChanged, Marked
from trader.journal.writer import Journal
from trader.runner.past import Past
from trader.runner.resuming import lift_breakers
from trader.workspace import Workspace

CLOSES = [datetime(2012, 6, day, 20, tzinfo=UTC) for day in (1, 4, 5)]
BOOK = Book(
    id=BookId("01B"),
    mode=Mode.PAPER,
    feed="sample",
    symbols=("AAPL",),
    timeframe=Timeframe.D1,
    horizon=5,
    currency="USD",
    calendar="XNYS",
    cash=Decimal(100_000),
    opened_at=CLOSES[0],
    settings="s",
)


def mark(number: int, equity: int) -> Marked:
    money = Decimal(equity)
    return Marked(book=BOOK.id, as_of=CLOSES[number], equity=money, cash=money, gross=Decimal(0))


def tripped(number: int) -> BreakerChanged:
    return BreakerChanged(
        book=BOOK.id,
        reason="drawdown",
        since=CLOSES[number],
        until=None,
        lifted=False,
        at=CLOSES[number],
        asked=Decimal("0.11"),
        permitted=Decimal("0.10"),
    )


@pytest.fixture
def barred(workspace: Path) -> Workspace:
    place = Workspace(workspace)
    place.state.mkdir(parents=True, exist_ok=True)
    with Journal.open(place.journal) as journal:
        journal.append(BookOpened(book=BOOK), mark(0, 100_000), mark(1, 89_000), tripped(1))
    return place


def past(workspace: Workspace) -> Past:
    calendar = trading_calendar("XNYS", CLOSES[0].date(), CLOSES[-1].date())
    with JournalReader(workspace.journal) as reader:
        return Past.of(reader, BOOK, calendar)


def test_a_drawdown_bars_entries_until_a_person_resumes(barred: Workspace) -> None:
    assert [one.bars(CLOSES[2]) for one in past(barred).breakers] == [True]
    book, lifted = lift_breakers(barred)
    assert book == BOOK
    assert [one.reason for one in lifted] == ["drawdown"]
    assert [one.bars(CLOSES[2]) for one in past(barred).breakers] == [False]


def test_after_a_resume_the_drawdown_is_measured_from_what_there_is(barred: Workspace) -> None:
    assert past(barred).water.peak == Decimal(100_000)
    lift_breakers(barred)
    assert past(barred).water.peak == Decimal(89_000)


def test_resuming_twice_lifts_nothing_more(barred: Workspace) -> None:
    lift_breakers(barred)
    assert lift_breakers(barred)[1] == ()


def test_nothing_is_lifted_while_a_run_is_at_work(barred: Workspace) -> None:
    with barred.hold(), pytest.raises(WorkspaceInUse):
        lift_breakers(barred)


def test_what_was_measured_survives_a_restart(barred: Workspace) -> None:
    (breaker,) = past(barred).breakers
    assert (breaker.asked, breaker.permitted) == (Decimal("0.11"), Decimal("0.10"))
