"""Where a bar stands in the day, week, month and year, as points on a circle: December is next to January."""

import numpy as np

from trader.domain.market import Floats, Times
from trader.features.feature import Feature, Group, Inputs, remembered

_DAY = 86400
_FRENCH = "French 1980, Journal of Financial Economics 8"
_ARIEL = "Ariel 1987, Journal of Financial Economics 18"
_BOUMAN = "Bouman and Jacobsen 2002, American Economic Review 92"
_HARRIS = "Harris 1986, Journal of Financial Economics 16"


@remembered
def weekday(inputs: Inputs) -> Floats:
    """The part of the week that is over when the bar's day begins: 0 on Monday, 6/7 on Sunday, by UTC."""
    days = _opened(inputs).astype("datetime64[D]").astype(np.int64)
    return _known(inputs, ((days + 3) % 7) / 7.0)  # 1 January 1970 was a Thursday


@remembered
def month(inputs: Inputs) -> Floats:
    """The part of the year that is over when the bar's month begins."""
    return _known(inputs, (_opened(inputs).astype("datetime64[M]").astype(np.int64) % 12) / 12.0)


@remembered
def day_of_month(inputs: Inputs) -> Floats:
    """The part of the bar's own month that is over when its day begins."""
    opened = _opened(inputs)
    first = opened.astype("datetime64[M]")
    days = (first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")
    past = opened.astype("datetime64[D]") - first.astype("datetime64[D]")
    return _known(inputs, past.astype(np.int64) / days.astype(np.int64))


@remembered
def hour(inputs: Inputs) -> Floats:
    """The part of the day that is over when the bar opens, by UTC."""
    return _known(inputs, (_opened(inputs).astype("datetime64[s]").astype(np.int64) % _DAY) / _DAY)


def days_since(inputs: Inputs) -> Floats:
    """Days from the opening of the bar before: three over a weekend."""
    seconds = _opened(inputs).astype("datetime64[s]").astype(np.int64)
    return _known(inputs, np.concatenate(([np.nan], np.diff(seconds) / _DAY)))


def _opened(inputs: Inputs) -> Times:
    return np.zeros(len(inputs), "datetime64[s]") if inputs.opened is None else inputs.opened


def _known(inputs: Inputs, values: Floats) -> Floats:
    return np.full(len(inputs), np.nan) if inputs.opened is None else values


def _sine(part: Floats) -> Floats:
    return np.sin(2.0 * np.pi * part)


def _cosine(part: Floats) -> Floats:
    return np.cos(2.0 * np.pi * part)


CALENDAR = (
    Feature(
        "weekday_sin",
        Group.CALENDAR,
        "-1 to 1",
        0,
        "sin(2 pi weekday / 7), Monday 0, of the opening, UTC",
        _FRENCH,
        lambda inputs: _sine(weekday(inputs)),
    ),
    Feature(
        "weekday_cos",
        Group.CALENDAR,
        "-1 to 1",
        0,
        "cos(2 pi weekday / 7)",
        _FRENCH,
        lambda inputs: _cosine(weekday(inputs)),
    ),
    Feature(
        "month_day_sin",
        Group.CALENDAR,
        "-1 to 1",
        0,
        "sin(2 pi (day - 1) / days of the month)",
        _ARIEL,
        lambda inputs: _sine(day_of_month(inputs)),
    ),
    Feature(
        "month_day_cos",
        Group.CALENDAR,
        "-1 to 1",
        0,
        "cos(2 pi (day - 1) / days of the month)",
        _ARIEL,
        lambda inputs: _cosine(day_of_month(inputs)),
    ),
    Feature(
        "month_sin",
        Group.CALENDAR,
        "-1 to 1",
        0,
        "sin(2 pi (month - 1) / 12)",
        _BOUMAN,
        lambda inputs: _sine(month(inputs)),
    ),
    Feature(
        "month_cos",
        Group.CALENDAR,
        "-1 to 1",
        0,
        "cos(2 pi (month - 1) / 12)",
        _BOUMAN,
        lambda inputs: _cosine(month(inputs)),
    ),
    Feature(
        "hour_sin",
        Group.CALENDAR,
        "-1 to 1",
        0,
        "sin(2 pi seconds of the day / 86400) of the opening, UTC",
        _HARRIS,
        lambda inputs: _sine(hour(inputs)),
        in_hours=True,
    ),
    Feature(
        "hour_cos",
        Group.CALENDAR,
        "-1 to 1",
        0,
        "cos(2 pi seconds of the day / 86400)",
        _HARRIS,
        lambda inputs: _cosine(hour(inputs)),
        in_hours=True,
    ),
    Feature(
        "days_since_bar",
        Group.CALENDAR,
        "days",
        1,
        "opening - opening[-1]",
        _FRENCH,
        days_since,
    ),
)
