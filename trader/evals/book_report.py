"""One book of a backtest: its money beside the baselines, its costs, its schedule of learning, its agents.

Everything comes from the journal and the data, so the same journal gives the same report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
from trader.evals.curve import LEVEL, Curve, Performance, Resampling, performance
from trader.evals.evaluation import Evaluation, evaluate
from trader.evals.money import profit_factor
from trader.evals.rivals import Rival, rivals
from trader.evals.run_summary import RunSummary, summarise
from trader.evals.trading_costs import TradingCosts, repriced, trading_costs
from trader.journal.reader import JournalReader

Floats = NDArray[np.float64]
DESK = "the desk"


@dataclass(frozen=True)
class Row:
    """The desk, or what it has to be better than."""

    name: str
    performance: Performance
    exposure: float | None
    """Mean, as a share of equity."""
    less: float | None
    """What the desk earned a year beyond this: mean difference of returns, times periods.

    None for itself, and where the span is too short for an interval.
    """
    interval: tuple[float, float] | None
    note: str = ""

    @property
    def decided(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.interval is not None and not self.interval[0] <= 0.0 <= self.interval[1]


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
    reader: JournalReader, book: Book, market: Market, costs: CostModel, seed: int = 0
) -> BookReport:
    """The report of a book with at least two marks and a decision."""
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
        desk=_row(DESK, curve, curve.returns, resampling, float(curve.exposure.mean())),
        baselines=tuple(_against(one, curve, resampling) for one in beside),
        rivals=beside,
        missing=missing,
        turnover=turnover,
        profit_factor=profit_factor(closed),
        costs=taken,
        at_other_costs=repriced(taken, book.cash, marks[-1].equity),
        markers=tuple(_markers(curve, fills)),
        closed=closed,
        refits=_refits(reader, book, started.settings),
        evaluation=evaluate(reader, book, market, seed=seed),
    )


def _row(name: str, curve: Curve, returns: Floats, resampling: Resampling, exposure: float | None) -> Row:
    return Row(name, performance(returns, curve.periods, resampling, LEVEL), exposure, None, None)


def _against(one: Rival, curve: Curve, resampling: Resampling) -> Row:
    between = curve.returns - one.returns
    interval = resampling.of_mean(between, LEVEL)
    year = curve.periods
    return Row(
        name=one.name,
        performance=performance(one.returns, year, resampling, LEVEL),
        exposure=one.exposure,
        less=None if interval is None else float(between.mean()) * year,
        interval=None if interval is None else (interval[0] * year, interval[1] * year),
        note=one.note,
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
