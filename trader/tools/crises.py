"""Three falls of the stock market: when each began, ended, and could be known to have ended.

The dates are the closing highs and lows of the S&P 500, as the bundled series of it has them. A low is
known to have been one only later: here when the index has closed a fifth above it, the usual sign of a new
bull market. Until that day the crisis does not exist for any tool.
"""

from datetime import date, datetime
from typing import NamedTuple

import numpy as np

from trader.domain.market import Floats


class Crisis(NamedTuple):
    """One fall, from the last high to the lowest close."""

    name: str
    high: date
    low: date
    known: date
    """The first close a fifth above the low."""
    cause: str
    """What it is remembered for."""


CRISES = (
    Crisis(
        "2000-02", date(2000, 3, 24), date(2002, 10, 9), date(2002, 11, 21), "the end of the dot-com boom"
    ),
    Crisis("2008", date(2007, 10, 9), date(2009, 3, 9), date(2009, 3, 23), "the failure of banks"),
    Crisis("2011", date(2011, 4, 29), date(2011, 10, 3), date(2012, 1, 25), "the debt of the euro area"),
)


def over(as_of: datetime) -> tuple[Crisis, ...]:
    """The crises whose end was known on a day before that of `as_of`, oldest first."""
    return tuple(crisis for crisis in CRISES if crisis.known < as_of.date())


class Falls(NamedTuple):
    """The worst moves of a path, as fractions, each zero or below."""

    bar: float
    """From one close to the next."""
    horizon: float
    """Over so many bars."""
    whole: float
    """From a high to a later low."""


def falls(close: Floats, horizon: int) -> Falls:
    """The worst of a path of closes, shape (n,), n > horizon."""
    return Falls(
        _worst(close[1:] / close[:-1]),
        _worst(close[horizon:] / close[:-horizon]),
        _worst(close / np.maximum.accumulate(close)),
    )


def _worst(ratios: Floats) -> float:
    return min(0.0, float(ratios.min()) - 1.0)
