"""What the journal has for learning: decisions with the conditions they were made in, and what changed."""

import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import RowMapping, select

from trader.domain.decisions import Decision
from trader.domain.ids import BookId
from trader.domain.learned import LearnedState
from trader.domain.lessons import Standing
from trader.domain.market import Regime
from trader.domain.signals import Signal
from trader.domain.trades import MarketState
from trader.journal import from_rows, schema
from trader.journal.reading import Tables
from trader.journal.records import LearningEvent

WISHES: Mapping[str, Standing] = MappingProxyType(
    {"pin": Standing.PINNED, "mute": Standing.MUTED, "release": Standing.ACTIVE}
)
"""What a person may ask of a rule, and where it stands then."""


class Judged(NamedTuple):
    """A decision, and the conditions it was made in."""

    decision: Decision
    state: MarketState
    signals: tuple[Signal, ...]
    """Of the whole round."""


class Lessons:
    """The part of the journal that learning reads and leaves its marks in."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def judged(self, book: BookId, until: datetime) -> list[Judged]:
        """Decisions of the book up to `until`, oldest first, whose conditions are recorded."""
        made, known, opened = schema.decisions.c, schema.feature_store.c, schema.rounds.c
        same = (made.book == known.book) & (made.symbol == known.symbol) & (made.as_of == known.as_of)
        conditions = (known[name] for name in (*schema.STATE, "regime"))
        query = (
            select(made.body, opened.signals, *conditions)
            .join_from(schema.decisions, schema.feature_store, same)
            .join(schema.rounds, made.round == opened.round)
            .where(made.book == book, made.as_of <= until)
            .order_by(made.seq)
        )
        return self._tables.read(query, _judged)

    def events(self, book: BookId) -> list[LearningEvent]:
        """What learning, or a person, changed, oldest first."""
        table = schema.learning_events
        return self._tables.all(table, from_rows.learning_event, table.c.book == book)

    def wishes(self, book: BookId) -> dict[str, Standing]:
        """Rule -> where people last asked it to stand."""
        asked = schema.commands
        rows = self._tables.all(asked, from_rows.commanded, asked.c.kind.in_(WISHES))
        of_book = (one for one in rows if one.arguments.get("book") == book)
        return {str(one.arguments.get("rule")): WISHES[one.kind] for one in of_book}

    def states(self, book: BookId) -> list[LearnedState]:
        """Every state the book has learned, oldest first."""
        table = schema.learned.c
        query = select(table.digest).where(table.book == book).order_by(table.seq)
        digests = self._tables.read(query, lambda row: str(row["digest"]))
        found = self._tables.blobs(digests)
        return [LearnedState.model_validate(found[digest]) for digest in digests]


def _judged(row: RowMapping) -> Judged:
    numbers = {name: row[name] for name in schema.STATE}
    state = MarketState(**numbers, regime=Regime(row["regime"]) if row["regime"] else None)
    signals = tuple(Signal.model_validate(signal) for signal in json.loads(row["signals"]))
    return Judged(from_rows.decision(row), state, signals)
