"""Intervals against published figures, and against how often they hold."""

import numpy as np
import pytest

from trader.measures.intervals import mean_interval, wilson


@pytest.mark.parametrize(
    ("successes", "cases", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval_is_the_published_one(successes: int, cases: int, low: float, high: float) -> None:
    assert wilson(successes, cases, 0.95) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("successes", "cases"), [(1, 0), (3, 2), (-1, 5)])
def test_a_share_of_nothing_has_no_interval(successes: int, cases: int) -> None:
    with pytest.raises(ValueError, match="cases"):
        wilson(successes, cases, 0.9)


def test_an_interval_of_a_mean_holds_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        shared = rng.normal(0.0, 1.0, 12)
        day = np.repeat(np.arange(12), 3)
        between = mean_interval(shared[day] + rng.normal(0.0, 0.5, 36), day, 0.9)
        assert between is not None
        held += between[0] <= 0.0 <= between[1]
    assert 0.85 <= held / 400 <= 0.96


def test_one_day_says_nothing_of_how_days_differ() -> None:
    assert mean_interval(np.array([0.1, 0.2]), np.array([5, 5]), 0.9) is None


def test_the_same_values_have_the_same_interval() -> None:
    values, day = np.random.default_rng(0).normal(size=50), np.arange(50)
    assert mean_interval(values, day, 0.9) == mean_interval(values.copy(), day + 7, 0.9)
