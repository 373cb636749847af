"""How good probabilities were. Arrays of one length n: `p` in (0, 1), `happened` 0 or 1, `weight` above zero.

Without `weight` each case counts once. Empty arrays give NaN: nothing is known, which is not zero.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def logit(p: Floats | float) -> Floats:
    """Log-odds of `p`, shape kept. `p` is kept off 0 and 1 by 1e-9, where log-odds have no value."""
    clipped = np.clip(np.asarray(p, dtype=np.float64), 1e-9, 1 - 1e-9)
    return np.log(clipped) - np.log1p(-clipped)


def expit(x: Floats | float) -> Floats:
    """The probability of log-odds `x`, shape kept: the inverse of `logit`."""
    return 1.0 / (1.0 + np.exp(-np.asarray(x, dtype=np.float64)))


def brier(p: Floats, happened: Floats, weight: Floats | None = None) -> float:
    """Mean squared distance between forecast and outcome, 0 best, 0.25 for a constant half (Brier 1950)."""
    return _mean((np.asarray(p) - np.asarray(happened)) ** 2, weight)


def log_loss(p: Floats, happened: Floats, weight: Floats | None = None) -> float:
    """Mean negative log likelihood in nats; 0.693 for a constant half."""
    p, happened = np.clip(p, 1e-9, 1 - 1e-9), np.asarray(happened)
    return _mean(-(happened * np.log(p) + (1 - happened) * np.log1p(-p)), weight)


def log_losses(p: Floats, happened: Floats) -> Floats:
    """Negative log likelihood of each forecast in nats, (n,)."""
    clipped = np.clip(p, 1e-9, 1 - 1e-9)
    losses: Floats = -np.log(np.where(happened == 1.0, clipped, 1.0 - clipped))
    return losses


def hit_rate(p: Floats, happened: Floats, weight: Floats | None = None) -> float:
    """Share of cases on the right side of one half; a forecast of exactly one half counts as half a hit."""
    p, happened = np.asarray(p), np.asarray(happened)
    hits = np.where(p == 0.5, 0.5, (p > 0.5) == (happened > 0.5))
    return _mean(hits.astype(np.float64), weight)


def information_coefficient(p: Floats, returns: Floats) -> float:
    """Rank correlation of forecasts (n,) with what followed (n,), -1 to 1; ties share their mean rank.

    NaN for fewer than three cases, or where one of the two never varies: nothing is ranked then (Spearman
    1904; Grinold and Kahn 1999 for the name).
    """
    p, returns = np.asarray(p, dtype=np.float64), np.asarray(returns, dtype=np.float64)
    if len(p) < 3 or np.ptp(p) == 0 or np.ptp(returns) == 0:
        return float("nan")
    return float(np.corrcoef(_ranks(p), _ranks(returns))[0, 1])


def _ranks(values: Floats) -> Floats:
    """1 for the least, shape kept; equal values have the mean of their ranks."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks: Floats = (last - (count - 1) / 2.0)[place]
    return ranks


def _mean(values: Floats, weight: Floats | None) -> float:
    if len(values) == 0:
        return float("nan")
    return float(np.average(values, weights=weight))
