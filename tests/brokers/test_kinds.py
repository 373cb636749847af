"""Stops with a limit, trailing stops, brackets, orders for now, amendments and short sales, bar by bar."""

import pytest

from tests.brokers.street import COIN, D, Street, action, bar_of, done, order
from trader.domain.errors import OrderError
from trader.domain.market import ActionKind
from trader.domain.orders import Order, OrderState, OrderType, Side, TimeInForce
from trader.domain.portfolio import EntryKind

BUY, SELL = Side.BUY, Side.SELL
GTC, IOC = TimeInForce.GTC, TimeInForce.IOC
CALM = "100 101 99 100"


def stop_limit(side: Side, stop: str, limit: str, quantity: int = 10, **more: object) -> Order:
    plain = order(side, quantity, None, stop=stop, name="d2-e1", good=GTC)
    changes = {"type": OrderType.STOP_LIMIT, "limit_price": D(limit), **more}
    return Order.model_validate(plain.model_dump() | changes)


def trailing(
    side: Side, stop: str, trail: str, quantity: int = 10, parent: str | None = None, name: str = "d1-s1"
) -> Order:
    plain = order(side, quantity, None, stop=stop, name=name, good=GTC, reduce_only=True, parent=parent)
    return Order.model_validate(plain.model_dump() | {"type": OrderType.TRAILING_STOP, "trail": D(trail)})


def leg(price: str, name: str, *, stop: bool, quantity: int = 10) -> Order:
    at = {"limit": None, "stop": price} if stop else {"limit": price}
    return order(SELL, quantity, name=name, parent="d1-e1", reduce_only=True, good=GTC, **at)


def bracket(quantity: int = 10, good: TimeInForce = GTC) -> list[Order]:
    return [
        order(quantity=quantity, limit="105", good=good),
        leg("95", "d1-s1", stop=True, quantity=quantity),
        leg("110", "d1-t1", stop=False, quantity=quantity),
    ]


def holding(*legs: Order, units: int = 10) -> Street:
    street = Street()
    street.submit(order(quantity=units, limit="105"), *legs)
    street.bar(CALM)
    return street


# Stops with a limit


@pytest.mark.parametrize(
    ("bars", "price"),
    [
        (["100 104 99 103"], None),  # asleep: the stop is not touched
        (["100 105 99 103"], "105"),  # touched, and the limit allows the stop
        (["106 107 104 105"], "106"),  # opened past the stop, within the limit
        (["108 109 107.5 108"], None),  # opened past both
        (["108 109 106.5 108"], "107"),  # opened past both, and came back through the limit
        (["108 109 107.5 108", "106 107 105 106"], "106"),  # it is a limit order ever after
        (["108 109 107.5 108", "109 110 107 108"], None),  # and a touch of the limit is not enough
    ],
)
def test_a_stop_with_a_limit_wakes_at_the_stop_and_never_pays_more_than_the_limit(bars, price):
    street = Street()
    street.submit(stop_limit(BUY, "105", "107"))
    for prices in bars:
        street.bar(prices)
    assert street.traded == ([] if price is None else [("d2-e1", 10, D(price))])


@pytest.mark.parametrize(
    ("bars", "price"),
    [
        (["100 101 95 96"], "95"),
        (["94 95 93 94"], "94"),
        (["92 92.5 91 92"], None),
        (["92 93.01 91 92"], "93"),
        (["92 92.5 91 92", "94 95 93 94"], "94"),
    ],
)
def test_a_sale_wakes_at_the_stop_and_never_brings_less_than_the_limit(bars, price):
    street = holding()
    street.submit(stop_limit(SELL, "95", "93", reduce_only=True))
    for prices in bars:
        street.bar(prices)
    assert street.traded[1:] == ([] if price is None else [("d2-e1", -10, D(price))])


def test_a_limit_better_than_the_stop_waits_for_the_next_bar():
    street = Street()
    street.submit(stop_limit(BUY, "105", "103"))
    street.bar("100 106 99 104")
    assert street.traded == []
    assert street.ledger.orders["d2-e1"].triggered
    street.bar("104 105 102.99 104")
    assert street.traded == [("d2-e1", 10, 103)]


