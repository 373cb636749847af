"""What must hold of every simulation, whatever happens to it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backtest.made import costs_for, flat, market, plain_kernel, plan_for, terms_for, walk
from trader.backtest.callback import simulate_with
from trader.backtest.loaded import kernel
from trader.backtest.many import simulate_many, sweep_crosses
from trader.backtest.plan import Plan, Wanted
from trader.backtest.simulate import simulate
from trader.backtest.terms import Terms, TradingCosts

SEEDS = st.integers(0, 2**31)
KINDS = st.sampled_from(Wanted)


def case(seed, wanted, margin):
    panel, terms = market(seed), terms_for(seed, margin)
    plan = plan_for(panel, seed, wanted, margin)
    later = plan.at >= terms.start
    return panel, Plan(plan.at[later], plan.rows[later], wanted), costs_for(panel, seed), terms


def followed(plan):
    """The plan as a callback."""
    rows = dict(zip(plan.at.tolist(), plan.rows, strict=True))
    return lambda now: rows.get(now.t)


@pytest.fixture(scope="module")
def plain():
    return plain_kernel()


@given(SEEDS, KINDS, st.booleans())
@settings(max_examples=150, deadline=None)
def test_compiled_and_plain_agree(plain, seed, wanted, margin):
    panel, plan, costs, terms = case(seed, wanted, margin)
    fast = simulate(panel, plan, costs, terms)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trader.backtest.simulate.kernel", lambda: plain)
        slow = simulate(panel, plan, costs, terms)
    assert fast.equity == pytest.approx(slow.equity, abs=1e-6)
    assert fast.cash == pytest.approx(slow.cash, abs=1e-6)
    assert fast.units == pytest.approx(slow.units, abs=1e-9)
    assert fast.trades.bar.tolist() == slow.trades.bar.tolist()
    assert fast.trades.reason == slow.trades.reason
    assert dict(fast.costs) == pytest.approx(dict(slow.costs), abs=1e-6)


@given(SEEDS, KINDS, st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_callback_and_many_books_come_to_what_one_plan_does(seed, wanted, margin):
    panel, plan, costs, terms = case(seed, wanted, margin)
    one = simulate(panel, plan, costs, terms)
    asked = simulate_with(panel, followed(plan), costs, terms, wanted=wanted)
    many = simulate_many(panel, [plan, plan, plan], costs, terms)
    for equity in (asked.equity, *many.equity):
        assert equity == pytest.approx(one.equity, abs=1e-6)
    assert asked.trades.units.tolist() == one.trades.units.tolist()
    assert many.cost == pytest.approx(np.full(3, sum(one.costs.values())), abs=1e-6)
    assert many.exposure == pytest.approx(np.full(3, one.exposure.mean()), abs=1e-9)
    assert many.fills.tolist() == [len(one.trades)] * 3


@given(SEEDS, KINDS, st.booleans(), st.integers(4, 20))
@settings(max_examples=100, deadline=None)
def test_nothing_after_a_bar_changes_the_equity_until_then(seed, wanted, margin, bar):
    panel, plan, costs, terms = case(seed, wanted, margin)
    past, cut = plan.at <= bar, panel[: bar + 1]
    until = Plan(plan.at[past], plan.rows[past], wanted)
    whole = simulate(panel, plan, costs, terms)
    short = simulate(cut, until, replace(costs, funding=costs.funding[: bar + 1]), terms)
    assert short.equity.tolist() == whole.equity[: len(short.equity)].tolist()
    assert short.cash.tolist() == whole.cash[: len(short.cash)].tolist()


@given(SEEDS, KINDS, st.booleans())
@settings(max_examples=100, deadline=None)
def test_money_is_only_made_by_prices(seed, wanted, margin):
    """What trades cost is what their prices were worse by; nothing is spent or sold that is not there."""
    panel, plan, costs, terms = case(seed, wanted, margin)
    costs = replace(costs, funding=0.0)
    found = simulate(panel, plan, costs, terms)
    trades = found.trades
    point = panel.multiplier[trades.symbol] * panel.rate[trades.bar, trades.symbol]
    assert found.costs["commission"] == pytest.approx(trades.commission.sum(), abs=1e-6)
    against = trades.units * (trades.price - trades.market) * point
    ordered = np.array([reason != "written off" for reason in trades.reason], dtype=bool)
    assert (trades.spread + trades.slippage)[ordered] == pytest.approx(against[ordered], abs=1e-6)
    assert (against[ordered] >= -1e-9).all()
    assert found.traded == pytest.approx((abs(trades.units) * trades.price * point).sum(), abs=1e-6)
    if not margin:
        assert (found.cash >= -1e-6).all()
        assert (found.units >= 0.0).all()
    within = np.nan_to_num(panel.volume[trades.bar, trades.symbol], nan=np.inf) * terms.participation
    assert (abs(trades.units) <= within + 1e-9)[[reason == "ordered" for reason in trades.reason]].all()


@given(SEEDS, st.floats(0.0, 0.01), st.floats(0.0, 0.01))
@settings(max_examples=100, deadline=None)
def test_for_a_fixed_list_of_fills_the_return_never_rises_with_cost(seed, less, more):
    """On margin every order fills whole, whatever it costs."""
    panel = walk(30, 2, seed)
    plan = plan_for(panel, seed, Wanted.ORDERS, True)
    terms = Terms(margin=True)
    one, other = sorted((less, more))
    for field in ("commission", "half_spread", "slippage", "impact", "borrow"):
        cheap = simulate(panel, plan, TradingCosts(**{field: one}), terms)
        dear = simulate(panel, plan, TradingCosts(**{field: other}), terms)
        assert cheap.trades.units.tolist() == dear.trades.units.tolist()
        assert dear.net_return <= cheap.net_return + 1e-12


@pytest.mark.parametrize("basis_points", [0, 10, 25])
def test_buy_and_hold_is_its_closed_form(basis_points):
    panel, costs = walk(500, 3), TradingCosts.flat(basis_points)
    plan = Plan(np.array([0]), np.full((1, 3), 1 / 3), Wanted.WEIGHTS_AT_OPEN)
    found = simulate(panel, plan, costs)
    expected = (panel.close[-1] / panel.open[1]).mean() / (1.0 + basis_points / 1e4) - 1.0
    assert found.net_return == pytest.approx(expected, abs=1e-12)


def test_a_sweep_s_pair_is_the_plan_of_that_pair():
    panel, terms = walk(400, 2), Terms(start=60)
    found = sweep_crosses(panel, [5, 10], [20, 60], TradingCosts.flat(10), terms, at_open=True)
    for row, (fast, slow) in enumerate([(5, 20), (10, 60)]):
        mean = {
            n: np.array([panel.close[t - n + 1 : t + 1].mean(axis=0) for t in range(60, 399)])
            for n in (fast, slow)
        }
        above = mean[fast] / panel.close[0] > mean[slow] / panel.close[0]
        before = np.vstack([np.zeros((1, 2), dtype=bool), above[:-1]])
        at = np.flatnonzero((above != before).any(axis=1))
        plan = Plan(60 + at, above[at] * 0.5, Wanted.WEIGHTS_AT_OPEN)
        assert found.equity[row] == pytest.approx(
            simulate(panel, plan, TradingCosts.flat(10), terms).equity, abs=1e-6
        )


def test_the_numbers_of_the_kernel_are_the_plan_s():
    module = kernel()
    names = ("WEIGHTS", "WEIGHTS_AT_OPEN", "UNITS", "ORDERS")
    assert [getattr(module, name) for name in names] == list(Wanted)
    assert module.COMPILED


def test_where_there_is_no_numba_it_is_said_once(monkeypatch):
    monkeypatch.setattr("trader.backtest.kernel.COMPILED", False)
    kernel.cache_clear()
    try:
        with pytest.warns(RuntimeWarning, match=r"numba is not installed.*trader\[compiled\]"):
            kernel()
        kernel()  # a second warning would be an error
    finally:
        kernel.cache_clear()


def test_threads_change_nothing():
    panel = walk(300)
    alone = sweep_crosses(panel, [3, 5, 8], [20, 20, 20], terms=Terms(start=20), threads=1)
    together = sweep_crosses(panel, [3, 5, 8], [20, 20, 20], terms=Terms(start=20), threads=3)
    assert alone.equity.tolist() == together.equity.tolist()


def test_a_panel_without_bars_of_a_symbol_marks_it_at_the_last_close():
    panel = flat([[10.0], [12.0], [np.nan], [15.0]])
    found = simulate(panel, Plan(np.array([0]), np.array([[10.0]]), Wanted.UNITS), terms=Terms(cash=1000.0))
    assert found.equity.tolist() == [1000.0, 1000.0, 1000.0, 1030.0]
