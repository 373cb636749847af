"""What the limits need of a book's past: its watermarks, its entries by session, and its breakers."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from trader.data.calendar import TradingCalendar
from trader.domain.ids import ClientOrderId
from trader.domain.orders import OrderEvent, OrderState
from trader.domain.portfolio import Account, Book
from trader.journal.reader import JournalReader
from trader.journal.records import BreakerChanged, OrderIntended
from trader.risk.breakers import Watermarks, retrace
from trader.risk.facts import Breaker


@dataclass
class Past:
    """Grows with each round; made anew from the journal when a run goes on."""

    calendar: TradingCalendar
    water: Watermarks
    entries: Counter[datetime] = field(default_factory=Counter)
    """Increases intended, by the close of the session they could first trade in."""
    breakers: list[Breaker] = field(default_factory=list)
    """All that have tripped, those lifted included."""
    waiting: dict[ClientOrderId, OrderIntended] = field(default_factory=dict)
    """Orders that count as entries once a person has approved them."""

    @classmethod
    def of(cls, reader: JournalReader, book: Book, calendar: TradingCalendar) -> Self:
        """What the journal has of the book; of a round that is not closed, what its bar did.

        Such a round is run again, and its orders are counted then.
        """
        changes = reader.breakers(book.id)
        water = retrace(
            Watermarks.opening(book.cash, book.opened_at, calendar.next_session_close),
            [(mark.as_of, mark.equity) for mark in reader.marks(book.id)],
            [change.at for change in changes if change.lifted],
            calendar.next_session_close,
        )
        past = cls(calendar, water)
        closed = {one.round for one in reader.rounds(book.id) if one.closed}
        for intended in reader.orders(book.id):
            if intended.round in closed:
                past.intended(intended)
        if past.waiting:
            for event in reader.order_events(book.id):
                past.stepped(event)
        for change in changes:
            past.changed(change)
        return past

    def marked(self, account: Account) -> Account:
        """Take note of a mark; the account with what losses are now measured from."""
        self.water = self.water.marked(account.as_of, account.equity, self.calendar.next_session_close)
        return account.model_copy(update={"peak": self.water.peak, "day_open": self.water.day_open})

    def entries_today(self, as_of: datetime) -> int:
        """Increases intended for the session that an order of this moment would trade in."""
        return self.entries[self.calendar.next_session_close(as_of)]

    def intended(self, record: OrderIntended) -> None:
        """Count an order that was about to be sent; one that waits for approval, when it has it."""
        if record.state is OrderState.AWAITING_APPROVAL:
            self.waiting[record.order.client_id] = record
        elif not record.order.reduce_only:
            self.entries[self.calendar.next_session_close(record.at)] += 1

    def stepped(self, event: OrderEvent) -> None:
        """Count what was approved; told again it counts once."""
        if event.state is OrderState.INTENDED and event.client_id in self.waiting:
            approved = self.waiting.pop(event.client_id)
            self.intended(approved.model_copy(update={"state": OrderState.INTENDED}))

    def changed(self, change: BreakerChanged) -> None:
        """Take note of a breaker that tripped or was lifted."""
        if change.lifted:
            self.breakers = [
                one.model_copy(update={"lifted": True}) if one.reason == change.reason else one
                for one in self.breakers
            ]
        else:
            self.breakers.append(
                Breaker(
                    reason=change.reason,
                    since=change.since,
                    until=change.until,
                    asked=change.asked,
                    permitted=change.permitted,
                )
            )
