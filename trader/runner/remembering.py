"""What each round adds to what is remembered: conditions, outcomes that became known, trades that closed."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

import numpy as np

from trader.brokers.ledger import Ledger
from trader.data.market import Market
from trader.domain.decisions import Decision
from trader.domain.errors import UsageError
from trader.domain.ids import DecisionId
from trader.domain.market import to_datetime64
from trader.domain.portfolio import Book, RoundTrip
from trader.domain.trades import ClosedTrade, MarketState
from trader.journal.memories import Memories, Remembered, Unresolved
from trader.journal.reader import JournalReader
from trader.journal.records import OutcomeKnown, Record, StateKnown, TradeClosed
from trader.memory.closing import closed_trade, excursion_of, opener
from trader.memory.recall import Memory
from trader.runner.indexing import Indexing
from trader.tools.market_state import market_state
from trader.tools.moments import as_datetime


class Remembering:
    """Grows with each round; made anew from the journal when a run goes on."""

    def __init__(self, book: Book, reader: JournalReader, index: Indexing | None = None) -> None:
        self.memory = replace(Memory.of(reader.memories.remembered(book.id)), index=index)
        """The book's closed trades."""
        self._index = index
        self._book, self._reader = book, reader
        self._known = set(reader.memories.known(book.id))
        self._looked_at = 0
        self._pending = {one.decision: one for one in reader.memories.unresolved(book.id)}

    def round(
        self, as_of: datetime, market: Market, ledger: Ledger, late: Collection[str] = ()
    ) -> list[Record]:
        """What there is to write down once the bar of `as_of` has happened to the account.

        `late` are symbols whose newest bar has come after the round of its close.
        """
        view = market.view(as_of)
        symbols = [
            symbol
            for symbol in self._book.symbols
            if symbol in late or market.bar_at(symbol, as_of) is not None
        ]
        records: list[Record] = [
            StateKnown(book=self._book.id, symbol=symbol, as_of=as_of, state=market_state(view, symbol))
            for symbol in symbols
        ]
        records += self._resolved(as_of, market)
        closed = list(self._closed(as_of, market, ledger))
        new = tuple(map(Remembered.of, closed))
        self.memory = self.memory.joined(new)
        if self._index is not None:
            self._index.remember(new)
        return records + [TradeClosed(trade=trade) for trade in closed]

    def decided(self, decisions: Iterable[Decision]) -> None:
        """Decisions whose events are to be resolved."""
        for made in decisions:
            self._pending[made.id] = Unresolved(made.id, made.symbol, made.as_of, made.horizon)

    def _resolved(self, as_of: datetime, market: Market) -> Iterator[OutcomeKnown]:
        found = list(outcomes(self._book, self._pending.values(), market, as_of))
        for known in found:
            del self._pending[known.decision]
        yield from found

    def _closed(self, as_of: datetime, market: Market, ledger: Ledger) -> Iterator[ClosedTrade]:
        """Trades that are over and that the journal does not have."""
        new = ledger.closed[self._looked_at :]
        self._looked_at = len(ledger.closed)
        for trip in new:
            trade = remembered_trade(self._book, trip, as_of, self._reader, market, ledger)
            if trade.id not in self._known:
                self._known.add(trade.id)
                yield trade


def outcomes(
    book: Book, pending: Iterable[Unresolved], market: Market, as_of: datetime
) -> Iterator[OutcomeKnown]:
    """The outcomes of those decisions whose horizon had passed at `as_of`, traded or not."""
    view = market.view(as_of)
    for one in pending:
        if one.symbol not in market.bars:
            continue
        events = view.event_returns(one.symbol, one.horizon)
        row = int(np.searchsorted(events.decided, to_datetime64(one.as_of)))
        if row == len(events) or events.decided[row] != to_datetime64(one.as_of):
            continue
        yield OutcomeKnown(
            book=book.id,
            decision=one.decision,
            symbol=one.symbol,
            as_of=one.as_of,
            horizon=one.horizon,
            known_at=as_datetime(events.resolved[row]),
            event_return=float(events.r[row]),
        )


def remembered_trade(
    book: Book,
    trip: RoundTrip,
    known_at: datetime,
    reader: JournalReader,
    market: Market | None,
    ledger: Ledger,
) -> ClosedTrade:
    """What is remembered of a round trip; without the market what the journal alone has of it.

    Of an instrument in another currency than the book's, neither excursions nor the target's distance.
    """
    decision = decision_of(reader, opener(trip))
    state = None
    if decision is not None:
        state = conditions(reader.memories, book, decision, market)
    # A round trip is in the book's currency: prices of bars and orders in another are not compared with it.
    comparable = ledger.instruments[trip.symbol].currency == book.currency
    path = None
    if comparable and market and trip.symbol in market.bars:
        path = excursion_of(market.view(known_at), trip)
    orders = ledger.orders if comparable else {}
    return closed_trade(book, trip, known_at, decision, state or MarketState(), path, orders)


def conditions(
    memories: Memories, book: Book, decision: Decision, market: Market | None
) -> MarketState | None:
    """The market's state when something was decided: as recorded, else from the bars of then."""
    recorded = memories.state(book.id, decision.symbol, decision.as_of)
    if recorded is not None or market is None or decision.symbol not in market.bars:
        return recorded
    return market_state(market.view(decision.as_of), decision.symbol)


def decision_of(reader: JournalReader, id: DecisionId) -> Decision | None:
    """The decision with this id, where it is one."""
    try:
        return reader.decision(id)
    except UsageError:
        return None
