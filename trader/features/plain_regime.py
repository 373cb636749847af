"""The plain rule of regimes: which side of its 200-bar average, and how volatile for its own history.

Source of the average: Brock, Lakonishok and LeBaron 1992, "Simple technical trading rules and the stochastic
properties of stock returns", Journal of Finance 47.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from trader.domain.market import Floats, Regime

AVERAGE, MONTH = 200, 21
"""Bars of the average, and of one volatility."""
FEWEST = AVERAGE + MONTH
"""Closes that the rule needs."""
READ = 1260
"""Closes among which the last volatility is ranked, where nobody says otherwise: five years of days."""


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
    volatility = _volatility(close)
    below = float((volatility < volatility[-1]).mean())
    tercile = min(2, int(3.0 * below))
    if over > 0.0 and tercile < 2:
        regime = Regime.BULL
    elif over < 0.0 and tercile > 0:
        regime = Regime.BEAR
    else:
        regime = Regime.SIDEWAYS
    return PlainRegime(regime, over, tercile)


def plain_regimes(close: Floats, rows: NDArray[np.intp]) -> NDArray[np.str_]:
    """The rule's word at each of `rows` (m,) of closes (n,), each from the READ closes up to it, shape (m,).

    Empty where there are too few. It is `plain_regime` for many closes at once: a test holds them equal.
    """
    words = np.full(len(rows), "", dtype="U8")
    there = np.flatnonzero(rows >= FEWEST - 1)
    if not len(there):
        return words
    at = rows[there]
    over = close[at] / sliding_window_view(close, AVERAGE)[at - AVERAGE + 1].mean(axis=1) - 1.0
    volatility, ranked = _volatility(close), READ - MONTH
    last = at - MONTH  # the window that ends with the row's own return
    before = sliding_window_view(np.concatenate([np.full(ranked - 1, np.inf), volatility]), ranked)[last]
    below = (before < volatility[last, None]).sum(axis=1) / np.minimum(last + 1, ranked)
    tercile = np.minimum(2, (3.0 * below).astype(np.int64))
    bull, bear = (over > 0.0) & (tercile < 2), (over < 0.0) & (tercile > 0)
    words[there] = np.select([bull, bear], [Regime.BULL.value, Regime.BEAR.value], Regime.SIDEWAYS.value)
    return words


def _volatility(close: Floats) -> Floats:
    """Of each window of 21 log returns, shape (n - 21,)."""
    found: Floats = sliding_window_view(np.diff(np.log(close)), MONTH).std(axis=1)
    return found
