"""The crises' dates are those of the bundled index, and none is known before it was over."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from trader.data.feeds import open_feed
from trader.domain.market import Timeframe
from trader.tools.crises import CRISES, Crisis, falls, over

INDEX = open_feed("sample", ("IBM",), Timeframe.D1).series["sp500"]


def closes(first: date, last: date) -> tuple[np.ndarray, np.ndarray]:
    inside = (INDEX.period >= np.datetime64(first)) & (INDEX.period <= np.datetime64(last))
    return INDEX.period[inside], INDEX.value[inside]


@pytest.mark.parametrize("crisis", CRISES, ids=lambda crisis: crisis.name)
def test_a_crisis_is_from_the_highest_close_to_the_lowest_and_known_a_fifth_above_it(crisis: Crisis) -> None:
    days, values = closes(crisis.high, crisis.known)
    assert days[values.argmax()] == np.datetime64(crisis.high)
    assert days[values.argmin()] == np.datetime64(crisis.low)
    assert values.min() < 0.81 * values.max()
    after = days > np.datetime64(crisis.low)
    assert days[after][values[after] >= 1.2 * values.min()].tolist() == [crisis.known]
    earlier, before = closes(crisis.high.replace(year=crisis.high.year - 1), crisis.high)
    assert earlier[before.argmax()] == np.datetime64(crisis.high)


def test_a_crisis_does_not_exist_before_its_end_was_known() -> None:
    for number, crisis in enumerate(CRISES):
        known = datetime.combine(crisis.known, datetime.max.time(), UTC)
        assert len(over(known)) == number
        assert len(over(datetime(crisis.known.year + 1, 1, 1, tzinfo=UTC))) >= number + 1


def test_falls_by_hand() -> None:
    close = np.array([100.0, 110.0, 99.0, 104.5, 88.0, 96.8])
    assert falls(close, 2) == pytest.approx((88 / 104.5 - 1, 88 / 99 - 1, 88 / 110 - 1))
    assert falls(np.array([1.0, 2.0, 3.0]), 1) == (0.0, 0.0, 0.0)
