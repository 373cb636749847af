"""Cash, cost and profit to the last decimal, whatever the order of what comes in."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.brokers.street import BOOK, OPENED
from tests.risk.books import INSTRUMENTS, order
from trader.brokers.ledger import Ledger, Tracked, fold
from trader.domain.errors import IllegalTransition, OrderError
from trader.domain.orders import Awaiting, Fill, OrderEvent, OrderState, Side
from trader.domain.portfolio import AccountEntry, EntryKind

D = Decimal
LATER = OPENED + timedelta(days=1)


def fill(number, side, quantity, price, fee="0", name="d1-e1", symbol="AAPL", currency="USD"):
    return Fill(
        id=f"{name}-{number}",
        client_id=name,
        symbol=symbol,
        side=side,
        quantity=D(quantity),
        price=D(price),
        fee=D(fee),
        fee_currency=currency,
        at=LATER + timedelta(hours=number),
    )


def after(*rows, symbol="AAPL"):
    return fold(BOOK, INSTRUMENTS, [order(quantity=1000, symbol=symbol), *rows])


BUY, SELL = Side.BUY, Side.SELL


def test_a_purchase_costs_its_price_and_its_fee():
    ledger = after(fill(1, BUY, 10, "100.01", "0.5"))
    held = ledger.holdings["AAPL"]
    assert (held.quantity, held.cost, held.opened_at) == (10, D("1000.6"), LATER + timedelta(hours=1))
    assert (held.entered, held.spent) == (10, D("1000.1"))
    assert ledger.cash == 100_000 - D("1000.6")


def test_a_part_that_is_sold_takes_its_share_of_the_cost():
    ledger = after(fill(1, BUY, 3, "100", "0.1"), fill(2, SELL, 1, "110", "0.2"))
    held = ledger.holdings["AAPL"]
    share = D("100.03333333")  # 300.1 / 3 to the eighth decimal
    assert (held.quantity, held.cost, held.realised) == (2, D("300.1") - share, D("109.8") - share)


def test_a_round_trip_has_made_exactly_the_cash_that_it_moved():
    ledger = after(
        fill(1, BUY, 3, "100", "0.1"),
        fill(2, BUY, 4, "101.37", "0.13"),
        fill(3, SELL, 2, "99.99", "0.07"),
        fill(4, SELL, 5, "103.01", "0.11"),
    )
    (trade,) = ledger.closed
    assert ledger.holdings == {}
    assert (
        trade.realised == ledger.cash - 100_000 == D("515.05") + D("199.98") - 300 - D("405.48") - D("0.41")
    )
    assert (trade.quantity, trade.symbol) == (7, "AAPL")
    assert (trade.entry, trade.exit) == (D("100.78285714"), D("102.14714286"))
    assert (trade.opened_at, trade.closed_at) == (LATER + timedelta(hours=1), LATER + timedelta(hours=4))


def test_a_short_sale_is_the_same_with_its_sign_turned():
    ledger = after(fill(1, SELL, 10, "100", "1"))
    assert ledger.holdings["AAPL"].cost == -999
    ledger.apply(fill(2, BUY, 10, "90", "1"))
    (trade,) = ledger.closed
    assert (trade.quantity, trade.entry, trade.exit, trade.realised) == (-10, 100, 90, 98)
    assert ledger.cash == 100_098


def test_a_fill_that_turns_the_position_closes_one_trade_and_opens_another():
    ledger = after(fill(1, BUY, 100, "100"), fill(2, SELL, 150, "102", "3"))
    (trade,) = ledger.closed
    held = ledger.holdings["AAPL"]
    assert (trade.quantity, trade.realised) == (100, 198)
    assert (held.quantity, held.cost, held.opened_at) == (-50, -5_099, trade.closed_at)
    assert ledger.cash == 100_000 - 10_000 + 15_300 - 3


def test_a_future_moves_cash_by_its_multiplier_and_averages_points():
    ledger = after(
        fill(1, BUY, 2, "2000.25", symbol="ES"), fill(2, SELL, 2, "2001.75", "4", symbol="ES"), symbol="ES"
    )
    (trade,) = ledger.closed
    assert (trade.entry, trade.exit, trade.realised) == (D("2000.25"), D("2001.75"), 146)


def test_a_repeated_fill_is_one_fill():
    once, twice = after(fill(1, BUY, 10, 100)), after(fill(1, BUY, 10, 100), fill(1, BUY, 10, 100))
    assert vars(once) == vars(twice)


def test_a_repeated_entry_is_one_entry():
    dividend = AccountEntry(id="x", kind=EntryKind.DIVIDEND, at=LATER, symbol="AAPL", cash=D(5))
    assert after(dividend, dividend).cash == 100_005


def test_a_repeated_event_is_one_event_and_a_repeated_intent_changes_nothing():
    event = OrderEvent(client_id="d1-e1", state=OrderState.SUBMITTED, at=LATER)
    ledger = after(event, event, order(quantity=5))
    assert ledger.orders["d1-e1"].order.quantity == 1000
    assert [one.order.client_id for one in ledger.working()] == ["d1-e1"]


def step(state, minutes=0, name="d1-e1", **more):
    return OrderEvent(client_id=name, state=state, at=LATER + timedelta(minutes=minutes), **more)


def test_what_comes_late_or_again_does_not_take_an_order_back():
    submitted, acknowledged = step(OrderState.SUBMITTED), step(OrderState.ACKNOWLEDGED, 1)
    ledger = after(submitted, step(OrderState.CANCELLED, 2), acknowledged)
    assert ledger.orders["d1-e1"].state is OrderState.CANCELLED
    smaller, larger = (
        step(OrderState.PARTLY_FILLED, n, quantity=D(units)) for n, units in ((3, 500), (4, 700))
    )
    ledger = after(submitted, acknowledged, smaller, larger, smaller)
    assert ledger.orders["d1-e1"].order.quantity == 700


def test_what_awaits_approval_is_intended_for_as_much_as_was_approved():
    asked, approved = Awaiting(order=order(quantity=10)), order(quantity=4)
    ledger = fold(BOOK, INSTRUMENTS, [asked])
    assert ledger.orders == {"d1-e1": Tracked(asked.order, OrderState.AWAITING_APPROVAL)}
    for again in (approved, asked, order(quantity=9)):
        ledger.apply(again)
        assert ledger.orders == {"d1-e1": Tracked(approved, OrderState.INTENDED)}


def test_an_order_knows_since_when_the_venue_has_it():
    ledger = after(step(OrderState.SUBMITTED))
    assert ledger.orders["d1-e1"].acknowledged is None
    for state, minutes in ((OrderState.ACKNOWLEDGED, 1), (OrderState.PARTLY_FILLED, 2)):
        ledger.apply(step(state, minutes))
        assert ledger.orders["d1-e1"].acknowledged == LATER + timedelta(minutes=1)


def test_parts_of_coins_are_added_up():
    coins = [fill(n, BUY, units, 100, symbol="BTCUSD") for n, units in ((1, "0.5"), (2, "0.8"))]
    ledger = after(*coins, symbol="BTCUSD")
    assert (ledger.quantity("BTCUSD"), ledger.closed) == (D("1.3"), [])


def leaving(name="d1-x1", limit="90", **more):
    return order(SELL, 10, limit, name=name, **({"reduce_only": True} | more))


@pytest.mark.parametrize(
    ("exit_", "stopped", "remembered"),
    [
        (leaving(), False, False),
        (leaving(limit=None), False, False),
        (leaving("d1-t1", "110", parent="d1-e1"), False, False),
        (leaving("d1-s1", None, parent="d1-e1"), True, True),  # at the market, in the place of a stop
        (leaving("d1-s1", None, stop="95", parent="d1-e1"), True, True),
        (leaving("d1-s1", None, stop="95", reduce_only=False), True, False),
    ],
)
def test_a_stop_is_what_began_as_one_and_its_last_fill_is_remembered_if_it_may_only_reduce(
    exit_, stopped, remembered
):
    sold = [fill(n, SELL, 5, 90, name=exit_.client_id) for n in (3, 2)]
    ledger = after(exit_, fill(1, BUY, 10, 100), *sold)
    assert [trade.stopped for trade in ledger.closed] == [stopped]
    assert ledger.stopped == ({"AAPL": sold[0].at} if remembered else {})


def test_a_deposit_is_cash_and_touches_no_position():
    deposit = AccountEntry(id="x", kind=EntryKind.DEPOSIT, at=LATER, symbol="AAPL", cash=D(500))
    ledger = after(fill(1, BUY, 1, 100), deposit)
    assert (ledger.cash, ledger.holdings["AAPL"].realised) == (100_400, 0)


def test_a_dividend_that_comes_after_the_position_is_only_cash():
    dividend = AccountEntry(id="x", kind=EntryKind.DIVIDEND, at=LATER, symbol="AAPL", cash=D(5))
    ledger = after(fill(1, BUY, 1, 100), fill(2, SELL, 1, 100), dividend)
    assert (ledger.cash, ledger.closed[0].realised) == (100_005, 0)


def test_orders_stop_working_when_they_are_done():
    steps = [OrderState.SUBMITTED, OrderState.ACKNOWLEDGED, OrderState.CANCELLED]
    ledger = Ledger(BOOK, INSTRUMENTS)
    ledger.apply(order())
    counts = []
    for state in steps:
        ledger.apply(OrderEvent(client_id="d1-e1", state=state, at=LATER))
        counts.append(len(list(ledger.working())))
    assert counts == [1, 1, 0]
    assert list(ledger.working("IBM")) == []


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (fill(1, BUY, 1, 100, name="d9-e1"), "order d9-e1: nobody intended it"),
        (OrderEvent(client_id="d9-e1", state=OrderState.FILLED, at=LATER), "order d9-e1: nobody intended it"),
        (fill(1, BUY, 1, 100, symbol="TSLA"), "TSLA: not an instrument of this book"),
        (fill(1, BUY, 1, 100, "1", currency="BNB"), "fill d1-e1-1: a fee in BNB; the book is in USD"),
    ],
)
def test_what_cannot_have_happened_is_an_error_and_changes_nothing(row, message):
    ledger, before = after(), vars(after())
    with pytest.raises(OrderError) as refused:
        ledger.apply(row)
    assert refused.value.message == message
    assert vars(ledger) == before


def test_a_step_that_an_order_may_not_take_is_an_error():
    ledger = after()
    with pytest.raises(IllegalTransition, match="order d1-e1: intended cannot become filled"):
        ledger.apply(OrderEvent(client_id="d1-e1", state=OrderState.FILLED, at=LATER))


def test_the_account_is_a_value_of_what_is_held_and_what_works():
    ledger = after(
        OrderEvent(client_id="d1-e1", state=OrderState.SUBMITTED, at=LATER), fill(1, BUY, 10, 100, "1")
    )
    account = ledger.account(LATER, {"AAPL": D(110)}, D(120_000), D(100_000))
    assert account.equity == 100_000 - 1 + 100
    assert (account.peak, account.day_open, account.currency) == (120_000, 100_000, "USD")
    assert account.positions[0].cost == 1_001
    sold = fold(BOOK, INSTRUMENTS, [order(quantity=1000), fill(1, BUY, 10, 100), fill(2, SELL, 4, 110)])
    assert sold.account(LATER, {"AAPL": D(110)}, D(1), D(1)).positions[0].realised == 40
    assert [(one.order.client_id, one.filled, one.remaining) for one in account.working] == [
        ("d1-e1", 10, 990)
    ]
    assert account.multipliers == {"ES": 50}
    ledger.apply(fill(2, SELL, 10, 100))
    assert account.quantity("AAPL") == 10, "a value does not change"


def test_a_split_rescales_what_has_left_already():
    split = AccountEntry(id="x", kind=EntryKind.SPLIT, at=LATER, symbol="AAPL", quantity=D(6))
    ledger = after(fill(1, BUY, 10, 100), fill(2, SELL, 4, 110), split, fill(3, SELL, 12, 55))
    (trade,) = ledger.closed
    assert (trade.quantity, trade.entry, trade.exit, trade.realised) == (20, 50, 55, 100)


def test_a_fee_in_units_that_takes_the_last_of_them_ends_the_trade():
    fee = AccountEntry(id="x", kind=EntryKind.FEE, at=LATER, symbol="AAPL", quantity=D(-10))
    ledger = after(fill(1, BUY, 10, 100), fee)
    (trade,) = ledger.closed
    assert (trade.closed_at, trade.quantity, trade.exit, trade.realised) == (LATER, 10, 0, -1000)
    assert (trade.opened_by, trade.closed_by, trade.stopped) == ("d1-e1", "", False)
    assert ledger.cash == 99_000


def test_a_trade_knows_whether_a_stop_ended_it_and_what_it_had_cost():
    exit_ = order(SELL, 10, "90", name="d1-x1")
    stop = order(SELL, 10, None, stop="95", name="d1-s1")
    bought = fill(1, BUY, 10, "100", "1")
    for sold, stopped in (
        (fill(2, SELL, 10, "90", name="d1-x1"), False),
        (fill(2, SELL, 10, "95", name="d1-s1"), True),
    ):
        (trade,) = fold(BOOK, INSTRUMENTS, [order(), exit_, stop, bought, sold]).closed
        assert (trade.stopped, trade.cost) == (stopped, 1000)
        assert (trade.opened_by, trade.closed_by) == ("d1-e1", sold.client_id)
