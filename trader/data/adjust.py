"""Prices as a trader of a given day would have drawn them: earlier bars in that day's units.

Only actions that have come into effect are passed in, so an adjusted level never knows of a later one.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trader.domain.market import ActionKind, Bars, CorporateAction, Floats, to_datetime64


def adjusted(bars: Bars, actions: Sequence[CorporateAction]) -> Bars:
    """Bars as traded, adjusted for `actions` (any order), all of which are in effect. New arrays.

    A split divides earlier prices by its ratio and multiplies earlier volumes by it; a dividend D multiplies
    earlier prices by 1 - D / C, C being the last close before the ex-date (the convention of CRSP).
    """
    if not actions or not len(bars):
        return _copy(bars)
    ordered = sorted(actions, key=lambda action: (action.effective, action.kind is ActionKind.DIVIDEND))
    price, volume = _factors(bars, ordered)
    return replace(
        bars,
        opened=bars.opened.copy(),
        available=bars.available.copy(),
        open=bars.open * price,
        high=bars.high * price,
        low=bars.low * price,
        close=bars.close * price,
        volume=bars.volume * volume,
    )


def first_bars(bars: Bars, actions: Sequence[CorporateAction]) -> NDArray[np.int64]:
    """For each action the row of the first bar that opened with it in effect, or `len(bars)` if none has."""
    effective = np.array([to_datetime64(action.effective) for action in actions], dtype="datetime64[s]")
    return np.searchsorted(bars.opened, effective, side="left")


def _factors(bars: Bars, actions: Sequence[CorporateAction]) -> tuple[Floats, Floats]:
    """What each bar's prices and volume are multiplied by; `actions` are in order of time, splits first."""
    effective = np.array([to_datetime64(action.effective) for action in actions], dtype="datetime64[s]")
    closes_before = np.searchsorted(bars.available, effective, side="right") - 1
    price, volume = np.ones(len(actions)), np.ones(len(actions))
    for row, (action, before) in enumerate(zip(actions, closes_before, strict=True)):
        amount = float(action.amount)
        if action.kind is ActionKind.SPLIT:
            price[row], volume[row] = 1.0 / amount, amount
        elif before >= 0:
            same_day = price[:row][
                effective[:row] == effective[row]
            ]  # a split of the same day rescales the close
            price[row] = 1.0 - amount / (bars.close[before] * float(np.prod(same_day)))
    firsts = first_bars(bars, actions)
    lengths = np.diff(firsts, prepend=0, append=len(bars))
    return _spread(price, lengths), _spread(volume, lengths)


def _spread(factors: Floats, lengths: NDArray[np.int64]) -> Floats:
    """The product of all factors from each stretch of bars on, exactly 1 on the last stretch."""
    products = np.append(np.cumprod(factors[::-1])[::-1], 1.0)
    return np.repeat(products, lengths)


def _copy(bars: Bars) -> Bars:
    """The same rows in arrays of their own."""
    return replace(
        bars,
        opened=bars.opened.copy(),
        available=bars.available.copy(),
        open=bars.open.copy(),
        high=bars.high.copy(),
        low=bars.low.copy(),
        close=bars.close.copy(),
        volume=bars.volume.copy(),
    )
