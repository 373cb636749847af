"""The trades that most resemble the present, from those that had closed by then. Exact, in memory.

    score = 0.7 * similarity + 0.3 * 0.5 ** (age in days / 90)

Similarity is `exp(-d / 2)`, d being the mean squared difference of two state vectors over the axes that both
have, each axis in its standard deviations. Centre and deviation of an axis are those of the trades known at
`as_of`, shrunk to fixed ones with the strength of 30 trades: nothing later has any influence, and the first
trades are compared in sensible units. A trade that shares fewer than five axes resembles nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from trader.domain.market import Floats, Regime
from trader.domain.signals import Direction
from trader.domain.trades import AXES, MarketState
from trader.journal.memories import Remembered

SIMILARITY_SHARE = 0.7
HALF_LIFE_DAYS = 90.0
YOUNG_DAYS = 3.0 * HALF_LIFE_DAYS
"""Beyond this age a trade's youth is worth less than 0.04: likeness decides, which an index knows of."""
FEWEST_AXES = 5
EXACT_UP_TO = 100_000
"""Trades of which all are looked at. Beyond, an index names the candidates, if there is one that works."""
PRIOR_STRENGTH = 30.0
"""Trades that the fixed units of an axis are worth."""
PRIOR_CENTRE = np.array([0.5, 0.22, np.log(0.02), 0.0, 0.5, 0.0, 0.2, np.log(0.25), 0.0])
PRIOR_SCALE = np.array([0.12, 0.10, 0.6, 0.3, 0.35, 0.4, 0.6, 0.5, 0.8])
"""In the order of AXES: rough figures of stocks and coins, so that one unit is one usual difference."""
SIMILAR = 0.5
"""Similarity below which a trade is no precedent: on the average 1.2 deviations apart on every axis."""
DIVERSITY = 0.5
"""What likeness to those chosen before costs a trade that is to be shown."""

Rows = NDArray[np.intp]
_REGIMES = tuple(Regime)
_DAY = np.timedelta64(86_400_000_000, "us")


@dataclass(frozen=True)
class Wanted:
    """What is looked for, and when. None: any."""

    as_of: datetime
    state: MarketState
    symbol: str | None = None
    side: Direction | None = None
    regime: Regime | None = None
    since: datetime | None = None
    """Closed at this moment or later: the time window begins."""
    until: datetime | None = None
    """Closed before this moment: the time window ends."""


class Neighbours(Protocol):
    """What finds candidates where there are too many trades to look at all."""

    def candidates(self, wanted: Wanted, count: int) -> list[str] | None:
        """Ids of more trades than are wanted; None where it cannot say."""
        ...


