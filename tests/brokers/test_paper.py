"""When a simulated order fills, at what price, and what ends with it. Prices are "open high low close"."""

from decimal import Decimal

import pytest

from tests.brokers.street import COIN, Street, bar_of, order
from trader.brokers.costs import CostModel
from trader.brokers.session import AMBIGUOUS
from trader.domain.orders import OrderState, OrderType, Side, TimeInForce

D = Decimal
GTC = TimeInForce.GTC
BUY, SELL = Side.BUY, Side.SELL
CALM = "100 101 99 100"


def entry(quantity=100, limit="105", **more):
    return order(BUY, quantity, limit, **more)


def stop(price="95", quantity=100, parent="d1-e1", name="d1-s1", **more):
    return order(
        SELL, quantity, None, stop=price, parent=parent, name=name, reduce_only=True, good=GTC, **more
    )


def target(price="110", quantity=100, parent="d1-e1", name="d1-t1"):
    return order(SELL, quantity, price, parent=parent, name=name, reduce_only=True, good=GTC)


def leave(quantity=100, limit="95", name="d2-x1"):
    return order(SELL, quantity, limit, name=name, reduce_only=True)


def holding(units=100, *legs):
    """A street on which `units` were bought at 100, with these legs at work."""
    street = Street()
    street.submit(entry(units), *legs)
    street.bar(CALM)
    assert street.ledger.quantity("AAPL") == units
    return street


def test_an_accepted_order_is_submitted_then_acknowledged():
    street = Street()
    assert street.submit(entry()) == [OrderState.ACKNOWLEDGED]
    assert [row.state for row in street.rows[1:]] == [OrderState.SUBMITTED, OrderState.ACKNOWLEDGED]
    assert street.fills == []


def test_a_marketable_entry_fills_at_the_next_open():
    street = Street()
    street.submit(entry(limit="105"))
    step = street.bar("101 103 99 102")
    assert street.traded == [("d1-e1", 100, 101)]
    fill = step.fills[0]
    assert (fill.id, fill.at, fill.note) == ("d1-e1-1", bar_of("AAPL", 1, CALM).opened, "")
    assert street.state("d1-e1") is OrderState.FILLED
    assert step.events[-1].at == fill.at


@pytest.mark.parametrize(
    ("side", "limit", "prices", "filled"),
    [
        (BUY, "100", "99 101 98 100", "99"),  # better at the open
        (BUY, "100", "100 101 99.99 100", "100"),  # open at the limit, then traded through
        (BUY, "100", "101 102 99.99 101", "100"),  # traded through later: never better than the limit
        (BUY, "100", "101 102 100 101", None),  # only touched
        (BUY, "100", "106 107 105 106", None),
        (SELL, "100", "101 102 99 100", "101"),
        (SELL, "100", "99 100.01 98 99", "100"),
        (SELL, "100", "99 100 98 99", None),
    ],
)
def test_a_limit_fills_when_the_market_is_better_at_the_open_or_trades_through_it(
    side, limit, prices, filled
):
    street = Street()
    street.submit(order(side, 10, limit))
    street.bar(prices)
    assert [price for _, _, price in street.traded] == ([D(filled)] if filled else [])


def test_what_does_not_fill_in_its_session_expires():
    street = Street()
    street.submit(entry(limit="90"))
    street.bar(CALM)
    assert street.state("d1-e1") is OrderState.EXPIRED
    assert street.reason("d1-e1") == "0 of 100 filled in its session"
    street.bar("80 80 80 80")
    assert street.fills == []


def test_an_order_until_cancelled_works_for_many_sessions():
    street = Street()
    street.submit(entry(limit="90", good=GTC))
    for _ in range(5):
        street.bar(CALM)
    assert street.state("d1-e1") is OrderState.ACKNOWLEDGED
    street.bar("89 90 88 89")
    assert street.traded == [("d1-e1", 100, 89)]


def test_an_instrument_without_a_bar_keeps_its_orders_waiting():
    street = Street()
    street.submit(entry())
    street.bar(IBM=CALM)
    assert street.state("d1-e1") is OrderState.ACKNOWLEDGED
    street.bar(CALM)
    assert street.state("d1-e1") is OrderState.FILLED


