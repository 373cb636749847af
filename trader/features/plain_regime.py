"""The plain rule of regimes: which side of its 200-bar average, and how volatile for its own history.

Source of the average: Brock, Lakonishok and LeBaron 1992, "Simple technical trading rules and the stochastic
properties of stock returns", Journal of Finance 47.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from trader.domain.market import Floats, Regime

AVERAGE, MONTH = 200, 21
"""Bars of the average, and of one volatility."""
FEWEST = AVERAGE + MONTH
"""Closes that the rule needs."""


class PlainRegime(NamedTuple):
    """The rule's word and what it went by."""

    regime: Regime
    over_average: float
    """The close over its 200-bar average, less one."""
    tercile: int
    """0, 1 or 2: where the last 21 bars' volatility stands among all windows of 21 bars."""


def plain_regime(close: Floats) -> PlainRegime:
    """From closes, oldest first, shape (n,), at least 221 of them.

    Bull: above the average and not in the highest third of volatility. Bear: below it and not in the lowest.
    Sideways: neither. Remembered: memory and the tool `regime` ask for the same closes.
    """
    return _ruled(close.tobytes())


@lru_cache(maxsize=64)
def _ruled(closes: bytes) -> PlainRegime:
    close = np.frombuffer(closes)
    over = float(close[-1] / close[-AVERAGE:].mean() - 1.0)
    windows = np.lib.stride_tricks.sliding_window_view(np.diff(np.log(close)), MONTH)
    volatility = windows.std(axis=1)
    below = float((volatility < volatility[-1]).mean())
    tercile = min(2, int(3.0 * below))
    if over > 0.0 and tercile < 2:
        regime = Regime.BULL
    elif over < 0.0 and tercile > 0:
        regime = Regime.BEAR
    else:
        regime = Regime.SIDEWAYS
    return PlainRegime(regime, over, tercile)
