"""How much to stake on several assets at once: Kelly's weights with a covariance, shrunk by uncertainty.

With expected returns mu after costs and the covariance S, both over the horizon, the growth of the bankroll
is about f'mu - f'S f / 2. At its long-only maximum f'mu = f'S f = theta, the squared Sharpe ratio of what is
held. The means come from n_eff cases, and not knowing them costs N / n_eff for N assets: what is left of f is
k = theta / (theta + N / n_eff), which for one asset is Baker and McHale's f^2 / (f^2 + var f). Sources: Thorp
2006, "The Kelly criterion in blackjack, sports betting and the stock market"; Kan and Zhou 2007, "Optimal
portfolio choice with parameter uncertainty", Journal of Financial and Quantitative Analysis 42.
"""

from typing import NamedTuple

import numpy as np

from trader.domain.market import Floats

_SWEEPS = 10_000
_SETTLED = 1e-12
"""A sweep that changes no weight by more than this part of the largest is the last."""


class Stakes(NamedTuple):
    """Weights as shares of the bankroll, shape (N,), none below zero."""

    full: Floats
    """The weights of most growth, were the means known."""
    k: float
    """What uncertainty leaves of them, 0 to 1."""
    weights: Floats
    """fraction * k * full."""


def kelly_portfolio(mean: Floats, covariance: Floats, n_eff: float, *, fraction: float = 0.25) -> Stakes:
    """From expected returns (N,) and a covariance (N, N) that is positive definite.

    `n_eff` are the effective cases behind the means, `fraction` the part of Kelly. Raises ValueError for
    shapes that do not fit, a covariance that is not one, a fraction outside (0, 1], or less than no cases.
    """
    if covariance.shape != (len(mean), len(mean)):
        raise ValueError(f"{len(mean)} means do not fit a covariance of {covariance.shape}")
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise ValueError("a mean or a covariance is not a number")
    if not 0.0 < fraction <= 1.0 or not n_eff >= 0.0:
        raise ValueError(f"a fraction of {fraction:g} of {n_eff:g} cases cannot be staked")
    full = most_growth(mean, covariance)
    theta = float(full @ mean)
    k = theta * n_eff / (theta * n_eff + len(mean)) if theta > 0.0 else 0.0
    return Stakes(full, k, fraction * k * full)


def most_growth(mean: Floats, covariance: Floats) -> Floats:
    """The f >= 0, (N,), of the largest f'mu - f'S f / 2.

    By turns: each weight is set to its best given the others, until none changes; in units of each asset's
    own deviation, so that scales do not matter. Raises ValueError for a covariance that is not one.
    """
    deviation = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    if not (deviation > 0.0).all() or not np.allclose(covariance, covariance.T):
        raise ValueError("a covariance is symmetric, with variances above zero")
    correlation, reward = covariance / np.outer(deviation, deviation), mean / deviation
    if len(mean) and np.linalg.eigvalsh(correlation)[0] < 1e-6:
        raise ValueError("the covariance is not positive definite: some asset repeats others")
    held = np.zeros_like(reward)
    for _ in range(_SWEEPS):
        before = held.copy()
        for i in range(len(held)):
            held[i] = max(0.0, held[i] + reward[i] - float(correlation[i] @ held))
        if np.abs(held - before).max(initial=0.0) <= _SETTLED * held.max(initial=0.0):
            weights: Floats = held / deviation
            return weights
    raise ValueError("the covariance is too near to one in which an asset repeats others")
