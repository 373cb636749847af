"""Bad input is a sentence that says what and where, before anything is simulated."""

from dataclasses import replace

import numpy as np
import pytest

from tests.backtest.made import flat, walk
from trader.backtest.callback import simulate_with
from trader.backtest.many import simulate_many, sweep_crosses
from trader.backtest.plan import Plan, Wanted
from trader.backtest.random_portfolios import random_portfolios
from trader.backtest.simulate import simulate
from trader.backtest.terms import Terms, TradingCosts
from trader.domain.errors import DataError, UsageError

TWO = walk(9, 2)


def weights(*row):
    return Plan(np.array([0]), np.array([row]))


@pytest.mark.parametrize(
    ("row", "total", "says"),
    [
        ((0.5, np.nan), None, "B at 2001-01-01T21:00:00: nan, not a number"),
        ((np.inf, 0.1), None, "A at 2001-01-01T21:00:00: inf, not a number"),
        ((0.7, 0.4), None, "the weights at 2001-01-01T21:00:00 sum to 1.1: more than 1 needs margin"),
        ((0.5, 0.4), 1.0, "the weights at 2001-01-01T21:00:00 sum to 0.9: 1 was promised"),
        ((0.5, -0.1), None, "B at 2001-01-01T21:00:00: -0.1, a weight below zero needs margin"),
        ((0.5,), None, "1 instructions a bar for 2 symbols"),
    ],
)
def test_weights_that_are_none_are_refused(row, total, says):
    with pytest.raises(DataError) as refused:
        simulate(TWO, weights(*row), total=total)
    assert refused.value.message == says


def test_a_dense_table_has_rows_of_numbers_or_of_nothing():
    table = np.full((9, 2), np.nan)
    table[3] = 0.5, 0.5
    assert Plan.dense(table).at.tolist() == [3]
    table[4, 0] = 1.0
    with pytest.raises(DataError, match="not a number"):
        simulate(TWO, Plan.dense(table))
    with pytest.raises(DataError, match="shape"):
        Plan.dense(np.zeros(3))


@pytest.mark.parametrize(
    ("at", "rows", "says"),
    [
        ([0, 1], [[0.5, 0.5]], "do not fit"),
        ([3, 3], [[0.5, 0.5], [0.5, 0.5]], "ascending"),
        ([9], [[0.5, 0.5]], "bar 9 of 9"),
    ],
)
def test_a_plan_s_bars_fit_the_panel(at, rows, says):
    with pytest.raises(DataError, match=says):
        simulate(TWO, Plan(np.array(at), np.array(rows)))


def test_an_instruction_before_the_start_is_refused():
    with pytest.raises(DataError, match="before the start at 2"):
        simulate(TWO, weights(0.5, 0.5), terms=Terms(start=2))


@pytest.mark.parametrize("start", [-1, 8, 99])
def test_a_start_that_leaves_no_bar_to_trade_in_is_refused(start):
    with pytest.raises(UsageError, match="leaves no bar"):
        simulate(TWO, Plan.dense(np.full((9, 2), np.nan)), terms=Terms(start=start))


def test_a_start_before_the_warm_up_is_refused():
    with pytest.raises(
        UsageError, match="slowest average needs 6 bars before its first decision, there are 3"
    ):
        sweep_crosses(TWO, [2], [6], terms=Terms(start=3))
    with pytest.raises(UsageError, match="the callback needs 5 bars"):
        simulate_with(TWO, lambda now: None, terms=Terms(start=3), warmup=5)
    with pytest.raises(UsageError, match="shorter than its slow one"):
        sweep_crosses(TWO, [6], [6], terms=Terms(start=7))
    late = flat([[1.0, np.nan]] * 4 + [[1.0, 1.0]] * 5)
    with pytest.raises(DataError, match="too few bars"):
        sweep_crosses(late, [2], [3], terms=Terms(start=5))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"rate": np.full((9, 2), np.nan)}, "A at 2001-01-01T21:00:00: its currency has no rate"),
        ({"open": np.where(np.arange(18).reshape(9, 2) == 5, -1.0, 1.0)}, "B at .*: open is not above zero"),
        ({"open": np.full((9, 2), np.nan)}, "an open without a close"),
        ({"volume": np.ones(9)}, r"volume has the shape \(9,\), which does not fit \(9, 2\)"),
        ({"split": np.zeros((9, 2))}, "a split is a ratio above zero"),
        ({"dividend": np.full((9, 2), np.inf)}, "a dividend is a number"),
        ({"delisted": np.array([4, 9])}, "A at 2001-01-05T21:00:00: a bar after the symbol was delisted"),
        ({"symbols": ("A", "A")}, "different ones"),
    ],
)
def test_a_panel_that_cannot_be_is_refused(changed, says):
    with pytest.raises(DataError, match=says):
        replace(TWO, **changed)


def test_what_happens_without_a_bar_is_refused():
    gap = [[1.0], [np.nan], [1.0]]
    with pytest.raises(DataError, match="a split without a bar"):
        flat(gap, split=[[1.0], [2.0], [1.0]])
    with pytest.raises(DataError, match="a dividend without a bar"):
        flat(gap, dividend=[[0.0], [2.0], [0.0]])


def test_a_period_with_no_data_is_refused():
    with pytest.raises(DataError, match="no bars to simulate"):
        TWO[4:4]


def test_a_symbol_cannot_be_wanted_before_its_first_bar():
    with pytest.raises(DataError, match="wanted before its first bar"):
        simulate(flat([[1.0, np.nan], [1.0, 1.0], [1.0, 1.0]]), weights(0.5, 0.5))


@pytest.mark.parametrize(
    "make",
    [
        lambda: TradingCosts(commission=-0.1),
        lambda: TradingCosts(slippage=np.array([0.1, np.nan])),
        lambda: TradingCosts(funding=np.inf),
        lambda: TradingCosts(power=0.0),
        lambda: Terms(cash=0.0),
        lambda: Terms(cash=np.inf),
        lambda: Terms(participation=0.0),
        lambda: simulate_many(TWO, []),
        lambda: simulate(TWO, Plan(np.array([0]), np.ones((1, 2)), Wanted.UNITS), total=1.0),
        lambda: random_portfolios(TWO, TradingCosts(), 1.5, 1.0, 0),
        lambda: random_portfolios(TWO, TradingCosts(), 0.5, np.nan, 0),
    ],
)
def test_numbers_that_make_no_sense_are_refused(make):
    with pytest.raises(UsageError):
        make()


def test_costs_of_other_symbols_are_refused():
    with pytest.raises(DataError, match=r"commission has the shape \(3,\) for 2 symbols"):
        simulate(TWO, weights(0.5, 0.5), TradingCosts(commission=np.zeros(3)))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((0.5,), r"the shape \(1,\) for 2 symbols"),
        ((0.5, np.nan), "B at 2001-01-01T21:00:00: nan, not a number"),
        ((0.8, 0.8), "sum to 1.6"),
        ((-0.1, 0.8), "below zero needs margin"),
    ],
)
def test_a_callback_s_answer_is_checked_like_a_plan(answer, says):
    with pytest.raises(DataError, match=says):
        simulate_with(TWO, lambda now: answer)
