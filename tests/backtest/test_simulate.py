"""One book, by hand: when it fills, what it pays, and what happens to what it holds."""

import numpy as np
import pytest

from tests.backtest.made import flat
from trader.backtest.panel import after_last_bars
from trader.backtest.plan import Plan, Wanted
from trader.backtest.simulate import Reason, simulate
from trader.backtest.terms import Terms, TradingCosts

NAN = np.nan
THOUSAND = Terms(cash=1000.0)


def once(units, symbols=1, at=0, wanted=Wanted.UNITS):
    return Plan(np.array([at]), np.full((1, symbols), float(units)), wanted)


def run(panel, plan, terms=THOUSAND, **costs):
    return simulate(panel, plan, TradingCosts(**costs), terms)


def test_what_is_decided_at_a_close_fills_at_the_next_open():
    found = run(flat([10, 11, 12], open=[9, 10.5, 11.5]), once(10))
    assert found.trades.bar.tolist() == [1]
    assert found.trades.price.tolist() == [10.5]
    assert found.equity.tolist() == [1000.0, 1005.0, 1015.0]
    assert found.cash.tolist() == [1000.0, 895.0, 895.0]
    assert found.gross.tolist() == [0.0, 110.0, 120.0]
    assert found.exposure[1] == pytest.approx(110 / 1005)


def test_a_weight_is_made_into_units_at_the_close_or_at_the_open():
    panel = flat([10, 8, 8], open=[10, 8, 8])
    at_close = run(panel, once(0.5, wanted=Wanted.WEIGHTS))
    at_open = run(panel, once(0.5, wanted=Wanted.WEIGHTS_AT_OPEN))
    assert at_close.trades.units.tolist() == [50.0]
    assert at_open.trades.units.tolist() == [62.5]


def test_every_kind_of_cost_is_counted_apart():
    found = run(
        flat([100, 100, 100], volume=[[400.0]] * 3),
        once(4),
        commission=0.001,
        per_unit=0.01,
        half_spread=0.002,
        slippage=0.003,
        impact=0.05,
    )
    # 4 of 400 units: the root of a hundredth, of 5 %, is half a per cent
    assert found.trades.price.tolist() == pytest.approx([101.0])
    assert found.costs["commission"] == pytest.approx(404 * 0.001 + 0.04)
    assert found.costs["spread"] == pytest.approx(0.8)
    assert found.costs["slippage"] == pytest.approx(4 * 0.3 + 4 * 0.5)
    assert found.equity[-1] == pytest.approx(1000.0 - sum(found.costs.values()))
    assert found.turnover == pytest.approx(404 / found.equity.mean() * 126)


def test_longs_pay_funding_and_shorts_pay_to_borrow():
    panel, margin = flat([100, 100, 100, 100]), Terms(cash=1000.0, margin=True)
    long = run(panel, once(5), margin, funding=0.01, borrow=0.5)
    short = run(panel, once(-5), margin, funding=0.01, borrow=0.001)
    assert (long.costs["funding"], long.costs["borrow"]) == pytest.approx((10.0, 0.0))
    assert (short.costs["funding"], short.costs["borrow"]) == pytest.approx((-10.0, 1.0))
    assert short.equity[-1] == pytest.approx(1009.0)


def test_debts_cost_interest():
    found = run(flat([100, 100, 100, 100]), once(15), Terms(cash=1000.0, margin=True), interest=0.01)
    assert found.costs["interest"] == pytest.approx(5.0 + 5.05)


def test_a_split_changes_units_and_not_wealth_and_pays_out_a_fraction():
    panel = flat([90, 90, 60, 60], split=[[1], [1], [1.5], [1]], lot=1.0)
    found = run(panel, once(5))
    assert found.units[:, 0].tolist() == [0.0, 5.0, 7.0, 7.0]
    assert found.equity.tolist() == [1000.0] * 4


def test_an_order_that_waits_over_a_split_is_for_as_much():
    panel = flat([90, NAN, 30, 30], split=[[1], [1], [3], [1]])
    found = run(panel, once(5))
    assert found.trades.units.tolist() == [15.0]
    assert found.trades.bar.tolist() == [2]


def test_a_dividend_is_cash_for_what_was_held_before_the_open():
    panel = flat([100, 100, 100, 100], dividend=[[0], [2], [3], [0]])
    found = run(panel, once(5))
    assert found.dividends == 15.0
    assert found.equity[-1] == 1015.0
    short = run(panel, once(-5), Terms(cash=1000.0, margin=True))
    assert short.equity[-1] == 985.0


