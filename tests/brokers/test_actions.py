"""Splits and dividends, on their dates, before anything fills."""

from decimal import Decimal

import pytest

from tests.brokers.street import Street, action, order
from trader.domain.market import ActionKind
from trader.domain.orders import OrderState, Side, TimeInForce
from trader.domain.portfolio import EntryKind

D = Decimal
CALM = "100 101 99 100"
HALVED = "50 50.5 49.5 50"
SPLIT, DIVIDEND = ActionKind.SPLIT, ActionKind.DIVIDEND


def holding(units, *more):
    street = Street()
    street.submit(order(Side.BUY, units, "105"), *more)
    street.bar(CALM)
    return street


def stop(price, units, **more):
    given = {"stop": price, "parent": "d1-e1", "name": "d1-s1", "reduce_only": True, "good": TimeInForce.GTC}
    return order(Side.SELL, units, None, **(given | more))


def test_a_split_gives_new_units_for_old_and_takes_no_cash():
    street = holding(100)
    cash = street.ledger.cash
    street.bar(HALVED, action("AAPL", 2, SPLIT, "2"))
    held = street.ledger.holdings["AAPL"]
    assert (held.quantity, held.cost, street.ledger.cash) == (200, 10_000, cash)
    (entry,) = street.entries
    assert (entry.kind, entry.quantity, entry.cash) == (EntryKind.SPLIT, 100, 0)
    assert entry.id == "AAPL-2012-06-03-split-2"
    assert entry.note == "a split of 2 for 1"


def test_a_fraction_is_paid_out_at_the_opening_price_as_traded():
    street = holding(101)
    street.bar("66.67 67 66 66.5", action("AAPL", 2, SPLIT, "1.5"))
    split, lieu = street.entries
    assert (split.quantity, lieu.kind, lieu.quantity) == (D("50.5"), EntryKind.CASH_IN_LIEU, D("-0.5"))
    assert lieu.cash == D("33.335")
    held = street.ledger.holdings["AAPL"]
    assert held.quantity == 151
    assert held.cost == 10_100 - D("33.33333333"), "what the half unit had cost has left with it"
    assert held.realised == D("33.335") - D("33.33333333")


def test_a_fraction_without_a_bar_is_paid_out_at_what_it_cost():
    street = holding(101)
    street.bar("", action("AAPL", 2, SPLIT, "1.5"), IBM=CALM)
    assert street.entries[1].cash == D("33.33333333")
    assert street.ledger.holdings["AAPL"].realised == 0


def test_a_reverse_split_that_leaves_no_lot_closes_the_position():
    street = holding(3)
    street.bar("1000 1000 1000 1000", action("AAPL", 2, SPLIT, "0.1"))
    assert "AAPL" not in street.ledger.holdings
    (trade,) = street.ledger.closed
    assert (trade.quantity, trade.entry, trade.exit, trade.realised) == (D("0.3"), 1000, 1000, 0)
    assert street.ledger.cash == 100_000


def test_working_orders_are_rescaled_and_the_change_is_an_event():
    street = holding(100, stop("95.01", 100))
    street.submit(order(Side.BUY, 11, "90.05", name="d2-e1", good=TimeInForce.GTC))
    street.submit(order(Side.SELL, 7, "110.01", name="d2-x1", reduce_only=True, good=TimeInForce.GTC))
    step = street.bar(HALVED, action("AAPL", 2, SPLIT, "2"))
    changed = {event.client_id: (event.state, event.quantity, event.price) for event in step.events}
    assert changed == {
        "d1-s1": (OrderState.ACKNOWLEDGED, 200, D("47.50")),  # the nearest tick, the even one
        "d2-e1": (OrderState.ACKNOWLEDGED, 22, D("45.02")),  # a purchase never above its limit
        "d2-x1": (OrderState.ACKNOWLEDGED, 14, D("55.01")),  # a sale never below
    }
    street.restart()
    assert street.ledger.orders["d1-s1"].order.stop_price == D("47.50")
    street.bar("48 48 47 47")
    assert street.traded[-1] == ("d1-s1", -200, D("47.50"))


