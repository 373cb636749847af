"""Ten basis points a side unless somebody says otherwise, always against us."""

from decimal import Decimal

import pytest

from tests.risk.books import COIN, FUTURE, stock
from trader.brokers.costs import DEFAULT_COSTS, Cost, CostModel
from trader.domain.instruments import AssetClass
from trader.domain.orders import Side

D = Decimal


@pytest.mark.parametrize("asset_class", AssetClass)
def test_every_asset_class_costs_ten_basis_points_a_side(asset_class):
    assert DEFAULT_COSTS[asset_class].total_bps == 10


def test_a_round_trip_is_two_sides_as_a_fraction():
    assert CostModel().round_trip(stock("AAPL")) == 0.002
    assert CostModel(fee_bps=D(0), half_spread_bps=D("2.5"), slippage_bps=D(0)).round_trip(COIN) == 0.0005


def test_what_is_set_stands_in_for_the_default_of_every_class():
    costs = CostModel(fee_bps=D(0))
    assert (costs.of(COIN).fee_bps, costs.of(FUTURE).fee_bps) == (0, 0)
    assert costs.of(COIN).slippage_bps == DEFAULT_COSTS[AssetClass.CRYPTO].slippage_bps


def test_prices_are_rounded_to_the_tick_against_us():
    assert CostModel().price(stock("AAPL"), Side.BUY, D("33.33")) == D("33.36")  # 33.359997
    assert CostModel().price(stock("AAPL"), Side.SELL, D("33.33")) == D("33.30")  # 33.300003


def test_a_sale_gets_at_least_one_tick():
    assert CostModel(slippage_bps=D(9_999)).price(stock("AAPL"), Side.SELL, D("0.01")) == D("0.01")


def test_a_fee_is_a_share_of_the_notional():
    assert CostModel(fee_bps=D(2)).fee(FUTURE, D(-3), D("2000.25")) == D("60.0075")
    assert CostModel(fee_bps=D("0.1")).fee(COIN, D("0.00001"), D("43000.01")) == D("0.00000430")


def test_a_total_is_split_as_the_asset_class_has_it_and_what_is_set_stands_in():
    assert CostModel(total_bps=D(25)).of(stock("AAPL")) == Cost(
        fee_bps=D("2.5"), half_spread_bps=D(5), slippage_bps=D("17.5")
    )
    assert CostModel(total_bps=D(10)).of(COIN) == CostModel().of(COIN)
    assert CostModel(total_bps=D(0)).round_trip(FUTURE) == 0.0
    assert CostModel(total_bps=D(20), fee_bps=D(1)).of(COIN).total_bps == D(9)
