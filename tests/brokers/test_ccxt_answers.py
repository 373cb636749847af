"""A venue's answer is believed only where it can be what was asked for."""

from decimal import Decimal
from typing import Any

import pytest

from trader.brokers.ccxt_answers import account_of, balances_of, order_of, orders_of, trades_of
from trader.data.feeds.ccxt_errors import Unbelievable, code_of, judged
from trader.domain.orders import OrderState, Side

D = Decimal
ORDER: dict[str, Any] = {
    "id": "7",
    "clientOrderId": "d1-e1",
    "symbol": "BTC/USDT",
    "side": "buy",
    "amount": "0.01000000",
    "filled": "0.00000000",
    "price": "30000.00000000",
    "triggerPrice": None,
    "status": "open",
}
TRADE: dict[str, Any] = {
    "id": "12",
    "order": "7",
    "symbol": "BTC/USDT",
    "side": "sell",
    "amount": "0.5",
    "price": "101.25",
    "fees": [{"cost": "0.05", "currency": "USDT"}],
    "timestamp": 1_700_000_000_123,
}


def test_an_order_is_read_to_the_last_digit() -> None:
    said = order_of(ORDER)
    assert (said.quantity, said.filled, said.limit_price, said.stop_price) == (D("0.01"), 0, 30000, None)
    assert (said.side, said.state) == (Side.BUY, OrderState.ACKNOWLEDGED)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": None},
        {"id": ""},
        {"id": 7},
        {"clientOrderId": None},
        {"symbol": None},
        {"side": None},
        {"side": "both"},
        {"amount": None},
        {"amount": 0.01},
        {"amount": "many"},
        {"amount": "NaN"},
        {"filled": "-1"},
        {"filled": None},
        {"price": "Infinity"},
        {"status": None},
        {"status": "sleeping"},
    ],
)
def test_an_order_with_a_part_that_cannot_be_is_not_believed(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unbelievable):
        order_of({**ORDER, **wrong})


@pytest.mark.parametrize("answer", [None, [], "<html>", 3, {}])
def test_what_is_no_order_is_not_believed(answer: Any) -> None:
    with pytest.raises(Unbelievable):
        order_of(answer)


@pytest.mark.parametrize("answer", [None, {}, "<html>", [None], [{}]])
def test_what_is_no_list_of_orders_or_trades_is_not_believed(answer: Any) -> None:
    for read in (orders_of, trades_of):
        with pytest.raises(Unbelievable):
            read(answer)


def test_trades_are_told_once_each_in_the_order_in_which_they_happened() -> None:
    later = {**TRADE, "id": "101"}
    found = trades_of([later, TRADE, later])
    assert [trade.id for trade in found] == ["12", "101"]
    assert (found[0].fee, found[0].fee_currency) == (D("0.05"), "USDT")
    assert found[0].at.isoformat() == "2023-11-14T22:13:20.123000+00:00"


def test_a_trade_without_a_fee_costs_nothing() -> None:
    (found,) = trades_of([{**TRADE, "fees": [], "fee": None}])
    assert (found.fee, found.fee_currency) == (0, "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"fees": [{"cost": "1", "currency": "A"}, {"cost": "2", "currency": "B"}]},
        {"timestamp": None},
        {"amount": "0"},
        {"price": "-3"},
        {"order": None},
    ],
)
def test_a_trade_with_a_part_that_cannot_be_is_not_believed(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unbelievable):
        trades_of([{**TRADE, **wrong}])


def test_a_balance_is_what_is_owned_and_nothing_else() -> None:
    assert balances_of({"total": {"BTC": "0.50", "ETH": "0.000"}}) == {"BTC": D("0.5")}
    for answer in ({"total": {}}, {}, [], {"total": {"BTC": None}}):
        with pytest.raises(Unbelievable):
            balances_of(answer)


def test_an_account_says_whose_it_is_or_is_none() -> None:
    assert account_of({"info": {"uid": 354937868}}) == "354937868"
    with pytest.raises(Unbelievable, match="whose it is"):
        account_of({"info": {"accountType": "SPOT"}})


def test_an_error_keeps_neither_keys_nor_signatures() -> None:
    error = ValueError("GET https://a.b/order?signature=abc&timestamp=1 by planted-key-1 \n and more")
    told = judged(error, ("planted-key-1",), frozenset()).message
    assert told == "ValueError: GET https://a.b/order by (a key) and more"
    assert code_of(ValueError('binance {"code":-1013,"msg":"Filter failure: NOTIONAL"}')) == -1013
    assert code_of(ValueError("nothing of the kind")) is None