def test_what_has_filled_before_a_split_stays_as_it_filled():
    street = Street()
    street.submit(order(Side.BUY, 100, "105", good=TimeInForce.GTC), stop("80", 100))
    street.bar(CALM, volume=400)
    street.bar(HALVED, action("AAPL", 2, SPLIT, "2"), volume=600)
    entry, leg = street.ledger.orders["d1-e1"], street.ledger.orders["d1-s1"]
    assert (entry.order.quantity, entry.filled, entry.remaining) == (160, 100, 60)
    assert street.ledger.quantity("AAPL") == 140
    assert leg.remaining - entry.remaining == 140, "the stop covers what is held"
    street.bar("38 41 37 40")
    assert street.traded[2:] == [("d1-s1", -140, 38), ("d1-e1", 60, 38)], (
        "nobody could sell at the stop of 40"
    )
    street.bar("39 41 37 40")
    assert street.traded[4:] == [("d1-s1", -60, 39)]


def test_an_order_of_which_less_than_a_lot_is_left_ends():
    street = Street()
    street.submit(order(Side.BUY, 3, "105"), stop("95", 3))
    street.bar("1000 1000 1000 1000", action("AAPL", 1, SPLIT, "0.1"))
    assert street.state("d1-e1") is OrderState.CANCELLED
    assert street.reason("d1-e1") == "less than a lot is left of it after a split of 0.1 for 1"
    assert street.state("d1-s1") is OrderState.CANCELLED
    assert street.fills == []


def test_a_price_never_falls_below_one_tick():
    street = Street()
    street.submit(order(Side.BUY, 1, "0.05", good=TimeInForce.GTC))
    street.bar("1 1 1 1", action("AAPL", 1, SPLIT, "1000"))
    assert street.ledger.orders["d1-e1"].order.limit_price == D("0.01")


def test_a_market_order_has_no_price_to_rescale():
    street = Street()
    street.submit(order(Side.BUY, 10, None))
    street.bar(HALVED, action("AAPL", 1, SPLIT, "2"))
    assert street.traded == [("d1-e1", 20, 50)]


def test_a_dividend_is_credited_for_what_was_held_when_the_session_opened():
    street = holding(100)
    street.submit(order(Side.BUY, 50, "105", name="d2-e1"))
    street.submit(order(Side.SELL, 100, "95", name="d3-x1", reduce_only=True))
    street.bar(CALM, action("AAPL", 2, DIVIDEND, "2.65"))
    (entry,) = street.entries
    assert (entry.kind, entry.cash, entry.note) == (EntryKind.DIVIDEND, 265, "2.65 for each of 100")
    assert street.ledger.quantity("AAPL") == 50


def test_who_buys_on_the_ex_date_gets_no_dividend():
    street = Street()
    street.submit(order(Side.BUY, 50, "105"))
    street.bar(CALM, action("AAPL", 1, DIVIDEND, "2.65"))
    assert street.entries == []


def test_who_is_short_pays_the_dividend():
    street = Street()
    street.submit(order(Side.SELL, 50, "95"))
    street.bar(CALM)
    street.bar(CALM, action("AAPL", 2, DIVIDEND, "2"))
    assert street.entries[0].cash == -100


def test_a_dividend_is_part_of_what_the_trade_made():
    street = holding(100)
    street.bar(CALM, action("AAPL", 2, DIVIDEND, "1.5"))
    street.submit(order(Side.SELL, 100, "95", name="d2-x1", reduce_only=True))
    street.bar("101 101 101 101")
    (trade,) = street.ledger.closed
    assert trade.realised == 250


def test_a_split_and_a_dividend_of_one_day_count_in_new_units():
    street = holding(100)
    step = street.bar(HALVED, action("AAPL", 2, DIVIDEND, "1"), action("AAPL", 2, SPLIT, "2"))
    assert [entry.kind for entry in step.entries] == [EntryKind.SPLIT, EntryKind.DIVIDEND]
    assert step.entries[1].cash == 200


@pytest.mark.parametrize("kind", [SPLIT, DIVIDEND])
def test_an_action_that_was_in_effect_before_does_nothing_again(kind):
    street = holding(100)
    one = action("AAPL", 2, kind, "2")
    street.bar(CALM, one)
    rows = len(street.rows)
    street.restart()
    street.bar(CALM, one)
    assert len(street.rows) == rows


def test_an_action_of_an_instrument_that_is_not_traded_here_does_nothing():
    street = holding(100)
    street.bar(CALM, action("TSLA", 2, SPLIT, "2"))
    assert street.entries == []
