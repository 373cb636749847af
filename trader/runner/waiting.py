"""Orders that wait for a person's word, from the round that asked for them to the close they expire at."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Self

from trader.domain.ids import BookId, ClientOrderId
from trader.domain.orders import Order, OrderEvent, OrderState, RulingOutcome
from trader.domain.value import Moment
from trader.graph.sending import Sender, send
from trader.graph.state import Desk
from trader.journal.reader import JournalReader
from trader.journal.records import OrderChanged, OrderIntended, RulingMade
from trader.risk.facts import Facts
from trader.risk.gate import rule

OPEN = frozenset({OrderState.AWAITING_APPROVAL, OrderState.INTENDED})
"""Still to be sent: waiting, or approved when the program died."""


@dataclass(frozen=True)
class Waits:
    """An order, and the stop that goes with it."""

    asked: OrderIntended
    stop: Order | None = None
    state: OrderState = OrderState.AWAITING_APPROVAL

    @property
    def orders(self) -> tuple[Order, ...]:
        """Both."""
        return (self.asked.order,) if self.stop is None else (self.asked.order, self.stop)


@dataclass
class Waiting:
    """By client order id, oldest first."""

    known: dict[ClientOrderId, Waits] = field(default_factory=dict)

    @classmethod
    def of(cls, reader: JournalReader, book: BookId) -> Self:
        """What waits according to the journal; what was approved and may not have been sent waits too."""
        waiting = cls()
        waiting.add(reader.orders(book))
        if waiting.known:
            last = {event.client_id: event.state for event in reader.order_events(book)}
            waiting.known = {
                name: Waits(one.asked, one.stop, state)
                for name, one in waiting.known.items()
                if (state := last.get(name, one.state)) in OPEN
            }
        return waiting

    def add(self, placed: Iterable[OrderIntended]) -> tuple[Order, ...]:
        """Take note of orders that were placed; those among them that wait, stops aside."""
        new = []
        for one in placed:
            if one.state is not OrderState.AWAITING_APPROVAL:
                continue
            parent = one.order.parent
            if parent is None:
                self.known[one.order.client_id] = Waits(one)
                new.append(one.order)
            elif parent in self.known:
                self.known[parent] = Waits(self.known[parent].asked, one.order)
        return tuple(new)

    async def approve(self, name: ClientOrderId, desk: Desk, facts: Facts) -> tuple[bool, str]:
        """Rule again on the account as it is now, then send; whether it went out, and a sentence.

        While the desk is halted the order goes on waiting.
        """
        waits = self.known[name]
        if (halted := desk.halted()) is not None:
            return False, f"{halted}; {name} still waits"
        if waits.state is OrderState.AWAITING_APPROVAL:
            order = waits.asked.order
            ruling = rule(order, facts, desk.limits)
            desk.recorder.append(
                RulingMade(
                    round=waits.asked.round,
                    book=desk.book.id,
                    decision=order.decision,
                    stage="approval",
                    ruling=ruling,
                )
            )
            if ruling.outcome is RulingOutcome.REFUSED:
                self._end(name, desk, OrderState.REJECTED, f"approved, and then refused: {ruling.sentence}")
                return False, f"{name} was refused: {ruling.sentence}"
            cut = None if ruling.outcome is RulingOutcome.ALLOWED else ruling.quantity
            for one in waits.orders:
                _tell(desk, one, OrderState.INTENDED, ruling.sentence or "approved", cut)
            if cut is not None:
                resized = [one.model_copy(update={"quantity": cut}) for one in waits.orders]
                placed = waits.asked.model_copy(update={"order": resized[0]})
                waits = Waits(placed, resized[1] if waits.stop is not None else None)
            desk.recorder.commit()
        del self.known[name]
        state = await send(desk, waits.orders)
        said = f"{name} was sent" if state is not None else f"{name} had been sent before"
        return state not in (OrderState.REJECTED, OrderState.NOT_SENT), f"{said}: {state or 'known'}"

    def reject(self, name: ClientOrderId, desk: Sender) -> None:
        """A person said no."""
        self._end(name, desk, OrderState.REJECTED, "a person said no")

    def expire(self, before: Moment, desk: Desk) -> None:
        """End what was asked for before this close: the signal behind it is over."""
        for name, one in tuple(self.known.items()):
            if one.asked.at < before and one.state is OrderState.AWAITING_APPROVAL:
                self._end(name, desk, OrderState.EXPIRED, "nobody had approved it by the next close")

    def end_all(self, desk: Sender, reason: str) -> None:
        """Nothing more can come of what still waits."""
        for name in tuple(self.known):
            self._end(name, desk, OrderState.EXPIRED, reason)

    def _end(self, name: ClientOrderId, desk: Sender, state: OrderState, reason: str) -> None:
        for order in self.known.pop(name).orders:
            _tell(desk, order, state, reason)


def _tell(
    desk: Sender, order: Order, state: OrderState, reason: str, quantity: Decimal | None = None
) -> None:
    event = OrderEvent(
        client_id=order.client_id, state=state, at=desk.clock.now(), reason=reason, quantity=quantity
    )
    desk.recorder.append(OrderChanged(book=desk.book.id, event=event))
