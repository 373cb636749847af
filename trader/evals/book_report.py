"""One book of a backtest: its money beside the baselines, its costs, its schedule of learning, its agents.

Everything comes from the journal and the data, so the same journal gives the same report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trader.brokers.costs import CostModel
from trader.brokers.ledger import fold
from trader.brokers.present import rows_of
from trader.data.market import Market
from trader.domain.decisions import Decision
from trader.domain.orders import Fill
from trader.domain.portfolio import Book, RoundTrip
from trader.evals.curve import Curve, Resampling
from trader.evals.evaluation import Evaluation, evaluate
from trader.evals.knowledge import NOTHING
from trader.evals.money import profit_factor
from trader.evals.rivals import Rival, Row, against, desk_row, rivals
from trader.evals.run_summary import RunSummary, summarise
from trader.evals.trading_costs import TradingCosts, repriced, trading_costs
from trader.journal.reader import JournalReader

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Marker:
    """A fill, on the curve."""

    at: datetime
    round: int
    """Index into the curve."""
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True)
class Refits:
    """When what is fitted was fitted anew, and from what was known."""

    cut_offs: tuple[datetime, ...]
    """Of calibration, weights, base rates and payoffs: only what had resolved by then was used."""
    every: int
    """Rounds between two."""
    forecaster_every: int
    """Bars between two trainings of the forecaster."""
    late: int
    """Decisions whose cut-off was after them: none, or the walk was not forward."""


@dataclass(frozen=True, eq=False)
class BookReport:
    """Everything about one book."""

    book: Book
    summary: RunSummary
    curve: Curve
    desk: Row
    baselines: tuple[Row, ...]
    rivals: tuple[Rival, ...]
    """The same, with their returns."""
    missing: tuple[str, ...]
    """A sentence for each baseline that there is not."""
    turnover: float
    """Traded in a year, as a multiple of mean equity; both sides count."""
    profit_factor: float | None
    """Gains of closed positions over their losses; None without a loss."""
    costs: TradingCosts
    at_other_costs: Mapping[int, float]
    markers: tuple[Marker, ...]
    closed: tuple[RoundTrip, ...]
    refits: Refits
    evaluation: Evaluation


def report_book(
    reader: JournalReader,
    book: Book,
    market: Market,
    costs: CostModel,
    cut_offs: Mapping[str, date] = NOTHING,
    seed: int = 0,
) -> BookReport:
    """The report of a book with two marks and a decision, or more. `cut_offs` are its models'."""
    marks, fills = reader.marks(book.id), reader.fills(book.id)
    curve = Curve.of(book, marks)
    summary = summarise(reader, market, book, costs)
    resampling = Resampling(curve, seed)
    taken = trading_costs(fills, reader.entries(book.id), market, costs, summary.llm_usd)
    instruments = [market.instruments[symbol] for symbol in book.symbols]
    closed = tuple(fold(book, instruments, rows_of(reader.movements(book.id))).closed)
    started = reader.runs(book.id)[-1].started
    turnover = curve.turnover(taken.notional)
    beside, missing = rivals(market, book, curve, costs, turnover, seed)
    return BookReport(
        book=book,
        summary=summary,
        curve=curve,
        desk=desk_row(curve, resampling),
        baselines=tuple(against(one, curve, resampling) for one in beside),
        rivals=beside,
        missing=missing,
        turnover=turnover,
        profit_factor=profit_factor(closed),
        costs=taken,
        at_other_costs=repriced(taken, book.cash, marks[-1].equity),
        markers=tuple(_markers(curve, fills)),
        closed=closed,
        refits=_refits(reader, book, started.settings),
        evaluation=evaluate(reader, book, market, account=False, cut_offs=cut_offs, seed=seed),
    )


def _markers(curve: Curve, fills: Sequence[Fill]) -> list[Marker]:
    moments = np.array([at.timestamp() for at in curve.as_of])
    return [
        Marker(
            fill.at,
            min(int(np.searchsorted(moments, fill.at.timestamp())), len(moments) - 1),
            fill.symbol,
            fill.side.value,
            fill.quantity,
            fill.price,
        )
        for fill in fills
    ]


def _refits(reader: JournalReader, book: Book, settings: Mapping[str, Any]) -> Refits:
    decisions: list[Decision] = reader.decisions(book.id, newest_first=False)
    used = {
        digest: reader.learned(book.id, digest).cut_off for digest in {made.learned for made in decisions}
    }
    desk = settings["desk"]
    return Refits(
        cut_offs=tuple(sorted(used.values())),
        every=desk["refit_bars"],
        forecaster_every=desk["refit_forecaster"],
        late=sum(1 for made in decisions if used[made.learned] > made.as_of),
    )
