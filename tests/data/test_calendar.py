"""Sessions, their hours, and trading time."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from trader.data.calendar import TradingCalendar, check_calendar, trading_calendar
from trader.domain.errors import DataError, UnknownName
from trader.domain.market import Timeframe


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def new_york() -> TradingCalendar:
    return trading_calendar("XNYS", date(2012, 1, 1), date(2012, 12, 31))


def test_an_exchange_closes_for_holidays_storms_and_half_days(new_york: TradingCalendar) -> None:
    days = np.array(["2012-10-26", "2012-10-29", "2012-10-30", "2012-11-22"], "datetime64[D]")
    assert new_york.is_session(days).tolist() == [True, False, False, False]
    assert new_york.next_session_close(at("2012-11-23T17:59:59")) == at("2012-11-23T18:00")
    assert new_york.next_session_close(at("2012-11-23T18:00:00")) == at("2012-11-26T21:00")
    assert new_york.next_session_open(at("2012-11-23T14:30:00")) == at("2012-11-26T14:30")
    assert new_york.open_of(date(2012, 7, 2)) == at("2012-07-02T13:30")
    with pytest.raises(DataError, match="2012-10-29 is no session of XNYS"):
        new_york.open_of(date(2012, 10, 29))


def test_sessions_are_counted_by_their_closes(new_york: TradingCalendar) -> None:
    assert new_york.sessions_between(at("2012-10-26T20:00"), at("2012-10-31T20:00")) == 1
    assert new_york.sessions_between(at("2012-10-26T19:59:59"), at("2012-10-31T20:00")) == 2
    assert new_york.sessions_between(at("2012-10-26T20:00"), at("2012-10-31T19:59")) == 0


def test_closed_hours_make_nothing_older(new_york: TradingCalendar) -> None:
    friday, monday, wednesday = at("2012-10-26T20:00"), at("2012-10-29T20:00"), at("2012-10-31T20:00")
    assert new_york.bars_between(friday, monday, Timeframe.D1) == 0.0
    assert new_york.bars_between(friday, wednesday, Timeframe.D1) == 1.0
    assert new_york.bars_between(friday, at("2012-10-31T16:45"), Timeframe.D1) == pytest.approx(0.5)
    assert new_york.bars_between(friday, at("2012-10-31T15:30"), Timeframe.H1) == pytest.approx(2.0)
    assert new_york.bars_between(at("2011-01-01T00:00"), at("2012-01-03T14:30"), Timeframe.D1) == 0.0


@pytest.mark.parametrize(("name", "sessions", "hours"), [("24/7", 7, 168.0), ("24/5", 5, 120.0)])
def test_round_the_clock_calendars_have_utc_days(name: str, sessions: int, hours: float) -> None:
    calendar = trading_calendar(name, date(2012, 1, 1), date(2012, 1, 1))
    week = at("2012-01-02T00:00"), at("2012-01-09T00:00")
    assert calendar.sessions_between(*week) == sessions
    assert calendar.bars_between(*week, Timeframe.H1) == hours
    assert calendar.day_long


def test_a_currencys_sunday_evening_is_known_at_midnight() -> None:
    calendar = trading_calendar("24/5", date(2012, 1, 1), date(2012, 1, 1))
    opens, closes = calendar.daily_hours(np.array(["2012-01-01", "2012-01-02"], "datetime64[D]"))
    assert [str(moment) for moment in (*opens, *closes)] == [
        "2012-01-01T00:00:00",
        "2012-01-02T00:00:00",
        "2012-01-02T00:00:00",
        "2012-01-03T00:00:00",
    ]


def test_what_lies_beyond_a_calendar_is_an_error_and_not_a_guess(new_york: TradingCalendar) -> None:
    for ask in (new_york.next_session_close, new_york.next_session_open):
        with pytest.raises(DataError, match="calendar XNYS: known until 2013-12-31, asked for 2014"):
            ask(at("2014-01-01T00:00"))
    with pytest.raises(DataError, match="calendar XTKS"):
        trading_calendar("XTKS", date(1950, 1, 1), date(1951, 1, 1))


def test_an_unknown_calendar_is_answered_with_the_nearest() -> None:
    check_calendar("XNYS")
    check_calendar("24/7")
    with pytest.raises(UnknownName) as raised:
        check_calendar("XNYSE")
    assert "XNYS" in raised.value.hint
