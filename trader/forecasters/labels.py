"""What happened after each bar, and how much of it each label tells that no other label does.

Lopez de Prado 2018, "Advances in Financial Machine Learning", chapters 3 (triple barrier) and 4 (uniqueness).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trader.domain.market import Floats

Count = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Touches:
    """Where the trade begun after each bar ended. Arrays of shape (n - horizon,)."""

    returns: Floats
    """Exit over entry - 1."""
    bars: Count
    """Bars from the decision to the exit, 1 to the horizon."""


def triple_barrier(
    prices: tuple[Floats, Floats, Floats, Floats], width: Floats, horizon: int, *, stop: float = 1.0
) -> Touches:
    """Bought at the next open; sold at the first of a profit, a loss, or the close `horizon` bars on.

    `prices` are open, high, low and close (n,), adjusted. `width` (n,) is the profit barrier as a fraction of
    the entry, known at the decision; the loss barrier is `stop` times as far. Where both are inside one bar
    it is the loss, and a bar that opens beyond a barrier sells at its open: as the paper broker does.
    Raises ValueError for a horizon below 1.
    """
    if horizon < 1:
        raise ValueError(f"a horizon of {horizon} bars")
    open_, high, low, close = prices
    count = max(0, len(close) - horizon)
    entry, width = open_[1 : count + 1], width[:count]
    above, below = entry * (1.0 + width), entry * np.maximum(1.0 - stop * width, 0.0)
    price, bars = close[horizon : horizon + count].copy(), np.full(count, horizon, np.int64)
    alive = np.ones(count, bool)
    for step in range(1, horizon + 1):
        here = slice(step, step + count)
        lost = alive & (low[here] <= below)
        won = alive & ~lost & (high[here] >= above)
        price[lost] = np.minimum(below, open_[here])[lost]
        price[won] = np.maximum(above, open_[here])[won]
        bars[lost | won] = step
        alive &= ~(lost | won)
    return Touches(price / entry - 1.0, bars)


def average_uniqueness(begins: Count, ends: Count) -> Floats:
    """Mean over a label's bars of one over the labels that span the bar, shape (n,), in (0, 1].

    A label spans the bars (begins, ends]. All are of one instrument. Raises ValueError for one without bars.
    """
    if len(begins) == 0:
        return np.zeros(0)
    if (ends <= begins).any():
        raise ValueError("a label ends before it begins")
    first, last = int(begins.min()), int(ends.max())
    changes = np.zeros(last - first + 2)
    np.add.at(changes, begins - first + 1, 1.0)
    np.add.at(changes, ends - first + 1, -1.0)
    spanning = np.cumsum(changes)
    share = np.concatenate(
        ([0.0], np.cumsum(np.divide(1.0, spanning, where=spanning > 0.0, out=spanning * 0)))
    )
    unique: Floats = (share[ends - first + 1] - share[begins - first + 1]) / (ends - begins)
    return unique
