"""Calibration and pooling: closed forms, limits, and what must hold whatever the record."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.measures.forecasts import expit, log_loss, logit
from trader.memory.cases import Resolved
from trader.memory.pooling import (
    SLOPE_PRIOR,
    calibrate,
    equal_weights,
    fit_weights,
    onto_simplex,
    out_of_fold_shifts,
    pooled,
    shift,
)

DAY = np.datetime64("2010-01-04T21:00:00", "s")


def record(p: np.ndarray, happened: np.ndarray, *, base: float = 0.5, weight: float = 1.0) -> Resolved:
    n = len(p)
    return Resolved(
        decided=DAY + np.arange(n) * np.timedelta64(1, "D"),
        symbol=np.full(n, "AAPL"),
        p_up=np.asarray(p, dtype=np.float64),
        base_rate=np.full(n, base),
        base_now=np.full(n, base),
        happened=np.asarray(happened, dtype=np.float64),
        weight=np.full(n, weight),
    )


def world(n: int, strength: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """An agent's log-odds x and outcomes whose true log-odds are strength times x."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 0.5, n)
    return expit(x), (rng.random(n) < expit(strength * x)).astype(np.float64)


def test_an_agent_with_no_record_is_believed_by_half() -> None:
    assert calibrate(record(np.array([]), np.array([]))) == (0.0, SLOPE_PRIOR)


def test_a_long_honest_record_is_believed_in_full() -> None:
    _, slope = calibrate(record(*world(50_000, 1.0, seed=1)))
    assert slope == pytest.approx(1.0, abs=0.05)


def test_a_long_record_of_noise_is_silenced() -> None:
    _, slope = calibrate(record(*world(50_000, 0.0, seed=2)))
    assert slope == pytest.approx(0.0, abs=0.05)


def test_a_bad_record_silences_and_never_reverses() -> None:
    intercept, slope = calibrate(record(*world(20_000, -1.0, seed=3)))
    assert slope == 0.0
    assert abs(intercept) < 0.1


def test_a_lasting_bias_ends_in_the_intercept() -> None:
    happened = (np.arange(40_000) % 10 < 6).astype(np.float64)  # happens 6 times of 10, stated 5 of 10
    intercept, _ = calibrate(record(np.full(40_000, 0.5), happened))
    assert intercept == pytest.approx(float(logit(0.6)), abs=0.02)


def test_little_evidence_moves_little() -> None:
    p, happened = world(40, 1.0, seed=4)
    _, slope = calibrate(record(p, happened, weight=0.1))
    assert slope == pytest.approx(SLOPE_PRIOR, abs=0.1)


@given(st.integers(0, 2**31), st.integers(1, 200), st.floats(0.01, 2.0))
def test_the_posterior_mode_has_no_slope_left(seed: int, n: int, weight: float) -> None:
    rng = np.random.default_rng(seed)
    cases = record(expit(rng.normal(0, 1, n)), rng.integers(0, 2, n), base=0.55, weight=weight)
    a, c = calibrate(cases)
    x = logit(cases.p_up) - logit(0.55)
    error = cases.weight * (cases.happened - expit(logit(0.55) + a + c * x))
    assert error.sum() - a / 0.1**2 == pytest.approx(0.0, abs=1e-6)
    if c > 0:
        assert (error * x).sum() - (c - 0.5) / 0.25**2 == pytest.approx(0.0, abs=1e-6)


def test_the_pool_of_silent_agents_is_the_base_rate() -> None:
    assert pooled(0.53, [0.0, 0.0], [0.3, 0.7]) == pytest.approx(0.53)


@given(
    st.lists(st.tuples(st.floats(-2, 2), st.floats(0.001, 1)), min_size=1, max_size=8), st.floats(0.05, 0.95)
)
def test_the_pool_is_never_surer_than_its_surest_member(rows: list[tuple[float, float]], base: float) -> None:
    shifts, weights = zip(*rows, strict=True)
    p = pooled(base, shifts, weights)
    members = expit(logit(base) + np.array(shifts))
    assert members.min() - 1e-12 <= p <= members.max() + 1e-12


@given(st.permutations(range(5)))
def test_the_order_of_agents_never_changes_the_pool(order: list[int]) -> None:
    shifts, weights = [0.3, -0.1, 0.05, 0.2, -0.4], [0.1, 0.2, 0.3, 0.25, 0.15]
    shuffled = pooled(0.54, [shifts[i] for i in order], [weights[i] for i in order])
    assert shuffled == pytest.approx(pooled(0.54, shifts, weights), abs=1e-15)


def test_an_agent_that_states_the_base_rate_shifts_by_its_intercept_alone() -> None:
    assert shift(0.54, 0.54, intercept=0.02, slope=0.7) == pytest.approx(0.02)


def test_weights_start_equal_over_families_then_over_agents() -> None:
    families = {"momentum": "trend", "carry": "trend", "value": "value"}
    assert equal_weights(families) == {"momentum": 0.25, "carry": 0.25, "value": 0.5}


def test_without_cases_the_weights_stay_at_their_prior() -> None:
    prior = np.array([0.25, 0.75])
    empty = record(np.array([]), np.array([]))
    assert np.array_equal(fit_weights([empty, empty], prior), prior)


def test_the_better_forecaster_gains_weight_and_the_pool_loses_less() -> None:
    p, happened = world(20_000, 1.0, seed=5)
    noise, _ = world(20_000, 0.0, seed=6)
    good, bad = record(p, happened), record(noise, happened)
    weights = fit_weights([good, bad], np.array([0.5, 0.5]))
    assert weights[0] > 0.9
    assert weights.sum() == pytest.approx(1.0)
    shifts = np.stack([out_of_fold_shifts(good), out_of_fold_shifts(bad)], axis=1)
    assert log_loss(expit(shifts @ weights), happened) < log_loss(expit(shifts @ [0.5, 0.5]), happened)


def test_forty_cases_hardly_move_the_weights() -> None:
    p, happened = world(40, 1.0, seed=7)
    noise, _ = world(40, 0.0, seed=8)
    weights = fit_weights(
        [record(p, happened, weight=0.2), record(noise, happened, weight=0.2)], np.array([0.5, 0.5])
    )
    assert weights[0] == pytest.approx(0.5, abs=0.02)


def test_each_block_of_time_is_calibrated_without_itself() -> None:
    p, happened = world(500, 1.0, seed=9)
    before = out_of_fold_shifts(record(p, happened))
    flipped = happened.copy()
    flipped[:100] = 1 - flipped[:100]  # the first block's own outcomes
    after = out_of_fold_shifts(record(p, flipped))
    assert np.array_equal(before[:100], after[:100])
    assert not np.array_equal(before[100:], after[100:])


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=10))
def test_the_nearest_weights_sum_to_one_and_none_is_negative(point: list[float]) -> None:
    nearest = onto_simplex(np.array(point))
    assert nearest.sum() == pytest.approx(1.0)
    assert (nearest >= 0).all()
