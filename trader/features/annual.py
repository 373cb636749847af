"""How many bars there are in a year, for measures stated by the year."""

from datetime import timedelta

from trader.domain.market import Timeframe
from trader.features.feature import DAYS_A_YEAR

_DAYS = {"24/7": 365.0, "24/5": 260.0}
_HOURS = {"24/7": 24.0, "24/5": 24.0}
_SESSION_HOURS = 6.5
"""Of the New York Stock Exchange; others differ by an hour or two, which a square root hardly shows."""


def bars_a_year(timeframe: Timeframe, calendar: str) -> float:
    """Bars of `timeframe` in a year of `calendar` (an exchange, `24/5` or `24/7`)."""
    days = _DAYS.get(calendar, DAYS_A_YEAR)
    if not timeframe.intraday:
        return days
    hours = timedelta(hours=_HOURS.get(calendar, _SESSION_HOURS))
    return days * (hours / timeframe.duration)
