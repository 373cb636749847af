"""Scores of probabilities against numbers worked out by hand."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.measures.calibration import expected_calibration_error, reliability
from trader.measures.forecasts import brier, hit_rate, information_coefficient, log_loss

P = np.array([0.9, 0.8, 0.3, 0.55])
HAPPENED = np.array([1.0, 0.0, 0.0, 1.0])
probabilities = st.lists(st.floats(0.01, 0.99), min_size=1, max_size=60)


def test_scores_are_what_paper_and_pencil_say() -> None:
    assert brier(P, HAPPENED) == pytest.approx((0.01 + 0.64 + 0.09 + 0.2025) / 4, abs=1e-12)
    assert log_loss(P, HAPPENED) == pytest.approx(
        -(log(0.9) + log(0.2) + log(0.7) + log(0.55)) / 4, abs=1e-12
    )
    assert hit_rate(P, HAPPENED) == 0.75
    assert hit_rate(np.ones(4), HAPPENED) == 0.5


def test_the_reliability_table_has_a_row_for_each_bin_with_cases() -> None:
    p = np.array([0.12, 0.18, 0.55, 0.95, 1.0, 0.0])
    table = reliability(p, np.array([0.0, 1.0, 1.0, 1.0, 1.0, 0.0]))
    assert [(row.low, row.cases, row.happened) for row in table] == [
        (0.0, 1, 0.0), (0.1, 2, 0.5), (0.5, 1, 1.0), (0.9, 2, 1.0)
    ]  # fmt: skip
    assert table[1].forecast == pytest.approx(0.15)


def test_the_calibration_error_is_the_mean_distance_of_the_table() -> None:
    p = np.array([0.12, 0.18, 0.55, 0.95])
    error = expected_calibration_error(p, np.array([0.0, 1.0, 1.0, 1.0]))
    assert error == pytest.approx((2 * abs(0.15 - 0.5) + 0.45 + 0.05) / 4, abs=1e-12)
    assert np.isnan(expected_calibration_error(np.zeros(0), np.zeros(0)))


def test_forecasts_that_come_true_as_often_as_they_say_have_no_calibration_error() -> None:
    p = np.repeat([0.25, 0.75], 4)
    assert expected_calibration_error(p, np.array([1, 0, 0, 0, 1, 1, 1, 0.0])) == 0.0


@given(probabilities, st.integers(0, 2**60))
def test_the_calibration_error_is_between_nothing_and_one(values: list[float], outcomes: int) -> None:
    p = np.array(values)
    happened = np.array([float(outcomes >> row & 1) for row in range(len(p))])
    assert 0.0 <= expected_calibration_error(p, happened) <= 1.0
    assert sum(row.cases for row in reliability(p, happened)) == len(p)


def test_the_information_coefficient_is_spearman_s_with_ties() -> None:
    # ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4: covariance 4.5, variances 4.5 and 5
    found = information_coefficient(np.array([0.1, 0.5, 0.5, 0.9]), np.array([-0.02, 0.01, 0.0, 0.03]))
    assert found == pytest.approx(4.5 / (4.5 * 5.0) ** 0.5, abs=1e-12)


def test_a_forecast_that_never_varies_ranks_nothing() -> None:
    assert np.isnan(information_coefficient(np.full(5, 0.6), np.arange(5.0)))
    assert np.isnan(information_coefficient(np.array([0.1, 0.2]), np.array([0.0, 1.0])))


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=40, unique=True))
def test_only_the_order_matters_to_the_information_coefficient(returns: list[float]) -> None:
    r = np.array(returns)
    ranks = r.argsort().argsort().astype(np.float64)
    assert information_coefficient(ranks, r) == pytest.approx(1.0)
    assert information_coefficient(-(ranks**3), r) == pytest.approx(-1.0)