def test_what_a_stop_with_a_limit_leaves_is_a_limit_order():
    street = Street()
    street.submit(stop_limit(BUY, "105", "107", quantity=10))
    street.bar("100 105 99 105", volume=60)
    assert street.traded == [("d2-e1", 6, 105)]
    assert "limit order" in street.reason("d2-e1")
    street.bar("110 111 108 110", volume=1000)
    assert len(street.traded) == 1
    street.restart()
    street.bar("110 111 106.9 110", volume=1000)
    assert street.traded[1:] == [("d2-e1", 4, 107)]


# Trailing stops


def test_a_trailing_stop_follows_the_high_for_the_next_bar_and_never_goes_back():
    street = holding(trailing(SELL, "95", "5", parent="d1-e1"))
    stops = [street.ledger.orders["d1-s1"].order.stop_price]
    for prices in ("100 104 99.5 103", "103 103.5 100 101", "103 108.03 102.9 107"):
        street.bar(prices)
        stops.append(street.ledger.orders["d1-s1"].order.stop_price)
    assert stops == [95, 99, 99, D("103.03")]
    assert "108.03" in street.reason("d1-s1")
    street.restart()
    street.bar("106 107 103 104")
    assert street.traded[1:] == [("d1-s1", -10, D("103.03"))]


def test_in_the_bar_of_its_entry_a_trailing_stop_follows_the_close():
    street = Street()
    street.submit(order(limit="99"), trailing(SELL, "90", "5", parent="d1-e1"))
    street.bar("100 107 98 100")
    assert street.traded == [("d1-e1", 10, 99)]
    assert street.ledger.orders["d1-s1"].order.stop_price == 95


def test_a_trailing_stop_above_a_short_follows_the_low():
    street = Street()
    street.submit(order(SELL, 10, "95", name="d1-e1"), trailing(BUY, "105", "5", parent="d1-e1"))
    street.bar(CALM)
    street.bar("100 101 96.01 97")
    assert street.ledger.orders["d1-s1"].order.stop_price == D("101.01")
    street.bar("97 101.01 96 97")
    assert street.ledger.quantity("AAPL") == 0


def test_a_stop_that_sleeps_with_its_entry_does_not_trail():
    street = Street()
    street.submit(order(limit="90", good=GTC), trailing(SELL, "85", "5", parent="d1-e1"))
    street.bar("100 120 99 118")
    assert street.ledger.orders["d1-s1"].order.stop_price == 85


def test_a_split_rescales_the_stop_the_limit_and_the_distance():
    street = holding(trailing(SELL, "90", "5", parent="d1-e1"))
    street.submit(stop_limit(BUY, "110", "112"))
    street.bar("50 51 49 50", action("AAPL", 2, ActionKind.SPLIT, "2"))
    stop, entry = street.ledger.orders["d1-s1"].order, street.ledger.orders["d2-e1"].order
    assert (stop.quantity, stop.trail) == (20, D("2.5"))
    assert (entry.stop_price, entry.limit_price, entry.quantity) == (55, 56, 20)
    street.restart()
    assert street.ledger.orders["d2-e1"].order.limit_price == 56


# Brackets


def test_a_target_that_fills_cancels_the_stop_and_a_stop_the_target():
    for prices, filled, ended in (
        ("105 110.01 104 108", "d1-t1", "d1-s1"),
        ("97 98 94 95", "d1-s1", "d1-t1"),
    ):
        street = Street()
        street.submit(*bracket())
        street.bar(CALM)
        street.bar(prices)
        assert [name for name, *_ in street.traded] == ["d1-e1", filled]
        assert street.state(ended) is OrderState.CANCELLED
        assert street.reason(ended) == f"{filled} has closed 10"


def test_a_leg_that_fills_in_part_leaves_the_other_leg_the_rest():
    street = Street()
    street.submit(*bracket())
    street.bar(CALM)
    street.bar("105 111 104 108", volume=40)
    assert street.traded[1:] == [("d1-t1", -4, 110)]
    assert street.ledger.orders["d1-s1"].remaining == 6
    street.restart()
    street.bar("97 98 94 95")
    assert street.traded[2:] == [("d1-s1", -6, 95)]
    assert street.state("d1-t1") is OrderState.CANCELLED
    assert street.ledger.quantity("AAPL") == 0


