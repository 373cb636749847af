"""When a macro value could be known: its period, plus a lag that is never shorter than the real one.

The source says only which period a value describes. A lag that is too long costs a little freshness; one
that is too short would let an agent see the future, so where the day of release moved about, the lag covers
the latest.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo


def new_york(day: date, at: time) -> datetime:
    """The moment when the clocks of New York show `at` on `day`, in UTC."""
    return datetime.combine(day, at, ZoneInfo("America/New_York")).astimezone(UTC)


def index_close(day: date) -> datetime:
    """16:00, when the exchanges close. On the three or so early closes a year this is three hours late."""
    return new_york(day, time(16))


def vix_close(day: date) -> datetime:
    """16:15: the options it is made of traded a quarter of an hour longer than the shares."""
    return new_york(day, time(16, 15))


def wti_spot(day: date) -> datetime:
    """17:00 ten days later.

    EIA publishes on Wednesdays what was traded to Monday, so Tuesday's price takes eight days, and a
    holiday adds one or two.
    """
    return new_york(day + timedelta(days=10), time(17))


def core_cpi(month: date) -> datetime:
    """08:30 on the first of the second month after.

    The middle of the next month is usual, but January 2005 came on 23 February and September 2013, the
    government having been closed, on 30 October.
    """
    return new_york(_months_later(month, 2), time(8, 30))


def moodys_yield(month: date) -> datetime:
    """17:00 on the eighth of the next month.

    The Federal Reserve's H.15 gave a month's mean on the first Monday after it, or on Tuesday after a
    holiday.
    """
    return new_york(_months_later(month, 1) + timedelta(days=7), time(17))


PUBLISHED_AT: Mapping[str, Callable[[date], datetime]] = MappingProxyType(
    {
        "sp500": index_close,
        "nasdaq": index_close,
        "wti": wti_spot,
        "core_cpi": core_cpi,
        "aaa_yield": moodys_yield,
        "baa_yield": moodys_yield,
        "vix": vix_close,
    }
)


def _months_later(month: date, count: int) -> date:
    years, index = divmod(month.month - 1 + count, 12)
    return date(month.year + years, index + 1, 1)
