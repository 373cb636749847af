"""What a venue's broker tells: every row is in the ledger first, once, and is given out once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.brokers.street import BOOK, OPENED
from tests.risk.books import INSTRUMENTS, order
from trader.brokers.ledger import fold
from trader.brokers.telling import Teller
from trader.brokers.venue_account import VenueOrder, VenueTrade
from trader.clock import SetClock
from trader.domain.ids import ClientOrderId
from trader.domain.orders import Fill, OrderEvent, OrderState, Side
from trader.domain.portfolio import AccountEntry, EntryKind

D = Decimal
S = OrderState
ONE = ClientOrderId("d1-e1")
LATER = OPENED + timedelta(minutes=5)

WAYS = {
    S.INTENDED: (),
    S.SUBMITTED: (S.SUBMITTED,),
    S.UNKNOWN: (S.SUBMITTED, S.UNKNOWN),
    S.NEVER_ARRIVED: (S.SUBMITTED, S.UNKNOWN, S.NEVER_ARRIVED),
    S.NOT_SENT: (S.NOT_SENT,),
    S.ACKNOWLEDGED: (S.SUBMITTED, S.ACKNOWLEDGED),
    S.PARTLY_FILLED: (S.SUBMITTED, S.PARTLY_FILLED),
    S.CANCELLED: (S.SUBMITTED, S.CANCELLED),
    S.REJECTED: (S.SUBMITTED, S.REJECTED),
}
"""How an order comes to where it stands."""


def event(state: OrderState, **more: object) -> OrderEvent:
    return OrderEvent.model_validate({"client_id": ONE, "state": state, "at": OPENED} | more)


def teller(state: OrderState = S.ACKNOWLEDGED) -> Teller:
    """Of a book with one order to buy ten."""
    rows = [order(quantity=10), *(event(one) for one in WAYS[state])]
    return Teller(fold(BOOK, INSTRUMENTS, rows), SetClock(OPENED))


def trade(number: int = 1, quantity: int = 4, fee: str = "0", currency: str = "USD") -> VenueTrade:
    return VenueTrade(
        id=str(number),
        order="77",
        symbol="AAPL",
        side=Side.BUY,
        quantity=D(quantity),
        price=D(100),
        fee=D(fee),
        fee_currency=currency,
        at=LATER,
    )


def said(state: OrderState, filled: int = 0) -> VenueOrder:
    return VenueOrder(
        venue_id="77",
        client_id=ONE,
        symbol="AAPL",
        side=Side.BUY,
        quantity=D(10),
        filled=D(filled),
        limit_price=D(100),
        stop_price=None,
        state=state,
    )


def a_fill(number: int = 1, quantity: int = 4, fee: str = "0") -> Fill:
    return Fill(
        id=f"AAPL-{number}",
        client_id=ONE,
        symbol="AAPL",
        side=Side.BUY,
        quantity=D(quantity),
        price=D(100),
        fee=D(fee),
        fee_currency="USD",
        at=LATER,
    )


def test_a_step_is_taken_at_once_and_told_once() -> None:
    one = teller(S.INTENDED)
    one.step(ONE, S.SUBMITTED)
    assert one.ledger.orders[ONE].state is S.SUBMITTED
    assert one.rows() == (event(S.SUBMITTED),)
    assert one.rows() == ()


def test_a_step_says_why_where_when_and_how_many_where_that_has_changed() -> None:
    one = teller(S.SUBMITTED)
    one.step(ONE, S.ACKNOWLEDGED, "after all", venue_id="77", quantity=D(7), at=LATER)
    one.step(ONE, S.CANCELLED, quantity=D(7))
    assert one.steps() == (
        event(S.ACKNOWLEDGED, reason="after all", venue_id="77", quantity=D(7), at=LATER),
        event(S.CANCELLED),
    )
    assert one.ledger.orders[ONE].order.quantity == 7
    assert one.rows() == (), "they have been told"


def test_steps_are_told_up_to_the_first_fill_and_the_rest_waits_in_its_order() -> None:
    one = teller(S.SUBMITTED)
    one.filled(ONE, trade(), "AAPL")
    one.step(ONE, S.CANCELLED)
    assert one.steps() == (event(S.ACKNOWLEDGED, venue_id="77"),)
    assert one.steps() == ()
    assert one.rows() == (a_fill(), event(S.PARTLY_FILLED, at=LATER), event(S.CANCELLED))


@pytest.mark.parametrize("state", WAYS)
@pytest.mark.parametrize(("units", "told"), [(None, None), (10, None), (11, None), (9, 9)])
def test_an_acknowledgement_is_news_of_what_nobody_knew_to_have_arrived(
    state: OrderState, units: int | None, told: int | None
) -> None:
    one = teller(state)
    one.acknowledged(ONE, "77", None if units is None else D(units))
    news = state in (S.SUBMITTED, S.UNKNOWN, S.NEVER_ARRIVED)
    assert one.rows() == (event(S.ACKNOWLEDGED, venue_id="77", quantity=told),) * news


@pytest.mark.parametrize(
    ("state", "end", "reason"),
    [
        (S.ACKNOWLEDGED, S.CANCELLED, "the venue has ended it"),
        (S.SUBMITTED, S.REJECTED, "the venue has ended it"),
        (S.PARTLY_FILLED, S.EXPIRED, "the venue has ended it"),
        (S.PARTLY_FILLED, S.FILLED, ""),
        (S.ACKNOWLEDGED, S.PARTLY_FILLED, None),  # no end
        (S.CANCELLED, S.EXPIRED, None),  # it has ended here
        (S.CANCELLED, S.FILLED, None),
        (S.INTENDED, S.CANCELLED, None),  # no order goes from the one to the other
    ],
)
def test_an_end_is_told_where_an_order_can_come_to_it(
    state: OrderState, end: OrderState, reason: str | None
) -> None:
    one = teller(state)
    one.ended(ONE, said(end), asked=False)
    assert one.rows() == (() if reason is None else (event(end, reason=reason),))


@pytest.mark.parametrize(
    ("end", "reason"),
    [(S.CANCELLED, "as it was asked"), (S.EXPIRED, "the venue has ended it"), (S.FILLED, "")],
)
def test_a_cancel_that_was_asked_for_is_not_the_venues_own_doing(end: OrderState, reason: str) -> None:
    one = teller(S.PARTLY_FILLED)
    one.ended(ONE, said(end), asked=True)
    assert one.rows() == (event(end, reason=reason),)


@pytest.mark.parametrize(("filled", "told"), [(3, True), (4, True), (5, False)])
def test_an_end_waits_for_the_fills_before_it(filled: int, told: bool) -> None:
    one = teller()
    one.filled(ONE, trade(quantity=4), "AAPL")
    one.rows()
    one.ended(ONE, said(S.CANCELLED, filled), asked=False)
    assert bool(one.rows()) is told


def test_a_fill_says_where_the_order_stands_and_comes_once() -> None:
    one = teller()
    for number, units in ((1, 4), (1, 4), (2, 6)):
        one.filled(ONE, trade(number, units, "0.5"), "AAPL")
    assert one.rows() == (
        a_fill(1, 4, "0.5"),
        event(S.PARTLY_FILLED, at=LATER),
        a_fill(2, 6, "0.5"),
        event(S.FILLED, at=LATER),
    )
    assert one.ledger.cash == BOOK.cash - 1001


def test_a_fill_that_crossed_a_cancel_changes_its_end_only_where_it_fills_all() -> None:
    one = teller(S.CANCELLED)
    one.filled(ONE, trade(1, 4), "AAPL")
    one.filled(ONE, trade(2, 6), "AAPL")
    assert one.rows() == (a_fill(1, 4), a_fill(2, 6), event(S.FILLED, at=LATER))


@pytest.mark.parametrize(("currency", "units", "held"), [("AAPL", "-0.01", "3.99"), ("BNB", "0", "4")])
def test_a_fee_in_what_was_bought_is_taken_from_it_and_another_is_noted_once(
    currency: str, units: str, held: str
) -> None:
    one = teller()
    for _ in range(2):
        one.filled(ONE, trade(fee="0.010", currency=currency), "AAPL")
    fee = AccountEntry(
        id="fee-AAPL-1",
        kind=EntryKind.FEE,
        at=LATER,
        symbol="AAPL",
        quantity=D(units),
        note=f"0.01 {currency}",
    )
    assert one.rows() == (a_fill(), fee, event(S.PARTLY_FILLED, at=LATER))
    assert one.ledger.quantity("AAPL") == D(held)
    assert one.ledger.cash == BOOK.cash - 400
