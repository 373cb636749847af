"""The account as a fold of what happened: orders, their events, fills and entries, oldest first.

Sums are exact. Where an average must be divided (what a part of a position had cost) the part is rounded to
the eighth decimal and the rest keeps the remainder, so that over a round trip nothing is lost or made.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from trader.brokers.costs import SMALLEST_AMOUNT
from trader.domain.errors import OrderError
from trader.domain.ids import ClientOrderId
from trader.domain.instruments import Instrument
from trader.domain.orders import (
    STOPPED,
    WORKING,
    Awaiting,
    Fill,
    Order,
    OrderEvent,
    OrderState,
    Progress,
    check_transition,
    progress,
)
from trader.domain.portfolio import (
    Account,
    AccountEntry,
    Book,
    EntryKind,
    Position,
    RoundTrip,
    WorkingOrder,
)
from trader.domain.value import digest

Row: TypeAlias = Order | Awaiting | OrderEvent | Fill | AccountEntry
"""What the journal has of an account: an intent, an order that waits for approval, a step of an order, units
that changed hands, a movement."""

TRIGGERED = "triggered"
"""How the reason of an event begins that wakes a stop: from then on it is a market or a limit order."""

ZERO, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True)
class Tracked:
    """One order as it stands."""

    order: Order
    """In its present terms: a split may have changed quantity and price."""
    state: OrderState = OrderState.INTENDED
    filled: Decimal = ZERO
    """Units filled, each as it was when it filled."""
    fills: int = 0
    triggered: bool = False
    """A stop that the market has come to: a market order now, or a limit order where it has a limit."""

    @property
    def remaining(self) -> Decimal:
        """Units still to come."""
        return self.order.quantity - self.filled

    @property
    def working(self) -> bool:
        """Whether it may still fill."""
        return self.state in WORKING


@dataclass(frozen=True)
class Holding:
    """A position with all that its round trip has seen, in units of the present: splits rescale them."""

    opened_at: datetime
    opened_by: str = ""
    """Client id of the order that opened it."""
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    """What the held units cost, fees included, signed like the quantity."""
    realised: Decimal = ZERO
    entered: Decimal = ZERO
    """Units that opened or enlarged it, signed; `spent` is their value, fees left out."""
    spent: Decimal = ZERO
    exited: Decimal = ZERO
    """Units that reduced or closed it, signed like the position; `received` is their value."""
    received: Decimal = ZERO

    def enlarged(self, units: Decimal, value: Decimal, fee: Decimal) -> "Holding":
        """By `units` (signed) worth `value`."""
        return replace(
            self,
            quantity=self.quantity + units,
            cost=self.cost + value.copy_sign(units) + fee,
            entered=self.entered + units,
            spent=self.spent + value,
        )

    def reduced(self, units: Decimal, value: Decimal, fee: Decimal) -> "Holding":
        """By `units` (signed like the position, no more than it has) worth `value`."""
        share = self.cost
        if units != self.quantity:
            share = (self.cost * units / self.quantity).quantize(SMALLEST_AMOUNT)
        return replace(
            self,
            quantity=self.quantity - units,
            cost=self.cost - share,
            realised=self.realised + value.copy_sign(units) - fee - share,
            exited=self.exited + units,
            received=self.received + value,
        )

    def split(self, added: Decimal) -> "Holding":
        """By units without a price: every count of units is rescaled, what they cost in all is not."""
        ratio = (self.quantity + added) / self.quantity
        return replace(
            self,
            quantity=self.quantity + added,
            entered=self.entered * ratio,
            exited=self.exited * ratio,
        )


class Ledger:
    """One book's cash, positions, orders and closed trades. A row that is applied again does nothing."""

    def __init__(self, book: Book, instruments: Iterable[Instrument]) -> None:
        self.book = book
        self.instruments: Mapping[str, Instrument] = {one.symbol: one for one in instruments}
        self.cash = book.cash
        self.holdings: dict[str, Holding] = {}
        self.orders: dict[ClientOrderId, Tracked] = {}
        self.closed: list[RoundTrip] = []
        self._working: dict[ClientOrderId, None] = {}
        self._seen: set[tuple[str, str]] = set()

    def apply(self, row: Row) -> None:
        """Take one row. Raises OrderError where it cannot be, such as a fill of an order nobody intended."""
        match row:
            case Order():
                self._intend(row)
            case Awaiting():
                awaited = Tracked(row.order, OrderState.AWAITING_APPROVAL)
                self.orders.setdefault(row.order.client_id, awaited)
            case OrderEvent():
                self._change(row)
            case Fill():
                self._fill(row)
            case AccountEntry():
                self._move(row)

    def quantity(self, symbol: str) -> Decimal:
        """Units held, signed."""
        held = self.holdings.get(symbol)
        return held.quantity if held is not None else ZERO

    def working(self, symbol: str | None = None) -> Iterator[Tracked]:
        """Orders that may still fill, in the order they were sent; those that end meanwhile are left out."""
        for client_id in tuple(self._working):
            tracked = self.orders[client_id]
            if tracked.working and (symbol is None or tracked.order.symbol == symbol):
                yield tracked

    def knows(self, entry: str) -> bool:
        """Whether an account entry of this id was applied."""
        return ("entry", entry) in self._seen

    def account(
        self, as_of: datetime, marks: Mapping[str, Decimal], peak: Decimal, day_open: Decimal
    ) -> Account:
        """The account as a value, at these last traded prices."""
        return Account(
            as_of=as_of,
            currency=self.book.currency,
            cash=self.cash,
            positions=tuple(
                Position(
                    symbol=symbol,
                    quantity=held.quantity,
                    cost=held.cost,
                    opened_at=held.opened_at,
                    realised=held.realised,
                )
                for symbol, held in sorted(self.holdings.items())
            ),
            working=tuple(
                WorkingOrder(order=tracked.order, state=tracked.state, filled=tracked.filled)
                for tracked in self.working()
            ),
            marks=dict(marks),
            multipliers={
                symbol: one.multiplier for symbol, one in self.instruments.items() if one.multiplier != ONE
            },
            peak=peak,
            day_open=day_open,
        )

    def _intend(self, order: Order) -> None:
        """Once: an intent for what awaits approval is the approval, of as much as it says."""
        known = self.orders.get(order.client_id)
        if known is None or known.state is OrderState.AWAITING_APPROVAL:
            self.orders[order.client_id] = Tracked(order)

    def _change(self, event: OrderEvent) -> None:
        """One step. What was told before, or comes late, changes nothing; what cannot be raises."""
        tracked = self._tracked(event.client_id)
        step = progress(tracked.state, event.state)
        if step is Progress.IMPOSSIBLE:
            check_transition(event.client_id, tracked.state, event.state)
        if step is Progress.LATE or self._repeated("event", digest(event)):
            return
        changes: dict[str, Decimal] = {}
        if event.quantity is not None:
            changes["quantity"] = event.quantity
        if event.price is not None:
            changes["stop_price" if tracked.order.type in STOPPED else "limit_price"] = event.price
        if event.limit_price is not None:
            changes["limit_price"] = event.limit_price
        if event.trail is not None:
            changes["trail"] = event.trail
        tracked = replace(
            tracked,
            order=tracked.order.model_copy(update=changes),
            state=event.state,
            triggered=tracked.triggered or event.reason.startswith(TRIGGERED),
        )
        self.orders[event.client_id] = tracked
        if tracked.working:
            self._working.setdefault(event.client_id)
        else:
            self._working.pop(event.client_id, None)

    def _fill(self, fill: Fill) -> None:
        if fill.fee_currency != self.book.currency:
            raise OrderError(
                f"fill {fill.id}: a fee in {fill.fee_currency}; the book is in {self.book.currency}"
            )
        instrument = self._instrument(fill.symbol)
        tracked = self._tracked(fill.client_id)
        if self._repeated("fill", fill.id):
            return
        self.orders[fill.client_id] = replace(
            tracked, filled=tracked.filled + fill.quantity, fills=tracked.fills + 1
        )
        units, held = fill.signed_quantity, self.quantity(fill.symbol)
        if held * units >= 0 or abs(units) <= abs(held):
            self._trade(instrument, units, fill.price, fill.fee, fill.at, tracked.order)
            return
        fee = (fill.fee * abs(held / units)).quantize(SMALLEST_AMOUNT)
        self._trade(instrument, -held, fill.price, fee, fill.at, tracked.order)
        self._trade(instrument, units + held, fill.price, fill.fee - fee, fill.at, tracked.order)

    def _trade(
        self,
        instrument: Instrument,
        units: Decimal,
        price: Decimal,
        fee: Decimal,
        at: datetime,
        order: Order,
    ) -> None:
        """Units (signed) at a price; they never turn the position."""
        value = abs(instrument.notional(units, price))
        self.cash -= value.copy_sign(units) + fee
        held = self.holdings.get(instrument.symbol, Holding(at, order.client_id))
        if held.quantity * units >= 0:
            self.holdings[instrument.symbol] = held.enlarged(units, value, fee)
        else:
            self._keep(instrument, held.reduced(-units, value, fee), at, order)

    def _move(self, entry: AccountEntry) -> None:
        if self._repeated("entry", entry.id):
            return
        self.cash += entry.cash
        held = self.holdings.get(entry.symbol)
        if held is None:
            return
        match entry.kind:
            case EntryKind.DIVIDEND | EntryKind.BORROW:
                self.holdings[entry.symbol] = replace(held, realised=held.realised + entry.cash)
            case EntryKind.SPLIT:
                self.holdings[entry.symbol] = held.split(entry.quantity)
            case EntryKind.CASH_IN_LIEU:
                instrument = self._instrument(entry.symbol)
                self._keep(instrument, held.reduced(-entry.quantity, abs(entry.cash), ZERO), entry.at)
            case EntryKind.FEE if entry.quantity:
                instrument = self._instrument(entry.symbol)
                self._keep(instrument, held.reduced(-entry.quantity, ZERO, ZERO), entry.at)
            case EntryKind.DEPOSIT | EntryKind.FEE:
                pass

    def _keep(self, instrument: Instrument, held: Holding, at: datetime, order: Order | None = None) -> None:
        """The position that is left, or the closed trade that it has become."""
        if held.quantity != 0:
            self.holdings[instrument.symbol] = held
            return
        self.holdings.pop(instrument.symbol)
        self.closed.append(
            RoundTrip(
                symbol=instrument.symbol,
                opened_at=held.opened_at,
                closed_at=at,
                quantity=held.exited,
                entry=_average(held.spent, held.entered * instrument.multiplier),
                exit=_average(held.received, held.exited * instrument.multiplier),
                realised=held.realised,
                cost=held.spent,
                stopped=order is not None and order.type in STOPPED,
                opened_by=held.opened_by,
                closed_by="" if order is None else order.client_id,
            )
        )

    def _repeated(self, kind: str, name: str) -> bool:
        """Whether this was applied before; it counts as applied from now on."""
        repeated = (kind, name) in self._seen
        self._seen.add((kind, name))
        return repeated

    def _tracked(self, client_id: ClientOrderId) -> Tracked:
        if client_id not in self.orders:
            raise OrderError(f"order {client_id}: nobody intended it")
        return self.orders[client_id]

    def _instrument(self, symbol: str) -> Instrument:
        if symbol not in self.instruments:
            raise OrderError(f"{symbol}: not an instrument of this book")
        return self.instruments[symbol]


def fold(book: Book, instruments: Iterable[Instrument], rows: Iterable[Row]) -> Ledger:
    """The ledger of a book from everything that happened, oldest first."""
    ledger = Ledger(book, instruments)
    for row in rows:
        ledger.apply(row)
    return ledger


def _average(value: Decimal, units: Decimal) -> Decimal:
    return (value / abs(units)).quantize(SMALLEST_AMOUNT)
