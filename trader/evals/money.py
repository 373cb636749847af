"""Did it make money? The account of the book over the scored decisions, after costs and after its models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trader.brokers.ledger import fold
from trader.brokers.present import rows_of
from trader.data.market import Market
from trader.domain.portfolio import Book, RoundTrip, sum_exact
from trader.evals.curve import Curve, Performance, Resampling
from trader.evals.rivals import Row, against, desk_row, rivals
from trader.evals.trading_costs import repriced, trading_costs
from trader.graph.assembly import cost_model
from trader.journal.reader import JournalReader
from trader.settings import restored


@dataclass(frozen=True)
class Money:
    """From the mark of the first scored decision to that of the last."""

    net_return: float
    """After fees, spread, slippage and what the models took."""
    desk: Row
    """Before models."""
    profit_factor: float | None
    """Of the trades that were closed; None where none lost."""
    trades: int
    turnover: float
    """What was traded in a year, both sides, over the mean equity."""
    baselines: tuple[Row, ...]
    """What the same money would have come to without a desk, the simplest first."""
    missing: tuple[str, ...]
    """A sentence for each baseline that there is not."""
    at_bps: Mapping[int, float]
    """The return of the same fills at these costs a side, in basis points; before models."""

    @property
    def performance(self) -> Performance:
        """The desk's own."""
        return self.desk.performance


def money(
    reader: JournalReader,
    book: Book,
    market: Market,
    first: datetime,
    last: datetime,
    usd: Decimal,
    seed: int = 0,
) -> Money | None:
    """None where fewer than two marks lie between the first and the last scored decision."""
    marks = [mark for mark in reader.marks(book.id) if first <= mark.as_of <= last]
    if len(marks) < 2:
        return None
    begins, ends = marks[0], marks[-1]
    curve = Curve.of(book, marks)
    costs = cost_model(restored(reader.runs(book.id)[-1].started.settings))
    fills = [fill for fill in reader.fills(book.id) if begins.as_of < fill.at <= ends.as_of]
    entries = [entry for entry in reader.entries(book.id) if begins.as_of < entry.at <= ends.as_of]
    taken = trading_costs(fills, entries, market, costs, usd)
    instruments = (market.instruments[symbol] for symbol in book.symbols)
    every = fold(book, instruments, rows_of(reader.movements(book.id))).closed
    closed = [one for one in every if begins.as_of < one.closed_at <= ends.as_of]
    resampling, turnover = Resampling(curve, seed), curve.turnover(taken.notional)
    desk = desk_row(curve, resampling)
    beside, missing = rivals(market, book, curve, costs, turnover, seed)
    return Money(
        net_return=desk.performance.net_return - float(usd / begins.equity),
        desk=desk,
        profit_factor=profit_factor(closed),
        trades=len(closed),
        turnover=turnover,
        baselines=tuple(against(one, curve, resampling) for one in beside),
        missing=missing,
        at_bps=repriced(taken, begins.equity, ends.equity),
    )


def profit_factor(closed: Sequence[RoundTrip]) -> float | None:
    """Gains of closed positions over their losses; None without a loss."""
    gains = sum_exact(one.realised for one in closed if one.realised > 0)
    losses = -sum_exact(one.realised for one in closed if one.realised < 0)
    return float(gains / losses) if losses else None