def test_costs_are_paid_at_the_open_and_the_fee_apart():
    street = Street(CostModel())  # equities: fee 1, half spread 2, slippage 7 basis points
    street.submit(entry(limit="105"))
    street.bar(CALM)
    (fill,) = street.fills
    assert (fill.price, fill.fee) == (D("100.09"), D("1.0009"))
    assert street.ledger.cash == 100_000 - 100 * D("100.09") - D("1.0009")
    street.submit(leave())
    street.bar(CALM)
    assert street.fills[-1].price == D("99.91")


def test_costs_never_push_a_fill_past_its_limit():
    street = Street(CostModel())
    street.submit(entry(limit="100.05"))
    street.bar(CALM)
    assert street.traded == [("d1-e1", 100, D("100.05"))]
    street.submit(leave(limit="99.95"))
    street.bar(CALM)
    assert street.traded[-1] == ("d2-x1", -100, D("99.95"))


def test_a_market_order_fills_at_the_open_whatever_it_is():
    street = Street()
    street.submit(order(BUY, 10, None))
    street.bar("140 150 130 145")
    assert street.traded == [("d1-e1", 10, 140)]


# Stops


@pytest.mark.parametrize(
    ("prices", "filled"),
    [
        ("96 97 94 95", "95"),  # touched within the bar
        ("96 97 95 96", "95"),  # touched exactly
        ("90 92 88 91", "90"),  # the open has passed it: the worse of stop and open
        ("95 97 95 96", "95"),
        ("96 97 95.01 96", None),
    ],
)
def test_a_stop_leaves_at_the_worse_of_stop_and_open(prices, filled):
    street = holding(100, stop("95"))
    street.bar(prices)
    assert street.traded[1:] == ([("d1-s1", -100, D(filled))] if filled else [])


@pytest.mark.parametrize(("prices", "filled"), [("104 106 103 105", "105"), ("108 109 107 108", "108")])
def test_a_stop_that_covers_a_short_is_the_same_upside_down(prices, filled):
    street = Street()
    street.submit(order(SELL, 100, "99"))
    street.submit(order(BUY, 100, None, stop="105", parent="d1-e1", name="d1-s1", reduce_only=True, good=GTC))
    street.bar(CALM)
    street.bar(prices)
    assert street.traded[1:] == [("d1-s1", 100, D(filled))]
    assert street.ledger.quantity("AAPL") == 0


def test_a_stop_costs_what_a_market_order_costs():
    street = Street(CostModel())
    street.submit(entry(), stop("95"))
    street.bar(CALM)
    street.bar("96 97 94 95")
    assert street.fills[-1].price == D("94.91")


def test_a_stop_counts_from_the_fill_the_same_bar_included():
    street = Street()
    street.submit(entry(), stop("95"))
    street.bar("100 101 94 96")
    assert street.traded == [("d1-e1", 100, 100), ("d1-s1", -100, 95)]
    assert street.fills[1].at == bar_of("AAPL", 1, CALM).available, "only at the close is it known"


def test_a_stop_does_nothing_before_its_entry_has_filled():
    street = Street()
    street.submit(entry(limit="90", good=GTC), stop("95"))
    street.bar("94 96 93 95")
    assert street.fills == []
    assert street.state("d1-s1") is OrderState.ACKNOWLEDGED


def test_an_entry_that_the_bar_trades_through_has_its_stop_at_once():
    street = Street()
    street.submit(entry(limit="97"), stop("95"))
    street.bar("100 101 94 96")
    assert street.traded == [("d1-e1", 100, 97), ("d1-s1", -100, 95)]
    assert street.fills[1].note == "entry and stop in one bar"


def test_a_fill_already_past_its_stop_leaves_at_the_next_open_wherever_that_is():
    street = Street()
    street.submit(entry(), stop("95"))
    street.bar("94 96 93 95")
    assert street.traded == [("d1-e1", 100, 94)]
    assert street.reason("d1-s1") == "triggered: the market was at 94 when its entry filled"
    street.restart()
    street.bar("99 103 98 102")
    assert street.traded[1:] == [("d1-s1", -100, 99)]


def test_a_limit_fill_below_its_stop_leaves_at_the_next_open():
    street = Street()
    street.submit(entry(limit="90"), stop("95"))
    street.bar("100 101 89 91")
    assert street.traded == [("d1-e1", 100, 90)]
    street.bar("92 93 91 92")
    assert street.traded[1:] == [("d1-s1", -100, 92)]


