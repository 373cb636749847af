"""Orders against an order book: level by level, no more than is offered, not before they are there."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.brokers.street import BOOK, FREE, OPENED, Street, done
from tests.risk.books import INSTRUMENTS, order
from trader.brokers.costs import CostModel
from trader.brokers.ledger import fold
from trader.brokers.paper import PaperBroker
from trader.brokers.walking import taken_of
from trader.clock import SetClock
from trader.domain.market import Level, OrderBook
from trader.domain.orders import OrderState, Side, TimeInForce

D = Decimal
LATER = OPENED + timedelta(seconds=1)


def levels(*pairs: tuple[str, int]) -> tuple[Level, ...]:
    return tuple(Level(price=D(price), quantity=D(units)) for price, units in pairs)


def book(bids=(("99.9", 5), ("99.5", 20)), asks=(("100.1", 5), ("100.5", 20)), at=LATER) -> OrderBook:
    return OrderBook(symbol="AAPL", at=at, bids=levels(*bids), asks=levels(*asks))


def meets(street: Street, *books: OrderBook, latency: float = 0.0) -> None:
    for one in books:
        street.rows += street.broker.meet(one, timedelta(seconds=latency)).rows


def test_a_market_order_walks_from_the_best_level_out() -> None:
    street = Street(CostModel(fee_bps=D(10), half_spread_bps=D(50), slippage_bps=D(50)))
    street.submit(order(quantity=12, limit=None))
    meets(street, book())
    assert street.traded == [("d1-e1", 5, D("100.1")), ("d1-e1", 7, D("100.5"))]
    assert street.fills[1].fee == D("0.7035"), "fees as ever, and no slippage beside what the book shows"
    assert street.fills[1].market == D("100.1")
    assert street.state("d1-e1") is OrderState.FILLED


def test_a_limit_takes_nothing_worse_and_waits_for_the_next_book() -> None:
    street = Street()
    street.submit(order(quantity=12, limit="100.1"))
    meets(street, book())
    assert street.traded == [("d1-e1", 5, D("100.1"))]
    assert street.state("d1-e1") is OrderState.PARTLY_FILLED
    meets(street, book(asks=(("100", 3), ("100.1", 30)), at=LATER + timedelta(seconds=1)))
    assert [units for _, units, _ in street.traded] == [5, 3, 4]
    street.restart()
    assert street.ledger.quantity("AAPL") == 12


def test_what_one_order_has_taken_is_not_there_for_the_next() -> None:
    street = Street()
    street.submit(order(quantity=20, limit=None), order(quantity=20, limit=None, name="d2-e1"))
    meets(street, book())
    assert [(name, units) for name, units, _ in street.traded] == [("d1-e1", 5), ("d1-e1", 15), ("d2-e1", 5)]
    assert street.state("d2-e1") is OrderState.PARTLY_FILLED


def test_an_order_that_is_on_its_way_meets_no_book() -> None:
    street = Street()
    street.submit(order(limit=None))
    meets(street, book(at=OPENED), latency=0.5)
    assert street.fills == []
    meets(street, book(at=OPENED + timedelta(seconds=0.5)), latency=0.5)
    assert len(street.fills) == 2


def test_what_is_for_now_ends_with_the_first_book() -> None:
    street = Street()
    street.submit(order(quantity=10, limit="100.1", good=TimeInForce.IOC))
    meets(street, book())
    assert (street.state("d1-e1"), street.reason("d1-e1")) == (
        OrderState.CANCELLED,
        "5 of 10 filled at once",
    )


def test_a_stop_wakes_at_the_best_price_and_takes_its_target_with_it() -> None:
    street = Street()
    legs = {"parent": "d1-e1", "reduce_only": True, "good": TimeInForce.GTC}
    street.submit(
        order(quantity=5, limit="105"),
        order(Side.SELL, 5, None, name="d1-s1", stop="99", **legs),
        order(Side.SELL, 5, "110", name="d1-t1", **legs),
    )
    meets(street, book(), book(at=LATER + timedelta(seconds=1)))
    assert street.ledger.quantity("AAPL") == 5
    meets(street, book(bids=(("98.9", 3), ("98", 9)), at=LATER + timedelta(seconds=2)))
    assert street.traded[1:] == [("d1-s1", -3, D("98.9")), ("d1-s1", -2, D("98"))]
    assert street.state("d1-t1") is OrderState.CANCELLED
    assert street.ledger.quantity("AAPL") == 0


def test_a_side_without_offers_fills_nothing() -> None:
    street = Street()
    street.submit(order(limit=None))
    meets(street, book(asks=()))
    assert street.fills == []


@pytest.mark.parametrize(
    ("bids", "asks"),
    [((("99", 1), ("99.5", 1)), ()), ((), (("101", 1), ("100", 1))), ((("100", 1),), (("100", 1),))],
)
def test_a_book_out_of_order_or_crossed_is_no_book(bids, asks) -> None:
    with pytest.raises(ValidationError, match=r"order of price|cross"):
        book(bids, asks)


prices = st.lists(st.integers(1, 50), min_size=1, max_size=8, unique=True).map(sorted)


@given(prices, st.data(), st.integers(1, 200), st.one_of(st.none(), st.integers(1, 50)))
def test_nothing_is_lost_or_made_between_levels(found, data, wanted, limit) -> None:
    offered = [Level(price=D(price), quantity=D(data.draw(st.integers(1, 40)))) for price in found]
    asked = order(quantity=wanted, limit=None if limit is None else str(limit))
    taken, rest = taken_of(offered, asked, D(wanted))
    got = sum((level.quantity for level in taken), D(0))
    within = sum((one.quantity for one in offered if limit is None or one.price <= limit), D(0))
    assert got == min(D(wanted), within)
    assert got + sum(level.quantity for level in rest) == sum(level.quantity for level in offered)
    assert all(limit is None or level.price <= limit for level in taken)
    assert [level.price for level in taken] == sorted(level.price for level in taken)


def test_fills_of_a_book_survive_a_restart() -> None:
    broker = PaperBroker(fold(BOOK, INSTRUMENTS, ()), FREE, SetClock(OPENED))
    buying = order(quantity=7, limit=None)
    rows = [buying, *done(broker.submit(buying)), *broker.meet(book()).rows]
    again = fold(BOOK, INSTRUMENTS, rows)
    assert (again.cash, again.holdings) == (broker.ledger.cash, broker.ledger.holdings)
