"""Prices as a trader of a given day would have drawn them: earlier bars in that day's units.

Only actions that have come into effect are passed in, so an adjusted level never knows of a later one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trader.domain.market import ActionKind, Bars, CorporateAction, Floats, Times, to_datetime64


@dataclass(frozen=True, eq=False)
class ActionTable:
    """Corporate actions of one instrument as arrays of one length, oldest first, splits before dividends."""

    effective: Times
    amount: Floats
    """New shares for an old one, or cash for a share as it stands after the splits of the same moment."""
    split: NDArray[np.bool_]
    same_moment: Floats
    """Product of the ratios of all splits that come into effect with it; 1 where there is none."""

    @classmethod
    def of(cls, actions: Iterable[CorporateAction]) -> Self:
        """From actions in any order. A delisting changes no price, and is left out."""
        rows = sorted((one for one in actions if one.kind is not ActionKind.DELISTING), key=in_time)
        effective = np.array([to_datetime64(row.effective) for row in rows], dtype="datetime64[s]")
        amount = np.array([float(row.amount) for row in rows])
        split = np.array([row.kind is ActionKind.SPLIT for row in rows], dtype=np.bool_)
        together = effective[:, None] == effective[None, split]
        return cls(effective, amount, split, np.prod(np.where(together, amount[split], 1.0), axis=1))

    def until(self, as_of: datetime) -> Self:
        """What has come into effect."""
        end = int(np.searchsorted(self.effective, to_datetime64(as_of), side="right"))
        return replace(
            self,
            effective=self.effective[:end],
            amount=self.amount[:end],
            split=self.split[:end],
            same_moment=self.same_moment[:end],
        )

    def first_bars(self, bars: Bars) -> NDArray[np.intp]:
        """For each action the row of the first bar that opened with it in effect; `len(bars)` if none has."""
        return np.searchsorted(bars.opened, self.effective, side="left")


def in_time(action: CorporateAction) -> tuple[datetime, int]:
    """The order of actions: by moment, splits first, and a delisting last."""
    return action.effective, _ORDER[action.kind]


_ORDER = {ActionKind.SPLIT: 0, ActionKind.DIVIDEND: 1, ActionKind.DELISTING: 2}


def adjusted(bars: Bars, actions: ActionTable) -> Bars:
    """Bars as traded, adjusted for `actions`, all of which are in effect. New arrays.

    A split divides earlier prices by its ratio and multiplies earlier volumes by it; a dividend D multiplies
    earlier prices by 1 - D / C, C being the last close before the ex-date (the convention of CRSP).
    """
    if not len(bars) or not len(actions.effective):
        return copied(bars)
    price, volume = _factors(bars, actions)
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


def copied(bars: Bars) -> Bars:
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


def _factors(bars: Bars, actions: ActionTable) -> tuple[Floats, Floats]:
    """What each bar's prices and volume are multiplied by."""
    before = np.searchsorted(bars.available, actions.effective, side="right") - 1
    close = np.where(before >= 0, bars.close[before], np.inf)  # no bar before: nothing to adjust
    price = np.where(actions.split, 1.0 / actions.amount, 1.0 - actions.amount * actions.same_moment / close)
    volume = np.where(actions.split, actions.amount, 1.0)
    lengths = np.diff(actions.first_bars(bars), prepend=0, append=len(bars))
    return _spread(price, lengths), _spread(volume, lengths)


def _spread(factors: Floats, lengths: NDArray[np.intp]) -> Floats:
    """For each stretch of bars the product of all later factors, exactly 1 on the last stretch."""
    products = np.append(np.cumprod(factors[::-1])[::-1], 1.0)
    return np.repeat(products, lengths)