def test_a_leg_never_closes_what_another_entry_opened():
    street = Street()
    street.submit(*bracket())
    street.bar(CALM)
    street.submit(order(quantity=7, limit="115", name="d2-e1", good=GTC))
    street.bar("108 111 107 110")
    assert street.ledger.quantity("AAPL") == 7
    street.bar("97 98 94 95")
    assert street.ledger.quantity("AAPL") == 7


def test_legs_follow_an_entry_that_fills_in_parts():
    street = Street()
    street.submit(*bracket(quantity=10))
    street.bar(CALM, volume=60)
    street.bar("112 113 111 112", volume=40)  # the target takes 4 of the 6 at the open; the entry is dearer
    assert [units for _, units, _ in street.traded] == [6, -4]
    street.bar("100 101 99 100", volume=1000)
    assert street.ledger.quantity("AAPL") == 6
    street.bar("94 95 93 94", volume=1000)
    assert street.ledger.quantity("AAPL") == 0
    assert not list(street.ledger.working())


# Orders for now


@pytest.mark.parametrize(
    ("sent", "volume", "filled"),
    [
        (order(limit="105", good=IOC), None, 10),
        (order(limit="105", good=IOC), 40, 4),
        (order(limit="99.5", good=IOC), None, 0),  # the bar trades through it, but not at once
        (order(limit=None, good=IOC), None, 10),
    ],
)
def test_what_an_order_for_now_does_not_get_at_the_open_is_cancelled(sent, volume, filled):
    street = Street()
    street.submit(sent)
    street.bar(CALM, volume=volume)
    assert sum(units for _, units, _ in street.traded) == filled
    expected = OrderState.FILLED if filled == 10 else OrderState.CANCELLED
    assert street.state("d1-e1") is expected
    assert expected is OrderState.FILLED or street.reason("d1-e1") == f"{filled} of 10 filled at once"
    assert not list(street.ledger.working())


def test_the_legs_of_an_order_for_now_keep_what_it_filled():
    street = Street()
    street.submit(*bracket(good=IOC))
    street.bar(CALM, volume=40)
    assert [one.remaining for one in street.ledger.working()] == [4, 4]
    street.bar("94 95 93 94", volume=1000)
    assert street.ledger.quantity("AAPL") == 0


# Amendments


def amend(street: Street, name: str = "d1-e1", **terms: str):
    events = done(street.broker.amend(name, **{key: D(value) for key, value in terms.items()}))
    street.rows += events
    return events


def test_an_amended_order_has_its_new_terms_after_a_restart_too():
    street = Street()
    street.submit(order(limit="90", good=GTC))
    (event,) = amend(street, price="105", quantity="12")
    assert (event.state, event.reason) == (OrderState.ACKNOWLEDGED, "amended, as it was asked")
    street.restart()
    street.bar(CALM)
    assert street.traded == [("d1-e1", 12, 100)]
    assert amend(street, price="106") == ()
    assert amend(street, "nobody", price="106") == ()


def test_a_stop_is_moved_and_its_limit_beside_it():
    street = holding()
    street.submit(stop_limit(SELL, "95", "93", reduce_only=True))
    amend(street, "d2-e1", price="97", limit_price="96")
    street.bar("99 100 97 98")
    assert street.traded[1:] == [("d2-e1", -10, 97)]


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        ({"quantity": "6"}, "d1-e1: quantity 6 asked, 6 have filled"),
        ({"quantity": "7.5"}, "quantity 7.5 is not a multiple of the lot 1"),
        ({"price": "99.999"}, "price 99.999 is off the tick 0.01"),
        ({"price": "-1"}, "greater than 0"),
        ({"trail": "5"}, "a trailing stop, and no other"),
        ({"quantity": "NaN"}, "NaN"),
    ],
)
def test_an_amendment_that_cannot_be_changes_nothing(terms, says):
    street = Street()
    street.submit(order(limit="105", good=GTC))
    street.bar(CALM, volume=60)
    before = street.ledger.orders["d1-e1"]
    with pytest.raises(OrderError, match=says):
        amend(street, **terms)
    assert street.ledger.orders["d1-e1"] == before


def test_the_quantities_of_a_bracket_are_not_amended_one_by_one():
    street = Street()
    street.submit(*bracket())
    for name in ("d1-e1", "d1-s1"):
        with pytest.raises(OrderError, match="belong together"):
            amend(street, name, quantity="5")
    assert amend(street, "d1-s1", price="96")
    street.bar(CALM)
    with pytest.raises(OrderError, match="belong together"):
        amend(street, "d1-t1", quantity="5")


