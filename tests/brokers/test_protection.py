"""Which stops are due at a venue that knows no legs, from what is held and what works."""

from collections.abc import Iterable
from decimal import Decimal

import pytest

from tests.brokers.street import BOOK, OPENED
from tests.risk.books import INSTRUMENTS, order
from trader.brokers.ledger import Ledger, Row, fold
from trader.brokers.protection import MOST_STOPS, coverable, crowd, legs_due, rivals
from trader.domain.ids import ClientOrderId
from trader.domain.orders import Fill, Order, OrderEvent, OrderState, OrderType, Side

D = Decimal
S = OrderState


def bought(
    decision: str, units: str | int, stop: str | int | None = None, side: Side = Side.BUY
) -> list[Row]:
    """An entry that has filled, with a stop for so many units that sleeps."""
    entry = order(side, units, "100", symbol="BTCUSD", name=f"{decision}-e1")
    filled = Fill(
        id=f"{decision}-fill",
        client_id=entry.client_id,
        symbol="BTCUSD",
        side=side,
        quantity=D(units),
        price=D(100),
        fee_currency="USD",
        at=OPENED,
    )
    return [entry, filled, *([] if stop is None else [a_stop(decision, stop, side)])]


def a_stop(decision: str, units: str | int, entered: Side = Side.BUY, number: int = 1) -> Order:
    side, at = (Side.SELL, "90") if entered is Side.BUY else (Side.BUY, "110")
    return order(
        side,
        units,
        None,
        stop=at,
        symbol="BTCUSD",
        name=f"{decision}-s{number}",
        parent=f"{decision}-e1",
        reduce_only=True,
    )


def at(name: str, *states: OrderState) -> list[OrderEvent]:
    return [OrderEvent(client_id=ClientOrderId(name), state=state, at=OPENED) for state in states]


def in_shares(row: Row) -> Row:
    return row.model_copy(update={"symbol": "AAPL"}) if isinstance(row, Order | Fill) else row


def ledger(*rows: Iterable[Row]) -> Ledger:
    return fold(BOOK, INSTRUMENTS, [row for some in rows for row in some])


def due(known: Ledger, passed: Iterable[str] = (), refused: dict[str, Decimal] | None = None) -> list[Order]:
    return list(legs_due(known, {ClientOrderId(one) for one in passed}, refused or {}))


WORKS = (S.SUBMITTED, S.ACKNOWLEDGED)


@pytest.mark.parametrize("side", Side)
def test_a_stop_sleeps_until_its_entry_has_filled_and_is_due_for_what_has(side: Side) -> None:
    leg = a_stop("d1", 10, side)
    asleep = order(side, 10, "100", symbol="BTCUSD", name="d1-e1")
    assert due(ledger([asleep, leg])) == []
    assert due(ledger(bought("d1", 10, 10, side))) == [leg]
    assert due(ledger(bought("d1", 4, 10, side))) == [leg.model_copy(update={"quantity": D(4)})]
    assert due(ledger(bought("d1", 14, 10, side))) == [leg]


def test_what_has_no_stop_is_due_none() -> None:
    assert due(ledger(bought("d1", 10))) == []
    exit_ = order(Side.SELL, 10, "110", symbol="BTCUSD", name="d1-t1", parent="d1-e1", reduce_only=True)
    assert due(ledger(bought("d1", 10), [exit_])) == []


def test_a_stop_that_works_is_not_due_again_and_more_units_get_a_further_one() -> None:
    working = [*bought("d1", 4, 4), *at("d1-s1", *WORKS)]
    assert due(ledger(working)) == []
    more = [*working, *bought("d2", 6)]
    assert due(ledger(more)) == [a_stop("d1", 6, number=2)]
    assert due(ledger([*more, a_stop("d1", 6, number=2), *at("d1-s2", S.NOT_SENT)])) == [
        a_stop("d1", 6, number=3)
    ]


def test_one_that_never_arrived_is_sent_under_its_own_id() -> None:
    lost = at("d1-s1", S.SUBMITTED, S.UNKNOWN, S.NEVER_ARRIVED)
    assert due(ledger(bought("d1", 4, 4), lost)) == [a_stop("d1", 4)]


def test_the_stop_of_the_newest_entry_is_the_one_that_is_repeated() -> None:
    rows = [*bought("d1", 4, 4), *bought("d2", 6, 6), a_stop("d1", 1, number=2)]
    ended = [*at("d2-s1", S.SUBMITTED, S.CANCELLED), *at("d1-s2", S.SUBMITTED, S.CANCELLED)]
    (again,) = due(ledger(rows, ended))
    assert (again.client_id, again.quantity) == ("d2-s2", 10)
    unfilled = order(quantity=3, symbol="BTCUSD", name="d3-e1")
    assert due(ledger(rows, ended, [unfilled, a_stop("d3", 3)])) == [again], "nothing of d3 is held"


def test_legs_of_another_side_or_instrument_protect_nothing_here() -> None:
    stop = a_stop("d1", 4)
    other = stop.model_copy(update={"symbol": "AAPL"})
    wrong = a_stop("d1", 4, Side.SELL)
    own = stop.model_copy(update={"parent": None})
    for leg in (other, wrong, own):
        assert due(ledger(bought("d1", 4), [leg])) == []


def test_a_stop_that_the_market_has_passed_leaves_at_the_market() -> None:
    (leaving,) = due(ledger(bought("d1", 4, 4)), passed=["d1-s1"])
    assert (leaving.type, leaving.stop_price, leaving.limit_price) == (OrderType.MARKET, None, None)
    assert (leaving.client_id, leaving.quantity) == ("d1-s1", 4)


