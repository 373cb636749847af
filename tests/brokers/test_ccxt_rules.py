"""What a venue lets be ordered in one market."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from tests.risk.books import order
from trader.brokers.ccxt_dialects import dialect_of
from trader.brokers.ccxt_rules import Rules, rules_of
from trader.domain.errors import OrderError, UnknownName, UsageError
from trader.domain.instruments import AssetClass

D = Decimal
MARKET: dict[str, Any] = {
    "spot": True,
    "active": True,
    "base": "BTC",
    "quote": "USDT",
    "precision": {"price": "0.01000000", "amount": "0.00001000"},
    "limits": {"amount": {"min": "0.0001"}, "cost": {"min": "5.00000000"}},
}


def rules(**changes: Any) -> Rules:
    exchange = SimpleNamespace(markets={"BTC/USDT": {**MARKET, **changes}})
    return rules_of(exchange, "binance", "BTC/USDT")


def test_steps_and_smallest_sizes_are_exact() -> None:
    found = rules()
    assert (found.instrument.tick_size, found.instrument.lot_size) == (D("0.01"), D("0.00001"))
    assert (found.min_quantity, found.min_notional) == (D("0.0001"), D(5))
    assert (found.instrument.asset_class, found.instrument.currency) == (AssetClass.CRYPTO, "USDT")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"spot": False}, "not a spot market"),
        ({"active": False}, "has closed this market"),
        ({"precision": {"price": None, "amount": "1"}}, "smallest step of its price"),
        ({"precision": {"price": "1", "amount": 0.1}}, "smallest step of its amount"),
    ],
)
def test_a_market_that_cannot_be_traded_says_why(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        rules(**changes)


def test_a_market_without_limits_has_none() -> None:
    found = rules(limits={"amount": {"min": None}})
    assert (found.min_quantity, found.min_notional) == (0, 0)


def test_an_order_is_measured_at_its_worst_price_or_at_the_market() -> None:
    found = rules()
    found.check(order(quantity="0.01", limit="500"), D("0.01"))
    with pytest.raises(OrderError, match=r"4\.99 USDT is below the venue's smallest order, 5 USDT"):
        found.check(order(quantity="0.01", limit="499"), D("0.01"))
    with pytest.raises(OrderError, match=r"below the venue's smallest, 0\.0001"):
        found.check(order(quantity="0.00009", limit="90000"), D("0.00009"))
    market = order(quantity="0.01", limit=None)
    found.check(market, D("0.01"))
    with pytest.raises(OrderError, match="smallest order"):
        found.check(market, D("0.01"), D(100))


def test_an_exchange_that_nobody_has_proven_is_none() -> None:
    with pytest.raises(UnknownName, match="kraken"):
        dialect_of("kraken")