def test_where_stop_and_target_fall_in_one_bar_it_is_the_stop():
    street = holding(100, stop("95"), target("110"))
    street.bar("100 111 94 100")
    assert street.traded[1:] == [("d1-s1", -100, 95)]
    assert street.fills[-1].note.startswith(AMBIGUOUS)
    assert street.state("d1-t1") is OrderState.CANCELLED


def test_a_target_alone_is_reached_and_ends_the_stop():
    street = holding(100, stop("95"), target("110"))
    street.bar("100 111 96 108")
    assert street.traded[1:] == [("d1-t1", -100, 110)]
    assert street.fills[-1].note == ""
    assert street.state("d1-s1") is OrderState.CANCELLED
    assert street.reason("d1-s1") == "d1-t1 has closed 100"


def test_a_target_is_not_reached_in_the_bar_that_its_entry_traded_through():
    street = Street()
    street.submit(entry(limit="97"), target("110"))
    street.bar("100 111 96 108")
    assert street.traded == [("d1-e1", 100, 97)], "the high may have come first"


def test_a_target_that_the_market_is_already_beyond_gets_a_price_of_the_bar():
    street = Street()
    street.submit(entry(), target("90"))
    street.bar("100 101 99 100")
    assert street.traded == [("d1-e1", 100, 100), ("d1-t1", -100, 99)]


def test_an_exit_at_the_open_comes_before_a_stop_within_the_bar():
    street = holding(100, stop("95"))
    street.submit(leave())
    street.bar("100 101 94 95")
    assert street.traded[1:] == [("d2-x1", -100, 100)]
    assert street.state("d1-s1") is OrderState.CANCELLED


def test_an_exit_beyond_its_collar_waits_and_expires_while_the_stop_works():
    street = holding(100, stop("80"))
    street.submit(leave(limit="95"))
    street.bar("90 94 89 91")
    assert street.traded[1:] == []
    assert (street.state("d2-x1"), street.state("d1-s1")) == (OrderState.EXPIRED, OrderState.ACKNOWLEDGED)


def test_a_second_entry_brings_a_second_stop_and_neither_sells_more_than_is_held():
    street = holding(100, stop("95"))
    street.submit(entry(50, name="d3-e1"), stop("90", 50, parent="d3-e1", name="d3-s1"))
    street.bar(CALM)
    street.submit(leave(70))
    street.bar(CALM)
    assert street.ledger.quantity("AAPL") == 80
    street.bar("96 97 89 90")
    assert street.traded[3:] == [("d1-s1", -80, 95)]
    assert (street.state("d1-s1"), street.state("d3-s1")) == (OrderState.CANCELLED, OrderState.CANCELLED)


# Reduce-only, partly filled, cancelled


def test_a_reduce_only_order_never_opens_a_position():
    street = Street()
    street.submit(leave())
    street.bar(CALM)
    assert street.fills == []
    assert (street.state("d2-x1"), street.reason("d2-x1")) == (
        OrderState.CANCELLED,
        "nothing is left to reduce",
    )


def test_a_reduce_only_order_drops_what_exceeds_the_position():
    street = holding(100)
    street.submit(leave(150))
    street.bar(CALM)
    assert street.traded[1:] == [("d2-x1", -100, 100)]
    assert street.ledger.quantity("AAPL") == 0
    assert street.state("d2-x1") is OrderState.CANCELLED


def test_a_reduce_only_purchase_does_not_add_to_a_long():
    street = holding(100)
    street.submit(order(BUY, 10, "105", name="d2-x1", reduce_only=True))
    street.bar(CALM)
    assert street.ledger.quantity("AAPL") == 100


def test_volume_lets_a_tenth_of_the_bar_through_and_the_rest_expires():
    street = Street()
    street.submit(entry(100), stop("95"))
    step = street.bar(CALM, volume=409)
    assert street.traded == [("d1-e1", 40, 100)]
    assert street.fills[0].note == "40 of 100, the bar's volume allows no more"
    assert [event.state for event in step.events[:2]] == [OrderState.PARTLY_FILLED, OrderState.EXPIRED]
    assert street.reason("d1-e1") == "40 of 100 filled in its session"
    assert street.ledger.orders["d1-s1"].order.quantity == 40
    assert street.reason("d1-s1") == "its entry filled 40 of 100"
    street.bar("96 97 94 95")
    assert street.traded[1:] == [("d1-s1", -40, 95)]
    assert street.state("d1-s1") is OrderState.FILLED


