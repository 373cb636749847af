"""A venue's account and the journal, kept in step: everything the venue tells is a row before anybody acts.

Between rounds the venue moves by itself. Whoever keeps the account asks for news, writes them down, sends the
protective orders that became due, and now and then compares everything.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from trader.brokers.broker import VenueBroker
from trader.brokers.ledger import Row
from trader.brokers.paper import MarketStep
from trader.brokers.reconcile import Report
from trader.clock import Clock
from trader.domain.errors import TraderError
from trader.domain.ids import BookId, ClientOrderId, RoundId
from trader.domain.orders import Order, OrderEvent, OrderState, TimeInForce
from trader.domain.value import plain
from trader.journal.records import Noted, OrderIntended
from trader.journal.writer import Recorder
from trader.risk.facts import Quote
from trader.runner import amending
from trader.runner.market_step import row_record

MOST_LEGS = 3
"""Protective orders for one position in one go: a stop, and the exit where the market is past it."""
NO_ROUND = RoundId("")
"""Of what no round placed."""


class Keeper:
    """Keeps one book's account. What two ask of it at the same time is done one after the other."""

    def __init__(
        self,
        broker: VenueBroker,
        book: BookId,
        recorder: Recorder,
        clock: Clock,
        halted: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.broker = broker
        self._book, self._recorder, self._clock, self._halted = book, recorder, clock, halted
        self._turn = asyncio.Lock()
        self._since: list[Row] = []
        self._told: set[str] = set()

    async def start(self) -> Report:
        """After a restart: compare everything first, so that what happened meanwhile is said."""
        return await self.reconcile()

    async def refresh(self) -> None:
        """Ask for news, write them down, and protect what has been bought."""
        async with self._turn:
            await self._refresh()

    async def _refresh(self) -> None:
        self._record(await self.broker.news())
        await self._protect()

    async def reconcile(self) -> Report:
        """Compare with the venue; every difference is a note, once. Nothing is sent to mend one.

        A venue that does not answer is a note too, and nothing may be opened until it does.
        """
        async with self._turn:
            return await self._reconciled()

    async def _reconciled(self) -> Report:
        try:
            report = await self.broker.reconcile()
        except TraderError as error:
            self.broker.bar_entries(f"it does not answer: {error.message}")
            self._note("venue_silent", error.message, {})
            return Report(at=self._clock.now())
        self._record(await self.broker.news())
        for difference in report.differences:
            known = "inexplicable" if difference in report.inexplicable else "explained"
            self._note("divergence", f"{known}: {difference.sentence}", difference.model_dump(mode="json"))
        await self._protect()
        return report

    def arrive(self, as_of: datetime) -> None:
        """A bar has closed; the clock of a venue goes by itself."""

    async def quotes(self) -> dict[str, Quote]:
        """The best prices at the venue now."""
        return await self.broker.quotes()

    async def step(self, as_of: datetime, between: bool = False) -> MarketStep:
        """Everything since the last step. Orders for one bar that still work end, unless `between` closes."""
        async with self._turn:
            self._record(await self.broker.news())
            for tracked in () if between else tuple(self.broker.ledger.working()):
                if tracked.order.time_in_force is TimeInForce.DAY and tracked.state is not OrderState.UNKNOWN:
                    await self.cancel(tracked.order.client_id)
            await self._refresh()
            rows, self._since = tuple(self._since), []
            return MarketStep(rows)

    async def send(self, *orders: Order) -> tuple[OrderEvent, ...]:
        """Intents to disk, then each to the venue, once."""
        now = self._clock.now()
        self._recorder.append(
            *(OrderIntended(book=self._book, round=NO_ROUND, order=order, at=now) for order in orders)
        )
        self._recorder.commit()
        events = await self.broker.submit(*orders)
        self._record(events)
        return events

    async def cancel(self, client_id: ClientOrderId) -> tuple[OrderEvent, ...]:
        """Ask for the end of a working order. What was told of it."""
        events = await self.broker.cancel(client_id)
        self._record(events)
        return events

    async def amend(
        self,
        client_id: ClientOrderId,
        *,
        quantity: Decimal | None = None,
        price: Decimal | None = None,
        limit_price: Decimal | None = None,
    ) -> Order | None:
        """Give a working order other terms; the order that has taken its place, or None where none has.

        What is asked for is noted, the order ended, its end confirmed by the venue, and only then is another
        one intended and sent, for what is left. Where the end is not confirmed nothing is sent, and while
        people have halted nothing is begun. `price` is the stop, or the limit where there is no stop. What
        asks for more must have been ruled on. Raises OrderError for terms that cannot be, and then changes
        nothing.
        """
        async with self._turn:
            ledger = self.broker.ledger
            terms = amending.wanted(ledger, client_id, quantity, price, limit_price)
            if terms is None:
                return None
            if (halted := self._halted()) is not None:
                self._note("not_amended", f"{halted}: {client_id} stays as it was", {})
                return None
            self._note("amending", f"{client_id}: {amending.sentence(terms)} instead", {})
            self._recorder.commit()
            await self.cancel(client_id)
            if ledger.orders[client_id].working:
                self._note("not_amended", f"{client_id}: its end is not confirmed, it stays as it was", {})
                return None
            instead = amending.replacement(ledger, terms)
            await self.send(*instead)
            return instead[0] if instead else None

    async def cancel_entries(self) -> tuple[str, ...]:
        """End what works and could open something. The client ids of those whose end is not confirmed."""
        working = [one for one in self.broker.ledger.working() if not one.order.reduce_only]
        for tracked in working:
            await self.cancel(tracked.order.client_id)
        orders = self.broker.ledger.orders
        return tuple(one.order.client_id for one in working if orders[one.order.client_id].working)

    def still_open(self) -> tuple[str, ...]:
        """What works at the venue, one sentence each."""
        return tuple(
            f"{one.order.client_id}: {one.order.side} {plain(one.remaining)} {one.order.symbol}, {one.state}"
            for one in self.broker.ledger.working()
        )

    async def _protect(self) -> None:
        """Send what is due until nothing is: a stop that the market has passed becomes an exit at once."""
        for _ in range(MOST_LEGS):
            due = self.broker.legs_due()
            if due and (halted := self._halted()) is not None:
                units = ", ".join(f"{plain(order.quantity)} {order.symbol}" for order in due)
                self._note("unprotected", f"{halted}: {units} without a stop", {})
                return
            for order in due:
                if order.client_id in self.broker.ledger.orders:
                    self._record(await self.broker.submit(order))
                else:
                    await self.send(order)
            if not due:
                return
            self._record(await self.broker.news())

    def _record(self, rows: Iterable[Row]) -> None:
        """Write down what the venue told; fills are on disk before anything is done about them."""
        rows = tuple(rows)
        if rows:
            self._recorder.append(*(row_record(self._book, row) for row in rows))
            self._recorder.commit()
            self._since += [row for row in rows if not isinstance(row, Order)]

    def _note(self, kind: str, text: str, data: dict[str, object]) -> None:
        if text not in self._told:
            self._told.add(text)
            self._recorder.append(
                Noted(book=self._book, at=self._clock.now(), kind=kind, text=text, data=data)
            )
