"""How sure a share or a mean is: intervals for few cases, and for cases that share their days."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from trader.measures.bootstrap import MEAN_BLOCK, percentile_interval, widening

Floats = NDArray[np.float64]

DRAWS = 1000
"""Enough for the ends of an interval of 90 %: fifty draws lie beyond each."""


def wilson(successes: float, cases: float, level: float) -> tuple[float, float]:
    """The score interval of a proportion (Wilson 1927): within 0 and 1, and sensible for few cases.

    Cases that overlap are worth less than one each: both counts may be fractions. Raises ValueError for no
    cases, or more successes than cases.
    """
    if cases <= 0 or not 0 <= successes <= cases:
        raise ValueError(f"{successes:g} of {cases:g} cases")
    z, p = NormalDist().inv_cdf(0.5 + level / 2.0), successes / cases
    middle = p + z * z / (2 * cases)
    reach = z * float(np.sqrt(p * (1 - p) / cases + z * z / (4 * cases * cases)))
    share = 1.0 + z * z / cases
    return max(0.0, (middle - reach) / share), min(1.0, (middle + reach) / share)


def mean_interval(values: Floats, day: NDArray[np.int64], level: float) -> tuple[float, float] | None:
    """An interval of the mean of `values` (n,) by resampling days, whose numbers are in `day` (n,).

    Whole days are drawn, because cases of one day share its news (the bootstrap of clusters, Cameron, Gelbach
    and Miller 2008), and the interval is widened as Student's is for so few of them. None with less than two
    days. The same values give the same bytes: the draws are seeded.
    """
    days, number = np.unique(day, return_inverse=True)
    if len(days) < 2:
        return None
    total, cases = np.bincount(number, weights=values), np.bincount(number).astype(np.float64)
    picks = np.random.default_rng(0).integers(len(days), size=(DRAWS, len(days)))
    low, high = percentile_interval(total[picks].sum(axis=1) / cases[picks].sum(axis=1), level)
    mean, wider = float(values.mean()), widening(MEAN_BLOCK * len(days), 1, level)
    return mean - (mean - low) * wider, mean + (high - mean) * wider