def test_an_order_until_cancelled_goes_on_filling():
    street = Street()
    street.submit(entry(100, good=GTC), stop("90"))
    for volume in (400, 300, 900):
        street.bar(CALM, volume=volume)
    assert street.traded == [("d1-e1", 40, 100), ("d1-e1", 30, 100), ("d1-e1", 30, 100)]
    assert [fill.id for fill in street.fills] == ["d1-e1-1", "d1-e1-2", "d1-e1-3"]
    assert street.state("d1-e1") is OrderState.FILLED


def test_a_stop_protects_as_much_as_its_entry_has_filled():
    street = Street()
    street.submit(entry(100, good=GTC), stop("95"))
    street.bar(CALM, volume=400)
    street.bar("100 101 94 96", volume=400)
    assert street.traded[1:] == [("d1-e1", 40, 100)], "the entry took the volume before the stop was touched"
    street.bar("97 98 96 97", volume=4_000)
    assert street.traded[2:] == [("d1-s1", -80, 97), ("d1-e1", 20, 97)], "reductions come first"
    street.bar("98 99 97 98", volume=4_000)
    assert street.traded[4:] == [("d1-s1", -20, 98)]


def test_a_triggered_stop_that_volume_held_back_leaves_at_the_next_opens():
    street = holding(100, stop("95"))
    street.bar("96 97 94 95", volume=300)
    street.bar("99 100 98 99", volume=300)
    street.bar("101 102 100 101", volume=3_000)
    assert street.traded[1:] == [("d1-s1", -30, 95), ("d1-s1", -30, 99), ("d1-s1", -40, 101)]
    assert street.fills[1].note == "30 of 100, the bar's volume allows no more"


def test_all_orders_of_a_bar_share_its_volume():
    street = Street()
    street.submit(entry(30), entry(30, name="d3-e1"))
    street.bar(CALM, volume=400)
    assert street.traded == [("d1-e1", 30, 100), ("d3-e1", 10, 100)]


def test_a_bar_too_thin_for_one_lot_trades_nothing():
    street = Street()
    street.submit(entry(30))
    street.bar(CALM, volume=9)
    assert street.fills == []


def test_a_feed_without_volume_fills_whole_orders():
    street = Street()
    street.submit(order(BUY, "1.23456", "105", symbol=COIN.symbol))
    street.bar(CALM, symbol=COIN.symbol)
    assert street.traded == [("d1-e1", D("1.23456"), 100)]


def test_an_entry_that_never_fills_takes_its_stop_with_it():
    street = Street()
    street.submit(entry(limit="90"), stop("85"), target("120"))
    street.bar(CALM)
    assert {street.state("d1-s1"), street.state("d1-t1")} == {OrderState.CANCELLED}
    assert street.reason("d1-s1") == "its entry did not fill"


def test_a_leg_whose_entry_has_filled_and_left_in_part_ends_with_it():
    street = Street()
    street.submit(entry(100), stop("99.5"))
    street.bar(CALM, volume=400)
    assert street.traded == [("d1-e1", 40, 100)], "the stop was touched, but the volume was used up"
    street.bar("99 99 99 99")
    assert street.traded[1:] == [("d1-s1", -40, 99)]


def test_a_leg_for_one_session_ends_once_with_its_entry():
    street = Street()
    leg = order(SELL, 100, None, stop="85", parent="d1-e1", name="d1-s1", reduce_only=True)
    street.submit(entry(limit="90"), leg)
    street.bar(CALM)
    assert (street.state("d1-e1"), street.state("d1-s1")) == (OrderState.EXPIRED, OrderState.CANCELLED)


def test_cancelling_ends_an_order_and_its_legs():
    street = Street()
    street.submit(entry(), stop("95"))
    assert [(event.client_id, event.state) for event in street.cancel("d1-e1")] == [
        ("d1-e1", OrderState.CANCELLED),
        ("d1-s1", OrderState.CANCELLED),
    ]
    street.bar(CALM)
    assert street.fills == []
    assert street.cancel("d1-e1") == []
    assert street.cancel("nobody") == []


