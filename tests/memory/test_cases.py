"""What cases are worth, and that nothing unresolved counts."""

import numpy as np
import pytest

from trader.memory.cases import Forecasts, Outcomes, case_weights, correlation, resolve

DAY = np.datetime64("2010-01-04T21:00:00", "s")


def days(*numbers: int) -> np.ndarray:
    return DAY + np.array(numbers) * np.timedelta64(1, "D")


def test_a_case_at_every_bar_counts_as_the_formula_says() -> None:
    clock = days(*range(100))
    decided = np.repeat(clock, 4)  # four symbols a date
    weights = case_weights(decided, clock, horizon=5, rho=0.4)
    # n_eff = n / (h (1 + (m - 1) rho)); the first date overlaps with nothing before it and counts in full
    assert weights[4:].sum() == pytest.approx(396 / (5 * (1 + 3 * 0.4)))


def test_cases_a_horizon_apart_do_not_overlap() -> None:
    clock = days(*range(100))
    assert case_weights(clock[::5], clock, horizon=5, rho=0.4) == pytest.approx(np.ones(20))


def test_two_symbols_that_move_as_one_count_as_one() -> None:
    clock = days(*range(10))
    assert case_weights(np.repeat(clock, 2), clock, horizon=1, rho=1.0).sum() == pytest.approx(10)


def test_what_has_not_resolved_has_no_influence() -> None:
    history = Outcomes("AAPL", days(0, 1, 2), np.array([0.01, -0.01, 0.02]))
    forecasts = Forecasts("a", days(1, 2, 3, 9), np.full(4, "AAPL"), np.full(4, 0.6), np.full(4, 0.5))
    known = resolve(forecasts, (history,), {"AAPL": 0.5}, horizon=1, rho=0.0)
    assert list(known.decided) == list(days(1, 2))
    assert list(known.happened) == [0.0, 1.0]


def test_another_symbol_s_outcome_is_not_borrowed() -> None:
    history = Outcomes("AAPL", days(0, 1), np.array([0.01, -0.01]))
    forecasts = Forecasts("a", days(0), np.array(["MSFT"]), np.array([0.6]), np.array([0.5]))
    assert len(resolve(forecasts, (history,), {"AAPL": 0.5}, horizon=1, rho=0.0)) == 0


def test_a_return_of_exactly_zero_is_not_a_gain() -> None:
    assert Outcomes("AAPL", days(0), np.array([0.0])).happened[0] == 0.0


def test_correlation_is_taken_on_common_dates_and_is_never_negative() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=50)
    one = Outcomes("A", days(*range(50)), x)
    same_later = Outcomes("B", days(*range(10, 50)), x[10:])
    opposite = Outcomes("C", days(*range(50)), -x)
    assert correlation((one, same_later)) == pytest.approx(1.0)
    assert correlation((one, opposite)) == 0.0
    assert correlation((one,)) == 0.0
