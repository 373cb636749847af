"""The rules that everything is shown beside, and the portfolios drawn at random."""

import numpy as np
import pytest

from tests.backtest.made import flat, walk
from trader.backtest.aligned import panel_of
from trader.backtest.baselines import baselines
from trader.backtest.random_portfolios import random_portfolios
from trader.backtest.rules import average_cross, buy_and_hold, equal_weight, macd, momentum
from trader.backtest.simulate import simulate
from trader.backtest.terms import Terms, TradingCosts
from trader.data.feeds.sample import open_sample

COSTS = TradingCosts.flat(10)


@pytest.fixture(scope="module")
def panel():
    return walk(900, 4, seed=3)


@pytest.fixture(scope="module")
def found(panel):
    return {
        row.name: row for row in baselines(panel, COSTS, 0.2, 4.0, 7, terms=Terms(start=260), portfolios=200)
    }


def test_there_is_a_row_for_each_in_the_order_of_the_table(found):
    assert list(found) == [
        "cash",
        "buy and hold",
        "buy and hold at 20.0%",
        "equal weight",
        "12-1 momentum",
        "moving averages 50 and 200",
        "MACD",
        "200 random portfolios",
    ]
    assert all(len(row.equity) == 640 and not row.note for row in found.values())


def test_cash_earns_and_costs_nothing(found):
    cash = found["cash"]
    assert (cash.net_return, cash.exposure, cash.turnover, cash.cost, cash.trades) == (0.0, 0.0, 0.0, 0.0, 0)


def test_buying_and_holding_is_its_closed_form(panel, found):
    gained = (panel.close[-1] / panel.open[261]).mean()
    assert found["buy and hold"].net_return == pytest.approx(gained / 1.001 - 1.0, abs=1e-4)
    at_a_fifth = 0.2 * (gained - 1.0) - 0.2 * 0.001
    assert found["buy and hold at 20.0%"].net_return == pytest.approx(at_a_fifth, abs=1e-4)


def test_random_portfolios_have_the_exposure_and_the_turnover(panel):
    drawn = random_portfolios(panel, COSTS, 0.3, 6.0, 1, portfolios=400)
    assert drawn.exposure.mean() == pytest.approx(0.3, rel=0.03)
    assert drawn.turnovers.mean() == pytest.approx(6.0, rel=0.05)
    once = random_portfolios(panel, COSTS, 1.0, 0.0, 1, portfolios=10)
    assert once.fills.tolist() == [4] * 10
    one = random_portfolios(walk(900, 1), COSTS, 0.5, 3.0, 1, portfolios=400)
    assert one.exposure.mean() == pytest.approx(0.5, rel=0.05)
    assert one.turnovers.mean() == pytest.approx(3.0, rel=0.07)


def test_random_portfolios_are_those_of_their_seed(panel):
    one, same, other = (random_portfolios(panel, COSTS, 0.3, 6.0, s, portfolios=120) for s in (1, 1, 2))
    assert one.equity.tolist() == same.equity.tolist()
    assert one.equity[:, -1].tolist() != other.equity[:, -1].tolist()
    idle = random_portfolios(panel, COSTS, 0.0, 6.0, 1, portfolios=3)
    assert set(idle.equity.ravel().tolist()) == {1_000_000.0}


def test_a_result_has_its_place_among_random_ones(found):
    drawn = found["200 random portfolios"]
    assert drawn.share_below(-1.0) == 0.0
    assert drawn.share_below(10.0) == 1.0
    assert drawn.share_below(drawn.net_return) == pytest.approx(0.5, abs=0.01)
    assert (np.diff(drawn.net_returns) >= 0.0).all()


def test_a_rule_without_enough_history_says_so_instead_of_a_number():
    rows = {
        row.name: row
        for row in baselines(walk(300, 2), COSTS, 0.5, 1.0, 0, terms=Terms(start=50), portfolios=5)
    }
    assert rows["MACD"].equity is not None
    late = rows["12-1 momentum"]
    assert late.equity is None
    assert np.isnan(late.net_return)
    assert late.note == "needs 252 bars before the start, there are 50"


def test_rules_hold_what_has_risen_and_nothing_of_what_has_fallen():
    rise, fall = 1.001 ** np.arange(400), 0.999 ** np.arange(400)
    panel = flat(100.0 * np.column_stack([rise, fall]))
    for plan in (momentum(panel, 300), average_cross(panel, 300)):
        assert plan.rows.tolist() == [[0.5, 0.0]] * len(plan.at)
    turned = flat(100.0 * np.concatenate([rise[:300], rise[300] * fall[:100]]))
    crossed = macd(turned, 260)
    after = crossed.at >= 300
    assert 300 <= crossed.at[after][0] <= 303
    assert crossed.rows[after][0].tolist() == [0.0]


def test_a_rule_knows_nothing_of_later_bars():
    whole = walk(600, 3, seed=5)
    for rule in (momentum, average_cross, macd, equal_weight, buy_and_hold):
        long, short = rule(whole, 260), rule(whole[:500], 260)
        past = long.at < 499
        assert short.at.tolist() == long.at[past].tolist()
        assert short.rows.tolist() == long.rows[past].tolist()


def test_indicators_are_of_total_returns():
    """A split of 2 for 1 and a dividend of what the price falls by are no signals."""
    split, paid = np.ones((4, 1)), np.zeros((4, 1))
    split[2], paid[2] = 2.0, 1.0
    panel = flat([10.0, 11.0, 4.5, 9.0], split=split, dividend=paid)
    assert panel.total_return[:, 0] == pytest.approx([1.0, 1.1, 1.1, 2.2])


def test_the_sample_s_splits_and_dividends_make_no_wealth_and_lose_none():
    market = open_sample()
    panel = panel_of(market, ("AAPL", "IBM", "MSFT"))
    assert panel.split[panel.bar_of(market.actions["AAPL"][0].effective) + 1, 0] == 2.0
    found = simulate(panel, buy_and_hold(panel, 0), terms=Terms(participation=np.inf))
    gained = panel.total_return[-1] / panel.total_return[1] * panel.close[1] / panel.open[1]
    # dividends are put back in there, and are idle cash here
    assert found.net_return == pytest.approx(gained.mean() - 1.0, rel=0.05)
    assert found.net_return < gained.mean() - 1.0