def test_all_that_is_held_leaves_with_a_stop_that_was_refused_as_passed() -> None:
    limited = a_stop("d1", 4).model_dump() | {"type": OrderType.STOP_LIMIT, "limit_price": D(89)}
    refused = [Order.model_validate(limited), *at("d1-s1", S.SUBMITTED, S.REJECTED)]
    (leaving,) = due(ledger(bought("d1", 4), refused, bought("d2", 2)), passed=["d1-s1"])
    assert (leaving.client_id, leaving.quantity) == ("d1-s2", 6)
    assert (leaving.type, leaving.stop_price, leaving.limit_price) == (OrderType.MARKET, None, None)


def test_a_part_of_a_coin_has_its_stop_and_a_further_leg_the_first_free_number() -> None:
    assert due(ledger(bought("d1", "0.5", 1))) == [a_stop("d1", "0.5")]
    second = [a_stop("d1", 4, number=2), *at("d1-s2", S.SUBMITTED, S.REJECTED)]
    assert due(ledger(bought("d1", 4), second)) == [a_stop("d1", 4)]


def test_a_leg_that_was_refused_is_not_asked_for_again_for_as_many_units() -> None:
    refused = [*bought("d1", 4, 4), *at("d1-s1", S.SUBMITTED, S.REJECTED)]
    last = ClientOrderId("d1-s1")
    assert due(ledger(refused), refused={last: D(4)}) == []
    assert [one.quantity for one in due(ledger(refused), refused={last: D(3)})] == [4]


def test_each_position_has_its_own_in_the_order_of_symbols() -> None:
    shares = [in_shares(row) for row in bought("d2", 4, 4)]
    found = due(ledger(bought("d1", 4, 4), shares))
    assert [one.symbol for one in found] == ["AAPL", "BTCUSD"]


def test_units_that_another_order_will_sell_cannot_be_covered() -> None:
    exit_ = order(Side.SELL, "1.5", "110", symbol="BTCUSD", name="d9-x1", reduce_only=True)
    buying = order(Side.BUY, 3, "90", symbol="BTCUSD", name="d8-e1")
    shares = order(Side.SELL, 3, "110", name="d7-x1")
    working = [row for one in (exit_, buying, shares) for row in (one, *at(one.client_id, *WORKS))]
    known = ledger(bought("d1", 4), working)
    assert coverable(known, a_stop("d1", 9)) == D("2.5")
    assert coverable(known, a_stop("d1", 2)) == 2
    assert coverable(known, exit_) == D("1.5"), "it does not compete with itself"
    assert coverable(known, exit_.model_copy(update={"quantity": D(9)})) == 4
    assert coverable(known, order(Side.BUY, 1, symbol="BTCUSD", name="d6-e1")) == 0
    assert coverable(known, order(Side.SELL, 1, name="d6-x1")) == 0


def test_only_whole_lots_can_be_covered_and_never_fewer_than_none() -> None:
    known = ledger(bought("d1", "0.0000199"))
    assert coverable(known, a_stop("d1", 1)) == D("0.00001")
    more = order(Side.SELL, 1, "110", symbol="BTCUSD", name="d9-x1")
    oversold = ledger(bought("d1", "0.5"), [more, *at("d9-x1", *WORKS)])
    assert coverable(oversold, a_stop("d1", 1)) == 0


def stops_side_by_side(count: int) -> list[Row]:
    rows: list[Row] = bought("d1", 10)
    for number in range(1, count + 1):
        rows += [a_stop("d1", 2, number=number), *at(f"d1-s{number}", *WORKS)]
    return rows


def test_where_stops_are_many_one_takes_the_place_of_all() -> None:
    few, many = ledger(stops_side_by_side(MOST_STOPS - 1)), ledger(stops_side_by_side(MOST_STOPS))
    assert crowd(few, "BTCUSD") == ()
    assert crowd(many, "BTCUSD") == ("d1-s1", "d1-s2", "d1-s3")
    assert crowd(many, "AAPL") == ()
    assert [(one.client_id, one.quantity) for one in due(few)] == [("d1-s3", 6)]
    shares = [in_shares(row) for row in [*bought("d2", 9), a_stop("d2", 4), *at("d2-s1", *WORKS)]]
    assert [(one.client_id, one.quantity) for one in due(ledger(stops_side_by_side(MOST_STOPS), shares))] == [
        ("d2-s2", 5),
        ("d1-s4", 10),
    ]
    assert [(one.client_id, one.quantity) for one in due(many)] == [("d1-s4", 10)]


def test_stops_go_before_an_exit_of_their_side_is_sent_and_nothing_else_does() -> None:
    target = order(Side.SELL, 1, "110", symbol="BTCUSD", name="d1-t1", parent="d1-e1", reduce_only=True)
    foreign = order(Side.SELL, 1, None, stop="80", symbol="BTCUSD", name="d5-e1")
    ended = a_stop("d1", 2, number=9)
    rows = [*stops_side_by_side(2), ended, *at("d1-s9", S.NOT_SENT)]
    for one in (target, foreign):
        rows += [one, *at(one.client_id, *WORKS)]
    known = ledger(rows)
    assert rivals(known, order(Side.SELL, 5, "99", symbol="BTCUSD", name="d2-x1")) == ("d1-s1", "d1-s2")
    assert rivals(known, order(Side.BUY, 5, "99", symbol="BTCUSD", name="d2-e1")) == ()
    assert rivals(known, order(Side.SELL, 5, "99", name="d2-x1")) == ()
