"""What a book makes of its own past as it goes: decisions with their conditions, and looks for rules."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from trader.data.view import MarketView
from trader.domain.decisions import Decision
from trader.domain.ids import RoundId
from trader.domain.learned import LearnedState
from trader.domain.lessons import LearnedThresholds, Lessons, Standing
from trader.domain.portfolio import Book
from trader.domain.signals import Signal
from trader.domain.trades import MarketState
from trader.graph.state import Desk
from trader.journal.reader import JournalReader
from trader.journal.records import LearningEvent, ModelCalled, RoundOpened, StateKnown
from trader.memory.cases import outcomes
from trader.memory.experience import case_of, experience
from trader.memory.reflection import reflect
from trader.runner.listening import Listening
from trader.runner.wording import put_into_words


class Reflecting:
    """Grows with each round; made anew from the journal when a run goes on."""

    def __init__(
        self,
        book: Book,
        reader: JournalReader,
        last: datetime | None,
        learned: LearnedState | None,
        *,
        on: bool,
        set_at: LearnedThresholds | None,
    ) -> None:
        """Of the rounds up to `last`, the last closed one. `set_at`: where thresholds that learn were set."""
        self._book, self._reader, self._on, self._set_at = book, reader, on, set_at
        self._lessons = (learned.lessons if learned else None) or Lessons()
        self._conditions: Mapping[str, MarketState] = {}
        self._signals: tuple[Signal, ...] = ()
        judged = reader.lessons.judged(book.id, last) if last is not None and on else []
        found = (case_of(one.decision, one.state, one.signals) for one in judged)
        self._cases = [case for case in found if case is not None]

    def conditions(self, opened: RoundOpened, heard: Listening) -> Mapping[str, MarketState]:
        """Of each symbol in the round that begins; of one that is run again, as it was recorded then."""
        known = {one.symbol: one.state for one in heard.heard(StateKnown)}
        if not known:
            recorded = (
                (symbol, self._reader.memories.state(self._book.id, symbol, opened.as_of))
                for symbol in self._book.symbols
            )
            known = {symbol: state for symbol, state in recorded if state is not None}
        self._conditions, self._signals = known, opened.signals
        return known

    def judged(self, decisions: Iterable[Decision]) -> None:
        """Decisions of the round that has just been: cases, once their outcome is known."""
        for made in decisions if self._on else ():
            state = self._conditions.get(made.symbol)
            case = None if state is None else case_of(made, state, self._signals)
            if case is not None:
                self._cases.append(case)

    def reflect(
        self, learned: LearnedState, view: MarketView, trades: int
    ) -> tuple[LearnedState, list[LearningEvent]]:
        """`learned` with the rules that are known at the view's moment, and what changed."""
        if not self._on:
            return learned, []
        book = self._book
        histories = tuple(outcomes(view, symbol, book.horizon) for symbol in book.symbols)
        known = experience(self._cases, histories, book.horizon, learned.correlation)
        made = reflect(self._lessons, known, trades, view.as_of, self._wishes(), thresholds=self._set_at)
        self._lessons = made.lessons
        changes = [LearningEvent(book=book.id, at=view.as_of, change=one) for one in made.changes]
        return learned.model_copy(update={"lessons": made.lessons}), changes

    async def put_into_words(
        self, desk: Desk, learned: LearnedState, changes: Sequence[LearningEvent], round: RoundId
    ) -> tuple[LearnedState, list[LearningEvent | ModelCalled]]:
        """`learned` with new rules in a model's words, where the desk has one; what is to be recorded of it.

        Nothing of it is recorded before the round is: a round that is lost asks, or finds the answer, again.
        """
        new = frozenset(one.change.subject for one in changes if one.change.kind == "stated")
        if not new:
            return learned, []
        made = await put_into_words(desk, self._lessons.rules, new, round)
        self._lessons = self._lessons.model_copy(update={"rules": made.rules})
        events = [LearningEvent(book=self._book.id, at=learned.cut_off, change=one) for one in made.changes]
        return learned.model_copy(update={"lessons": self._lessons}), [*made.calls, *events]

    def _wishes(self) -> Mapping[str, Standing]:
        """What people have asked of rules."""
        return self._reader.lessons.wishes(self._book.id) if self._lessons.rules else {}