@dataclass(frozen=True, eq=False)
class Memory:
    """Closed trades as columns of one length, in the order in which they were known."""

    trades: tuple[Remembered, ...]
    vectors: Floats
    """Shape (n, len(AXES)), NaN where an axis is not known."""
    known_at: NDArray[np.datetime64]
    closed_at: NDArray[np.datetime64]
    symbol: NDArray[np.str_]
    short: NDArray[np.bool_]
    regime: NDArray[np.int8]
    """Its place in Regime; -1 where it is not known."""
    index: Neighbours | None = None
    """Where candidates are asked for beyond EXACT_UP_TO trades."""

    @classmethod
    def of(cls, trades: Iterable[Remembered]) -> Self:
        """Of trades in any order."""
        rows = tuple(sorted(trades, key=lambda one: (one.known_at, one.id)))
        return cls(
            trades=rows,
            vectors=np.array([one.state.vector() for one in rows]).reshape(-1, len(AXES)),
            known_at=np.array([micros(one.known_at) for one in rows], dtype="datetime64[us]"),
            closed_at=np.array([micros(one.closed_at) for one in rows], dtype="datetime64[us]"),
            symbol=np.array([one.symbol for one in rows], dtype=np.str_),
            short=np.array([one.side is Direction.SHORT for one in rows], dtype=np.bool_),
            regime=np.array([_place(one.state.regime) for one in rows], dtype=np.int8),
        )

    def __len__(self) -> int:
        return len(self.trades)

    @cached_property
    def rows(self) -> dict[str, int]:
        """Trade -> its row."""
        return {one.id: row for row, one in enumerate(self.trades)}

    @cached_property
    def axes(self) -> tuple[Floats, Floats]:
        """The vectors turned round, shape (len(AXES), n): 0 where one is not known, and 1 where it is."""
        there = ~np.isnan(self.vectors.T)
        filled = np.where(there, self.vectors.T, 0.0)
        return np.ascontiguousarray(filled), np.ascontiguousarray(there, dtype=np.float64)

    @cached_property
    def sums(self) -> tuple[Floats, Floats, Floats]:
        """Of each axis over the first so many trades: how many, sum, sum of squares; shape (axes, n + 1)."""
        filled, there = self.axes
        start = ((0, 0), (1, 0))
        count, first, second = (np.pad(part.cumsum(axis=1), start) for part in (there, filled, filled**2))
        return count, first, second

    def known(self, as_of: datetime) -> int:
        """How many of the first trades were known at `as_of`."""
        return int(np.searchsorted(self.known_at, micros(as_of), side="right"))

    def joined(self, later: Iterable[Remembered]) -> "Memory":
        """With trades that became known since."""
        added = Memory.of(later)
        if not len(added):
            return self
        if len(self) and (added.known_at[0], added.trades[0].id) < (self.known_at[-1], self.trades[-1].id):
            return Memory.of((*self.trades, *added.trades))
        columns = ("vectors", "known_at", "closed_at", "symbol", "short", "regime")
        return Memory(
            trades=self.trades + added.trades,
            index=self.index,
            **{name: np.concatenate([getattr(self, name), getattr(added, name)]) for name in columns},
        )


@dataclass(frozen=True, eq=False)
class Recalled:
    """The nearest trades, best score first. Arrays of one length."""

    trades: tuple[Remembered, ...]
    score: Floats
    similarity: Floats
    vectors: Floats
    """Shape (n, len(AXES)), in units of the axes; NaN where not known."""


def recall(memory: Memory, wanted: Wanted, count: int, among: Rows | None = None) -> Recalled:
    """The `count` trades with the highest score, ties to the later one, then by id.

    `among` narrows the search to rows of `memory`, such as an index has found; without it all are looked at.
    """
    known = memory.known(wanted.as_of)
    if among is None and len(memory) > EXACT_UP_TO and memory.index is not None:
        ids = memory.index.candidates(wanted, count)
        among = None if ids is None else np.array([memory.rows[id] for id in ids if id in memory.rows], int)
    days = (micros(wanted.as_of) - memory.closed_at[:known]) / _DAY
    fits = _fits(memory, wanted, known)
    if among is not None:  # the young are looked at besides: their age may be worth more than likeness
        named = days <= YOUNG_DAYS
        named[among[among < known]] = True
        fits &= named
    centre, scale = units(memory, known)
    similarity = _similarity(memory, known, wanted.state.vector(), centre, scale)
    score = SIMILARITY_SHARE * similarity + (1.0 - SIMILARITY_SHARE) * np.exp2(-days / HALF_LIFE_DAYS)
    rows = np.flatnonzero(fits)
    best = rows[_best(score[rows], count)]
    return Recalled(
        trades=tuple(memory.trades[row] for row in best),
        score=score[best],
        similarity=similarity[best],
        vectors=(memory.vectors[best] - centre) / scale,
    )


