"""The journal beside the venue: every difference has a name."""

import pytest

from tests.contracts.broker import GTC
from tests.risk.books import order
from trader.brokers.reconcile import Claims, Kind, Statement, compare, settled
from trader.brokers.venue_account import VenueOrder
from trader.domain.orders import OrderState, Side
from trader.domain.portfolio import WorkingOrder

NOW = "2026-01-05T00:00:00Z"
WORKING = WorkingOrder(order=order(limit="99", good=GTC), state=OrderState.ACKNOWLEDGED)
AT_VENUE = VenueOrder(
    venue_id="1",
    client_id="d1-e1",
    symbol="AAPL",
    side=Side.BUY,
    quantity=10,
    filled=0,
    limit_price=99,
    stop_price=None,
    state=OrderState.ACKNOWLEDGED,
)
CLAIMS = Claims(working=(WORKING,), known={"d1-e1": OrderState.ACKNOWLEDGED}, holdings={"USD": 100})
STATEMENT = Statement(at=NOW, orders=(AT_VENUE,), balances={"USD": 100, "EUR": 7})


def at_venue(**changes: object) -> Statement:
    return STATEMENT.model_copy(update={"orders": (AT_VENUE.model_copy(update=changes),)})


def test_where_both_say_the_same_there_is_nothing_to_say() -> None:
    assert compare(CLAIMS, STATEMENT) == ()


CASES = {
    Kind.MISSING: (CLAIMS, STATEMENT.model_copy(update={"orders": ()}), "acknowledged", "no open order"),
    Kind.TERMS: (CLAIMS, at_venue(quantity=11), "buy 10 at 99", "buy 11 at 99"),
    Kind.FILLED: (CLAIMS, at_venue(filled=3), "0", "3"),
    Kind.HOLDING: (CLAIMS, STATEMENT.model_copy(update={"balances": {"USD": 99}}), "100", "99"),
    Kind.ENDED: (
        CLAIMS.model_copy(update={"working": (), "known": {"d1-e1": OrderState.CANCELLED}}),
        STATEMENT,
        "cancelled",
        "buy 10 AAPL works",
    ),
    Kind.FOREIGN: (
        CLAIMS.model_copy(update={"working": (), "known": {}}),
        STATEMENT,
        "nothing",
        "buy 10 AAPL works",
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_each_difference_is_named_with_both_sides(kind: Kind) -> None:
    claims, statement, journal, venue = CASES[kind]
    (found,) = compare(claims, statement)
    assert (found.kind, found.journal, found.venue) == (kind, journal, venue)
    assert journal in found.sentence
    assert venue in found.sentence


def test_an_unknown_order_that_is_not_there_is_no_difference() -> None:
    unknown = WORKING.model_copy(update={"state": OrderState.UNKNOWN})
    claims = CLAIMS.model_copy(update={"working": (unknown,)})
    assert compare(claims, STATEMENT.model_copy(update={"orders": ()})) == ()


def test_only_what_two_looks_say_alike_is_inexplicable() -> None:
    (missing,) = compare(*CASES[Kind.MISSING][:2])
    (less,) = compare(*CASES[Kind.HOLDING][:2])
    (foreign,) = compare(*CASES[Kind.FOREIGN][:2])
    report = settled((missing, less, foreign), (less, foreign), NOW)
    assert report.inexplicable == (less,)
    assert report.explained == (missing, foreign)
