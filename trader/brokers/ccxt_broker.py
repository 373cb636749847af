"""A venue behind ccxt as a broker: what is sent once, what is believed, and what stays unknown until asked.

The ledger is the fold of everything this broker has ever told. A step of an order is told only after the
fills that it implies: what is filled at the venue and not yet among its trades waits for the next look.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from trader.brokers import protection
from trader.brokers.ccxt_client import CcxtClient
from trader.brokers.ccxt_rules import Rules
from trader.brokers.foreign import Foreign, Opening
from trader.brokers.ledger import Ledger, Row, Tracked
from trader.brokers.reconcile import UNSETTLED, Claims, Difference, Kind, Report, Statement, compare, settled
from trader.brokers.venue_account import VenueOrder, VenueTrade
from trader.clock import Clock
from trader.data.feeds.ccxt_errors import NotThere, RefusedByVenue, Unanswered
from trader.domain.errors import OrderError
from trader.domain.ids import ClientOrderId
from trader.domain.orders import DONE, Fill, Order, OrderEvent, OrderState
from trader.domain.portfolio import Account, AccountEntry, EntryKind, WorkingOrder
from trader.domain.value import plain

S = OrderState
SENDABLE = (S.INTENDED, S.NEVER_ARRIVED)
MARGIN_S = 1.0
"""Beyond recvWindow: what a venue may take between looking at a request's time and carrying it out."""


