"""Reading the journal: what was committed, as the values it was made of. Nothing here writes."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, Self

from sqlalchemy import RowMapping, Table, select

from trader.domain.decisions import Decision
from trader.domain.errors import UnknownName, UsageError
from trader.domain.ids import BookId, DecisionId, RoundId
from trader.domain.learned import LearnedState
from trader.domain.opinions import Opinion
from trader.domain.orders import Fill, OrderEvent
from trader.domain.portfolio import AccountEntry, Book
from trader.domain.reports import Evidence
from trader.journal import from_rows, schema
from trader.journal.answers import (
    Forecast,
    Movement,
    RoundRecord,
    RoundSummary,
    RunRecord,
    SelfAgreement,
    ToolError,
    Turn,
)
from trader.journal.lessons import Lessons
from trader.journal.memories import Memories
from trader.journal.model_records import ModelEvent, ModelTrained
from trader.journal.reading import Tables
from trader.journal.records import (
    BreakerChanged,
    CallReserved,
    CommandAnswered,
    Commanded,
    EvaluationKept,
    Marked,
    ModelCalled,
    Noted,
    OrderIntended,
    RoundOpened,
    RulingMade,
    Step,
)

__all__ = ["Forecast", "JournalReader", "Movement", "RoundRecord", "RoundSummary", "RunRecord", "Turn"]

_LAST = "z" * 17
"""Sorts after every rest of an id."""


class JournalReader:
    """The journal, open for reading. Each call sees what had been committed when it was made."""

    def __init__(self, place: Path | str) -> None:
        """Open the journal at a path or a database's URL.

        Raises:
            JournalError: there is none, or it cannot be read.
            SchemaTooNew: a newer program wrote it.
        """
        self._tables = Tables(place)
        self.memories = Memories(self._tables)
        """What is remembered of trades and forecasts."""
        self.lessons = Lessons(self._tables)
        """What learning reads, and what it changed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._tables.close()

    # Books, runs and rounds

    def books(self) -> list[Book]:
        """All books, oldest first."""
        return self._tables.all(schema.books, from_rows.book)

    def book(self, book: BookId) -> Book:
        """The book with this id. Raises UnknownName."""
        found = self._tables.all(schema.books, from_rows.book, schema.books.c.id == book)
        if not found:
            raise UnknownName("book", book, (known.id for known in self.books()))
        return found[0]

    def unfinished_book(self, settings_digest: str) -> Book | None:
        """The newest book of these settings, unless its last run finished it."""
        books = self._tables.all(schema.books, from_rows.book, schema.books.c.settings == settings_digest)
        if not books:
            return None
        runs = self.runs(books[-1].id)
        ended = runs[-1].ended if runs else None
        return None if ended is not None and ended.reason == "finished" else books[-1]

    def runs(self, book: BookId) -> list[RunRecord]:
        """Every process that worked on the book, oldest first."""
        started = self._tables.all(schema.runs, from_rows.run_started, schema.runs.c.book == book)
        ends = self._tables.among(
            select(schema.run_ends), schema.run_ends.c.run, [run.run for run in started], from_rows.run_ended
        )
        by_run = {end.run: end for end in ends}
        return [RunRecord(run, by_run.get(run.run)) for run in started]

    def rounds(self, book: BookId) -> list[RoundSummary]:
        """Every round of the book, oldest first."""
        opened, ends = schema.rounds.c, schema.round_ends.c
        query = (
            select(opened.round, opened.as_of, ends.seq.is_not(None).label("closed"))
            .outerjoin_from(schema.rounds, schema.round_ends, opened.round == ends.round)
            .where(opened.book == book)
            .order_by(opened.seq)
        )
        return self._tables.read(
            query, lambda row: RoundSummary(row["round"], row["as_of"], bool(row["closed"]))
        )

    def last_closed(self, book: BookId) -> datetime | None:
        """`as_of` of the newest closed round."""
        ends = schema.round_ends.c
        query = select(ends.as_of).where(ends.book == book).order_by(ends.as_of.desc()).limit(1)
        latest: list[datetime] = self._tables.read(query, lambda row: row["as_of"])
        return latest[0] if latest else None

    def open_round(self, book: BookId) -> RoundOpened | None:
        """The newest round that was opened and not closed."""
        opened, ends = schema.rounds.c, schema.round_ends.c
        query = (
            select(opened.round)
            .outerjoin_from(schema.rounds, schema.round_ends, opened.round == ends.round)
            .where(opened.book == book, ends.seq.is_(None))
            .order_by(opened.seq.desc())
            .limit(1)
        )
        unclosed = self._tables.read(query, lambda row: row["round"])
        return self._opened(unclosed[0]) if unclosed else None

    def last_opened(self, book: BookId) -> RoundOpened | None:
        """The newest round of the book, closed or not."""
        table = schema.rounds.c
        query = select(table.round).where(table.book == book).order_by(table.seq.desc()).limit(1)
        newest = self._tables.read(query, lambda row: row["round"])
        return self._opened(newest[0]) if newest else None

    # Decisions

    def decisions(
        self,
        book: BookId | None = None,
        symbol: str | None = None,
        limit: int | None = None,
        newest_first: bool = True,
    ) -> list[Decision]:
        """Decisions in the order they were made, or the other way round."""
        table = schema.decisions.c
        query = select(table.body).order_by(table.seq.desc() if newest_first else table.seq).limit(limit)
        if book is not None:
            query = query.where(table.book == book)
        if symbol is not None:
            query = query.where(table.symbol == symbol)
        return self._tables.read(query, from_rows.decision)

    def decision(self, id: str) -> Decision:
        """The decision with this id, or whose id alone begins so. Raises UsageError."""
        table = schema.decisions.c
        found = self._tables.read(select(table.body).where(table.id == id), from_rows.decision)
        if not found:
            # The range lets the index find it; LIKE alone would look at every decision.
            near = table.id.between(id, id + _LAST)
            found = self._tables.read(
                select(table.body).where(near, table.id.startswith(id, autoescape=True)).limit(2),
                from_rows.decision,
            )
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"more than one decision begins with {id}", hint="write more of it")
        raise UsageError(f"no decision has the id {id}", hint="`trader trace list` shows them")

    def round_of(self, decision: DecisionId) -> RoundRecord:
        """The whole round of a decision. Raises UsageError where there is no such decision."""
        return self.round(self.decision(decision).round)

    def round(self, round: RoundId) -> RoundRecord:
        """Everything recorded of a round, and of the orders it placed since. Raises UsageError."""
        tables = self._tables
        opened = self._opened(round)
        decisions = tables.all(schema.decisions, from_rows.decision, schema.decisions.c.round == round)
        orders = tables.all(schema.orders, from_rows.order_intended, schema.orders.c.round == round)
        clients = [placed.order.client_id for placed in orders]
        events, fills = schema.order_events, schema.fills
        closed = tables.all(schema.round_ends, from_rows.round_closed, schema.round_ends.c.round == round)
        return RoundRecord(
            opened=opened,
            steps=tuple(self._steps([made.id for made in decisions])),
            decisions=tuple(decisions),
            rulings=tuple(tables.all(schema.rulings, from_rows.ruling_made, schema.rulings.c.round == round)),
            orders=tuple(orders),
            events=tuple(
                tables.among(
                    select(events).order_by(events.c.seq), events.c.client_id, clients, from_rows.order_event
                )
            ),
            fills=tuple(
                tables.among(select(fills).order_by(fills.c.seq), fills.c.client_id, clients, from_rows.fill)
            ),
            learned=self._learned(opened.learned),
            notes=tuple(tables.all(schema.notes, from_rows.noted, schema.notes.c.round == round)),
            closed=closed[0] if closed else None,
        )

    def opinions(self, book: BookId, after: datetime | None = None) -> list[Forecast]:
        """Every stated probability of the book's decisions, of those with a later `as_of` than `after`."""
        made, said = schema.decisions.c, schema.steps.c
        columns = (made.as_of, made.symbol, said.agent, said.record, said.p_up, made.base_rate, made.learned)
        query = (
            select(*columns)
            .join_from(schema.decisions, schema.steps, made.id == said.decision)
            .where(made.book == book, said.p_up.is_not(None))
            .order_by(made.seq, said.seq)
        )
        if after is not None:
            query = query.where(made.as_of > after)
        states: dict[str, LearnedState | None] = {}

        def forecast(row: RowMapping) -> Forecast:
            base_rate = row["base_rate"]
            if base_rate is None:
                if row["learned"] not in states:
                    states[row["learned"]] = self._learned(row["learned"])
                state = states[row["learned"]]
                known = state.of_symbol(row["symbol"]) if state else None
                base_rate = known.base_rate if known else None
            return Forecast(row["as_of"], row["symbol"], row["agent"], row["record"], row["p_up"], base_rate)

        return self._tables.read(query, forecast)

    def turns(self, book: BookId) -> list[Turn]:
        """Who had a turn in the book's decisions, and what came of it, oldest decision first."""
        made, said = schema.decisions.c, schema.steps.c
        columns = (said.decision, said.stage, said.agent, said.tier, said.form, said.p_up, said.source)
        query = (
            select(*columns, said.record, said.prompt, said.ms)
            .join_from(schema.decisions, schema.steps, made.id == said.decision)
            .where(made.book == book, said.form != "brief")
            .order_by(made.seq, said.seq)
        )
        return self._tables.read(query, lambda row: Turn(**row))

    def self_agreements(self, book: BookId) -> list[SelfAgreement]:
        """How far each opinion that was asked for several times agrees with itself, oldest first."""
        made, said = schema.decisions.c, schema.steps.c
        query = (
            select(said.agent, said.as_of, said.body, made.base_rate)
            .join_from(schema.decisions, schema.steps, made.id == said.decision)
            .where(made.book == book, said.form == "opinion", said.source.like("model:%"))
            .order_by(said.seq)
        )

        def own(row: RowMapping) -> SelfAgreement | None:
            base_rate = row["base_rate"]
            opinion = Opinion.model_validate_json(row["body"])
            share = None if base_rate is None else opinion.self_agreement(base_rate)
            return None if share is None else SelfAgreement(row["agent"], row["as_of"], share)

        return [found for found in self._tables.read(query, own) if found is not None]

    def tool_errors(self, book: BookId) -> list[ToolError]:
        """What tools could not answer in the book's decisions, oldest decision first."""
        made, said = schema.decisions.c, schema.steps.c
        query = (
            select(said.decision, said.agent, said.evidence)
            .join_from(schema.decisions, schema.steps, made.id == said.decision)
            .where(made.book == book, said.evidence != "[]")
            .order_by(made.seq, said.seq)
        )
        gathered = self._tables.read(
            query, lambda row: (row["decision"], row["agent"], json.loads(row["evidence"]))
        )
        broken = self._tables.failed({digest for _, _, found in gathered for digest in found})
        return [
            ToolError(decision, agent, *broken[digest])
            for decision, agent, found in gathered
            for digest in found
            if digest in broken
        ]

    # What models were asked

    def model_calls(
        self, book: BookId | None = None, round: RoundId | None = None, since: datetime | None = None
    ) -> list[ModelCalled]:
        """Calls of language models, oldest first: of a book, of a round, or ended at `since` or later."""
        table = schema.model_calls.c
        where = [table.book == book] if book is not None else []
        where += [table.round == round] if round is not None else []
        where += [table.at >= since] if since is not None else []
        return self._tables.all(schema.model_calls, from_rows.model_called, *where)

    def reservations(self, since: datetime) -> list[CallReserved]:
        """The most that calls might have cost, of those that were about to be made at `since` or later."""
        table = schema.model_reservations
        return self._tables.all(table, from_rows.call_reserved, table.c.at >= since)

    # What is named by a digest

    def blob(self, digest: str) -> Any:
        """The JSON value with this digest. Raises UsageError."""
        found = self._tables.blobs([digest])
        if digest not in found:
            raise UsageError(f"nothing in the journal has the digest {digest}")
        return found[digest]

    def evidence(self, digest: str) -> Evidence:
        """The tool call with this digest. Raises UsageError."""
        return Evidence.model_validate(self.blob(digest))

    def find_evidence(self, decision: DecisionId, agent: str) -> list[Evidence]:
        """What was gathered for one agent's step, in the order it was gathered."""
        steps = self._steps([decision])
        return [self.evidence(digest) for step in steps if step.agent == agent for digest in step.evidence]

    def learned(self, book: BookId, digest: str) -> LearnedState:
        """A learned state of the book. Raises UsageError."""
        table = schema.learned.c
        of_book = select(table.digest).where(table.book == book, table.digest == digest)
        if not self._tables.read(of_book, dict):
            raise UsageError(f"the book {book} has no learned state {digest}")
        return LearnedState.model_validate(self.blob(digest))

    def last_learned(self, book: BookId) -> LearnedState | None:
        """What the book learned last."""
        table = schema.learned.c
        query = select(table.digest).where(table.book == book).order_by(table.seq.desc()).limit(1)
        digests = self._tables.read(query, lambda row: row["digest"])
        return self._learned(digests[0]) if digests else None

    def learned_states(self, book: BookId) -> list[LearnedState]:
        """Every learned state of the book, oldest first."""
        table = schema.learned.c
        query = select(table.digest).where(table.book == book).order_by(table.seq)
        found = self._tables.blobs(self._tables.read(query, lambda row: row["digest"]))
        states = [LearnedState.model_validate(body) for body in found.values()]
        return sorted(states, key=lambda state: state.cut_off)

    # The account

    def orders(self, book: BookId) -> list[OrderIntended]:
        """Every order of the book, oldest first."""
        return self._tables.all(schema.orders, from_rows.order_intended, schema.orders.c.book == book)

    def order_events(self, book: BookId) -> list[OrderEvent]:
        """Every step in the life of the book's orders, oldest first."""
        return self._tables.all(
            schema.order_events, from_rows.order_event, schema.order_events.c.book == book
        )

    def fills(self, book: BookId) -> list[Fill]:
        """Every fill of the book, oldest first."""
        return self._tables.all(schema.fills, from_rows.fill, schema.fills.c.book == book)

    def entries(self, book: BookId) -> list[AccountEntry]:
        """Every movement of the book that is not a fill, oldest first."""
        return self._tables.all(schema.entries, from_rows.entry, schema.entries.c.book == book)

    def movements(self, book: BookId) -> list[Movement]:
        """Orders, their events, fills and entries of the book in the one order they were recorded in."""
        kinds: dict[Table, Callable[[RowMapping], Movement]] = {
            schema.orders: from_rows.order_intended,
            schema.order_events: from_rows.order_event,
            schema.fills: from_rows.fill,
            schema.entries: from_rows.entry,
        }
        numbered: list[tuple[int, Movement]] = []
        for table, decode in kinds.items():
            query = select(table).where(table.c.book == book)
            numbered += self._tables.read(query, lambda row, decode=decode: (row["seq"], decode(row)))  # type: ignore[misc]
        return [movement for _, movement in sorted(numbered, key=itemgetter(0))]

    def marks(self, book: BookId) -> list[Marked]:
        """What the book was worth, step by step."""
        return self._tables.all(schema.marks, from_rows.marked, schema.marks.c.book == book)

    def rulings(self, book: BookId) -> list[RulingMade]:
        """Every ruling of the book, oldest first."""
        return self._tables.all(schema.rulings, from_rows.ruling_made, schema.rulings.c.book == book)

    def breakers(self, book: BookId) -> list[BreakerChanged]:
        """Every breaker that tripped or was lifted, oldest first."""
        return self._tables.all(schema.breakers, from_rows.breaker, schema.breakers.c.book == book)

    def notes(self, book: BookId) -> list[Noted]:
        """Everything that was noted, oldest first."""
        return self._tables.all(schema.notes, from_rows.noted, schema.notes.c.book == book)

    def commands(self) -> list[Commanded]:
        """What people asked of the running process, oldest first."""
        return self._tables.all(schema.commands, from_rows.commanded)

    def unanswered_commands(self) -> list[Commanded]:
        """What people asked and nobody has answered yet, in the order of `seq`."""
        asked, answers = schema.commands, schema.command_answers
        query = (
            select(asked)
            .outerjoin_from(asked, answers, asked.c.id == answers.c.id)
            .where(answers.c.seq.is_(None))
            .order_by(asked.c.seq)
        )
        return self._tables.read(query, from_rows.commanded)

    def answer(self, command: str) -> CommandAnswered | None:
        """What came of a command, once something has."""
        table = schema.command_answers
        found = self._tables.all(table, from_rows.command_answered, table.c.id == command)
        return found[0] if found else None

    # Trained models

    def models_trained(self) -> list[ModelTrained]:
        """Every model that was trained in this workspace, oldest first."""
        return self._tables.all(schema.ml_models, from_rows.model_trained)

    def model_events(self) -> list[ModelEvent]:
        """What happened to them, oldest first."""
        return self._tables.all(schema.model_events, from_rows.model_event)

    # Evaluations

    def evaluations(self) -> list[EvaluationKept]:
        """Every evaluation that was kept, oldest first."""
        return self._tables.all(schema.evaluations, from_rows.evaluation)

    def evaluation(self, id: str) -> EvaluationKept:
        """The evaluation with this id, or whose id alone begins so. Raises UnknownName, UsageError."""
        table = schema.evaluations
        found = self._tables.all(
            table, from_rows.evaluation, table.c.id.startswith(id.upper(), autoescape=True)
        )
        if not found:
            known = self._tables.read(select(table.c.id), lambda row: str(row["id"]))
            raise UnknownName("evaluation", id, known)
        if len(found) > 1:
            raise UsageError(f"more than one evaluation begins with {id}", hint="write more of it")
        return found[0]

    # Parts of the above

    def _steps(self, decisions: Sequence[DecisionId]) -> list[Step]:
        made, said = schema.decisions.c, schema.steps.c
        query = (
            select(schema.steps, made.book, made.round)
            .join_from(schema.steps, schema.decisions, said.decision == made.id)
            .order_by(said.seq)
        )
        return self._tables.among(query, made.id, decisions, from_rows.step)

    def _opened(self, round: RoundId) -> RoundOpened:
        table = schema.rounds
        found = self._tables.read(select(table).where(table.c.round == round), dict)
        if not found:
            raise UsageError(f"nothing in the journal is the round {round}")
        (row,) = found
        blobs = self._tables.blobs([row["account"], row["facts"]])
        return from_rows.round_opened(row, blobs[row["account"]], blobs[row["facts"]])

    def _learned(self, digest: str) -> LearnedState | None:
        found = self._tables.blobs([digest])
        return LearnedState.model_validate(found[digest]) if digest in found else None
