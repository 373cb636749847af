"""What must stand before a venue's first round: whose account it is, its book, and what it held before."""

from datetime import datetime
from typing import Any

from trader.brokers.ccxt_client import CcxtClient
from trader.brokers.ccxt_rules import Rules
from trader.brokers.foreign import Opening
from trader.brokers.ledger import Ledger, fold
from trader.brokers.present import rows_of
from trader.clock import Clock
from trader.data.feeds.ccxt_exchange import Address, exchange_of
from trader.domain.errors import Refused, UsageError
from trader.domain.ids import BookId
from trader.domain.market import Timeframe
from trader.domain.portfolio import Book, Mode
from trader.domain.value import digest
from trader.journal.reader import JournalReader
from trader.journal.records import BookOpened, Noted
from trader.journal.writer import Journal
from trader.settings import Settings

OPENED = "venue_opened"
"""Kind of the note that keeps what the account held before the book."""


def address_of(settings: Settings) -> Address:
    """Where the exchange is. Raises UsageError where broker and feed do not go together."""
    exchange = exchange_of(settings.run.broker)
    if settings.run.feed != settings.run.broker:
        raise UsageError(
            f"the broker {settings.run.broker} trades on its own bars, and the feed is {settings.run.feed}",
            hint=f"--feed {settings.run.broker}",
        )
    if not settings.run.symbols or settings.run.timeframe is None:
        raise UsageError(
            "a venue has too many markets to choose for you",
            hint="for example --symbols BTC/USDT --timeframe 15m",
        )
    if settings.run.start or settings.run.end:
        raise UsageError("--start and --end are for replays: a venue is traded from now on")
    venue = settings.venue
    return Address(exchange, venue.stand_in or "", venue.recv_window_ms, venue.timeout_s)


async def open_book(
    reader: JournalReader,
    journal: Journal,
    client: CcxtClient,
    rules: dict[str, Rules],
    settings: Settings,
    clock: Clock,
    as_of: datetime,
) -> tuple[Book, Opening, bool]:
    """The book of this account, what the account held before it, and whether it was there already.

    A book is its venue and its account.

    Raises UsageError where the account has a book of other symbols, Refused where it has no money.
    """
    account, balances = await client.whose()
    name = BookId(f"{client.address.exchange}-sandbox-{account}")
    known = next((book for book in reader.books() if book.id == name), None)
    if known is not None:
        _check_same(known, tuple(rules), settings.run.timeframe)
        note = next(one for one in reader.notes(name) if one.kind == OPENED)
        return known, Opening.model_validate(note.data), True
    currency = _currency(rules)
    if not balances.get(currency):
        raise Refused(
            f"the account {account} at {client.address.name} owns no {currency} to trade with",
            hint="the venue's page for its sandbox gives some, or choose markets quoted in what is there",
        )
    opening = Opening(
        account=account,
        balances=balances,
        trades={symbol: await client.last_trade(symbol) for symbol in rules},
    )
    timeframe = settings.run.timeframe or Timeframe.D1
    book = Book(
        id=name,
        mode=Mode.PAPER,
        feed=settings.run.feed,
        symbols=tuple(rules),
        timeframe=timeframe,
        horizon=settings.desk.horizon or timeframe.default_horizon,
        currency=currency,
        calendar="24/7",
        cash=balances[currency],
        opened_at=as_of,
        settings=digest(settings),
    )
    text = f"the account {account} at {client.address.name}, as it was found"
    data: dict[str, Any] = opening.model_dump(mode="json")
    journal.append(BookOpened(book=book), Noted(book=name, at=clock.now(), kind=OPENED, text=text, data=data))
    journal.commit()
    return book, opening, False


def ledger_of(reader: JournalReader, book: Book, rules: dict[str, Rules]) -> Ledger:
    """The account as the journal has it."""
    return fold(book, [one.instrument for one in rules.values()], rows_of(reader.movements(book.id)))


def _check_same(book: Book, symbols: tuple[str, ...], timeframe: Timeframe | None) -> None:
    if (book.symbols, book.timeframe) != (symbols, timeframe):
        raise UsageError(
            f"this account's book {book.id} trades {', '.join(book.symbols)} on {book.timeframe} bars",
            hint="a second strategy needs a second account, or another workspace",
        )


def _currency(rules: dict[str, Rules]) -> str:
    found = sorted({one.quote for one in rules.values()})
    if len(found) > 1:
        raise UsageError(
            f"at a venue a book has one quote currency, and these markets are quoted in {', '.join(found)}: "
            "what is spent in one of them is not there to be spent in another",
            hint="choose markets of one quote currency with --symbols, and another account for the others",
        )
    return found[0]
