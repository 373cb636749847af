"""A whole backtest: one book in full, all beside each other, and how much of the best of them is luck."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from trader.backtest.books.folder import Folder, Standing, State, book_of
from trader.backtest.books.plan import Plan, PlannedBook
from trader.data.market import Market
from trader.domain.decisions import Outcome
from trader.domain.errors import UsageError
from trader.evals.backtest_compare import market_of
from trader.evals.backtest_origin import Origin, origin
from trader.evals.book_report import BookReport, report_book
from trader.evals.curve import FEWEST_DATES, Curve, Resampling
from trader.evals.findings import INSUFFICIENT
from trader.evals.knowledge import NOTHING
from trader.evals.rivals import AT_EXPOSURE, HELD, Rival, Row
from trader.evals.run_summary import RunSummary
from trader.graph.assembly import cost_model
from trader.journal.reader import JournalReader
from trader.measures.overfitting import FEWEST_VARIANTS, probability_of_overfitting
from trader.measures.sharpe import deflated_sharpe, sharpe
from trader.measures.superiority import superior_ability
from trader.settings import restored

Floats = NDArray[np.float64]

HINDSIGHT = "the symbols of the sample are winners picked with hindsight: they are here because they lasted"
CURRENCIES = "24/5"
"""Their calendar: a pair of currencies is nobody's winner."""
CONFIDENT = 0.95
"""The deflated Sharpe ratio that the best of several variants has to reach."""
BLOCKS = 16
"""Parts of the span that overfitting is judged by: each half of them against the other."""


@dataclass(frozen=True)
class Variant:
    """One book of the backtest, in a line."""

    number: int
    label: str
    finished: bool
    rounds: int
    net_return: float | None
    sharpe: float | None
    """Annual."""
    max_drawdown: float | None
    exposure: float | None
    fills: int


@dataclass(frozen=True)
class Selection:
    """What choosing among variants does to the belief in the book that is shown."""

    tried: int
    """Variants of the same span, this one included."""
    deflated_sharpe: float | None
    """Probability that the true ratio is above what the best of so many would show by luck."""
    overfitting: float | None
    """Probability that the best variant is below the median elsewhere; None where not applicable."""
    superior: float | None
    """Hansen's p-value: the chance of so good a best variant if none were better than its own exposure.

    None where not applicable.
    """
    why_not: str
    """Why the last two are not applicable; empty where they are."""


@dataclass(frozen=True, eq=False)
class BacktestReport:
    """Everything that is shown."""

    finding: str
    findings: tuple[str, ...]
    plan: Plan
    book: BookReport
    variants: tuple[Variant, ...]
    curves: Mapping[int, Curve]
    """Of the books that have begun, by number."""
    selection: Selection
    origin: Origin


def report_backtest(
    folder: Folder,
    chosen: PlannedBook | None = None,
    *,
    cut_offs: Mapping[str, date] = NOTHING,
    seed: int = 0,
) -> BacktestReport:
    """The report of a backtest about one of its books, by default the first.

    `cut_offs` are what is known by now of its models, beside what its own settings say.

    Raises UsageError where the data is not what was decided on, or the book has not begun.
    """
    plan = folder.plan
    planned = chosen or plan.books[0]
    market = market_of(folder, planned)
    standing = {one.number: folder.standing(one) for one in plan.books}
    if standing[planned.number].done < 2:
        raise UsageError(
            f"book {planned.number} of {plan.id} has not come to its second round",
            hint=f"{plan.command} goes on",
        )
    costs = cost_model(restored(planned.settings))
    with JournalReader(folder.of(planned).journal) as reader:
        book = report_book(reader, book_of(reader), market, costs, cut_offs, seed)
        prompts = reader.runs(book.book.id)[-1].started.prompts
    curves, fills = _curves(folder, standing)
    variants = tuple(
        _variant(one, curves.get(one.number), standing[one.number].state, fills.get(one.number, 0))
        for one in plan.books
    )
    luck = selection(planned, plan, curves, book.rivals, seed)
    against = next(row for row in book.baselines if row.name == AT_EXPOSURE)
    return BacktestReport(
        finding=headline(book.desk, against, book.curve, luck),
        findings=tuple(_findings(plan, planned, book, standing, market)),
        plan=plan,
        book=book,
        variants=variants,
        curves=curves,
        selection=luck,
        origin=origin(plan, planned, book, market, prompts, cut_offs),
    )


