"""What an indicator is, and the arrays that all of them read."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cached_property

import numpy as np

from trader.domain.errors import ToolError
from trader.domain.market import Floats

DAYS_A_YEAR = 252.0
"""Sessions a year of a stock exchange; other calendars pass their own number of bars."""


class Group(StrEnum):
    """What an indicator is about."""

    TREND = "trend"
    MOMENTUM = "momentum"
    OSCILLATOR = "oscillator"
    VOLATILITY = "volatility"
    VOLUME = "volume"


@dataclass(frozen=True, eq=False)
class Inputs:
    """Bars as plain arrays of one length n, oldest first, adjusted for splits and dividends.

    Raises ToolError where lengths differ, a number is not finite or a price is not above zero: TA-Lib would
    carry one NaN through every later row without a word.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    bars_a_year: float = DAYS_A_YEAR
    """For annual volatility."""

    def __post_init__(self) -> None:
        for field in fields(self)[:5]:
            array = getattr(self, field.name)
            if len(array) != len(self.close):
                raise ToolError(f"{field.name} has {len(array)} bars, close has {len(self.close)}")
            fit = np.isfinite(array) if field.name == "volume" else np.isfinite(array) & (array > 0.0)
            if not fit.all():
                row = int(np.argmin(fit))
                raise ToolError(f"{field.name} is {array[row]} at bar {row + 1} of {len(array)}")

    def __len__(self) -> int:
        return len(self.close)

    @cached_property
    def log_returns(self) -> Floats:
        """log(close / close before), n - 1 values."""
        return np.diff(np.log(self.close))


@dataclass(frozen=True)
class Feature:
    """One indicator: n values for n bars, NaN for the first `warmup` and where it has no meaning."""

    name: str
    group: Group
    unit: str
    warmup: int
    """Bars before the first value."""
    formula: str
    source: str
    function: Callable[[Inputs], Floats]
    """Called with more than `warmup` bars only."""
    scale_free: bool = True
    """Whether prices in another unit (a split, another currency) give the same values."""
    in_months: bool = False
    """Whether its bars are trading days that stand for months: it has no meaning on shorter bars."""

    def compute(self, inputs: Inputs) -> Floats:
        """The indicator at each of the n bars.

        A history without a value never reaches TA-Lib, whose OBV writes past the end of an array of no bars.
        """
        if len(inputs) <= self.warmup:
            return np.full(len(inputs), np.nan)
        return self.function(inputs)


def shifted(values: Floats, bars: int) -> Floats:
    """`values` as they were `bars` bars before; NaN where there was no such bar."""
    out = np.full(len(values), np.nan)
    out[bars:] = values[:-bars]
    return out


def share_of(above: Floats, below: Floats, where_zero: float = np.nan) -> Floats:
    """`above / below`, and `where_zero` where `below` is zero."""
    out = np.full(len(below), where_zero)
    np.divide(above, below, out=out, where=below != 0.0)
    return out
