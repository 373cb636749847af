"""Intervals for means of cases that overlap in time and share dates (Politis and Romano 1994).

Whole dates are drawn, never single cases: symbols of one date repeat the same news. Dates are drawn in
blocks, because horizons overlap: a block is at least as long as the horizon and of random length beyond
it. Dates are a circle, so that each is drawn equally often. Everything here is a function of the indices
drawn: the same indices, the same interval.
"""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

DRAWS = 4000
"""Enough for the ends of an interval of 99 %: forty draws lie beyond them."""

MEAN_BLOCK = 4
"""Mean length of a block, in shortest blocks: what blocks cut apart at their ends makes errors too small."""


def drawn_dates(dates: int, shortest: int, draws: int = DRAWS, seed: int = 0) -> Indices:
    """Which dates each resample has, shape (draws, dates), numbers below `dates`.

    A block has `shortest` dates and a geometric number more, MEAN_BLOCK times `shortest` on average. Raises
    ValueError for less than one date, draw or date a block.
    """
    if min(dates, shortest, draws) < 1:
        raise ValueError(f"{draws} draws of {dates} dates in blocks of {shortest}")
    random = np.random.default_rng(seed)
    picks = np.empty((dates, draws), dtype=np.int64)
    at, left = np.zeros(draws, dtype=np.int64), np.zeros(draws, dtype=np.int64)
    for row in range(dates):
        fresh = left == 0
        at = np.where(fresh, random.integers(dates, size=draws), (at + 1) % dates)
        length = shortest - 1 + random.geometric(1.0 / ((MEAN_BLOCK - 1) * shortest + 1), size=draws)
        left = np.where(fresh, length, left) - 1
        picks[row] = at
    return picks.T


def resampled_means(values: Floats, date: Indices, picks: Indices) -> Floats:
    """The mean of `values` (n,) in each resample, shape (draws,).

    `date` (n,) is the number of each case's date, `picks` (draws, dates) which dates were drawn. A date that
    has more cases counts for more, as it does in the plain mean.
    """
    dates = picks.shape[1]
    total = np.bincount(date, weights=values, minlength=dates)
    cases = np.bincount(date, minlength=dates).astype(np.float64)
    means: Floats = total[picks].sum(axis=1) / np.maximum(cases[picks].sum(axis=1), 1.0)
    return means


def widening(dates: int, shortest: int, level: float) -> float:
    """By how much an interval from so many dates has to be wider than its percentiles.

    Few blocks show too little of their own variance: Student's quantile for as many blocks as fit, over the
    normal one, and the root of b / (b - 1). The quantile is Cornish and Fisher's expansion to 1 / b^2.
    """
    blocks = max(2.0, dates / (MEAN_BLOCK * shortest))
    z, free = NormalDist().inv_cdf(0.5 + level / 2.0), blocks - 1.0
    student = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    return float(student / z * np.sqrt(blocks / free))


def percentile_interval(resampled: Floats, level: float) -> tuple[float, float]:
    """The middle `level` of the resampled statistics (draws,), linear between draws (Efron 1979)."""
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(resampled, [tail, 1.0 - tail])
    return float(low), float(high)
