"""Filling what an older program did not write down: trades, outcomes, conditions and learned records.

Everything is derived from the journal, and from the book's bars where they are at hand and still the same.
What is there already stays as it is.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from trader.brokers.present import Present
from trader.data.market import Market
from trader.domain.errors import TraderError
from trader.domain.portfolio import Book
from trader.domain.trades import ClosedTrade
from trader.journal.reader import JournalReader
from trader.journal.records import OutcomeKnown, StateKnown, StateLearned, TradeClosed
from trader.journal.writer import Journal
from trader.runner.opening import market_of
from trader.runner.remembering import outcomes, remembered_trade
from trader.tools.market_state import market_state


class Rebuilt(NamedTuple):
    """What was added to one book."""

    book: Book
    trades: int
    outcomes: int
    states: int
    without_data: str
    """Why the bars could not be used; empty where they were."""


def rebuild(reader: JournalReader, journal: Journal, book: Book) -> Rebuilt:
    """Write down what the book lacks. Running it again adds nothing."""
    market, why = data_of(reader, book)
    states = list(_states(reader, book, market)) if market else []
    journal.append(*states)
    journal.commit()  # trades read the conditions from there
    journal.append(*(StateLearned.of(book.id, state) for state in reader.learned_states(book.id)))
    resolved: list[OutcomeKnown] = []
    rounds = [known.as_of for known in reader.rounds(book.id)]
    if market and rounds:
        resolved = list(outcomes(book, reader.memories.unresolved(book.id), market, rounds[-1]))
    trades = list(_trades(reader, book, market, rounds))
    journal.append(*resolved, *(TradeClosed(trade=trade) for trade in trades))
    journal.commit()
    return Rebuilt(book, len(trades), len(resolved), len(states), why)


def data_of(reader: JournalReader, book: Book) -> tuple[Market | None, str]:
    """The book's bars as its last run had them, or why they are not to be had."""
    runs = reader.runs(book.id)
    if not runs:
        return None, "it has never run"
    try:
        market = market_of(reader, book)
    except TraderError as error:
        return None, error.message
    if runs[-1].started.data_digest != market.digest:
        return None, "the data has changed since"
    return market, ""


def _states(reader: JournalReader, book: Book, market: Market) -> Iterator[StateKnown]:
    """The conditions of every decision that lacks them, a moment at a time."""
    for made in reader.decisions(book.id, newest_first=False):
        if reader.memories.state(book.id, made.symbol, made.as_of) is None:
            state = market_state(market.view(made.as_of), made.symbol)
            yield StateKnown(book=book.id, symbol=made.symbol, as_of=made.as_of, state=state)


def _trades(
    reader: JournalReader, book: Book, market: Market | None, rounds: Iterable[datetime]
) -> Iterator[ClosedTrade]:
    """Trades that the journal does not have, each known from the first round after its close."""
    present = Present.of(reader, book)
    known, moments = reader.memories.known(book.id), tuple(rounds)
    for trip in present.ledger.closed if present else ():
        after = next((as_of for as_of in moments if as_of >= trip.closed_at), None)
        if present is None or after is None:
            continue  # the next round writes it down
        trade = remembered_trade(book, trip, after, reader, market, present.ledger)
        if trade.id not in known:
            yield trade
