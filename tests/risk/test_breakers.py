"""When a loss bars entries, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.risk.books import D, limits
from trader.domain.portfolio import RoundTrip
from trader.risk.breakers import Watermarks, lift, retrace, step
from trader.risk.facts import Breaker

FRIDAY = datetime(2012, 6, 1, 20, 0, tzinfo=UTC)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (FRIDAY + timedelta(days=3 + n) for n in range(4))
CLOSES = [FRIDAY + timedelta(days=n) for n in range(-4, 60) if (FRIDAY + timedelta(days=n)).weekday() < 5]
OPENING = timedelta(hours=6.5)
"""A session opens so long before its close."""


def next_close(at):
    return next(close for close in CLOSES if close > at)


def water(*equities, opened=FRIDAY, opening=100_000):
    """A book marked at every close from Monday on."""
    marks = Watermarks.opening(D(opening), opened, next_close)
    for at, equity in zip(CLOSES[CLOSES.index(MONDAY) :], equities, strict=False):
        marks = marks.marked(at, D(equity), next_close)
    return marks


def closed(*results, at=MONDAY):
    return [
        RoundTrip(
            symbol="AAPL",
            opened_at=FRIDAY,
            closed_at=at + timedelta(minutes=number),
            quantity=D(1),
            entry=D(100),
            exit=D(100) + D(result),
            realised=D(result),
            cost=D(100),
        )
        for number, result in enumerate(results)
    ]


def trips(at, marks, trades=(), known=(), **changed):
    return step(at, marks, trades, known, limits(**changed), next_close)


def test_a_book_that_loses_nothing_trips_nothing():
    assert trips(TUESDAY, water(100_000, 100_000)) == ()
    assert trips(TUESDAY, water(100_000, 100_000), drawdown=0, daily_loss=0) == ()


@pytest.mark.parametrize(("equity", "tripped"), [("98000.01", False), ("98000", True), ("97999.99", True)])
def test_the_daily_loss_trips_when_it_is_reached(equity, tripped):
    assert bool(trips(MONDAY, water(equity))) is tripped


def test_a_loss_found_at_a_close_bars_the_whole_next_session():
    (breaker,) = trips(MONDAY, water(97_000))
    assert breaker == Breaker(
        reason="daily_loss", since=MONDAY, until=TUESDAY, asked=D("0.03"), permitted=D("0.02")
    )
    assert breaker.bars(MONDAY)
    assert breaker.bars(TUESDAY - OPENING)
    assert not breaker.bars(TUESDAY)


def test_over_a_weekend_the_next_session_is_mondays():
    friday = water(opened=THURSDAY).marked(THURSDAY + timedelta(days=1), D(97_000), next_close)
    (breaker,) = trips(THURSDAY + timedelta(days=1), friday)
    assert breaker.until == THURSDAY + timedelta(days=4)


def test_each_days_loss_is_measured_from_the_close_before():
    assert trips(TUESDAY, water(99_000, 97_500)) == ()
    assert [one.reason for one in trips(TUESDAY, water(99_000, 97_000))] == ["daily_loss"]


def test_within_a_day_the_loss_is_measured_from_the_days_opening_equity():
    monday = water().marked(MONDAY - timedelta(hours=3), D(101_000), next_close)
    later = monday.marked(MONDAY - timedelta(hours=2), D(98_500), next_close)
    assert trips(MONDAY - timedelta(hours=2), later) == ()
    worse = later.marked(MONDAY - timedelta(hours=1), D(97_900), next_close)
    (breaker,) = trips(MONDAY - timedelta(hours=1), worse)
    assert (breaker.until, breaker.asked) == (MONDAY, D("0.021"))


def test_the_same_days_loss_trips_once():
    monday = water().marked(MONDAY - timedelta(hours=3), D(97_000), next_close)
    known = trips(MONDAY - timedelta(hours=3), monday)
    assert trips(MONDAY - timedelta(hours=2), monday, known=known) == ()
    assert trips(MONDAY, monday.marked(MONDAY, D(96_000), next_close), known=known) == ()
    tuesday = monday.marked(MONDAY, D(96_000), next_close).marked(TUESDAY, D(90_500), next_close)
    assert [one.reason for one in trips(TUESDAY, tuesday, known=known)] == ["daily_loss"]


@pytest.mark.parametrize(("equity", "tripped"), [("108000.01", False), ("108000", True)])
def test_a_drawdown_trips_when_it_is_reached_and_has_no_end(equity, tripped):
    found = trips(TUESDAY, water(120_000, equity), daily_loss=1)
    assert bool(found) is tripped
    if tripped:
        assert found == (
            Breaker(reason="drawdown", since=TUESDAY, until=None, asked=D("0.1"), permitted=D("0.1")),
        )


def test_a_drawdown_that_nobody_has_lifted_does_not_trip_again():
    known = trips(TUESDAY, water(120_000, 100_000), daily_loss=1)
    assert trips(WEDNESDAY, water(120_000, 100_000, 90_000), known=known, daily_loss=1) == ()


def test_after_a_person_has_resumed_the_drawdown_is_measured_anew():
    marks = water(120_000, 100_000)
    known = trips(TUESDAY, marks, daily_loss=1)
    lifted = lift(known, TUESDAY)
    assert [one.lifted for one in lifted] == [True]
    assert trips(TUESDAY, marks.resumed(), known=lifted, daily_loss=1) == ()
    assert marks.resumed().peak == 100_000
    again = marks.resumed().marked(WEDNESDAY, D(90_000), next_close)
    assert [one.since for one in trips(WEDNESDAY, again, known=lifted, daily_loss=1)] == [WEDNESDAY]


def test_only_what_bars_is_lifted():
    over = Breaker(reason="daily_loss", since=FRIDAY, until=MONDAY)
    assert lift([over], MONDAY) == ()


def test_a_restart_finds_the_same_watermarks():
    equities = (110_000, 104_000, 99_000, 101_000)
    marks = [
        (at, D(equity)) for at, equity in zip((MONDAY, TUESDAY, WEDNESDAY, THURSDAY), equities, strict=True)
    ]
    start = Watermarks.opening(D(100_000), FRIDAY, next_close)
    assert retrace(start, marks, [], next_close) == water(*equities)
    resumed = retrace(start, marks, [WEDNESDAY + timedelta(hours=1)], next_close)
    assert (resumed.peak, resumed.day_open, resumed.equity) == (101_000, 99_000, 101_000)
    assert retrace(start, marks, [WEDNESDAY], next_close) == resumed, "a person resumes after the mark"
    assert retrace(start, marks, [THURSDAY], next_close).peak == 101_000


def test_three_losses_in_a_row_bar_the_next_full_session():
    trades = closed(-1, -2, -1, at=MONDAY - OPENING)
    (breaker,) = trips(MONDAY, water(100_000), trades)
    assert breaker == Breaker(
        reason="losing_streak", since=trades[-1].closed_at, until=TUESDAY, asked=D(3), permitted=D(3)
    )


@pytest.mark.parametrize("length", [0, 1])
def test_a_streak_is_at_least_one_loss(length):
    one = closed(-1, at=MONDAY - OPENING)
    assert [breaker.reason for breaker in trips(MONDAY, water(100_000), one, losing_streak=length)] == [
        "losing_streak"
    ]
    assert trips(MONDAY, water(100_000), closed(1), losing_streak=length) == ()


def test_a_streak_that_ends_at_the_close_bars_the_session_after_it():
    trades = closed(-1, -1, -1)
    trades[-1] = trades[-1].model_copy(update={"closed_at": MONDAY})
    assert [one.until for one in trips(MONDAY, water(100_000), trades)] == [TUESDAY]


@pytest.mark.parametrize(
    "results", [(-1, -1), (-1, -1, 0), (-1, -1, 5, -1), (-1, 5, -1, -1), (-1, -1, -1, 1)]
)
def test_fewer_losses_or_a_gain_between_them_trip_nothing(results):
    assert trips(MONDAY, water(100_000), closed(*results)) == ()


def test_a_streak_is_counted_anew_once_it_has_tripped():
    start = MONDAY - OPENING
    known = trips(MONDAY, water(100_000), closed(-1, -1, -1, at=start))
    assert trips(MONDAY, water(100_000), closed(-1, -1, -1, -1, -1, at=start), known) == ()
    (second,) = trips(MONDAY, water(100_000), closed(-1, -1, -1, -1, -1, -1, at=start), known)
    assert second.since == start + timedelta(minutes=5)


def test_a_streak_whose_session_is_over_trips_nothing_after_a_restart():
    trades = closed(-1, -1, -1, at=MONDAY - OPENING)
    assert len(trips(MONDAY, water(100_000), trades)) == 1
    assert trips(TUESDAY, water(100_000, 100_000), trades) == ()


def test_a_book_that_began_with_nothing_has_nothing_to_lose():
    assert trips(MONDAY, water(0, opening=0)) == ()
    below = trips(MONDAY, water(-5, opening=0))
    assert [(one.reason, one.asked) for one in below] == [("daily_loss", 1), ("drawdown", 1)]


def test_a_book_of_less_than_one_unit_loses_shares_of_it():
    lost = trips(MONDAY, water("0.45", opening="0.5"))
    assert [(one.reason, one.asked) for one in lost] == [("daily_loss", D("0.1")), ("drawdown", D("0.1"))]


def test_what_happens_at_a_close_belongs_to_its_session_and_a_moment_later_to_the_next():
    opened = Watermarks.opening(D(100), MONDAY, next_close)
    assert opened.session == opened.marked(MONDAY, D(90), next_close).session == MONDAY
    later = opened.marked(MONDAY + timedelta(milliseconds=1), D(90), next_close)
    assert (later.session, later.day_open) == (TUESDAY, 100)


def test_a_breaker_of_one_kind_does_not_hide_another():
    (known,) = trips(TUESDAY, water(120_000, 108_000), daily_loss=1)
    assert [one.reason for one in trips(TUESDAY, water(120_000, 108_000), known=[known])] == ["daily_loss"]


def test_losses_can_trip_more_than_one_breaker_at_once():
    trades = closed(-1, -1, -1, at=MONDAY - OPENING)
    reasons = [one.reason for one in trips(MONDAY, water(80_000), trades)]
    assert reasons == ["daily_loss", "drawdown", "losing_streak"]
