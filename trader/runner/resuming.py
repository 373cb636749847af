"""What `trader resume` does to a book: a person lifts the breakers that bar its entries."""

from trader.data.calendar import trading_calendar
from trader.domain.portfolio import Book
from trader.journal.reader import JournalReader
from trader.journal.records import BreakerChanged
from trader.journal.writer import Journal
from trader.risk.breakers import lift
from trader.risk.facts import Breaker
from trader.runner.past import Past
from trader.workspace import Workspace


def lift_breakers(workspace: Workspace) -> tuple[Book | None, tuple[Breaker, ...]]:
    """Lift what bars entries in the newest book, as of its last mark; the book, and what was lifted.

    The drawdown is then measured from what there is. Raises WorkspaceInUse while a run works on the book.
    """
    if not workspace.journal.exists():
        return None, ()
    with workspace.hold():
        with JournalReader(workspace.journal) as reader:
            books = reader.books()
            marks = reader.marks(books[-1].id) if books else []
            if not marks:
                return None, ()
            book, now = books[-1], marks[-1].as_of
            calendar = trading_calendar(book.calendar, marks[0].as_of.date(), now.date())
            barring = Past.of(reader, book, calendar).breakers
        lifted = lift(barring, now)
        with Journal.open(workspace.journal) as journal:
            journal.append(
                *(
                    BreakerChanged(
                        book=book.id,
                        reason=one.reason,
                        since=one.since,
                        until=one.until,
                        lifted=True,
                        at=now,
                        asked=one.asked,
                        permitted=one.permitted,
                    )
                    for one in lifted
                )
            )
    return book, lifted
