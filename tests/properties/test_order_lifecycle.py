"""Orders, what a venue tells of them, crashes and restarts, all at once and in any order.

The venue here keeps its own truth: what it has, how it stands and what has filled. What it tells goes over a
wire that repeats, reorders and loses; a crash leaves only what was written down. Cash and position must be
the exact sums of the fills at every moment, and once everything was told, every order must stand as it does
at the venue.
"""

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from tests.brokers.street import BOOK, OPENED
from tests.risk.books import INSTRUMENTS, order
from trader.brokers.ledger import Ledger, Row, fold
from trader.domain.errors import IllegalTransition
from trader.domain.ids import ClientOrderId
from trader.domain.orders import (
    DONE,
    TRANSITIONS,
    WAITING,
    WORKING,
    Fill,
    Order,
    OrderEvent,
    OrderState,
    Progress,
    Side,
    check_transition,
    progress,
)
from trader.domain.value import digest

D = Decimal
S = OrderState
SYMBOLS = ("AAPL", "IBM")
cents = st.integers(9_000, 11_000).map(lambda price: D(price) / 100)
fees = st.integers(0, 200).map(lambda cents: D(cents) / 1000)


@dataclass
class AtVenue:
    """One order as its venue has it."""

    order: Order
    state: OrderState = S.ACKNOWLEDGED
    told: list[OrderEvent | Fill] = field(default_factory=list)
    """All that it has ever said of it."""

    @property
    def fills(self) -> list[Fill]:
        return [one for one in self.told if isinstance(one, Fill)]

    @property
    def left(self) -> Decimal:
        return self.order.quantity - sum((one.quantity for one in self.fills), D(0))

    @property
    def open(self) -> bool:
        return self.state in (S.ACKNOWLEDGED, S.PARTLY_FILLED)


