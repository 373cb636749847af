"""Resampling of dates in blocks: what is drawn, what comes of it, and how often the interval is right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.measures.bootstrap import drawn_dates, percentile_interval, resampled_means, widening


@given(st.integers(1, 60), st.integers(1, 12), st.integers(0, 2**31))
def test_dates_are_drawn_in_blocks_at_least_so_long(dates: int, shortest: int, seed: int) -> None:
    picks = drawn_dates(dates, shortest, draws=3, seed=seed)
    assert picks.shape == (3, dates)
    assert picks.min() >= 0
    assert picks.max() < dates
    for row in picks:
        breaks = np.flatnonzero(np.diff(row) % dates != 1 % dates) + 1
        assert all(length >= shortest for length in np.diff([0, *breaks.tolist()]))


def test_every_date_is_drawn_equally_often() -> None:
    picks = drawn_dates(20, 4, draws=5000)
    share = np.bincount(picks.ravel(), minlength=20) / picks.size
    assert share == pytest.approx(np.full(20, 0.05), abs=0.004)


def test_the_same_indices_give_the_same_interval() -> None:
    values, date = np.array([1.0, 2.0, 6.0, 3.0]), np.array([0, 0, 1, 2])
    picks = np.array([[0, 1, 2], [0, 0, 1], [2, 2, 2]])
    means = resampled_means(values, date, picks)
    assert means == pytest.approx([12 / 4, 12 / 5, 3.0], abs=1e-12)
    assert percentile_interval(means, 0.5) == pytest.approx((2.7, 3.0), abs=1e-12)


def test_cases_of_one_date_stay_together() -> None:
    """Two opposite cases on each date: every resample has the mean of all."""
    values, date = np.tile([1.0, -1.0], 30), np.repeat(np.arange(30), 2)
    assert resampled_means(values, date, drawn_dates(30, 5, draws=50)) == pytest.approx(np.zeros(50))


@pytest.mark.parametrize("dates", [100, 300])
def test_an_interval_for_overlapping_cases_holds_the_truth_about_as_often_as_it_says(dates: int) -> None:
    """Moving sums of five independent numbers of mean zero; drawing them one by one claims too much."""
    random, held, naive = np.random.default_rng(5), 0, 0
    date, blocks = np.arange(dates), drawn_dates(dates, 5, 500)
    single, wider = random.integers(dates, size=(500, dates)), widening(dates, 5, 0.95)
    for _ in range(200):
        values = np.convolve(random.normal(size=dates + 4), np.ones(5), mode="valid")
        low, high = np.array(percentile_interval(resampled_means(values, date, blocks), 0.95)) - values.mean()
        held += low * wider <= -values.mean() <= high * wider
        low, high = percentile_interval(resampled_means(values, date, single), 0.95)
        naive += low <= 0.0 <= high
    assert held / 200 > 0.91
    assert naive / 200 < 0.75


def test_many_blocks_need_no_widening_and_few_need_student_s() -> None:
    assert widening(10**7, 5, 0.95) == pytest.approx(1.0, abs=1e-4)
    # ten blocks: Student's quantile with nine degrees of freedom is 2.2622
    assert widening(200, 5, 0.95) == pytest.approx(2.2622 / 1.95996 * (10 / 9) ** 0.5, rel=2e-3)


def test_nothing_cannot_be_resampled() -> None:
    with pytest.raises(ValueError, match="0 dates"):
        drawn_dates(0, 5)
