"""The journal beside the venue: every difference has a name."""

from decimal import Decimal

import pytest

from tests.contracts.broker import GTC
from tests.risk.books import order
from trader.brokers.reconcile import Claims, Kind, Statement, compare, settled
from trader.brokers.venue_account import VenueOrder
from trader.domain.orders import Order, OrderState, Side
from trader.domain.portfolio import WorkingOrder

D = Decimal
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


def stop_limit(stop: str, limit: str) -> Order:
    plain = order(Side.SELL, limit=None, stop=stop)
    return Order.model_validate(plain.model_dump() | {"type": "stop_limit", "limit_price": limit})


@pytest.mark.parametrize(
    ("ours", "stop", "limit", "journal", "venue"),
    [
        (order(Side.SELL, limit=None, stop="95"), "96", None, "sell 10 at 95", "sell 10 at 96"),
        (stop_limit("95", "94"), "95", "93", "sell 10 at 95, then 94", "sell 10 at 95, then 93"),
        (stop_limit("95", "94"), None, "94", "sell 10 at 95, then 94", "sell 10 at 94"),
        (order(Side.SELL, limit=None), "90", None, "sell 10 at the market", "sell 10 at 90"),
        (order(Side.SELL, limit=None, stop="95"), None, "94", "sell 10 at 95", "sell 10 at the market"),
        (order(Side.SELL, limit=None, stop="95"), "95", "94.7", None, None),  # an average price, no limit
        (order(Side.SELL, limit=None), None, "94.7", None, None),
    ],
)
def test_terms_are_said_as_a_person_would(
    ours: Order, stop: str | None, limit: str | None, journal: str | None, venue: str | None
) -> None:
    claims = CLAIMS.model_copy(update={"working": (WORKING.model_copy(update={"order": ours}),)})
    theirs = AT_VENUE.model_dump() | {"side": Side.SELL, "stop_price": stop, "limit_price": limit}
    found = compare(claims, STATEMENT.model_copy(update={"orders": (VenueOrder.model_validate(theirs),)}))
    expected = [] if journal is None else [("d1-e1", Kind.TERMS, journal, venue)]
    assert [(one.what, one.kind, one.journal, one.venue) for one in found] == expected


def test_differences_come_by_order_and_kind_and_assets_after_them() -> None:
    second = WORKING.model_copy(update={"order": order(limit="99", good=GTC, name="d2-e1")})
    claims = Claims(
        working=(second, WORKING),
        known=CLAIMS.known,
        holdings={"USD": 100, "EUR": 5, "BTC": 0},
    )
    orders = (
        AT_VENUE.model_copy(update={"client_id": "", "venue_id": "c7"}),
        AT_VENUE.model_copy(update={"client_id": "b1", "venue_id": "8"}),
        AT_VENUE.model_copy(update={"quantity": D(11), "filled": D(3)}),
    )
    found = compare(claims, Statement(at=NOW, orders=orders, balances={"USD": 99}))
    assert [(one.what, one.kind, one.venue) for one in found] == [
        ("b1", Kind.FOREIGN, "buy 10 AAPL works"),
        ("c7", Kind.FOREIGN, "buy 10 AAPL works"),
        ("d1-e1", Kind.FILLED, "3"),
        ("d1-e1", Kind.TERMS, "buy 11 at 99"),
        ("d2-e1", Kind.MISSING, "no open order"),
        ("EUR", Kind.HOLDING, "0"),
        ("USD", Kind.HOLDING, "99"),
    ]


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
