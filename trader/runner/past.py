"""What the limits need of a book's past: its marks and entries by session, and its breakers."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self

from trader.data.calendar import TradingCalendar
from trader.domain.portfolio import Book
from trader.journal.reader import JournalReader
from trader.journal.records import BreakerChanged, Marked, OrderIntended
from trader.risk.facts import Breaker


@dataclass
class Past:
    """Grows with each round; made anew from the journal when a run goes on."""

    book: Book
    calendar: TradingCalendar
    marks: list[Marked] = field(default_factory=list)
    entries: Counter[datetime] = field(default_factory=Counter)
    """Increases intended, by the close of the session they could first trade in."""
    breakers: list[Breaker] = field(default_factory=list)
    """Those in force or over, not those a person lifted."""

    @classmethod
    def of(cls, reader: JournalReader, book: Book, calendar: TradingCalendar) -> Self:
        """Everything the journal has."""
        past = cls(book, calendar)
        for mark in reader.marks(book.id):
            past.marks.append(mark)
        for intended in reader.orders(book.id):
            past.intended(intended)
        for change in reader.breakers(book.id):
            past.changed(change)
        return past

    def session(self, at: datetime) -> datetime:
        """The session of a moment, named by its close, which belongs to it."""
        return self.calendar.next_session_close(at - timedelta(seconds=1))

    def peak(self) -> Decimal:
        """The highest equity at any mark, the opening balance included."""
        return max((mark.equity for mark in self.marks), default=self.book.cash).max(self.book.cash)

    def day_open(self, as_of: datetime) -> Decimal:
        """Equity at the last mark of an earlier session; the opening balance before there is one."""
        today = self.session(as_of)
        earlier = (mark.equity for mark in reversed(self.marks) if self.session(mark.as_of) < today)
        return next(earlier, self.book.cash)

    def entries_today(self, as_of: datetime) -> int:
        """Increases intended for the session that an order of this moment would trade in."""
        return self.entries[self.calendar.next_session_close(as_of)]

    def intended(self, record: OrderIntended) -> None:
        """Count an order that was about to be sent."""
        if not record.order.reduce_only:
            self.entries[self.calendar.next_session_close(record.at)] += 1

    def changed(self, change: BreakerChanged) -> None:
        """Take note of a breaker that tripped or was lifted."""
        if change.lifted:
            self.breakers = [one for one in self.breakers if one.reason != change.reason]
        else:
            self.breakers.append(Breaker(reason=change.reason, since=change.since, until=change.until))
