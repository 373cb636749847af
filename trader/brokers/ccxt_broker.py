"""A venue behind ccxt as a broker: what is sent once, what is believed, and what stays unknown until asked.

The ledger is the fold of everything this broker has ever told. A step of an order is told only after the
fills that it implies: what is filled at the venue and not yet among its trades waits for the next look.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from trader.brokers import protection
from trader.brokers.ccxt_client import CcxtClient
from trader.brokers.ccxt_rules import Rules
from trader.brokers.ccxt_trades import Trades
from trader.brokers.foreign import Opening
from trader.brokers.ledger import Ledger, Row, Tracked
from trader.brokers.reconcile import UNSETTLED, Claims, Difference, Kind, Report, Statement, compare, settled
from trader.brokers.telling import Teller
from trader.brokers.venue_account import VenueOrder
from trader.clock import Clock
from trader.data.feeds.ccxt_errors import NotThere, RefusedByVenue, Silent, Unanswered, Withheld
from trader.domain.errors import OrderError
from trader.domain.ids import ClientOrderId
from trader.domain.instruments import Instrument
from trader.domain.orders import DONE, Order, OrderEvent, OrderState, OrderType, Side
from trader.domain.portfolio import Account, WorkingOrder
from trader.domain.value import plain
from trader.risk.facts import NO_QUOTE, Quote

S = OrderState
SENDABLE = (S.INTENDED, S.NEVER_ARRIVED)
MARGIN_S = 1.0
"""Beyond recvWindow: what a venue may take between looking at a request's time and carrying it out."""


