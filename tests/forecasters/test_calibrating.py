"""Calibration moves little on little, comes true on much, and never turns a model round."""

import numpy as np
import pytest

from trader.forecasters.calibrating import Calibration, Method, calibrate
from trader.forecasters.newton import posterior_mode
from trader.measures.forecasts import expit

METHODS = ("platt", "beta")


def drawn(count: int, slope: float, intercept: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """What a model said in log-odds, and what came of it: the truth is a line of what it said."""
    rng = np.random.default_rng(seed)
    said = rng.normal(0.0, 1.2, count)
    return said, (rng.random(count) < expit(intercept + slope * said)).astype(np.float64)


@pytest.mark.parametrize("method", METHODS)
def test_with_no_case_a_model_is_taken_at_its_word(method: Method) -> None:
    nothing = np.zeros(0)
    found = calibrate(method, nothing, nothing, nothing)
    assert found == Calibration(intercept=0.0, above=1.0, below=1.0)
    odds = np.array([-2.0, 0.0, 3.0])
    np.testing.assert_allclose(found(odds), odds, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("slope", "intercept"), [(0.4, 0.0), (1.6, -0.5)])
def test_with_many_cases_it_finds_the_truth(method: Method, slope: float, intercept: float) -> None:
    said, happened = drawn(40_000, slope, intercept)
    found = calibrate(method, said, happened, np.ones(len(said)))
    np.testing.assert_allclose(
        expit(found(np.linspace(-2, 2, 9))), expit(intercept + slope * np.linspace(-2, 2, 9)), atol=0.03
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_model_that_is_wrong_is_silenced_and_not_turned_round(method: Method) -> None:
    said, happened = drawn(5_000, -1.0, 0.3)
    found = calibrate(method, said, happened, np.ones(len(said)))
    odds = found(np.linspace(-3, 3, 13))
    assert (np.diff(odds) >= 0.0).all()
    assert np.ptp(odds) < 1.0


@pytest.mark.parametrize("method", METHODS)
def test_contributions_still_add_up(method: Method) -> None:
    said, happened = drawn(500, 0.5, 0.4)
    found = calibrate(method, said, happened, np.ones(len(said)))
    shifts = np.random.default_rng(2).normal(size=(50, 4))
    shifts[0] = 0.0
    np.testing.assert_allclose(found.shifts(shifts).sum(axis=1), found(shifts.sum(axis=1)), atol=1e-9)


def test_classes_that_can_be_told_apart_without_error_have_finite_odds() -> None:
    """Without a prior Newton's steps would run away."""
    x = np.linspace(-1, 1, 40)
    design = np.column_stack([np.ones(40), x])
    found = posterior_mode(design, (x > 0).astype(float), np.ones(40), np.zeros(2), np.full(2, 0.1))
    assert np.isfinite(found).all()
    p = expit(design @ found)
    slope = design.T @ (p - (x > 0)) + 0.1 * found
    np.testing.assert_allclose(slope, 0.0, atol=1e-4)
