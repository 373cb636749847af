"""What money did beyond its return. `returns` (n,) are per period, as fractions, in order of time."""

import numpy as np
from numpy.typing import NDArray

from trader.measures.bootstrap import DRAWS, drawn_dates, percentile_interval, widening
from trader.measures.sharpe import sharpe

Floats = NDArray[np.float64]


def sortino(returns: Floats, target: float = 0.0) -> float:
    """Mean return above `target` over the root mean square of what fell short of it (Sortino and Price 1994).

    Per period. NaN where nothing fell short, or for fewer than two returns.
    """
    short = np.minimum(returns - target, 0.0)
    if len(returns) < 2 or not short.any():
        return float("nan")
    return float((returns.mean() - target) / np.sqrt(np.mean(short**2)))


def profit_factor(profits: Floats) -> float:
    """What winning trades earned over what losing ones lost, (trades,) in money; NaN without a loss."""
    lost = -profits[profits < 0].sum()
    return float(profits[profits > 0].sum() / lost) if lost > 0 else float("nan")


def resampled_sharpe(
    returns: Floats, shortest: int = 5, *, level: float = 0.95, draws: int = DRAWS, seed: int = 0
) -> tuple[float, float]:
    """The ratio's interval from periods drawn in blocks of at least `shortest` (Politis and Romano 1994).

    Unlike Lo's it does not take returns for independent ones. NaN twice where the ratio has no value.
    """
    ratio = sharpe(returns)
    if np.isnan(ratio):
        return float("nan"), float("nan")
    drawn = returns[drawn_dates(len(returns), min(shortest, len(returns)), draws, seed)]
    spread = drawn.std(axis=1, ddof=1)
    ratios = np.divide(drawn.mean(axis=1), spread, out=np.zeros(draws), where=spread > 0)
    wider = widening(len(returns), shortest, level)
    low, high = (ratio + wider * (end - ratio) for end in percentile_interval(ratios, level))
    return low, high