def test_another_currency_is_worth_its_rate_in_every_bar():
    panel = flat([[10, 10], [10, 10], [10, 10]], rate=[[1, 2.0], [1, 2.0], [1, 3.0]])
    found = run(panel, once(10, symbols=2), commission=0.01)
    assert found.cash[1] == pytest.approx(1000 - 100 - 200 - 3)
    assert found.equity[2] == pytest.approx(997 + 100)


@pytest.mark.parametrize(
    ("terms", "equity", "reason"),
    [
        (Terms(cash=1000.0), 1000.0 + 10.0 - 1.1, Reason.DELISTED),
        (Terms(cash=1000.0, write_off=True), 900.0, Reason.WRITTEN_OFF),
    ],
)
def test_what_is_delisted_is_sold_at_its_last_close_or_written_off(terms, equity, reason):
    panel = after_last_bars(flat([[10, 1], [10, 1], [11, 1], [NAN, 1], [NAN, 1]], open=None))
    plan = Plan(np.array([0, 2]), np.array([[10.0, 0.0], [10.0, 0.0]]), Wanted.UNITS)
    found = run(panel, plan, terms, half_spread=0.0, slippage=0.01 if not terms.write_off else 0.0)
    bought_dearer = 1.0 if not terms.write_off else 0.0
    assert found.equity[-1] == pytest.approx(equity - bought_dearer)
    assert found.trades.reason[-1] is reason
    assert found.trades.bar.tolist() == [1, 3]
    assert found.units[-1].tolist() == [0.0, 0.0]


def test_purchases_that_cash_does_not_hold_are_cut_alike_whatever_their_order():
    closes = [[10, 20], [10, 20]]
    panel, other = flat(closes), flat(np.flip(closes, axis=1))
    found, mirrored = run(panel, once(100, symbols=2)), run(other, once(100, symbols=2))
    assert found.trades.units.tolist() == pytest.approx([100 / 3, 100 / 3])
    assert mirrored.trades.units.tolist() == pytest.approx([100 / 3, 100 / 3])
    assert found.cash[-1] == pytest.approx(0.0, abs=1e-9)


def test_sales_of_the_same_open_pay_for_purchases():
    panel = flat([[10, 20], [10, 20], [10, 20]])
    plan = Plan(np.array([0, 1]), np.array([[100.0, 0.0], [0.0, 50.0]]), Wanted.UNITS)
    found = run(panel, plan)
    assert found.units[-1].tolist() == [0.0, 50.0]


def test_without_margin_nothing_is_sold_short():
    found = run(flat([10, 10, 10]), once(-5))
    assert len(found.trades) == 0


def test_lots_ticks_and_volume_bound_an_order_and_its_rest_lapses():
    panel = flat([10, 10, 10], lot=5.0, tick=0.05, volume=[[100.0], [190.0], [500.0]])
    found = run(panel, once(40), half_spread=0.001)
    assert found.trades.units.tolist() == [15.0]  # a tenth of 190, whole lots
    assert found.trades.price.tolist() == pytest.approx([10.05])


def test_nothing_trades_in_a_bar_without_volume_and_a_feed_without_any_bounds_nothing():
    assert len(run(flat([10, 10], volume=[[5.0], [0.0]]), once(1)).trades) == 0
    assert len(run(flat([10, 10]), once(1)).trades) == 1


def test_an_order_waits_for_a_bar_and_a_newer_one_takes_its_place():
    panel = flat([10, NAN, 10, 10])
    plan = Plan(np.array([0, 1]), np.array([[5.0], [7.0]]), Wanted.UNITS)
    assert run(panel, plan).trades.units.tolist() == [7.0]
    both = Plan(np.array([0, 1]), np.array([[5.0], [7.0]]), Wanted.ORDERS)
    assert run(panel, both).trades.units.tolist() == [12.0]


def test_a_contract_counts_by_its_multiplier():
    found = run(flat([10, 10, 11], multiplier=50.0), once(1))
    assert found.equity.tolist() == [1000.0, 1000.0, 1050.0]


def test_a_ruined_book_buys_nothing_more():
    margin = Terms(cash=100.0, margin=True)
    plan = Plan(np.array([0, 2]), np.array([[3.0], [1.0]]), Wanted.WEIGHTS)
    found = run(flat([10, 10, 5, 5]), plan, margin)
    assert found.equity[-1] == -50.0
    assert found.units[-1].tolist() == [0.0]
    assert found.exposure[-1] == 0.0