def units(memory: Memory, known: int) -> tuple[Floats, Floats]:
    """Centre and scale of each axis, of the first `known` trades, shrunk to the fixed ones."""
    n, first, second = (part[:, known] for part in memory.sums)
    share, cases = n / (n + PRIOR_STRENGTH), np.maximum(n, 1.0)
    centre = share * first / cases + (1.0 - share) * PRIOR_CENTRE
    about = np.maximum(0.0, second - 2.0 * centre * first + n * centre**2) / cases
    return centre, np.sqrt(share * about + (1.0 - share) * PRIOR_SCALE**2)


def _similarity(memory: Memory, known: int, to: Floats, centre: Floats, scale: Floats) -> Floats:
    """Of the first `known` trades to a state vector: as `resemblance`, an axis after the other."""
    filled, there = memory.axes
    total, shared = np.zeros(known), np.zeros(known)
    for axis in np.flatnonzero(~np.isnan(to)):
        gap = (filled[axis, :known] - to[axis]) / scale[axis]
        total += gap * gap * there[axis, :known]
        shared += there[axis, :known]
    likeness: Floats = np.where(shared >= FEWEST_AXES, np.exp(total / np.maximum(shared, 1.0) / -2.0), 0.0)
    return likeness


def resemblance(vectors: Floats, to: Floats) -> Floats:
    """Similarity of each of `vectors` (n, axes) to one, from 0 to 1; both in units of the axes."""
    squares = (vectors - to) ** 2
    shared = (~np.isnan(squares)).sum(axis=1)
    mean = np.nansum(squares, axis=1) / np.maximum(shared, 1)
    likeness: Floats = np.where(shared >= FEWEST_AXES, np.exp(-mean / 2.0), 0.0)
    return likeness


def precedents(recalled: Recalled) -> Recalled:
    """Those of them that are similar enough to be counted."""
    rows = np.flatnonzero(recalled.similarity >= SIMILAR)
    trades = tuple(recalled.trades[row] for row in rows)
    return Recalled(trades, recalled.score[rows], recalled.similarity[rows], recalled.vectors[rows])


def diverse(recalled: Recalled, count: int) -> Rows:
    """Which `count` of them to show: by score, less what they repeat of those chosen before.

    Maximal marginal relevance (Carbonell and Goldstein 1998), with DIVERSITY as the weight of novelty.
    """
    left = list(range(len(recalled.trades)))
    repeated = np.zeros(len(left))
    chosen: list[int] = []
    while left and len(chosen) < count:
        worth = (1.0 - DIVERSITY) * recalled.score[left] - DIVERSITY * repeated[left]
        best = left.pop(int(np.argmax(worth)))
        chosen.append(best)
        repeated = np.maximum(repeated, resemblance(recalled.vectors, recalled.vectors[best]))
    return np.array(chosen, dtype=np.intp)


def _fits(memory: Memory, wanted: Wanted, known: int) -> NDArray[np.bool_]:
    """Which of the first `known` trades pass the filters."""
    fits = np.ones(known, dtype=np.bool_)
    if wanted.symbol is not None:
        fits &= memory.symbol[:known] == wanted.symbol
    if wanted.side is not None:
        fits &= memory.short[:known] == (wanted.side is Direction.SHORT)
    if wanted.regime is not None:
        fits &= memory.regime[:known] == _place(wanted.regime)
    if wanted.since is not None:
        fits &= memory.closed_at[:known] >= micros(wanted.since)
    if wanted.until is not None:
        fits &= memory.closed_at[:known] < micros(wanted.until)
    return fits


def _best(score: Floats, count: int) -> Rows:
    """Rows of the highest scores, best first; equal ones in the order of the later row first."""
    if count < len(score):
        least = np.partition(score, len(score) - count)[len(score) - count]
        candidates = np.flatnonzero(score >= least)
    else:
        candidates = np.arange(len(score))
    order = np.lexsort((-candidates, -score[candidates]))
    return candidates[order][:count]


def _place(regime: Regime | None) -> int:
    return -1 if regime is None else _REGIMES.index(regime)


def micros(moment: datetime) -> np.datetime64:
    """A moment as arrays have it, to the microsecond."""
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")
