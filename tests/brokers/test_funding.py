"""Perpetual contracts pay at fixed hours; what is delisted is paid out, and trades no more."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.brokers.street import BOOK, FREE, OPENED, Street, action, bar_of, done
from tests.risk.books import COIN, FUTURE, order
from trader.brokers.ledger import fold
from trader.brokers.paper import PaperBroker
from trader.clock import SetClock
from trader.data.market import TradedBar
from trader.domain.market import ActionKind
from trader.domain.orders import OrderState, Side, TimeInForce
from trader.domain.portfolio import AccountEntry, EntryKind

D = Decimal
CALM = "100 101 99 100"
PERPETUAL = FUTURE.model_copy(update={"symbol": "PERP", "calendar": "24/7", "multiplier": D(2)})
RATE = D("0.0001")


def charged(side: Side, hours: int, opened: int = 0) -> list[Decimal]:
    """What one contract pays or gets in bars of so many hours, the first from this hour on."""
    broker = PaperBroker(fold(BOOK, (COIN, PERPETUAL), ()), FREE, SetClock(OPENED), funding_rate=RATE)
    done(broker.submit(order(side, 1, "105" if side is Side.BUY else "95", symbol="PERP")))
    begin, found = OPENED.replace(hour=opened) + timedelta(days=1), list[AccountEntry]()
    for number in range(4):
        start = begin + timedelta(hours=hours) * number
        prices = {"open": D(100), "high": D(101), "low": D(99), "close": D(100)}
        bar = TradedBar(
            symbol="PERP", opened=start, available=start + timedelta(hours=hours), volume=None, **prices
        )
        found += broker.advance({"PERP": bar}).entries
    assert {one.kind for one in found} <= {EntryKind.FUNDING}
    assert broker.ledger.cash == BOOK.cash - side.sign * 200 + sum(one.cash for one in found)
    return [one.cash for one in found]


def test_longs_pay_shorts_at_every_fixed_hour_of_what_they_held_when_the_bar_opened() -> None:
    eight_hours = D(200) * RATE
    assert charged(Side.BUY, 24) == [-3 * eight_hours] * 3
    assert charged(Side.SELL, 24) == [3 * eight_hours] * 3
    assert charged(Side.BUY, 8, opened=4) == [-eight_hours] * 3
    assert charged(Side.BUY, 4) == [-eight_hours], "of the bars from 4, 8 and 12 one begins at a fixed hour"


def test_shares_coins_and_futures_that_end_are_not_funded() -> None:
    broker = PaperBroker(fold(BOOK, (COIN, FUTURE), ()), FREE, SetClock(OPENED), funding_rate=RATE)
    for name, symbol in (("d1-e1", "BTCUSD"), ("d2-e1", "ES")):
        done(broker.submit(order(symbol=symbol, quantity=1, limit="105", name=name)))
    for day in (1, 2, 3):
        bars = {symbol: bar_of(symbol, day, CALM) for symbol in ("BTCUSD", "ES")}
        assert broker.advance(bars).entries == ()


def delisting(amount: str, day: int = 2):
    return action("AAPL", day, ActionKind.DELISTING, amount)


@pytest.mark.parametrize(("side", "limit", "gain"), [(Side.BUY, "105", -70), (Side.SELL, "95", 70)])
def test_what_is_delisted_is_paid_out_and_its_trade_is_closed(side: Side, limit: str, gain: int) -> None:
    street = Street()
    street.submit(order(side, 10, limit))
    street.bar(CALM)
    street.submit(order(side, 1, limit, name="d2-e1", good=TimeInForce.GTC))
    street.bar("", delisting("93"), IBM=CALM)
    (entry,) = street.entries
    assert (entry.kind, entry.cash) == (EntryKind.DELISTING, side.sign * 930)
    assert street.ledger.quantity("AAPL") == 0
    assert street.ledger.closed[-1].realised == gain
    assert street.ledger.cash == BOOK.cash + gain
    assert (street.state("d2-e1"), street.reason("d2-e1")) == (OrderState.CANCELLED, "AAPL trades no more")
    assert street.submit(order(name="d3-e1")) == [OrderState.REJECTED]
    assert street.reason("d3-e1") == "AAPL trades no more: it was delisted"
    street.restart()
    assert street.submit(order(name="d4-e1")) == [OrderState.REJECTED]


def test_shares_that_became_worthless_cost_all_that_they_had_cost() -> None:
    street = Street()
    street.submit(order(quantity=10, limit="105"))
    street.bar(CALM)
    street.bar("", delisting("0"), IBM=CALM)
    assert street.ledger.closed[-1].realised == -1000
