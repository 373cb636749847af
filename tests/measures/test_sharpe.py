"""Sharpe ratios and their luck, against the papers' own examples."""

from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest

from trader.measures.overfitting import probability_of_overfitting
from trader.measures.sharpe import (
    deflated_sharpe,
    expected_best,
    probabilistic_sharpe,
    probability_above,
    sharpe,
    sharpe_interval,
)

RETURNS = np.array([0.01, 0.03, -0.02, 0.02])


def test_a_ratio_is_the_mean_over_the_sample_deviation() -> None:
    assert sharpe(RETURNS) == pytest.approx(0.01 / sqrt(0.0014 / 3), abs=1e-12)
    assert np.isnan(sharpe(np.full(9, 0.01)))
    assert np.isnan(sharpe(np.array([0.01])))


def test_the_interval_is_lo_s() -> None:
    """Lo 2002, table 1: a ratio of 1.5 over 60 periods has the standard error 0.188."""
    base = np.tile([-1.0, 1.0], 30)
    returns = base / np.std(base, ddof=1) + 1.5
    low, high = sharpe_interval(returns)
    assert (high - low) / 2 / NormalDist().inv_cdf(0.975) == pytest.approx(
        sqrt((1 + 1.5**2 / 2) / 60), abs=1e-9
    )
    assert (high - low) / 2 / NormalDist().inv_cdf(0.975) == pytest.approx(0.188, abs=5e-4)


def test_the_deflated_ratio_is_that_of_the_paper_s_example() -> None:
    """Bailey and Lopez de Prado 2014: 2.5 a year over 1,250 days, best of 100 with variance 1/2 a year."""
    benchmark = expected_best(sqrt(0.5 / 250), 100)
    assert benchmark == pytest.approx(0.1132, abs=5e-5)
    assert probability_above(2.5 / sqrt(250), benchmark, 1250, -3.0, 10.0) == pytest.approx(0.9004, abs=5e-5)


def test_the_probabilistic_ratio_of_normal_moments_has_a_closed_form() -> None:
    got = probability_above(0.1, 0.0, 101, 0.0, 3.0)
    assert got == pytest.approx(NormalDist().cdf(0.1 * 10 / sqrt(1 + 0.01 / 2)), abs=1e-12)
    assert probability_above(0.1, 0.1, 101, 0.0, 3.0) == pytest.approx(0.5)
    assert np.isnan(probability_above(2.0, 0.0, 9, 4.0, 3.0))


def test_the_moments_are_those_of_the_returns() -> None:
    deviation = (RETURNS - 0.01) / sqrt(0.0014 / 4)
    skew, kurtosis = float((deviation**3).mean()), float((deviation**4).mean())
    assert probabilistic_sharpe(RETURNS) == pytest.approx(
        probability_above(sharpe(RETURNS), 0.0, 4, skew, kurtosis), abs=1e-12
    )
    assert np.isnan(probabilistic_sharpe(np.zeros(5)))


def test_one_variant_is_not_deflated_and_more_are() -> None:
    one = deflated_sharpe(RETURNS, np.array([sharpe(RETURNS)]))
    assert one == probabilistic_sharpe(RETURNS)
    assert deflated_sharpe(RETURNS, np.array([sharpe(RETURNS), -0.2, 0.1, np.nan])) < one


def test_a_variant_that_is_best_everywhere_is_not_overfitted() -> None:
    random = np.random.default_rng(0)
    returns = random.normal(size=(160, 12))
    returns[:, 7] += 2.0
    assert probability_of_overfitting(returns, 8) == 0.0


def test_the_best_of_worthless_variants_is_below_the_median_half_the_time() -> None:
    random = np.random.default_rng(1)
    found = [probability_of_overfitting(random.normal(size=(160, 12)), 8) for _ in range(40)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.1)


def test_two_opposite_variants_of_two_blocks_are_worked_out_by_hand() -> None:
    """Best in one half is worst in the other, both ways round."""
    first = np.array([1.0, 2.0, -1.0, -2.0])
    assert probability_of_overfitting(np.column_stack([first, -first]), 2) == 1.0
    with pytest.raises(ValueError, match="blocks"):
        probability_of_overfitting(np.zeros((10, 1)), 2)
