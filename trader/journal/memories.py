"""What the journal remembers: closed trades, the conditions of decisions, and what came of forecasts."""

import json
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import RowMapping, select

from trader.domain.ids import BookId, DecisionId
from trader.domain.market import Regime
from trader.domain.signals import Direction
from trader.domain.trades import ClosedTrade, MarketState
from trader.journal import schema
from trader.journal.reading import Tables

_STATE = (*schema.STATE, "regime")


class Remembered(NamedTuple):
    """A closed trade without its words: what recall ranks by, and what a line about it says."""

    id: str
    book: BookId
    symbol: str
    side: Direction
    opened_at: datetime
    closed_at: datetime
    known_at: datetime
    net_return: float
    bars: int | None
    exit_reason: str
    decision: DecisionId
    state: MarketState

    @classmethod
    def of(cls, trade: ClosedTrade) -> "Remembered":
        """What is kept at hand of a trade."""
        return cls(**{name: getattr(trade, name) for name in cls._fields})


class Unresolved(NamedTuple):
    """A decision whose event has no outcome yet."""

    decision: DecisionId
    symbol: str
    as_of: datetime
    horizon: int


class Prediction(NamedTuple):
    """One stated probability and what came of it."""

    agent: str
    record: str
    symbol: str
    as_of: datetime
    known_at: datetime
    p_up: float
    base_rate: float | None
    happened: bool
    event_return: float


class Memories:
    """The part of the journal that remembers. Everything comes in the order in which it was known."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def trades(self, book: BookId | None = None, known_by: datetime | None = None) -> list[ClosedTrade]:
        """Closed trades of a book or of all, those that a round not after `known_by` knew of."""
        table = schema.closed_trades.c
        query = select(table.body).order_by(table.known_at, table.id)
        if book is not None:
            query = query.where(table.book == book)
        if known_by is not None:
            query = query.where(table.known_at <= known_by)
        return self._tables.read(query, lambda row: ClosedTrade.model_validate_json(row["body"]))

    def remembered(self, book: BookId | None = None) -> list[Remembered]:
        """The same without their words: of a hundred thousand they are read in seconds."""
        table = schema.closed_trades.c
        columns = [table[name] for name in Remembered._fields if name != "state"]
        query = select(*columns, *(table[name] for name in _STATE)).order_by(table.known_at, table.id)
        if book is not None:
            query = query.where(table.book == book)
        return self._tables.read(query, _remembered)

    def known(self, book: BookId) -> frozenset[str]:
        """Ids of the book's closed trades."""
        table = schema.closed_trades.c
        return frozenset(self._tables.read(select(table.id).where(table.book == book), lambda row: row["id"]))

    def state(self, book: BookId, symbol: str, as_of: datetime) -> MarketState | None:
        """The conditions that a round at `as_of` recorded."""
        table = schema.feature_store
        where = (table.c.book == book, table.c.symbol == symbol, table.c.as_of == as_of)
        found = self._tables.all(table, _state, *where)
        return found[0] if found else None

    def reasoning(self, decision: DecisionId) -> list[tuple[str, str]]:
        """(agent, what it wrote) of the opinions of a decision, in their order."""
        table = schema.steps.c
        query = select(table.agent, table.body).where(table.decision == decision, table.form == "opinion")
        said = self._tables.read(query, lambda row: (row["agent"], json.loads(row["body"])["reasoning"]))
        return sorted(said)

    def unresolved(self, book: BookId) -> list[Unresolved]:
        """Decisions without an outcome, oldest first."""
        made, outcomes = schema.decisions.c, schema.outcomes.c
        query = (
            select(made.id.label("decision"), made.symbol, made.as_of, made.horizon)
            .outerjoin_from(schema.decisions, schema.outcomes, made.id == outcomes.decision)
            .where(made.book == book, outcomes.seq.is_(None))
            .order_by(made.seq)
        )
        return self._tables.read(query, lambda row: Unresolved(**row))

    def predictions(self, book: BookId, known_by: datetime | None = None) -> list[Prediction]:
        """Every stated probability whose outcome is recorded, and was known at `known_by`."""
        said, made, came = schema.steps.c, schema.decisions.c, schema.outcomes.c
        columns = (said.agent, said.record, made.symbol, made.as_of, came.known_at, said.p_up)
        query = (
            select(*columns, made.base_rate, came.happened, came.event_return)
            .join_from(schema.steps, schema.decisions, made.id == said.decision)
            .join(schema.outcomes, came.decision == said.decision)
            .where(made.book == book, said.p_up.is_not(None))
            .order_by(came.known_at, made.as_of, made.symbol, said.agent)
        )
        if known_by is not None:
            query = query.where(came.known_at <= known_by)
        return self._tables.read(query, lambda row: Prediction(**{**row, "happened": row["happened"] > 0}))


def _remembered(row: RowMapping) -> Remembered:
    values = {name: row[name] for name in Remembered._fields if name != "state"}
    values["side"] = Direction(values["side"])
    return Remembered(**values, state=_state(row))


def _state(row: RowMapping) -> MarketState:
    # What the journal has was a state when it was written: checking a hundred thousand again takes seconds.
    values = {name: row[name] for name in schema.STATE}
    return MarketState.model_construct(**values, regime=Regime(row["regime"]) if row["regime"] else None)
