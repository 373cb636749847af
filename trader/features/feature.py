"""What an indicator is, and the arrays that all of them read."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, wraps
from math import frexp
from typing import Concatenate, ParamSpec, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from trader.domain.errors import ToolError
from trader.domain.market import Floats, Times
from trader.features.expression import Expression

P = ParamSpec("P")
R = TypeVar("R", bound=Floats | tuple[Floats, ...])

Counts = NDArray[np.int64]

DAYS_A_YEAR = 252.0
"""Sessions a year of a stock exchange; other calendars pass their own number of bars."""


class Group(StrEnum):
    """What an indicator is about."""

    TREND = "trend"
    MOMENTUM = "momentum"
    OSCILLATOR = "oscillator"
    VOLATILITY = "volatility"
    VOLUME = "volume"
    STATISTICAL = "statistical"
    LEVEL = "level"
    MICROSTRUCTURE = "microstructure"
    CALENDAR = "calendar"
    MARKET = "market"
    CANDLE = "candle"


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
    opened: Times | None = None
    """When each bar began, UTC: for the calendar."""
    index: Floats | None = None
    """The level of an index as it was known when each bar closed, NaN where none was."""
    beside: Mapping[str, Floats] = field(default_factory=dict)
    """What a feed brings besides bars (`trader.features.book`), by name, NaN where it brought nothing."""
    _known: dict[Hashable, Floats | tuple[Floats, ...]] = field(default_factory=dict, init=False, repr=False)
    """What `remembered` functions have answered."""

    def __post_init__(self) -> None:
        for name in ("open", "high", "low", "close", "volume"):
            array = getattr(self, name)
            self._same_length(name, array)
            fit = np.isfinite(array) if name == "volume" else np.isfinite(array) & (array > 0.0)
            if not fit.all():
                row = int(np.argmin(fit))
                raise ToolError(f"{name} is {array[row]} at bar {row + 1} of {len(array)}")
        for name, given in (("opened", self.opened), ("index", self.index), *self.beside.items()):
            if given is not None:
                self._same_length(name, given)

    def _same_length(self, name: str, array: Floats | Times) -> None:
        if len(array) != len(self.close):
            raise ToolError(f"{name} has {len(array)} bars, close has {len(self.close)}")

    def __len__(self) -> int:
        return len(self.close)

    @cached_property
    def log_returns(self) -> Floats:
        """log(close / close before), n - 1 values."""
        return np.diff(np.log(self.close))

    @cached_property
    def stood(self) -> Counts:
        """`standing` at each bar."""
        return standing(self.high, self.low)

    @cached_property
    def unit(self) -> float:
        """`unit_of` the first close."""
        return unit_of(float(self.close[0]))


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
    """Whether prices in another unit and volumes over it (a split) give the same values."""
    step: Expression | None = None
    """The same, one bar at a time, for `trader.features.stream`; None where there is no such way."""
    windowed: bool = False
    """Whether nothing before the last `warmup` bars reaches a value: the last one is cheap by itself."""
    in_months: bool = False
    """Whether its bars are trading days that stand for months: it has no meaning on shorter bars."""
    in_hours: bool = False
    """Whether it reads the time of day: it has no meaning on daily bars."""
    moving: int = 0
    """The last bars that must have a range between them: where nothing moved TA-Lib says 0, which reads as
    oversold."""
    reads: tuple[str, ...] = ()
    """What of `Inputs.beside`."""

    def compute(self, inputs: Inputs) -> Floats:
        """The indicator at each of the n bars.

        A history without a value never reaches TA-Lib, whose OBV writes past the end of an array of no bars.
        """
        if len(inputs) <= self.warmup:
            return np.full(len(inputs), np.nan)
        values = self.function(inputs)
        if not self.moving or inputs.stood.max() < self.moving:
            return values
        return np.where(inputs.stood < self.moving, values, np.nan)


def remembered(
    function: Callable[Concatenate[Inputs, P], R],
) -> Callable[Concatenate[Inputs, P], R]:
    """Compute once for each Inputs and arguments what several indicators share. Answers are read-only."""

    @wraps(function)
    def call(inputs: Inputs, /, *arguments: P.args, **named: P.kwargs) -> R:
        key = (function, arguments, tuple(named.items()))
        if key not in inputs._known:
            answer = function(inputs, *arguments, **named)
            for array in answer if isinstance(answer, tuple) else (answer,):
                array.flags.writeable = False
            inputs._known[key] = answer
        return cast(R, inputs._known[key])

    return call


def standing(high: Floats, low: Floats) -> Counts:
    """How many bars up to each, with it, were all at one price: 0 where the bar itself has a range."""
    alone = high == low
    if not alone.any():
        return np.zeros(len(high), np.int64)
    place = np.arange(len(high))
    goes_on = np.concatenate(([False], alone[1:] & alone[:-1] & (high[1:] == high[:-1])))
    return np.where(alone, place - np.maximum.accumulate(np.where(goes_on, 0, place)) + 1, 0)


def unit_of(price: float) -> float:
    """The power of two that makes a price about a million, and one above that; a product with it is exact.

    TA-Lib takes a variance below 1e-14 and a flow of money below 1 for none, whatever a price is stated in:
    of a coin at a millionth of a dollar there would be no band.
    """
    return 2.0 ** (20 - min(max(frexp(price)[1], -900), 20))


def shifted(values: Floats, bars: int) -> Floats:
    """`values` as they were `bars` bars before; NaN where there was no such bar."""
    out = np.full(len(values), np.nan)
    out[bars:] = values[:-bars]
    return out


def over(above: Floats, below: Floats) -> Floats:
    """Above / below - 1; `below` must be an array that nobody else reads: the answer stands in it."""
    np.divide(above, below, out=below)
    below -= 1.0
    return below


def share_of(above: Floats, below: Floats, where_zero: float = np.nan) -> Floats:
    """`above / below`, and `where_zero` where `below` is zero."""
    out = np.full(len(below), where_zero)
    np.divide(above, below, out=out, where=below != 0.0)
    return out
