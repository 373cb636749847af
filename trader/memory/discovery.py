"""Is there a condition under which the event comes more or less often than was expected?

Every candidate is tested at once: the statistic is the largest of all standardised scores, and its
distribution where nothing holds is found by shuffling what came against what was known (Westfall and Young
1993). Whole dates are shuffled, in blocks of two horizons, because horizons overlap and symbols share dates:
what overlaps stays together. So correlated candidates cost little, and none of them is free.
"""

from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trader.domain.lessons import Condition, Test
from trader.memory.experience import Bools, Experience, Floats

SUPPORT = 30.0
"""Effective cases that a rule needs, and that must be left outside of it."""
QUANTILES = (0.25, 0.5, 0.75)
"""Where numbers are split: finer splits are nearly the same tests again."""
BEYOND = 10
"""Shuffles expected beyond the level if all are made; so many beyond what was seen settle it before that
(Besag and Clifford 1991): most tests find nothing, and cost little."""
AT_ONCE = 250
"""Shuffles made together."""


class Finding(NamedTuple):
    """The strongest candidate, and how often chance alone has one as strong."""

    condition: Condition
    p_value: float


def candidates(known: Experience) -> list[Condition]:
    """Each split that leaves enough cases on both sides: numbers at their quartiles, words by each word."""
    found = []
    for name, values in known.numbers.items():
        finite = values[~np.isnan(values)]
        for level in sorted(set(np.quantile(finite, QUANTILES).tolist())):
            found.append(Condition(feature=name, test=Test.AT_MOST, value=level))
    for name, words in known.labels.items():
        for word in sorted(set(words.tolist()) - {""}):
            found.append(Condition(feature=name, test=Test.IS, value=word))
    return [one for one in found if _supported(known, known.holding(one))]


def _supported(known: Experience, rows: Bools) -> bool:
    return min(float(known.weight[rows].sum()), float(known.weight[~rows].sum())) >= SUPPORT


def strongest(known: Experience, expected: Floats, level: float, seed: int) -> Finding | None:
    """The candidate whose cases came furthest from `expected` (n,), with its p-value over all candidates.

    `level` only decides how many shuffles are worth making, at most. None where there is no candidate at all.
    """
    tried = candidates(known)
    if not tried:
        return None
    held = np.column_stack([known.holding(one) for one in tried]).astype(np.float64)
    pull = _pull(known, held)
    surprise = _panel(known, known.happened - expected)
    rng, most = np.random.default_rng(seed), ceil(BEYOND / level)
    spread, observed = np.zeros(0), np.zeros(0)
    beyond = made = 0
    while made < most and beyond < BEYOND:
        orders = _shuffled(len(surprise), 2 * known.overlap, AT_ONCE, rng)
        scores = surprise[orders].reshape(AT_ONCE, -1) @ pull
        if made == 0:  # each candidate in its own units, which the first shuffles show well enough
            spread = np.maximum(scores.std(axis=0), 1e-12)
            observed = np.abs(surprise.reshape(-1) @ pull) / spread
        beyond += int((np.abs(scores / spread).max(axis=1) >= observed.max()).sum())
        made += AT_ONCE
    best, p_value = int(np.argmax(observed)), (1.0 + beyond) / (1.0 + made)
    return Finding(_stated_side(known, tried[best], expected), p_value)


def _pull(known: Experience, held: Floats) -> Floats:
    """How much a surprise in each cell of the panel speaks for each candidate, shape (dates * symbols, k)."""
    centred = held - (known.weight @ held) / known.worth
    weighed = centred * known.weight[:, None]
    return np.column_stack([_panel(known, column).reshape(-1) for column in weighed.T])


def _panel(known: Experience, values: Floats) -> Floats:
    """`values` (n,) as dates by symbols, zero where a date has no case of a symbol."""
    dates, row = np.unique(known.decided, return_inverse=True)
    names, column = np.unique(known.symbol, return_inverse=True)
    panel = np.zeros((len(dates), len(names)))
    panel[row, column] = values
    return panel


def _shuffled(dates: int, block: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`count` orders of the dates, shape (count, dates): a circle cut into blocks and shuffled."""
    blocks = -(-dates // block)
    order = np.argsort(rng.random((count, blocks)), axis=1)
    places = (order[:, :, None] * block + np.arange(block)).reshape(count, -1)
    within = places[places < dates].reshape(count, dates)  # the last block is short, in every row alike
    turned: NDArray[np.int64] = (within + rng.integers(dates, size=(count, 1))) % dates
    return turned


def _stated_side(known: Experience, split: Condition, expected: Floats) -> Condition:
    """Of a number's two sides the one that is further from what was expected."""
    if split.test is Test.IS:
        return split
    other = split.model_copy(update={"test": Test.ABOVE})
    return max((split, other), key=lambda side: abs(_surprise(known, known.holding(side), expected)))


def _surprise(known: Experience, rows: Bools, expected: Floats) -> float:
    weight = known.weight[rows]
    return float(np.average(known.happened[rows] - expected[rows], weights=weight)) if weight.sum() else 0.0