class CcxtBroker:
    """One account, netted, without borrowing: what is sold is what is held."""

    def __init__(
        self, client: CcxtClient, ledger: Ledger, rules: Mapping[str, Rules], opening: Opening, clock: Clock
    ) -> None:
        """`ledger` is what the journal has of the book.

        An intent in it without a further step may have been sent by a process that died: its order is
        unknown from here on.
        """
        self.ledger = ledger
        self._client, self._rules, self._clock = client, rules, clock
        self._foreign = Foreign(opening)
        self._cursors = dict(opening.trades)
        self._rows: list[Row] = []
        self._barred = ""
        self._disputed: set[str] = set()
        self._passed: set[ClientOrderId] = set()
        self._venue_ids: dict[tuple[str, str], ClientOrderId] = {}
        self._begun = clock.monotonic()
        self._sent: dict[ClientOrderId, float] = {}
        self._others: set[tuple[str, str]] = set()
        self._charged: set[str] = set()
        for client_id, tracked in list(ledger.orders.items()):
            if tracked.state is S.INTENDED:
                self._step(client_id, S.UNKNOWN, "it may have been sent before the restart")

    @property
    def name(self) -> str:
        """As traces name it."""
        return self._client.address.name

    # What the desk asks

    async def submit(self, order: Order) -> tuple[OrderEvent, ...]:
        """Send an order once, and tell what is known of it. A leg whose entry has not filled sleeps."""
        self.ledger.apply(order)
        tracked = self.ledger.orders[order.client_id]
        if tracked.state not in SENDABLE:
            return ()
        if order.parent is not None:
            await self._look_at_parent(order.parent)
        if order.reduce_only and order.parent is None:
            for rival in protection.rivals(self.ledger, order):
                await self._cancel(rival)
        if order.parent is None or self._awake(tracked):
            await self._send(order)
        else:
            self._end_if_orphan(tracked)
        return self._told()

    async def cancel(self, client_id: ClientOrderId) -> tuple[OrderEvent, ...]:
        """Ask the venue to end a working order, then where it stands: its answer says too little."""
        await self._cancel(client_id)
        return self._told()

    async def find(self, client_id: ClientOrderId) -> OrderState | None:
        """Where the order stands, by the venue's word where it may change; None where it never arrived."""
        tracked = self.ledger.orders.get(client_id)
        if tracked is not None and tracked.working:
            await self._look(client_id)
            tracked = self.ledger.orders[client_id]
        if tracked is None or tracked.state in (*SENDABLE, S.NOT_SENT, S.AWAITING_APPROVAL):
            return None
        return tracked.state

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
        rows, self._rows = tuple(self._rows), []
        return rows

    def legs_due(self) -> tuple[Order, ...]:
        """Protective orders for what is held and not protected; none for units that the venue disputes."""
        due = protection.legs_due(self.ledger, self._passed)
        return tuple(order for order in due if self._rules[order.symbol].base not in self._disputed)

    async def reconcile(self) -> Report:
        """Look, ask for everything new, look again. Raises TraderError where the venue does not answer."""
        first = await self._differences()
        for symbol in self._rules:
            await self._read_trades(symbol)
        rows = await self.news()
        self._rows = [*rows, *self._rows]
        second = await self._differences() if first or self._foreign.trades else ()
        now = self._clock.now()
        report = settled((*first, *self._foreign.differences()), second, now)
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
            holdings=self._foreign.holdings(self.ledger, self._rules.values()),
        )

    # Sending

    async def _send(self, order: Order) -> None:
        quantity, reason = self._sendable(order)
        if reason:
            self._step(order.client_id, S.SUBMITTED)
            self._step(order.client_id, S.REJECTED, f"refused before it was sent: {reason}")
            return
        if self._barred and not order.reduce_only:
            if self.ledger.orders[order.client_id].state is S.INTENDED:
                self._step(order.client_id, S.NOT_SENT, f"the venue and the journal disagree: {self._barred}")
            return
        try:
            placed = await self._client.create(order, quantity)
        except RefusedByVenue as error:
            self._step(order.client_id, S.SUBMITTED)
            self._step(order.client_id, S.REJECTED, error.message)
            if "OrderImmediatelyFillable" in error.message:
                self._passed.add(order.client_id)
            return
        except (Unanswered, NotThere) as error:
            self._sent[order.client_id] = self._clock.monotonic()
            self._step(order.client_id, S.SUBMITTED, quantity=quantity)
            self._step(order.client_id, S.UNKNOWN, error.message)
            return
        self._step(order.client_id, S.SUBMITTED, quantity=quantity)
        await self._take(order.client_id, placed)

    def _sendable(self, order: Order) -> tuple[Decimal, str]:
        """How many units are sent, and why none are; no reason where nothing speaks against it."""
        if order.symbol not in self._rules:
            return order.quantity, f"{order.symbol}: not an instrument of this book"
        quantity = order.quantity
        if order.reduce_only:
            quantity = protection.coverable(self.ledger, order)
            if quantity == 0:
                return quantity, f"{order.symbol}: nothing is held that no other order is selling"
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
                    self._step(client_id, S.UNKNOWN, "the process that sent it died")
                self._step(client_id, S.NEVER_ARRIVED, error.message)
            return
        await self._take(client_id, found)

    async def _take(self, client_id: ClientOrderId, said: VenueOrder) -> None:
        """Bring the ledger to what the venue says of an order: first known, then filled, then done."""
        self._venue_ids[said.symbol, said.venue_id] = client_id
        if self.ledger.orders[client_id].state in UNSETTLED and said.state is not S.REJECTED:
            self._step(client_id, S.ACKNOWLEDGED, venue_id=said.venue_id)
        if said.filled > self.ledger.orders[client_id].filled:
            try:
                await self._read_trades(said.symbol)
            except (Unanswered, RefusedByVenue, NotThere):
                return
        tracked = self.ledger.orders[client_id]
        done = said.state in DONE
        if tracked.filled < said.filled or not done or tracked.state in DONE:
            return
        self._step(client_id, said.state, "the venue has ended it" if said.state is not S.FILLED else "")

    async def _read_trades(self, symbol: str) -> None:
        """Take in every trade since the last one that was read, in the venue's order."""
        async for page in self._client.trades(symbol, self._cursors.get(symbol, 0)):
            for trade in page:
                client_id = await self._owner(trade)
                if client_id is None:
                    self._foreign.add(trade, self._rules[symbol])
                else:
                    self._fill(client_id, trade)
                self._cursors[symbol] = trade.rank[0]

    async def _owner(self, trade: VenueTrade) -> ClientOrderId | None:
        """Which of the book's orders a trade belongs to; None where the desk did not place it."""
        key = (trade.symbol, trade.order)
        if key not in self._venue_ids and key not in self._others:
            try:
                said = await self._client.by_venue_id(trade.order, trade.symbol)
            except NotThere:  # older than the venue remembers: older than the book
                self._others.add(key)
                return None
            if said.client_id in self.ledger.orders:
                self._venue_ids[key] = ClientOrderId(said.client_id)
            else:
                self._others.add(key)
        return self._venue_ids.get(key)

    def _fill(self, client_id: ClientOrderId, trade: VenueTrade) -> None:
        """A fill, its fee where that is another asset, and where the order stands after it; each once."""
        if self.ledger.orders[client_id].state in UNSETTLED:
            self._step(client_id, S.ACKNOWLEDGED, venue_id=trade.order)
        book, before = self.ledger.book, self.ledger.orders[client_id].filled
        in_cash = trade.fee_currency == book.currency
        fill = Fill(
            id=f"{trade.symbol}-{trade.id}",
            client_id=client_id,
            symbol=trade.symbol,
            side=trade.side,
            quantity=trade.quantity,
            price=trade.price,
            fee=trade.fee if in_cash else Decimal(0),
            fee_currency=book.currency,
            at=trade.at,
        )
        self.ledger.apply(fill)
        tracked = self.ledger.orders[client_id]
        if new := tracked.filled != before:
            self._rows.append(fill)
        if trade.fee and not in_cash:
            self._charge(trade)
        if not new:
            return
        if tracked.state not in DONE or (tracked.state is S.CANCELLED and tracked.remaining == 0):
            self._step(client_id, S.FILLED if tracked.remaining == 0 else S.PARTLY_FILLED, at=trade.at)

    def _charge(self, trade: VenueTrade) -> None:
        """A fee in what was bought makes the position smaller; one in a third asset is noted beside it."""
        of_position = trade.fee_currency == self._rules[trade.symbol].base
        entry = AccountEntry(
            id=f"fee-{trade.symbol}-{trade.id}",
            kind=EntryKind.FEE,
            at=trade.at,
            symbol=trade.symbol,
            quantity=-trade.fee if of_position else Decimal(0),
            note=f"{plain(trade.fee)} {trade.fee_currency}",
        )
        if not of_position and entry.id not in self._charged:
            self._foreign.move(trade.fee_currency, -trade.fee)
        self._charged.add(entry.id)
        if not self.ledger.knows(entry.id):
            self._emit(entry)

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
            self._step(tracked.order.client_id, S.NOT_SENT, "its entry did not fill")

    # Telling

    def _nothing_can_arrive(self, client_id: ClientOrderId) -> bool:
        """Whether the last moment has passed at which a request for this order could be carried out.

        One of an earlier process was signed before this one began.
        """
        last = self._sent.get(client_id, self._begun)
        return self._clock.monotonic() > last + self._client.window_s + MARGIN_S

    def _step(
        self,
        client_id: ClientOrderId,
        state: OrderState,
        reason: str = "",
        *,
        venue_id: str = "",
        quantity: Decimal | None = None,
        at: datetime | None = None,
    ) -> None:
        changed = quantity if quantity != self.ledger.orders[client_id].order.quantity else None
        self._emit(
            OrderEvent(
                client_id=client_id,
                state=state,
                at=at or self._clock.now(),
                venue_id=venue_id,
                reason=reason,
                quantity=changed,
            )
        )

    def _emit(self, row: Row) -> None:
        self.ledger.apply(row)
        self._rows.append(row)

    def _told(self) -> tuple[OrderEvent, ...]:
        """Steps of orders that nobody has been told of, up to the first fill: that waits for `news`."""
        count = next((i for i, row in enumerate(self._rows) if not isinstance(row, OrderEvent)), None)
        told, self._rows = self._rows[:count], self._rows[count:] if count is not None else []
        return tuple(row for row in told if isinstance(row, OrderEvent))