# Short sales


@pytest.mark.parametrize(("held", "sold", "taken"), [(0, 1, False), (10, 10, True), (10, 11, False)])
def test_what_nobody_is_known_to_lend_is_not_sold_short(held, sold, taken):
    street = Street(borrow_rate=None)
    if held:
        street.submit(order(quantity=held, limit="105"))
        street.bar(CALM)
    (state,) = street.submit(order(SELL, sold, "95", name="d2-x1"))
    assert state is (OrderState.ACKNOWLEDGED if taken else OrderState.REJECTED)
    if not taken:
        assert street.reason("d2-x1") == (
            f"{sold} AAPL to be sold, {held} held: whether the rest can be borrowed is not known"
        )


def test_units_that_another_order_sells_are_not_sold_twice():
    street = Street(borrow_rate=None)
    street.submit(order(quantity=10, limit="105"))
    street.bar(CALM)
    assert street.submit(
        order(SELL, 6, "120", name="d2-x1", good=GTC), order(SELL, 5, "120", name="d3-x1", good=GTC)
    ) == [OrderState.ACKNOWLEDGED, OrderState.REJECTED]
    assert street.submit(order(SELL, 9, "120", name="d4-x1", reduce_only=True)) == [OrderState.ACKNOWLEDGED]


def test_futures_need_not_be_borrowed():
    street = Street(borrow_rate=None)
    assert street.submit(order(SELL, 1, "95", symbol="ES")) == [OrderState.ACKNOWLEDGED]


def test_a_short_position_pays_its_lender_session_by_session():
    street = Street(borrow_rate=D("0.0252"))
    street.submit(order(SELL, 10, "95"))
    street.bar(CALM)
    assert street.entries == []
    street.bar("102 103 101 102")
    street.step({"AAPL": bar_of("AAPL", 2, "102 103 101 102")})  # another bar of that day
    (paid,) = street.entries
    assert (paid.kind, paid.cash, paid.at) == (EntryKind.BORROW, D("-0.102"), bar_of("AAPL", 2, CALM).opened)
    assert street.ledger.cash == 100_000 + 1000 - D("0.102")
    street.submit(order(BUY, 10, "110", name="d2-x1", reduce_only=True))
    street.bar("100 101 99 100")
    (trade,) = street.ledger.closed
    assert trade.realised == -D("0.102") - D("0.1")
    street.bar(CALM)
    assert len(street.entries) == 2


def test_a_coin_is_lent_every_day_of_the_year():
    street = Street(borrow_rate=D("0.0365"))
    street.submit(order(SELL, "1", "95", symbol=COIN.symbol))
    street.bar(symbol=COIN.symbol, prices=CALM)
    street.bar(symbol=COIN.symbol, prices=CALM)
    assert [one.cash for one in street.entries] == [D("-0.01")]


def test_at_an_open_past_both_legs_one_fills_and_the_other_is_cancelled_not_filled_too():
    """Another entry holds units beside: what the stop has closed, the target must not sell again."""
    street = Street()
    street.submit(order(quantity=10, limit="105", name="d2-e1"))
    street.submit(
        order(quantity=10, limit="105"), leg("101", "d1-s1", stop=True), leg("99", "d1-t1", stop=False)
    )
    street.bar(CALM)
    street.bar("100.5 100.5 100.5 100.5")
    filled = [fill.client_id for fill in street.fills if fill.side is SELL]
    assert len(filled) == 1
    assert street.ledger.quantity("AAPL") == 10
    other = {"d1-s1": "d1-t1", "d1-t1": "d1-s1"}[filled[0]]
    assert street.ledger.orders[other].state is OrderState.CANCELLED


def test_a_stop_whose_position_was_bought_at_an_open_past_it_gets_no_better_than_that_open():
    street = Street()
    exit_ = order(SELL, 10, None, stop="101", name="d2-x1", reduce_only=True, good=GTC)
    street.submit(exit_, order(quantity=10, limit="105"))
    street.bar("100 100 100 100")
    assert [(fill.client_id, fill.price) for fill in street.fills] == [("d1-e1", D(100)), ("d2-x1", D(100))]
