"""That the benchmark of the kernel compares equity before it compares times. No times."""

import sys

import numpy as np
import pytest

from benchmarks.backtest import (
    FAST,
    SLOW,
    UNITS,
    agreement,
    asked,
    beside_vectorbt,
    crosses,
    peer,
    rates,
    walk,
)
from benchmarks.figures import Disagreement
from trader.backtest.many import sweep_crosses
from trader.backtest.plan import Plan, Wanted
from trader.backtest.simulate import simulate
from trader.backtest.terms import Terms, TradingCosts


def test_sides_that_differ_by_a_cent_are_not_timed():
    assert agreement("x", np.array([1.0, 2.0]), np.array([[1.0, 2.004]]), "peer").met
    with pytest.raises(Disagreement, match=r"x: equity 0\.01 apart from peer"):
        agreement("x", np.array([1.0, 2.0]), np.array([1.0, 2.01]), "peer")
    with pytest.raises(Disagreement, match="closes"):
        agreement("x", np.ones(2), np.ones(3), "peer")


def test_both_rates_are_of_the_same_bars():
    figure = rates("x", 1000, lambda: sum(range(20_000)), lambda: sum(range(20_000)), "peer", 20.0)
    assert figure.target.of == "ratio"
    assert figure.peer > 0.0


def test_a_peer_that_computes_something_else_stops_the_benchmark():
    class Other:
        @staticmethod
        def by_vectorbt(panel, fast, slow, *rest):
            return crosses(panel, fast, slow) + 1.0

    with pytest.raises(Disagreement):
        list(beside_vectorbt("x", walk(400), [FAST], [SLOW], Other))


def test_the_callback_that_is_timed_is_the_cross():
    panel = walk(3_000)
    mean = {
        n: np.convolve(panel.close[:, 0], np.ones(n) / n, mode="valid")[-(3_000 - SLOW) :]
        for n in (FAST, SLOW)
    }
    above = mean[FAST] > mean[SLOW]
    at = np.flatnonzero(np.concatenate([above[:1], above[1:] != above[:-1]]))
    plan = Plan(SLOW + at, UNITS * above[at][:, None].astype(float), Wanted.UNITS)
    expected = simulate(panel, plan, TradingCosts(commission=1e-4), Terms(start=SLOW))
    assert len(expected.trades) > 10
    assert asked(panel) == pytest.approx(expected.equity, abs=1e-6)


def test_a_pair_costs_the_same_alone_and_among_others():
    panel = walk(800)
    costs, terms = TradingCosts(commission=1e-4, slippage=1e-4), Terms(start=SLOW)
    alone = sweep_crosses(panel, [FAST], [SLOW], costs, terms, at_open=True)
    assert crosses(panel, [FAST, 10], [SLOW, SLOW])[0].tolist() == alone.equity[0].tolist()


@pytest.mark.parametrize("name", ["vectorbt", "backtesting"])
def test_a_library_that_is_not_installed_is_left_out_and_said_so(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"benchmarks.backtest_{name}", raising=False)
    said = []
    assert peer(name, said.append) is None
    assert said == [f"left out: {name} is not installed: pip install 'trader[bench]'"]
