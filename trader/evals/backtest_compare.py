"""Two books on the days that both have: returns and decisions, paired."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from trader.backtest.books.folder import Folder, book_of
from trader.backtest.books.plan import PlannedBook
from trader.data.market import Market
from trader.domain.decisions import Decision, Outcome
from trader.domain.errors import UsageError
from trader.evals.cases import Recorded, gather
from trader.evals.curve import FEWEST_DATES, LEVEL, Curve, Resampling
from trader.evals.findings import INSUFFICIENT
from trader.evals.paired import Difference, difference
from trader.journal.reader import JournalReader
from trader.runner import opening
from trader.settings import restored

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Decided:
    """Decisions of both on the same symbol at the same close."""

    both: int
    same_outcome: int
    one_trades: int
    """Decisions to trade of the first that the other did not make."""
    other_trades: int
    mean_weight_apart: float
    """Mean absolute difference of target weights, as a share of equity."""


@dataclass(frozen=True)
class Comparison:
    """The first book less the other."""

    finding: str
    one: str
    other: str
    rounds: int
    """That both have."""
    first: datetime
    last: datetime
    one_return: float
    other_return: float
    """Over those rounds."""
    difference: float
    """Mean difference of returns, a year."""
    interval: tuple[float, float] | None
    decided: Decided
    forecasts: Difference | None
    """Of the pools' log losses: below zero the first is the better one. None where no case has both."""
    differ: dict[str, tuple[str, str]]
    """What is different between the two: settings and data."""


def compare_books(
    one: tuple[Folder, PlannedBook], other: tuple[Folder, PlannedBook], seed: int = 0
) -> Comparison:
    """Raises UsageError where they share too few rounds, or their data is not what it was."""
    mine, theirs = _read(*one), _read(*other)
    shared = sorted(set(mine.curve.as_of) & set(theirs.curve.as_of))
    names = [f"{folder.plan.id}/{planned.number}" for folder, planned in (one, other)]
    if len(shared) < 3:
        raise UsageError(
            f"{names[0]} and {names[1]} share {len(shared)} rounds: there is nothing to pair",
            hint="compare books of the same span and bars",
        )
    a, b = _shared(mine.curve, shared), _shared(theirs.curve, shared)
    resampling, between = Resampling(a, seed), a.returns - b.returns
    interval = resampling.of_mean(between, LEVEL)
    year, mean = a.periods, float(between.mean())
    scaled = None if interval is None else (interval[0] * year, interval[1] * year)
    return Comparison(
        finding=_finding(names, a, mean * year, scaled),
        one=names[0],
        other=names[1],
        rounds=len(shared),
        first=shared[0],
        last=shared[-1],
        one_return=float(a.equity[-1] / a.equity[0] - 1.0),
        other_return=float(b.equity[-1] / b.equity[0] - 1.0),
        difference=mean * year,
        interval=scaled,
        decided=_decided(mine.recorded.decisions, theirs.recorded.decisions),
        forecasts=_forecasts(mine.recorded, theirs.recorded, seed),
        differ=_differ(one[1], other[1]),
    )


@dataclass(frozen=True, eq=False)
class _Side:
    curve: Curve
    recorded: Recorded


def _read(folder: Folder, planned: PlannedBook) -> _Side:
    market = market_of(folder, planned)
    if folder.standing(planned).done < 2:
        raise UsageError(
            f"{folder.plan.id}/{planned.number} has not come to its second round",
            hint=f"{folder.plan.command}",
        )
    with JournalReader(folder.of(planned).journal) as reader:
        book = book_of(reader)
        return _Side(Curve.of(book, reader.marks(book.id)), gather(reader, book, market))


def market_of(folder: Folder, planned: PlannedBook) -> Market:
    """The data of a book, as long as it is what it decided on. Raises UsageError."""
    market = opening.load_market(restored(planned.settings))
    if market.digest != planned.data:
        raise UsageError(
            f"the data of {folder.plan.feed} is not what {folder.plan.id} decided on: it was {planned.data}, "
            f"and is {market.digest} now",
            hint=f"put the data back, or decide on the new one: {folder.plan.command}",
        )
    return market


def _shared(curve: Curve, moments: Sequence[datetime]) -> Curve:
    """The curve at these of its moments."""
    place = {at: index for index, at in enumerate(curve.as_of)}
    rows = [place[at] for at in moments]
    return replace(curve, as_of=tuple(moments), equity=curve.equity[rows], exposure=curve.exposure[rows])


def _finding(names: Sequence[str], curve: Curve, less: float, interval: tuple[float, float] | None) -> str:
    one, other = names
    if interval is None:
        return (
            f"{INSUFFICIENT}: {len(curve.returns):,} rounds are worth {curve.separate:.1f} a horizon apart, "
            f"and an interval needs {FEWEST_DATES}."
        )
    measured = f"{one} earned {less:+.2%} a year beyond {other}"
    measured += f", 95% interval {interval[0]:+.2%} to {interval[1]:+.2%}"
    if interval[0] <= 0.0 <= interval[1]:
        return f"{INSUFFICIENT}: {measured}."
    return f"{one if less > 0 else other} IS BETTER: {measured}."


def _decided(mine: Sequence[Decision], theirs: Sequence[Decision]) -> Decided:
    other = {(made.as_of, made.symbol): made for made in theirs}
    pairs = [(made, other[key]) for made in mine if (key := (made.as_of, made.symbol)) in other]
    apart = [abs(a.target_weight - b.target_weight) for a, b in pairs]
    return Decided(
        both=len(pairs),
        same_outcome=sum(1 for a, b in pairs if a.outcome is b.outcome),
        one_trades=sum(1 for a, b in pairs if a.outcome is Outcome.TRADE and b.outcome is not Outcome.TRADE),
        other_trades=sum(
            1 for a, b in pairs if b.outcome is Outcome.TRADE and a.outcome is not Outcome.TRADE
        ),
        mean_weight_apart=float(np.mean(apart)) if apart else 0.0,
    )


def _forecasts(mine: Recorded, theirs: Recorded, seed: int) -> Difference | None:
    """The two pools on the same cases; None where their events differ, or no case has both."""
    if mine.cases.horizon != theirs.cases.horizon:
        return None
    of = {
        (str(symbol), at): p
        for symbol, at, p in zip(
            theirs.cases.symbol.tolist(),
            theirs.cases.decided.tolist(),
            theirs.cases.desk.tolist(),
            strict=True,
        )
    }
    keys = zip(mine.cases.symbol.tolist(), mine.cases.decided.tolist(), strict=True)
    beside = np.array([of.get((str(symbol), at), np.nan) for symbol, at in keys], dtype=np.float64)
    return difference(mine.cases, mine.cases.desk, beside, "the other", level=LEVEL, seed=seed)


def _differ(one: PlannedBook, other: PlannedBook) -> dict[str, tuple[str, str]]:
    flat = [dict(_flat(planned.settings)) | {"data": planned.data} for planned in (one, other)]
    keys = sorted(set(flat[0]) | set(flat[1]))
    return {
        key: (str(flat[0].get(key, "unset")), str(flat[1].get(key, "unset")))
        for key in keys
        if flat[0].get(key) != flat[1].get(key)
    }


def _flat(tables: object, prefix: str = "") -> list[tuple[str, object]]:
    if not isinstance(tables, dict):
        return [(prefix, tables)]
    return [
        row for key, value in tables.items() for row in _flat(value, f"{prefix}.{key}" if prefix else key)
    ]
