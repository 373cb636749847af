"""How much of a Sharpe ratio is luck. `returns` (n,) are per period, and so is every ratio: none is annual.

Periods must not overlap; whoever has overlapping ones takes every h-th.
"""

from math import e, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EULER = 0.5772156649015329
NORMAL = NormalDist()


def sharpe(returns: Floats) -> float:
    """Mean over sample standard deviation; NaN for fewer than two returns, or where they never vary."""
    if len(returns) < 2 or np.ptp(returns) == 0:
        return float("nan")
    return float(np.mean(returns) / np.std(returns, ddof=1))


def sharpe_interval(returns: Floats, level: float = 0.95) -> tuple[float, float]:
    """The ratio's normal interval, for independent returns of one distribution (Lo 2002, equation 9)."""
    ratio = sharpe(returns)
    reach = NORMAL.inv_cdf(0.5 + level / 2.0) * sqrt((1.0 + ratio**2 / 2.0) / max(len(returns), 1))
    return ratio - reach, ratio + reach


def probability_above(ratio: float, benchmark: float, n: int, skew: float, kurtosis: float) -> float:
    """Probability that the true ratio is above `benchmark`, seen `ratio` in `n` returns of these moments.

    `kurtosis` is 3 for a normal one. NaN where the moments make the variance of the ratio negative (Bailey
    and Lopez de Prado 2012, equation 9).
    """
    variance = 1.0 - skew * ratio + (kurtosis - 1.0) / 4.0 * ratio**2
    if not variance > 0:
        return float("nan")
    return NORMAL.cdf((ratio - benchmark) * sqrt((n - 1) / variance))


def probabilistic_sharpe(returns: Floats, benchmark: float = 0.0) -> float:
    """Probability that the true ratio is above `benchmark`, by the moments of `returns`; NaN without one."""
    ratio = sharpe(returns)
    if np.isnan(ratio):
        return float("nan")
    deviations = (returns - np.mean(returns)) / np.std(returns)
    skew, kurtosis = float(np.mean(deviations**3)), float(np.mean(deviations**4))
    return probability_above(ratio, benchmark, len(returns), skew, kurtosis)


def expected_best(spread: float, trials: int) -> float:
    """The ratio that the best of `trials` worthless ones is expected to show, 0 for one.

    `spread` is the standard deviation of the ratios tried (Bailey and Lopez de Prado 2014, equation 1).
    """
    if trials < 2:
        return 0.0
    best, next_best = NORMAL.inv_cdf(1.0 - 1.0 / trials), NORMAL.inv_cdf(1.0 - 1.0 / (trials * e))
    return spread * ((1.0 - EULER) * best + EULER * next_best)


def deflated_sharpe(returns: Floats, tried: Floats) -> float:
    """Probability that the ratio is above what the best of all that were tried would show by luck.

    `tried` (N,) are the ratios of every variant tried, this one included. With one it is the probabilistic
    ratio against zero (Bailey and Lopez de Prado 2014).
    """
    known = tried[~np.isnan(tried)]
    spread = float(np.std(known, ddof=1)) if len(known) > 1 else 0.0
    return probabilistic_sharpe(returns, expected_best(spread, len(known)))
