"""Sums over windows: exact to the last digits however long the series, and gaps that end."""

from math import fsum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.features.windows import over_windows, rolling_mean, rolling_sum


@given(
    values=st.lists(st.floats(-1e6, 1e6), max_size=60),
    window=st.integers(1, 20),
)
def test_a_sum_is_that_of_its_window_alone(values: list[float], window: int) -> None:
    got = rolling_sum(np.array(values), window)
    assert len(got) == len(values)
    assert np.isnan(got[: window - 1]).all()
    for row in range(window - 1, len(values)):
        exact = fsum(values[row - window + 1 : row + 1])
        assert got[row] == pytest.approx(exact, rel=1e-12, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(0, 99))
def test_a_gap_is_in_the_windows_that_hold_it_and_in_no_other(seed: int, window: int, gap: int) -> None:
    values = np.random.default_rng(seed).normal(size=100)
    values[gap] = np.nan
    expected = np.zeros(100, dtype=bool)
    expected[: window - 1] = True
    expected[gap : gap + window] = True
    np.testing.assert_array_equal(np.isnan(rolling_sum(values, window)), expected)
    np.testing.assert_array_equal(np.isnan(over_windows(_mean, window, values)), expected)


def test_what_was_large_and_has_left_leaves_nothing_behind() -> None:
    values = np.concatenate((np.full(50, 1e17), np.full(50, 1e-3)))
    assert rolling_mean(values, 10)[-1] == pytest.approx(1e-3, rel=1e-15)


@pytest.mark.parametrize("rows", [4095, 4096, 4097, 9000])
def test_the_number_of_windows_does_not_change_one(rows: int) -> None:
    values = np.random.default_rng(1).normal(size=9020)
    whole = over_windows(_mean, 21, values)
    assert over_windows(_mean, 21, values[:rows]).tobytes() == whole[:rows].tobytes()


def _mean(windows: np.ndarray) -> np.ndarray:
    return windows.mean(axis=1)
