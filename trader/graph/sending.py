"""From an intent that is on disk to what the venue says: each order once, and never while halted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from trader.brokers.broker import Broker
from trader.brokers.pacing import Pace
from trader.clock import Clock
from trader.domain.orders import Order, OrderEvent, OrderState
from trader.domain.portfolio import Book
from trader.journal.records import OrderChanged
from trader.journal.writer import Recorder


class Sender(Protocol):
    """Whoever sends: the desk, or a person."""

    @property
    def book(self) -> Book:
        """Whose orders they are."""
        ...

    @property
    def broker(self) -> Broker:
        """Where they go."""
        ...

    @property
    def recorder(self) -> Recorder:
        """Where it is written down."""
        ...

    @property
    def halted(self) -> Callable[[], str | None]:
        """Why nothing may be sent, or None."""
        ...

    @property
    def clock(self) -> Clock:
        """When."""
        ...

    @property
    def pace(self) -> Pace | None:
        """How fast; None where nobody counts."""
        ...


@dataclass(frozen=True)
class ByHand:
    """A person, with no desk beside."""

    book: Book
    broker: Broker
    recorder: Recorder
    halted: Callable[[], str | None]
    clock: Clock
    pace: Pace | None = None


async def send(desk: Sender, orders: Iterable[Order]) -> OrderState | None:
    """Send an order and the legs that hang on it; the state that the first was last told to be in.

    Where the venue's pace is kept an order waits for its turn; its protective legs do not. Whether the desk
    is halted is looked at after that, once for all, just before the first byte: an entry that went out is
    never left without its stop. What the venue knows already is not sent again, and its state is None.
    """
    missing = [order for order in orders if await desk.broker.find(order.client_id) is None]
    if not missing:
        return None
    if desk.pace is not None and any(order.parent is None for order in missing):
        await desk.pace.turn()
    halted = desk.halted()
    if halted is None:
        told = await desk.broker.submit(*missing)
    else:
        told = tuple(_not_sent(order, halted, desk.clock) for order in missing)
    desk.recorder.append(*(OrderChanged(book=desk.book.id, event=event) for event in told))
    states = [event.state for event in told if event.client_id == missing[0].client_id]
    return states[-1] if states else None


def _not_sent(order: Order, why: str, clock: Clock) -> OrderEvent:
    return OrderEvent(client_id=order.client_id, state=OrderState.NOT_SENT, at=clock.now(), reason=why)