def test_cancelling_a_partly_filled_entry_leaves_a_stop_for_what_is_held():
    street = Street()
    street.submit(entry(100, good=GTC), stop("95"))
    street.bar(CALM, volume=400)
    street.cancel("d1-e1")
    assert street.ledger.orders["d1-s1"].order.quantity == 40
    street.bar("96 96 94 95")
    assert street.traded[1:] == [("d1-s1", -40, 95)]


def test_a_stop_that_has_sold_all_that_was_bought_ends_with_the_rest_of_the_entry():
    street = Street(participation=D(1))
    street.submit(entry(100, good=GTC), stop("95"))
    street.bar("100 101 96 100", volume=40)
    street.bar("94 94 94 94", volume=40)
    assert street.traded[1:] == [("d1-s1", -40, 94)]
    street.cancel("d1-e1")
    assert (street.state("d1-s1"), street.reason("d1-s1")) == (
        OrderState.CANCELLED,
        "what its entry opened is closed",
    )


# What the venue does not take


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (entry(symbol="TSLA"), "TSLA: not an instrument of this book"),
        (entry("1.5"), "AAPL: quantity 1.5 is not a multiple of the lot 1"),
        (entry(limit="100.001"), "AAPL: price 100.001 is off the tick 0.01"),
        (stop(parent="d7-e1"), "its entry d7-e1 is not at the venue"),
    ],
)
def test_what_cannot_be_is_rejected_with_a_reason(wrong, reason):
    street = Street()
    assert street.submit(wrong) == [OrderState.REJECTED]
    assert street.reason(wrong.client_id) == reason
    street.bar(CALM)
    assert street.fills == []


@pytest.mark.parametrize(
    "leg",
    [
        stop(quantity=99),
        stop(symbol="IBM"),
        order(BUY, 100, None, stop="105", parent="d1-e1", name="d1-s1", reduce_only=True),
        order(SELL, 100, None, stop="95", parent="d1-e1", name="d1-s1"),
    ],
)
def test_a_leg_must_reduce_what_its_entry_opens(leg):
    street = Street()
    assert street.submit(entry(), leg) == [OrderState.ACKNOWLEDGED, OrderState.REJECTED]
    assert street.reason("d1-s1").startswith("a leg reduces what its entry opens")


def test_a_leg_of_a_rejected_entry_is_rejected():
    street = Street()
    assert street.submit(entry("0.5"), stop(quantity="0.5")) == [OrderState.REJECTED] * 2


def test_an_instrument_in_another_currency_is_rejected():
    street = Street(book=Street().book.model_copy(update={"currency": "EUR"}))
    assert street.submit(entry()) == [OrderState.REJECTED]
    assert street.reason("d1-e1") == "AAPL is in USD, the book in EUR: no rate is known"


def test_the_same_order_twice_is_one_order():
    street = Street()
    street.submit(entry())
    street.submit(entry())
    street.bar(CALM)
    street.submit(entry())
    street.bar(CALM)
    assert street.traded == [("d1-e1", 100, 100)]


def test_an_order_that_was_only_intended_never_arrived_and_may_be_sent():
    street = Street()
    street.rows.append(entry())
    street.restart()
    assert street.find("d1-e1") is None
    assert street.submit(entry()) == [OrderState.ACKNOWLEDGED]
    assert street.find("d1-e1") is OrderState.ACKNOWLEDGED
    assert street.find("nobody") is None


def test_orders_of_all_kinds_say_how_they_fill():
    """A new kind of order needs prices at the open and within the bar, and tests: see test_kinds.py."""
    assert set(OrderType) - {OrderType.STOP_LIMIT, OrderType.TRAILING_STOP} == {
        OrderType.MARKET,
        OrderType.LIMIT,
        OrderType.STOP,
    }


def test_nothing_fills_in_a_bar_without_volume():
    street = Street()
    street.submit(entry(100, good=GTC), stop("90"))
    street.bar(CALM, volume=0)
    assert street.traded == []
    street.bar(CALM, volume=2_000)
    assert street.traded == [("d1-e1", 100, 100)]
