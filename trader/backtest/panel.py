"""Bars of many symbols on one clock, as traded, with all that happens to them besides trading."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trader.domain.errors import DataError
from trader.domain.market import Floats, Times, to_datetime64

Indices = NDArray[np.int64]

NEVER = np.iinfo(np.int64).max
"""The bar from which a symbol that stays is gone."""


def frozen(array: object) -> Floats:
    """The numbers as an own, contiguous, read-only float64 array, shape kept."""
    copy = np.array(array, dtype=np.float64, order="C", copy=True)
    copy.flags.writeable = False
    return copy


@dataclass(frozen=True, eq=False)
class Panel:
    """T bars of S symbols. Prices and volumes are (T, S), NaN where a symbol has no bar.

    What is given by bar or symbol may be one number for all. Raises DataError for what does not fit.
    """

    symbols: tuple[str, ...]
    times: Times
    """(T,), ascending: when the closes of a bar are known. Decisions are made then, and filled at the next
    open of the symbol."""
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    """In units; NaN in a bar where the feed has none, which then bounds no order. Zero: nothing trades."""
    split: Floats | None = None
    """(T, S): new units for an old one, from the open of the bar on; 1 where nothing is split."""
    dividend: Floats | None = None
    """(T, S): cash a unit, for what is held before the open, in units after the split; in the symbol's
    currency."""
    rate: Floats | None = None
    """(T, S): the book's currency for one of the symbol's, in each bar; None where all are the same."""
    delisted: Indices = field(default_factory=lambda: np.array(NEVER))
    """(S,): the bar from which the symbol is gone: its last bar was before. NEVER where it stays."""
    lot: Floats = field(default_factory=lambda: np.array(0.0))
    """(S,): the smallest step of a quantity; 0 for any fraction."""
    tick: Floats = field(default_factory=lambda: np.array(0.0))
    """(S,): the smallest step of a price; 0 for none."""
    multiplier: Floats = field(default_factory=lambda: np.array(1.0))
    """(S,): currency a point and unit."""
    bars_a_year: float = 252.0

    def __post_init__(self) -> None:
        shape = (len(self.times), len(self.symbols))
        if 0 in shape:
            raise DataError("no bars to simulate", hint="ask for a period in which there is data")
        if len(set(self.symbols)) < len(self.symbols) or (np.diff(self.times) <= np.timedelta64(0)).any():
            raise DataError("symbols and times of a panel must be different ones, times ascending")
        for name in ("open", "high", "low", "close", "volume", "split", "dividend", "rate"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, fitted(name, given, shape))
        for name in ("lot", "tick", "multiplier"):
            object.__setattr__(self, name, fitted(name, getattr(self, name), shape[1:]))
        gone = np.array(np.broadcast_to(self.delisted, shape[1:]), dtype=np.int64)
        object.__setattr__(self, "delisted", gone)
        self._check()

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, rows: slice) -> Self:
        """Some bars, one after another."""
        first, last, step = rows.indices(len(self))
        if step != 1:
            raise ValueError("a panel is cut into bars that follow each other")
        cut: dict[str, Any] = {
            name: None if getattr(self, name) is None else getattr(self, name)[rows]
            for name in ("times", "open", "high", "low", "close", "volume", "split", "dividend", "rate")
        }
        gone = np.where(self.delisted < last, np.maximum(self.delisted - first, 0), NEVER)
        return replace(self, **cut, delisted=gone)

    def _check(self) -> None:
        """Prices above zero with their opens, rates for all, nothing without a bar or after the end."""
        there = np.isfinite(self.close)
        self._refuse(there != np.isfinite(self.open), "an open without a close, or the other way round")
        for name in ("open", "close"):
            self._refuse(there & ~(getattr(self, name) > 0.0), f"{name} is not above zero")
        if self.rate is not None:
            wrong = ~(np.isfinite(self.rate) & (self.rate > 0.0))
            self._refuse(wrong, "its currency has no rate", "give a rate above zero for each bar")
        if self.split is not None:
            self._refuse(~(np.isfinite(self.split) & (self.split > 0.0)), "a split is a ratio above zero")
            self._refuse(~there & (self.split != 1.0), "a split without a bar", "date it at the next bar")
        if self.dividend is not None:
            self._refuse(~np.isfinite(self.dividend), "a dividend is a number, 0 where none is paid")
            self._refuse(
                ~there & (self.dividend != 0.0), "a dividend without a bar", "date it at the next bar"
            )
        late = there & (np.arange(len(self))[:, None] >= self.delisted)
        self._refuse(late, "a bar after the symbol was delisted")

    def _refuse(self, wrong: NDArray[np.bool_], why: str, hint: str = "") -> None:
        if wrong.any():
            bar, s = np.argwhere(wrong)[0]
            raise DataError(f"{self.symbols[s]} at {self.times[bar]}: {why}", hint=hint)

    @cached_property
    def first_bars(self) -> Indices:
        """(S,): where the bars of each symbol begin; NEVER where it has none."""
        there = np.isfinite(self.close)
        return np.where(there.any(axis=0), there.argmax(axis=0), NEVER)

    @cached_property
    def last_to_begin(self) -> int:
        """The bar from which every symbol has had one; NEVER where one has none."""
        return int(self.first_bars.max())

    @cached_property
    def total_return(self) -> Floats:
        """(T, S): what one unit of currency at a symbol's first close has become, dividends put back in.

        Without rates: in the symbol's own currency. NaN before the first bar, and carried where there is no
        bar. Value t knows nothing after bar t, unlike prices adjusted backwards.
        """
        there = np.isfinite(self.close)
        row = np.maximum.accumulate(np.where(there, np.arange(len(self))[:, None], 0), axis=0)
        filled = np.take_along_axis(self.close, row, axis=0)
        index = filled / filled[np.minimum(self.first_bars, len(self) - 1), np.arange(len(self.symbols))]
        if self.split is not None or self.dividend is not None:
            split = np.ones(self.close.shape) if self.split is None else self.split
            paid = np.zeros(self.close.shape) if self.dividend is None else self.dividend
            gained = np.ones(self.close.shape)
            gained[1:] = (filled[1:] + paid[1:]) * split[1:] / filled[:-1]
            index = np.where(
                np.isnan(index), np.nan, np.cumprod(np.where(np.isnan(gained), 1.0, gained), axis=0)
            )
        index.flags.writeable = False
        return index

    @cached_property
    def prices(self) -> Floats:
        """(T, 3, S): open, close, volume, as the kernel reads them."""
        return np.stack([self.open, self.close, self.volume], axis=1)

    def bar_of(self, moment: datetime) -> int:
        """The last bar whose close was known at `moment`; -1 before the first."""
        return int(np.searchsorted(self.times, to_datetime64(moment), side="right")) - 1


def after_last_bars(panel: Panel) -> Panel:
    """The panel with every symbol delisted after its last bar.

    That is hindsight: at a bar without a close nobody knows whether another one comes. It decides only when
    what is held is turned into money.
    """
    there = np.isfinite(panel.close)
    last = len(panel) - there[::-1].argmax(axis=0)
    return replace(panel, delisted=np.where(last < len(panel), last, NEVER))


def fitted(name: str, given: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """The numbers in this shape. Raises DataError where they have another."""
    try:
        return frozen(np.broadcast_to(np.asarray(given, dtype=np.float64), shape))
    except ValueError:
        raise DataError(f"{name} has the shape {np.shape(given)}, which does not fit {shape}") from None