class Life(RuleBasedStateMachine):
    """Any sequence of the rules below."""

    intended = Bundle("intended")

    def __init__(self) -> None:
        super().__init__()
        self.venue: dict[str, AtVenue] = {}
        self.journal: dict[str, Row] = {}
        """By key, as the journal has it: what is written again changes nothing."""
        self.ledger = Ledger(BOOK, INSTRUMENTS)
        self.wire: list[OrderEvent | Fill] = []
        self.slow: list[Order] = []
        """Requests that have left, and have not come to the venue yet."""
        self.count = itertools.count(1)

    # What the desk does

    @rule(
        target=intended, symbol=st.sampled_from(SYMBOLS), side=st.sampled_from(Side), units=st.integers(1, 9)
    )
    def intend(self, symbol: str, side: Side, units: int) -> Order:
        one = order(side, units, "100", symbol=symbol, name=f"d{next(self.count)}-e1")
        self.write(one)
        return one

    @rule(
        one=consumes(intended), way=st.sampled_from(["answered", "reply lost", "slow", "refused", "halted"])
    )
    def send(self, one: Order, way: str) -> None:
        if way == "halted":
            self.write(self.event(one, S.NOT_SENT))
            return
        self.write(self.event(one, S.SUBMITTED))
        if way in ("reply lost", "slow"):
            self.write(self.event(one, S.UNKNOWN))
        if way == "slow":
            self.slow.append(one)
        else:
            self.arrives(one, S.REJECTED if way == "refused" else S.ACKNOWLEDGED)

    @rule()
    def reconcile(self) -> None:
        """Ask the venue for whatever is open here: it says how it stands, and tells every fill again."""
        for name, known in list(self.ledger.orders.items()):
            at_venue = self.venue.get(name)
            if at_venue is None and known.state is S.UNKNOWN:
                self.write(self.event(known.order, S.NEVER_ARRIVED))
            if at_venue is not None:
                for fill in at_venue.fills:
                    self.write(fill)
                self.write(self.event(known.order, at_venue.state))

    @rule()
    def crash(self) -> None:
        """What was on the wire is gone, and what was in memory; the journal is read."""
        self.wire.clear()
        self.ledger = fold(BOOK, INSTRUMENTS, self.journal.values())

    # What the venue does

    @precondition(lambda self: self.slow)
    @rule(data=st.data())
    def a_slow_request_arrives(self, data: st.DataObject) -> None:
        one = self.slow.pop(data.draw(st.integers(0, len(self.slow) - 1)))
        self.arrives(one, S.ACKNOWLEDGED)

    @precondition(lambda self: any(one.open for one in self.venue.values()))
    @rule(data=st.data(), price=cents, fee=fees)
    def trade(self, data: st.DataObject, price: Decimal, fee: Decimal) -> None:
        one = data.draw(st.sampled_from([one for one in self.venue.values() if one.open]))
        units = D(data.draw(st.integers(1, int(one.left))))
        name = one.order.client_id
        fill = Fill(
            id=f"{name}-{len(one.fills) + 1}",
            client_id=name,
            symbol=one.order.symbol,
            side=one.order.side,
            quantity=units,
            price=price,
            fee=fee,
            fee_currency="USD",
            at=self.now(),
        )
        one.told.append(fill)
        self.wire.append(fill)
        self.says(one, S.PARTLY_FILLED if one.left else S.FILLED)

    @precondition(lambda self: any(one.open for one in self.venue.values()))
    @rule(data=st.data(), end=st.sampled_from([S.CANCELLED, S.EXPIRED]))
    def end(self, data: st.DataObject, end: OrderState) -> None:
        self.says(data.draw(st.sampled_from([one for one in self.venue.values() if one.open])), end)

    @precondition(lambda self: any(one.state in (S.CANCELLED, S.EXPIRED) for one in self.venue.values()))
    @rule(data=st.data(), price=cents)
    def a_fill_crosses_the_end(self, data: st.DataObject, price: Decimal) -> None:
        """It had filled before the cancel reached it: the venue takes its word back."""
        ended = [one for one in self.venue.values() if one.state in (S.CANCELLED, S.EXPIRED)]
        one = data.draw(st.sampled_from(ended))
        one.state = S.PARTLY_FILLED
        fill = Fill(
            id=f"{one.order.client_id}-{len(one.fills) + 1}",
            client_id=one.order.client_id,
            symbol=one.order.symbol,
            side=one.order.side,
            quantity=one.left,
            price=price,
            fee_currency="USD",
            at=self.now(),
        )
        one.told.append(fill)
        self.wire.append(fill)
        self.says(one, S.FILLED)

    # What the wire does

    @precondition(lambda self: self.wire)
    @rule(data=st.data(), keep=st.booleans())
    def deliver(self, data: st.DataObject, keep: bool) -> None:
        """Any of what is under way; where it is kept it will come again."""
        place = data.draw(st.integers(0, len(self.wire) - 1))
        self.write(self.wire[place] if keep else self.wire.pop(place))

    @precondition(lambda self: self.wire)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        self.wire.pop(data.draw(st.integers(0, len(self.wire) - 1)))

    # What must hold

    @invariant()
    def cash_and_units_are_the_exact_sums_of_the_fills(self) -> None:
        fills = [row for row in self.journal.values() if isinstance(row, Fill)]
        assert self.ledger.cash == BOOK.cash - sum(
            (one.signed_quantity * one.price + one.fee for one in fills), D(0)
        )
        for symbol in SYMBOLS:
            held = sum((one.signed_quantity for one in fills if one.symbol == symbol), D(0))
            assert self.ledger.quantity(symbol) == held

    @invariant()
    def a_restart_here_would_change_nothing(self) -> None:
        assert vars(fold(BOOK, INSTRUMENTS, self.journal.values())) == vars(self.ledger)

    def teardown(self) -> None:
        """The wire clears, in any order, and the venue is asked once more: everybody agrees."""
        for told in reversed(self.wire):
            self.write(told)
        self.reconcile()
        for name, at_venue in self.venue.items():
            known = self.ledger.orders[name]
            assert known.state is at_venue.state
            assert known.filled == at_venue.order.quantity - at_venue.left
        for name, known in self.ledger.orders.items():
            assert name in self.venue or known.state in (S.INTENDED, S.NOT_SENT, S.NEVER_ARRIVED)
        self.cash_and_units_are_the_exact_sums_of_the_fills()

    # Parts of the above

    def write(self, row: Row) -> None:
        key = digest(row) if isinstance(row, OrderEvent) else f"{type(row).__name__} {_name(row)}"
        self.ledger.apply(row)
        self.journal.setdefault(key, row)

    def arrives(self, one: Order, state: OrderState) -> None:
        self.venue[one.client_id] = AtVenue(one)
        self.says(self.venue[one.client_id], state)

    def says(self, one: AtVenue, state: OrderState) -> None:
        one.state = state
        said = self.event(one.order, state)
        one.told.append(said)
        self.wire.append(said)

    def event(self, one: Order, state: OrderState) -> OrderEvent:
        return OrderEvent(client_id=one.client_id, state=state, at=self.now())

    def now(self) -> datetime:
        return OPENED + timedelta(seconds=next(self.count))


def _name(row: Row) -> str:
    return row.client_id if isinstance(row, Order) else getattr(row, "id", "")


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)


# The table itself


def test_every_state_has_a_row_and_is_waiting_working_or_done():
    assert set(TRANSITIONS) == set(OrderState)
    assert set(OrderState) == WAITING | WORKING | DONE
    assert len(WAITING) + len(WORKING) + len(DONE) == len(OrderState)


