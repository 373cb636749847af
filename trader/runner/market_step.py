"""What a closed bar does to a book before anybody thinks: its actions and marks, and the facts for limits."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import numpy as np

from trader.brokers.ledger import Row
from trader.brokers.paper import MarketStep
from trader.data.market import Market
from trader.data.view import MarketView
from trader.domain.errors import OrderError
from trader.domain.ids import BookId
from trader.domain.market import CorporateAction
from trader.domain.orders import Awaiting, Fill, Order, OrderEvent
from trader.domain.portfolio import Account, AccountEntry, Book
from trader.journal.records import AccountMoved, FillReceived, Marked, OrderChanged, Record
from trader.memory.base_rates import recent_returns
from trader.risk.facts import Breaker, Facts

CORRELATED_BARS = 3
"""Fewer common returns than this say nothing of correlation; the pair then counts as one."""


def actions_between(
    market: Market, symbols: Sequence[str], after: datetime | None, until: datetime
) -> tuple[CorporateAction, ...]:
    """Actions of `symbols` that came into effect after one bar's close and not after the next one's."""
    view = market.view(until)
    return tuple(
        action
        for symbol in symbols
        for action in view.actions(symbol)
        if after is not None and action.effective > after
    )


def marks_at(view: MarketView, symbols: Sequence[str]) -> dict[str, Decimal]:
    """Last traded prices of the symbols that have one."""
    return {symbol: view.price(symbol) for symbol in symbols if len(view.bars(symbol, 1))}


def step_records(book: Book, step: MarketStep) -> list[Record]:
    """The market step as the journal keeps it, in the order in which it happened."""
    return [row_record(book.id, row) for row in step.rows]


def row_record(book: BookId, row: Row) -> Record:
    """One thing that happened to an account, as the journal keeps it."""
    match row:
        case OrderEvent():
            return OrderChanged(book=book, event=row)
        case Fill():
            return FillReceived(book=book, fill=row)
        case AccountEntry():
            return AccountMoved(book=book, entry=row)
        case Order() | Awaiting():
            raise OrderError(f"a market step placed an order: {row}")


def mark(book: Book, account: Account) -> Marked:
    """What the book is worth at the account's moment."""
    return Marked(
        book=book.id, as_of=account.as_of, equity=account.equity, cash=account.cash, gross=account.gross
    )


def correlations(view: MarketView, symbols: Sequence[str]) -> dict[str, float]:
    """`A|B` -> correlation of the last quarter's returns, for pairs whose bars close together."""
    returns = {
        symbol: recent_returns(view, symbol) for symbol in sorted(symbols) if len(view.bars(symbol, 1))
    }
    pairs = {}
    for i, (one, x) in enumerate(returns.items()):
        for other, y in list(returns.items())[i + 1 :]:
            n = min(len(x), len(y))
            if n >= CORRELATED_BARS and x[-n:].std() > 0 and y[-n:].std() > 0:
                pairs[f"{one}|{other}"] = float(np.corrcoef(x[-n:], y[-n:])[0, 1])
    return pairs


def facts_at(
    view: MarketView,
    account: Account,
    symbols: Sequence[str],
    breakers: Sequence[Breaker],
    entries_today: int,
) -> Facts:
    """What the limits are asked of, this round."""
    priced = [symbol for symbol in symbols if symbol in account.marks]
    return Facts(
        account=account,
        instruments=tuple(view.instrument(symbol) for symbol in symbols),
        correlations=correlations(view, priced),
        data_age={symbol: view.age(symbol) for symbol in priced},
        entries_today=entries_today,
        breakers=tuple(breakers),
        now=view.as_of,
    )