def headline(desk: Row, against: Row, curve: Curve, selection: Selection) -> str:
    """The first line: what the desk earned beyond its own mean exposure, and whether that is evidence."""
    earned = f"the desk earned {desk.performance.net_return:+.2%} net"
    if against.interval is None or against.less is None:
        return (
            f"{INSUFFICIENT}: {earned}; {len(curve.returns):,} rounds are worth {curve.separate:.1f} "
            f"a horizon apart, and an interval needs {FEWEST_DATES}."
        )
    low, high = against.interval
    measured = (
        f"{earned}, {against.less:+.2%} a year beyond buying and holding at its exposure of "
        f"{against.exposure or 0.0:.1%}, 95% interval {low:+.2%} to {high:+.2%}"
    )
    if not against.decided:
        return f"{INSUFFICIENT}: {measured}."
    lucky = selection.deflated_sharpe
    if against.less > 0 and selection.tried > 1 and (lucky is None or lucky < CONFIDENT):
        shown = "unknown" if lucky is None else f"{lucky:.2f}"
        tried = f"luck gives the best of {selection.tried} as much: deflated Sharpe ratio {shown}"
        return f"{INSUFFICIENT}: {measured}; {tried}."
    word = "BETTER" if against.less > 0 else "WORSE"
    return f"{word} THAN BUYING AND HOLDING AT ITS EXPOSURE: {measured}."


def _curves(folder: Folder, standing: Mapping[int, Standing]) -> tuple[dict[int, Curve], dict[int, int]]:
    curves, fills = {}, {}
    for one in folder.plan.books:
        journal = folder.of(one).journal
        if not journal.exists():
            continue
        with JournalReader(journal) as reader:
            for book in reader.books()[-1:]:
                marks = reader.marks(book.id)
                if len(marks) > 1:
                    curves[one.number] = Curve.of(book, marks)
                    fills[one.number] = len(reader.fills(book.id))
    return curves, fills


def _variant(one: PlannedBook, curve: Curve | None, state: State, fills: int) -> Variant:
    known = curve is not None
    ratio = sharpe(curve.returns) * sqrt(curve.periods) if curve is not None else float("nan")
    return Variant(
        number=one.number,
        label=one.label,
        finished=state is State.FINISHED,
        rounds=len(curve.as_of) if curve is not None else 0,
        net_return=float(curve.equity[-1] / curve.start - 1.0) if curve is not None else None,
        sharpe=None if np.isnan(ratio) else ratio,
        max_drawdown=float(curve.drawdown.max()) if curve is not None else None,
        exposure=float(curve.exposure.mean()) if curve is not None else None,
        fills=fills if known else 0,
    )


def selection(
    shown: PlannedBook, plan: Plan, curves: Mapping[int, Curve], rivals: Sequence[Rival], seed: int
) -> Selection:
    """What is left of the belief in `shown` after all of the plan's books that have come to curves.

    Variants are those of the same rounds: other spans and unfinished books cannot be chosen among.
    """
    mine = curves[shown.number]
    same = [one for one in plan.books if one.number in curves and curves[one.number].as_of == mine.as_of]
    tried = np.array([sharpe(curves[one.number].returns) for one in same], dtype=np.float64)
    lucky = deflated_sharpe(mine.returns, tried)
    alike = [curves[one.number] for one in same if one.symbols == shown.symbols]
    picks = Resampling(mine, seed).picks
    why_not, overfitting, superior = "", None, None
    if len(alike) < FEWEST_VARIANTS:
        why_not = f"{len(alike)} with these rounds and symbols, and it takes {FEWEST_VARIANTS}"
    elif picks is None or len(mine.returns) < 2 * BLOCKS:
        why_not = f"{len(mine.returns):,} rounds are too few"
    else:
        overfitting = probability_of_overfitting(np.column_stack([one.returns for one in alike]), BLOCKS)
        held = next(one.returns for one in rivals if one.name == HELD)
        beyond = [one.returns - float(one.exposure.mean()) * held for one in alike]
        superior = superior_ability(np.column_stack(beyond), picks).p
    return Selection(
        tried=len(same),
        deflated_sharpe=None if np.isnan(lucky) else lucky,
        overfitting=overfitting,
        superior=superior,
        why_not=why_not,
    )


def _findings(
    plan: Plan, shown: PlannedBook, book: BookReport, standing: Mapping[int, Standing], market: Market
) -> Sequence[str]:
    said = [HINDSIGHT] if plan.feed == "sample" and book.book.calendar != CURRENCIES else []
    unfinished = [one for one in plan.books if standing[one.number].state is not State.FINISHED]
    if unfinished:
        said.append(f"{len(unfinished):,} of {len(plan.books):,} books are not finished: {plan.command}")
    if book.refits.late:
        said.append(f"{book.refits.late:,} decisions used what was fitted after them: believe nothing here")
    said += unjudged(book.summary)
    for symbol in shown.symbols:
        first = market.closes([symbol])[0]
        if first > shown.first:
            said.append(f"{symbol} has bars from {first:%Y-%m-%d}: nothing is decided of it before")
    return [*said, *book.missing, *book.evaluation.findings]


def unjudged(summary: RunSummary) -> Sequence[str]:
    """Where the desk had no word, or not the one that was asked for."""
    made, undecided = sum(summary.decisions.values()), summary.decisions.get(Outcome.UNDECIDED, 0)
    said = []
    if undecided:
        said.append(f"{undecided:,} of {made:,} decisions are undecided: what was held stayed")
    if summary.llm_unpaid:
        calls = f"{summary.llm_unpaid:,} calls of models were not made"
        said.append(f"{calls}, because the budget was spent: rules spoke instead")
    return said
