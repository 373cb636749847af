"""Which book a command is about: the newest, or the one that `--book` names."""

from trader.brokers.present import Present
from trader.domain.errors import TraderError, UnknownName
from trader.domain.portfolio import Book
from trader.journal.reader import JournalReader


def book_named(reader: JournalReader, id: str | None) -> Book:
    """The book whose id begins so; the newest where none is named. Raises UnknownName, TraderError."""
    books = reader.books()
    if not books:
        raise TraderError("the journal has no book yet", hint="`trader run` opens one")
    if id is None:
        return books[-1]
    found = [book for book in books if book.id.startswith(id.upper())]
    if len(found) != 1:
        raise UnknownName("book", id, (book.id for book in books))
    return found[0]


def chosen(reader: JournalReader, id: str | None) -> Present:
    """The book as it stands. Raises TraderError where no round of it has begun."""
    book = book_named(reader, id)
    now = Present.of(reader, book)
    if now is None:
        raise TraderError(f"book {book.id} has had no round yet", hint="`trader run` goes on with it")
    return now
