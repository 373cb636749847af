"""Did it make money? The account of the book over the scored decisions, after costs and after its models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trader.brokers.ledger import fold
from trader.brokers.present import rows_of
from trader.data.market import Market
from trader.domain.portfolio import Book, RoundTrip, sum_exact
from trader.evals.curve import LEVEL, Curve, Performance, Resampling, performance
from trader.evals.run_summary import passive
from trader.evals.trading_costs import repriced, trading_costs
from trader.graph.assembly import cost_model
from trader.journal.reader import JournalReader
from trader.settings import restored


@dataclass(frozen=True)
class Money:
    """From the mark of the first scored decision to that of the last."""

    net_return: float
    """After fees, spread, slippage and what the models took."""
    performance: Performance
    """Before models."""
    profit_factor: float | None
    """Of the trades that were closed; None where none lost."""
    trades: int
    turnover: float
    """What was traded in a year, both sides, over the mean equity."""
    exposure: float
    """Mean gross exposure, as a share of equity."""
    buy_and_hold: float
    """Equal amounts of the symbols, bought at the first open, after one side's costs."""
    buy_and_hold_at_exposure: float
    at_bps: Mapping[int, float]
    """The return of the same fills at these costs a side, in basis points; before models."""


def money(
    reader: JournalReader, book: Book, market: Market, first: datetime, last: datetime, usd: Decimal
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
    told = performance(curve.returns, curve.periods, Resampling(curve), LEVEL)
    beside = passive(market, book, marks, costs)
    return Money(
        net_return=told.net_return - float(usd / begins.equity),
        performance=told,
        profit_factor=profit_factor(closed),
        trades=len(closed),
        turnover=curve.turnover(taken.notional),
        exposure=beside.exposure,
        buy_and_hold=beside.gain,
        buy_and_hold_at_exposure=beside.gain_at_exposure,
        at_bps=repriced(taken, begins.equity, ends.equity),
    )


def profit_factor(closed: Sequence[RoundTrip]) -> float | None:
    """Gains of closed positions over their losses; None without a loss."""
    gains = sum_exact(one.realised for one in closed if one.realised > 0)
    losses = -sum_exact(one.realised for one in closed if one.realised < 0)
    return float(gains / losses) if losses else None
