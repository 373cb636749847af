"""What an equity curve did."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def max_drawdown(equity: Floats) -> float:
    """The deepest fall of `equity` (n,) below an earlier high, as a share of that high."""
    if len(equity) == 0:
        return 0.0
    return float(np.max(1.0 - equity / np.maximum.accumulate(equity)))


def annual_volatility(returns: Floats, periods_per_year: float) -> float:
    """Sample standard deviation of per-period `returns` (n,), scaled to a year; 0 for fewer than two."""
    if len(returns) < 2:
        return 0.0
    return float(np.std(returns, ddof=1) * np.sqrt(periods_per_year))
