"""The hidden Markov model against every path written out, and what must hold of any fit."""

from itertools import pairwise, product
from math import exp, fsum, pi, prod, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trader.domain.market import Floats
from trader.tools.hidden_markov import HiddenMarkov, filtered, fit

SMALL = HiddenMarkov(
    transition=np.array([[0.9, 0.1], [0.3, 0.7]]),
    mean=np.array([[0.1, -1.0], [-0.2, 0.5]]),
    variance=np.array([[0.5, 0.2], [2.0, 0.4]]),
    iterations=0,
    converged=True,
)
SEEN = np.array([[0.3, -0.8], [-1.0, 0.9], [0.2, 0.1], [0.0, -1.5]])


def density(model: HiddenMarkov, state: int, row: Floats) -> float:
    columns = zip(row, model.mean[state], model.variance[state], strict=True)
    return prod(exp(-((x - m) ** 2) / (2 * v)) / sqrt(2 * pi * v) for x, m, v in columns)


def path_weight(model: HiddenMarkov, path: tuple[int, ...], seen: Floats) -> float:
    """P(path and observations), the state before the first bar being either one."""
    start = fsum(model.transition[before, path[0]] / 2 for before in (0, 1))
    moves = prod(model.transition[a, b] for a, b in pairwise(path))
    return start * moves * prod(density(model, state, row) for state, row in zip(path, seen, strict=True))


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
def test_the_filter_is_the_sum_over_every_path(rows: int) -> None:
    weights = {path: path_weight(SMALL, path, SEEN[:rows]) for path in product((0, 1), repeat=rows)}
    whole = fsum(weights.values())
    expected = [fsum(w for path, w in weights.items() if path[-1] == state) / whole for state in (0, 1)]
    assert filtered(SMALL, SEEN[:rows])[-1] == pytest.approx(expected, rel=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 59), st.integers(0, 2**32 - 1), st.floats(-1e6, 1e6))
def test_the_filter_never_reads_a_later_row(row: int, seed: int, later: float) -> None:
    seen = np.random.default_rng(seed).normal(0.0, 1.0, (60, 2))
    changed = seen.copy()
    changed[row:] = later
    assert (filtered(SMALL, changed)[:row] == filtered(SMALL, seen)[:row]).all()


def test_an_observation_that_no_state_explains_leaves_probabilities() -> None:
    shares = filtered(SMALL, np.vstack((SEEN, [[1e4, -1e4]])))
    assert np.isfinite(shares).all()
    assert shares.sum(axis=1) == pytest.approx(np.ones(5))


def planted(seed: int, bars: int = 900) -> tuple[Floats, Floats]:
    """Written for this test: states of 100 bars in the order 0 2 1, and observations drawn from them."""
    rng = np.random.default_rng(seed)
    states = np.array([0, 2, 1])[np.arange(bars) // 100 % 3]
    spread = np.array([0.005, 0.012, 0.03])[states]
    level = np.array([-4.6, -3.8, -3.0])[states] + rng.normal(0.0, 0.15, bars)
    return states, np.column_stack((rng.normal(0.0, spread), level))


@pytest.mark.parametrize("seed", range(3))
def test_planted_states_are_found_in_order(seed: int) -> None:
    states, seen = planted(seed)
    model = fit(seen, 3, by=1)
    assert model.converged
    assert model.mean[:, 1] == pytest.approx([-4.6, -3.8, -3.0], abs=0.05)
    assert np.sqrt(model.variance[:, 0]) == pytest.approx([0.005, 0.012, 0.03], rel=0.15)
    assert (filtered(model, seen).argmax(axis=1) == states).mean() > 0.97
    assert (np.diag(model.transition) > 0.9).all()


def test_the_same_rows_are_the_same_model_to_the_bit() -> None:
    _, seen = planted(5)
    one, other = fit(seen, 3, by=1), fit(seen.copy(), 3, by=1)
    for name in ("transition", "mean", "variance"):
        assert (getattr(one, name) == getattr(other, name)).all()


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_units_change_nothing_but_units(scale: float) -> None:
    _, seen = planted(5)
    one, other = fit(seen, 3, by=1), fit(seen * scale, 3, by=1)
    assert other.mean == pytest.approx(one.mean * scale, rel=1e-6, abs=1e-9 * scale)
    assert filtered(other, seen * scale) == pytest.approx(filtered(one, seen), abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_fit_of_anything_is_a_model(seed: int) -> None:
    """Heavy tails, no states at all: still probabilities, still in order, within the steps allowed."""
    seen = np.random.default_rng(seed).standard_t(2, (120, 2))
    model = fit(seen, 3, by=1, iterations=15)
    assert model.iterations <= 15
    assert model.transition.sum(axis=1) == pytest.approx(np.ones(3))
    assert (model.transition > 0.0).all()
    assert (model.variance > 0.0).all()
    assert (np.diff(model.mean[:, 1]) >= 0.0).all()


@pytest.mark.parametrize(
    ("seen", "said"), [(np.zeros((40, 2)), "never moves"), (np.zeros((29, 2)), "need 30 rows, has 29")]
)
def test_what_cannot_be_fitted_is_refused(seen: Floats, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fit(seen, 3, by=1)
