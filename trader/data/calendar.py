"""When markets are open: sessions of an exchange, of `24/5` and of `24/7`, as arrays.

Exchange hours, half days included, come from the exchange_calendars library. `24/7` has a session for each
UTC day; `24/5` has one for each UTC day from Monday to Friday, and counts the Sunday evening of currencies
as closed.
"""

import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from trader.domain.errors import DataError, UnknownName
from trader.domain.market import Floats, Timeframe, Times, to_datetime64

DAY_LONG = ("24/5", "24/7")
"""Calendars whose sessions are UTC days."""
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, eq=False)
class TradingCalendar:
    """The sessions of one calendar, oldest first: arrays of one length.

    `days` is datetime64[D], `opens` and `closes` datetime64[s] in UTC.
    """

    name: str
    days: NDArray[np.datetime64]
    opens: Times
    closes: Times

    @property
    def day_long(self) -> bool:
        """Whether sessions are whole UTC days."""
        return self.name in DAY_LONG

    def is_session(self, days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
        """Which of `days` (datetime64[D]) are sessions."""
        rows = np.minimum(np.searchsorted(self.days, days), len(self.days) - 1)
        return np.asarray(self.days[rows] == days)

    def daily_hours(self, days: NDArray[np.datetime64]) -> tuple[Times, Times]:
        """When the daily bars dated `days` open, and when their close is available.

        A day that is no session (the Sunday evening of a currency, in a daily file) is a whole UTC day.
        """
        rows = np.minimum(np.searchsorted(self.days, days), len(self.days) - 1)
        known = self.days[rows] == days
        opens = np.where(known, self.opens[rows], days.astype("datetime64[s]"))
        closes = np.where(known, self.closes[rows], (days + _DAY).astype("datetime64[s]"))
        return opens, closes

    def open_of(self, day: date) -> datetime:
        """The opening of the session of `day`. Raises DataError where there is none."""
        row = self._inside(int(np.searchsorted(self.days, np.datetime64(day, "D"))), day)
        if self.days[row] != np.datetime64(day, "D"):
            raise DataError(f"{day} is no session of {self.name}", hint=f"the next is {self.days[row]}")
        return _moment(self.opens[row])

    def next_session_close(self, at: datetime) -> datetime:
        """The first close of a session after `at`."""
        row = int(np.searchsorted(self.closes, to_datetime64(at), side="right"))
        return _moment(self.closes[self._inside(row, at)])

    def next_session_open(self, at: datetime) -> datetime:
        """The first opening of a session after `at`."""
        row = int(np.searchsorted(self.opens, to_datetime64(at), side="right"))
        return _moment(self.opens[self._inside(row, at)])

    def sessions_between(self, start: datetime, end: datetime) -> int:
        """How many sessions closed after `start` and not after `end`."""
        rows = np.searchsorted(self.closes, [to_datetime64(start), to_datetime64(end)], side="right")
        return int(rows[1] - rows[0])

    def bars_between(self, start: datetime, end: datetime, timeframe: Timeframe) -> float:
        """Trading time in bars: closed hours count nothing, a part of a session its share.

        For daily bars the unit is a session, for others the bar's duration.
        """
        if timeframe.intraday:
            lengths = (self.closes - self.opens).astype(np.float64) / timeframe.duration.total_seconds()
        else:
            lengths = np.ones(len(self.days))
        before, after = self._count(to_datetime64(start), lengths), self._count(to_datetime64(end), lengths)
        return after - before

    def _count(self, at: np.datetime64, lengths: Floats) -> float:
        """Trading time from the first session to `at`, in the unit of `lengths` (one for each session)."""
        row = int(np.searchsorted(self.opens, at, side="right")) - 1
        if row < 0:
            return 0.0
        share = (at - self.opens[row]) / (self.closes[row] - self.opens[row])
        return float(lengths[:row].sum() + min(float(share), 1.0) * lengths[row])

    def _inside(self, row: int, asked: date) -> int:
        if row >= len(self.days):
            raise DataError(f"calendar {self.name}: known until {self.days[-1]}, asked for {asked}")
        return row


def trading_calendar(name: str, first: date, last: date) -> TradingCalendar:
    """The sessions of `name` from the year of `first` to the end of the year after `last`.

    Raises UnknownName for a calendar that does not exist, DataError where it is not known so early or late.
    """
    return _build(name, first.year, last.year + 1)


def check_calendar(name: str) -> None:
    """Raise UnknownName unless a calendar of this name exists."""
    if name in DAY_LONG:
        return
    import exchange_calendars

    known = exchange_calendars.get_calendar_names(include_aliases=True)
    if name not in known:
        raise UnknownName("calendar", name, [*known, *DAY_LONG])


@lru_cache(maxsize=16)
def _build(name: str, first_year: int, last_year: int) -> TradingCalendar:
    first, last = date(first_year, 1, 1), date(last_year, 12, 31)
    if name in DAY_LONG:
        return _day_long(name, first, last)
    check_calendar(name)
    import exchange_calendars

    try:
        with warnings.catch_warnings():  # it uses what newer versions of pandas advise against
            warnings.simplefilter("ignore", DeprecationWarning)
            known = exchange_calendars.get_calendar(name, start=first.isoformat(), end=last.isoformat())
    except ValueError as error:
        raise DataError(f"calendar {name}: {error}") from None
    return TradingCalendar(
        name=name,
        days=known.sessions.to_numpy().astype("datetime64[D]"),
        opens=known.opens.dt.tz_convert(None).to_numpy().astype("datetime64[s]"),
        closes=known.closes.dt.tz_convert(None).to_numpy().astype("datetime64[s]"),
    )


def _day_long(name: str, first: date, last: date) -> TradingCalendar:
    days = np.arange(np.datetime64(first, "D"), np.datetime64(last + timedelta(days=1), "D"))
    if name == "24/5":
        days = days[np.is_busday(days)]
    return TradingCalendar(name, days, days.astype("datetime64[s]"), (days + _DAY).astype("datetime64[s]"))


def _moment(at: np.datetime64) -> datetime:
    return datetime.fromtimestamp(int(at.astype(np.int64)), UTC)
