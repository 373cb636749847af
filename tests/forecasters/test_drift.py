"""The same population is none; another one is found, and a slow input is not blamed for being slow."""

import numpy as np

from trader.forecasters.drift import UNSTABLE, WINDOW, shares, spread, stability


def test_the_same_shares_have_an_index_of_zero_and_it_grows_with_the_distance() -> None:
    then = np.full(10, 0.1)
    assert stability(then, then) == 0.0
    nearer = np.array([0.15, 0.05, *np.full(8, 0.1)])
    farther = np.array([0.19, 0.01, *np.full(8, 0.1)])
    assert 0.0 < stability(then, nearer) < stability(then, farther)
    assert np.isfinite(stability(then, np.array([1.0, *np.zeros(9)])))


def test_rows_without_a_value_are_a_part_of_their_own() -> None:
    found = shares(np.array([1.0, 2.0, np.nan, np.nan]), np.array([1.5]))
    np.testing.assert_allclose(found, [0.25, 0.25, 0.5])


def test_a_new_half_year_of_the_same_noise_is_stable_and_of_another_is_not() -> None:
    rng = np.random.default_rng(0)
    bar = np.arange(2000)
    then = spread("noise", rng.normal(size=2000), bar, 0.0)
    borders, whole = np.array(then.borders), np.array(then.shares)
    same = stability(whole, shares(rng.normal(size=WINDOW), borders))
    other = stability(whole, shares(rng.normal(1.0, 1.0, WINDOW), borders))
    assert same < UNSTABLE < other
    assert then.usual < UNSTABLE


def test_a_slow_input_is_measured_against_its_own_half_years() -> None:
    rng = np.random.default_rng(1)
    slow = np.cumsum(rng.normal(size=4000)) * 0.05
    then = spread("slow", slow[:3000], np.arange(3000), 0.0)
    assert then.usual > 1.0


def test_an_input_that_never_varied_has_no_drift_until_it_does() -> None:
    then = spread("constant", np.full(500, 3.0), np.arange(500), 0.0)
    assert stability(np.array(then.shares), shares(np.full(9, 3.0), np.array(then.borders))) == 0.0
    assert stability(np.array(then.shares), shares(np.full(9, 4.0), np.array(then.borders))) > UNSTABLE
