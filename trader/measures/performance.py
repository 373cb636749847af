"""What returns came to. `returns` (n,) are per period and do not overlap; a year has `periods` of them."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from trader.measures.bootstrap import percentile_interval, widening

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_AT_ONCE = 250
"""Resamples held in memory at a time."""


def annual_sharpe(returns: Floats, periods: float) -> float:
    """Mean over sample standard deviation, times the root of `periods`; NaN where returns never vary."""
    if len(returns) < 2 or np.ptp(returns) == 0:
        return float("nan")
    return float(np.mean(returns) / np.std(returns, ddof=1) * sqrt(periods))


def sortino(returns: Floats, periods: float) -> float:
    """Mean over downside deviation from zero, annual; NaN without a loss (Sortino, van der Meer 1991)."""
    downside = float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2))) if len(returns) else 0.0
    return float(np.mean(returns)) / downside * sqrt(periods) if downside > 0 else float("nan")


def annual_return(returns: Floats, periods: float) -> float:
    """The rate a year at which these returns compound; NaN for none, -1 where everything was lost."""
    if not len(returns):
        return float("nan")
    whole = float(np.prod(1.0 + returns))
    return whole ** (periods / len(returns)) - 1.0 if whole > 0 else -1.0


def resampled_sharpes(returns: Floats, picks: Indices) -> Floats:
    """The ratio per period of each resample, shape (draws,); `picks` (draws, n). 0 where nothing varies."""
    found = np.empty(len(picks))
    for first in range(0, len(picks), _AT_ONCE):
        drawn = returns[picks[first : first + _AT_ONCE]]
        spread = drawn.std(axis=1, ddof=1)
        mean = drawn.mean(axis=1)
        found[first : first + _AT_ONCE] = np.divide(mean, spread, out=np.zeros_like(mean), where=spread > 0)
    return found


def resampled_interval(
    estimate: float, resampled: Floats, periods: int, shortest: int, level: float
) -> tuple[float, float]:
    """The interval of a statistic of `periods` returns, from its resamples (draws,).

    Widened for how few blocks of `shortest` periods there are, as in `measures/bootstrap.py`.
    """
    wider = widening(periods, shortest, level)
    low, high = percentile_interval(resampled, level)
    return estimate + wider * (low - estimate), estimate + wider * (high - estimate)
