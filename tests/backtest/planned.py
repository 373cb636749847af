"""Plans of backtests that nobody works on: for what only reads them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from trader.backtest.books.plan import Plan, PlannedBook
from trader.domain.ids import BacktestId
from trader.domain.market import Timeframe


def book(number: int, start: datetime, rounds: int, **changes: Any) -> PlannedBook:
    """Daily rounds of one symbol."""
    known: dict[str, Any] = {
        "number": number,
        "varied": {},
        "symbols": ("AAPL",),
        "first": start,
        "last": start,
        "rounds": rounds,
        "horizon": 5,
        "data": "",
        "settings": {},
    }
    return PlannedBook(**known | changes)


def plan(books: Sequence[PlannedBook], command: str = "trader backtest") -> Plan:
    """These books, on the sample."""
    return Plan(
        id=BacktestId("b"),
        command=command,
        feed="sample",
        timeframe=Timeframe.D1,
        symbols=("AAPL",),
        currency="USD",
        version="",
        program="",
        prompts={},
        made_at=books[0].first,
        books=tuple(books),
    )
