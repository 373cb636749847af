"""What the market did: bars, corporate actions, and the dated facts around them.

Everything carries the moment at which it became *available*. `MarketView` cuts by that moment alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trader.domain.value import Amount, Moment, Number, Value

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]


class Timeframe(StrEnum):
    """The length of a bar."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    @property
    def duration(self) -> timedelta:
        """From a bar's opening to its close; for daily bars of an exchange the calendar knows better."""
        return _DURATIONS[self]

    @property
    def intraday(self) -> bool:
        """Whether bars carry a time of day."""
        return self is not Timeframe.D1

    @property
    def default_horizon(self) -> int:
        """Bars ahead that are forecast: a week of days, a day of hours, a third of a day of quarters."""
        return {Timeframe.D1: 5, Timeframe.H1: 24, Timeframe.M15: 32}.get(self, 24)


_DURATIONS: Mapping[Timeframe, timedelta] = {
    Timeframe.M1: timedelta(minutes=1),
    Timeframe.M5: timedelta(minutes=5),
    Timeframe.M15: timedelta(minutes=15),
    Timeframe.M30: timedelta(minutes=30),
    Timeframe.H1: timedelta(hours=1),
    Timeframe.H4: timedelta(hours=4),
    Timeframe.D1: timedelta(days=1),
}


class Regime(StrEnum):
    """What a market can be in."""

    BULL = "bull"
    SIDEWAYS = "sideways"
    BEAR = "bear"


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars of one instrument, oldest first. Arrays have one length and are read-only.

    `opened` and `available` are datetime64[s] in UTC: when a bar began, and when its close could be known.
    Prices are float64 in the instrument's currency, volume in units. Whether they are as traded or adjusted
    is said by whoever returns them.
    """

    symbol: str
    timeframe: Timeframe
    opened: Times
    available: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __post_init__(self) -> None:
        for array in (
            self.opened,
            self.available,
            self.open,
            self.high,
            self.low,
            self.close,
            self.volume,
        ):
            if len(array) != len(self.opened):
                raise ValueError(f"{self.symbol}: arrays of different lengths")
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.opened)

    def __getitem__(self, rows: slice) -> Self:
        return replace(
            self,
            opened=self.opened[rows],
            available=self.available[rows],
            open=self.open[rows],
            high=self.high[rows],
            low=self.low[rows],
            close=self.close[rows],
            volume=self.volume[rows],
        )

    def until(self, as_of: datetime) -> Self:
        """The bars whose close was available at `as_of`."""
        return self[: int(np.searchsorted(self.available, to_datetime64(as_of), side="right"))]


class ActionKind(StrEnum):
    """What a company did to its shares."""

    SPLIT = "split"
    DIVIDEND = "dividend"


class CorporateAction(Value):
    """Effective at the opening of `ex_date`, and known from then on."""

    symbol: str
    ex_date: date
    kind: ActionKind
    amount: Amount
    """Split: new shares for one old share. Dividend: cash for one share as traded, in the quote currency."""
    effective: Moment
    """The moment from which it counts: the opening of the ex-date's session."""


class NewsItem(Value):
    """One text that became public."""

    published_at: Moment
    symbols: tuple[str, ...]
    title: str
    body: str = ""
    source: str = ""


class FundamentalRow(Value):
    """What a filing said, from the moment it was public, in the company's currency."""

    symbol: str
    published_at: Moment
    period_end: date
    values: dict[str, Number]


@dataclass(frozen=True, eq=False)
class Series:
    """A dated number that is no price of ours: an index, a yield. Oldest publication first."""

    name: str
    period: NDArray[np.datetime64]
    """datetime64[D]: the day or month described."""
    published: Times
    """datetime64[s], UTC: when it could be known."""
    value: Floats

    def __len__(self) -> int:
        return len(self.value)

    def until(self, as_of: datetime) -> Self:
        """What had been published at `as_of`."""
        end = int(np.searchsorted(self.published, to_datetime64(as_of), side="right"))
        return replace(
            self,
            period=self.period[:end],
            published=self.published[:end],
            value=self.value[:end],
        )


def to_datetime64(moment: datetime) -> np.datetime64:
    """A UTC moment as datetime64[s]; parts of a second are cut, so nothing later is ever included."""
    return np.datetime64(int(moment.timestamp()), "s")