class CcxtBroker:
    """One account, netted, without borrowing: what is sold is what is held.

    A round and whoever keeps the account may ask at the same time: they take turns, one whole request of
    theirs after the other, so that nothing is sent by both.
    """

    def __init__(
        self,
        client: CcxtClient,
        ledger: Ledger,
        rules: Mapping[str, Rules],
        opening: Opening,
        clock: Clock,
        halted: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`ledger` is what the journal has of the book; `halted` says why nothing may be sent, or None.

        An intent in the ledger without a further step may have been sent by a process that died: its order
        is unknown from here on.
        """
        self.ledger = ledger
        self._client, self._rules, self._clock, self._halted = client, rules, clock, halted
        self._turn = asyncio.Lock()
        self._teller = Teller(ledger, clock)
        self._trades = Trades(client, self._teller, rules, opening)
        self._barred = ""
        self._disputed: set[str] = set()
        self._passed: set[ClientOrderId] = set()
        self._refused: dict[ClientOrderId, Decimal] = {}
        """Legs that the venue has not taken, and their units; asked for again after a reconciliation."""
        self._asked_to_end: set[ClientOrderId] = set()
        self._begun = clock.monotonic()
        self._sent: dict[ClientOrderId, float] = {}
        for client_id, tracked in list(ledger.orders.items()):
            if tracked.state is S.INTENDED:
                self._teller.step(client_id, S.UNKNOWN, "it may have been sent before the restart")

    @property
    def name(self) -> str:
        """As traces name it."""
        return self._client.address.name

    # What the desk asks

    async def submit(self, *orders: Order) -> tuple[OrderEvent, ...]:
        """Send orders once, and tell what is known of them. A leg whose entry has not filled sleeps."""
        async with self._turn:
            for order in orders:
                self.ledger.apply(order)
            for order in orders:
                await self._submit(order)
            return self._teller.steps()

    async def cancel(self, client_id: ClientOrderId) -> tuple[OrderEvent, ...]:
        """Ask the venue to end a working order, then where it stands: its answer says too little."""
        async with self._turn:
            await self._cancel(client_id)
            return self._teller.steps()

    async def find(self, client_id: ClientOrderId) -> OrderState | None:
        """Where the order stands, by the venue's word where it may change; None where it never arrived."""
        async with self._turn:
            tracked = self.ledger.orders.get(client_id)
            if tracked is not None and tracked.working:
                await self._look(client_id)
                tracked = self.ledger.orders[client_id]
        if tracked is None or tracked.state in (*SENDABLE, S.NOT_SENT, S.AWAITING_APPROVAL):
            return None
        return tracked.state

    def lends(self, instrument: Instrument) -> bool:
        """Nothing: what is sold is what is held."""
        return False

    def account(
        self, as_of: datetime, marks: Mapping[str, Decimal], peak: Decimal, day_open: Decimal
    ) -> Account:
        """The account as a value, at these last traded prices."""
        return self.ledger.account(as_of, marks, peak, day_open)

    def bar_entries(self, reason: str) -> None:
        """Send nothing that opens or enlarges a position, for this reason; an empty one lifts it."""
        self._barred = reason

    # What the venue says

    async def news(self) -> tuple[Row, ...]:
        """Everything new, in the order in which it must be recorded. What is not answered stays as it is."""
        async with self._turn:
            await self._look_at_all()
            return self._teller.rows()

    async def quotes(self) -> dict[str, Quote]:
        """The best prices of every market of the book now; NO_QUOTE of one that is not answered for."""
        found = dict.fromkeys(self._rules, NO_QUOTE)
        for symbol in self._rules:
            with suppress(Unanswered, RefusedByVenue, NotThere):
                found[symbol] = await self._client.quote(symbol)
        return found

    async def _look_at_all(self) -> None:
        """Every working order, and legs that will never be sent."""
        for symbol in sorted({tracked.order.symbol for tracked in self.ledger.working()}):
            try:
                open_orders = {one.client_id: one for one in await self._client.open_orders(symbol)}
            except (Unanswered, RefusedByVenue):
                continue
            for tracked in tuple(self.ledger.working(symbol)):
                client_id = tracked.order.client_id
                if client_id in open_orders:
                    await self._take(client_id, open_orders[client_id])
                else:
                    await self._look(client_id)
        for tracked in tuple(self.ledger.orders.values()):
            self._end_if_orphan(tracked)

    def legs_due(self) -> tuple[Order, ...]:
        """Protective orders for what is held and not protected.

        None for units that the venue disputes, nor for so few that it would not take them: they are protected
        once more have come to them.
        """
        due = protection.legs_due(self.ledger, self._passed, self._refused)
        return tuple(
            order
            for order in due
            if (rules := self._rules[order.symbol]).base not in self._disputed
            and not rules.too_small(order, order.quantity)
        )

    async def reconcile(self) -> Report:
        """Look, ask for everything new, look again. Raises TraderError where the venue does not answer."""
        async with self._turn:
            return await self._reconciled()

    async def _reconciled(self) -> Report:
        first = await self._differences()
        for symbol in self._rules:
            await self._trades.read(symbol)
        for one in first:
            if one.kind is Kind.ENDED:
                await self._look(ClientOrderId(one.what))
        await self._look_at_all()
        others = self._trades.foreign.differences()
        second = await self._differences() if first or others else ()
        report = settled((*first, *others), second, self._clock.now())
        self._refused.clear()
        self._disputed = {one.what for one in report.inexplicable if one.kind is Kind.HOLDING}
        self.bar_entries(report.inexplicable[0].sentence if report.inexplicable else "")
        return report

    async def _differences(self) -> tuple[Difference, ...]:
        orders = [one for symbol in self._rules for one in await self._client.open_orders(symbol)]
        balances = await self._client.balances()
        said = Statement(at=self._clock.now(), orders=tuple(orders), balances=balances)
        return compare(self._claims(), said)

    def _claims(self) -> Claims:
        return Claims(
            working=tuple(
                WorkingOrder(order=one.order, state=one.state, filled=one.filled)
                for one in self.ledger.working()
            ),
            known={name: tracked.state for name, tracked in self.ledger.orders.items()},
            holdings=self._trades.foreign.holdings(self.ledger, self._rules.values()),
        )

    # Sending

    async def _submit(self, order: Order) -> None:
        tracked = self.ledger.orders[order.client_id]
        if tracked.state not in SENDABLE:
            return
        if order.parent is not None:
            await self._look_at_parent(order.parent)
        if order.parent is None or self._awake(tracked):
            await self._make_room(order)
            await self._send(order)
        else:
            self._end_if_orphan(tracked)

    async def _send(self, order: Order) -> None:
        if (halted := self._halted()) is not None:
            if order.parent is None:  # a leg goes on sleeping: it is due once people resume
                self._not_sent(order, halted)
            return
        quantity, reason = self._sendable(order)
        if reason:
            self._unsendable(order, quantity, reason)
            return
        if self._barred and not order.reduce_only:
            self._not_sent(order, f"the venue and the journal disagree: {self._barred}")
            return
        try:
            placed = await self._client.create(order, quantity, self._halted)
        except (Withheld, Silent) as error:
            if order.parent is None:
                self._not_sent(order, error.message)
            return
        except RefusedByVenue as error:
            self._refuse(order, quantity, error.message)
            return
        except (Unanswered, NotThere) as error:
            self._sent[order.client_id] = self._clock.monotonic()
            self._teller.step(order.client_id, S.SUBMITTED, quantity=quantity)
            self._teller.step(order.client_id, S.UNKNOWN, error.message)
            return
        self._teller.step(order.client_id, S.SUBMITTED, quantity=quantity)
        await self._take(order.client_id, placed)

    async def _make_room(self, order: Order) -> None:
        """End the stops whose place an order takes; none where it will not be sent."""
        if not order.reduce_only or self._halted() is not None:
            return
        taken = protection.crowd(self.ledger, order.symbol) if order.parent is not None else None
        for one in protection.rivals(self.ledger, order) if taken is None else taken:
            await self._cancel(one)

    def _unsendable(self, order: Order, quantity: Decimal, reason: str) -> None:
        """A refusal; not so for a leg with nothing, or too little yet, to protect.

        With nothing, what is held later gets a further one; with too little it goes on sleeping.
        """
        if order.parent is not None and quantity == 0:
            self._not_sent(order, reason)
        elif order.parent is None or not self._rules[order.symbol].too_small(order, quantity):
            self._refuse(order, quantity, f"refused before it was sent: {reason}")

    def _refuse(self, order: Order, quantity: Decimal, reason: str) -> None:
        """Refused. A leg is soon asked for again, in another way or at another time.

        At once where the clock was off (it has been set), at the market where that is past the stop.
        """
        self._teller.step(order.client_id, S.SUBMITTED, quantity=quantity or None)
        self._teller.step(order.client_id, S.REJECTED, reason)
        if "OrderImmediatelyFillable" in reason:
            self._passed.add(order.client_id)
        elif "InvalidNonce" not in reason:
            self._refused[order.client_id] = quantity

    def _not_sent(self, order: Order, reason: str) -> None:
        if self.ledger.orders[order.client_id].state is S.INTENDED:
            self._teller.step(order.client_id, S.NOT_SENT, reason)

    def _sendable(self, order: Order) -> tuple[Decimal, str]:
        """How many units are sent, and why none are; no reason where nothing speaks against it."""
        if order.symbol not in self._rules:
            return order.quantity, f"{order.symbol}: not an instrument of this book"
        if order.type is OrderType.TRAILING_STOP:
            return order.quantity, f"{order.symbol}: {self.name} takes no trailing stops from here"
        quantity = order.quantity
        if order.reduce_only or order.side is Side.SELL:
            closes = protection.coverable(self.ledger, order)
            if closes == 0 and order.reduce_only:
                return closes, f"{order.symbol}: nothing is held that no other order is selling"
            if closes < quantity and not order.reduce_only:
                return quantity, (
                    f"{order.symbol}: {plain(quantity)} to be sold, {plain(closes)} held and free: "
                    f"{self.name} lends nothing to be sold short"
                )
            quantity = closes
        try:
            self._rules[order.symbol].check(order, quantity)
        except OrderError as error:
            return quantity, error.message
        return quantity, ""

    async def _cancel(self, client_id: ClientOrderId) -> None:
        tracked = self.ledger.orders.get(client_id)
        if tracked is None or not tracked.working:
            return
        # Without an answer it may have ended, or the cancel may have arrived: the look says.
        self._asked_to_end.add(client_id)
        with suppress(Unanswered, RefusedByVenue, NotThere):
            await self._client.cancel(client_id, tracked.order.symbol)
        await self._look(client_id)

    # Taking in what the venue says

    async def _look(self, client_id: ClientOrderId) -> None:
        """Ask for one order. That the venue does not know it is final once no request can arrive any more."""
        tracked = self.ledger.orders[client_id]
        try:
            found = await self._client.find(client_id, tracked.order.symbol)
        except (Unanswered, RefusedByVenue):
            return
        except NotThere as error:
            if tracked.state in UNSETTLED and self._nothing_can_arrive(client_id):
                if tracked.state is S.SUBMITTED:
                    self._teller.step(client_id, S.UNKNOWN, "the process that sent it died")
                self._teller.step(client_id, S.NEVER_ARRIVED, error.message)
            return
        await self._take(client_id, found)

    async def _take(self, client_id: ClientOrderId, said: VenueOrder) -> None:
        """Bring the ledger to what the venue says of an order: first known, then filled, then done."""
        self._trades.owned(said.symbol, said.venue_id, client_id)
        if said.state is not S.REJECTED:
            self._teller.acknowledged(client_id, said.venue_id, said.quantity)
        if said.filled > self.ledger.orders[client_id].filled:
            with suppress(Unanswered, RefusedByVenue, NotThere):
                await self._trades.read(said.symbol)
        self._teller.ended(client_id, said, asked=client_id in self._asked_to_end)

    # Legs

    async def _look_at_parent(self, parent: ClientOrderId) -> None:
        if parent in self.ledger.orders and self.ledger.orders[parent].working:
            await self._look(parent)

    def _awake(self, tracked: Tracked) -> bool:
        """Whether an order may be at the venue: a leg only where its entry has filled, if but in part."""
        parent = self.ledger.orders.get(tracked.order.parent) if tracked.order.parent else None
        return tracked.order.parent is None or (parent is not None and parent.filled > 0)

    def _end_if_orphan(self, tracked: Tracked) -> None:
        """A leg whose entry has ended without a fill will never be sent."""
        if tracked.state is not S.INTENDED or tracked.order.parent is None or self._awake(tracked):
            return
        parent = self.ledger.orders.get(tracked.order.parent)
        if parent is None or parent.state in DONE:
            self._teller.step(tracked.order.client_id, S.NOT_SENT, "its entry did not fill")

    def _nothing_can_arrive(self, client_id: ClientOrderId) -> bool:
        """Whether the last moment has passed at which a request for this order could be carried out.

        One of an earlier process was signed before this one began.
        """
        last = self._sent.get(client_id, self._begun)
        return self._clock.monotonic() > last + self._client.window_s + MARGIN_S