STEPS = {
    "awaiting_approval": "intended rejected expired",
    "intended": "submitted unknown not_sent",
    "submitted": "acknowledged partly_filled filled cancelled rejected expired unknown",
    "acknowledged": "partly_filled filled cancelled rejected expired unknown",
    "partly_filled": "partly_filled filled cancelled expired unknown",
    "unknown": "acknowledged partly_filled filled cancelled rejected expired never_arrived",
    "never_arrived": "submitted acknowledged partly_filled filled cancelled rejected expired",
    "cancelled": "filled",
    "expired": "filled",
    "filled": "",
    "rejected": "",
    "not_sent": "",
}


@pytest.mark.parametrize("before", S)
def test_an_order_takes_the_steps_that_were_agreed_and_no_other(before):
    for after in S:
        if after in STEPS[before].split():
            check_transition(ClientOrderId("d1-e1"), before, after)
        else:
            with pytest.raises(IllegalTransition, match=f"^order d1-e1: {before} cannot become {after}$"):
                check_transition(ClientOrderId("d1-e1"), before, after)


def test_every_state_but_the_first_can_be_reached_from_the_first():
    reached, pending = {S.AWAITING_APPROVAL}, [S.AWAITING_APPROVAL]
    while pending:
        new = TRANSITIONS[pending.pop()] - reached
        reached |= new
        pending += new
    assert reached == set(OrderState)


def test_every_life_can_end():
    for state in OrderState:
        reached, pending = {state}, [state]
        while pending:
            new = TRANSITIONS[pending.pop()] - reached
            reached |= new
            pending += new
        assert reached & DONE


@pytest.mark.parametrize(
    ("before", "told", "expected"),
    [
        (S.SUBMITTED, S.ACKNOWLEDGED, Progress.NEXT),
        (S.SUBMITTED, S.FILLED, Progress.NEXT),
        (S.UNKNOWN, S.NEVER_ARRIVED, Progress.NEXT),
        (S.NEVER_ARRIVED, S.FILLED, Progress.NEXT),
        (S.CANCELLED, S.FILLED, Progress.NEXT),
        (S.EXPIRED, S.FILLED, Progress.NEXT),
        (S.PARTLY_FILLED, S.PARTLY_FILLED, Progress.REPEATED),
        (S.FILLED, S.FILLED, Progress.REPEATED),
        (S.FILLED, S.ACKNOWLEDGED, Progress.LATE),
        (S.FILLED, S.CANCELLED, Progress.LATE),
        (S.CANCELLED, S.PARTLY_FILLED, Progress.LATE),
        (S.PARTLY_FILLED, S.SUBMITTED, Progress.LATE),
        (S.REJECTED, S.UNKNOWN, Progress.LATE),
        (S.NOT_SENT, S.SUBMITTED, Progress.IMPOSSIBLE),
        (S.INTENDED, S.FILLED, Progress.IMPOSSIBLE),
        (S.AWAITING_APPROVAL, S.SUBMITTED, Progress.IMPOSSIBLE),
        (S.REJECTED, S.FILLED, Progress.IMPOSSIBLE),
        (S.FILLED, S.REJECTED, Progress.IMPOSSIBLE),
        (S.PARTLY_FILLED, S.REJECTED, Progress.IMPOSSIBLE),
        (S.PARTLY_FILLED, S.NEVER_ARRIVED, Progress.IMPOSSIBLE),
        (S.FILLED, S.NEVER_ARRIVED, Progress.IMPOSSIBLE),
    ],
)
def test_what_an_event_is_to_an_order_that_stands_somewhere(before, told, expected):
    assert progress(before, told) is expected


def test_what_cannot_be_is_an_error_with_a_name_and_changes_nothing():
    sent = order()
    rejected = OrderEvent(client_id=sent.client_id, state=S.REJECTED, at=OPENED, reason="no such symbol")
    filled = OrderEvent(client_id=sent.client_id, state=S.FILLED, at=OPENED)
    submitted = OrderEvent(client_id=sent.client_id, state=S.SUBMITTED, at=OPENED)
    ledger = fold(BOOK, INSTRUMENTS, [sent, submitted, rejected])
    before = dict(vars(fold(BOOK, INSTRUMENTS, [sent, submitted, rejected])))
    with pytest.raises(IllegalTransition, match="order d1-e1: rejected cannot become filled"):
        ledger.apply(filled)
    assert vars(ledger) == before
    with pytest.raises(IllegalTransition):
        check_transition(sent.client_id, S.FILLED, S.ACKNOWLEDGED)
