"""What a book makes of its own past as it goes: decisions with their conditions, and looks for rules."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from trader.data.view import MarketView
from trader.domain.decisions import Decision
from trader.domain.learned import LearnedState
from trader.domain.lessons import Lessons, Standing
from trader.domain.portfolio import Book
from trader.domain.trades import MarketState
from trader.journal.reader import JournalReader
from trader.journal.records import LearningEvent, RoundOpened, StateKnown
from trader.memory.cases import outcomes
from trader.memory.experience import Case, experience, facts_of
from trader.memory.reflection import reflect
from trader.runner.listening import Listening


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
    ) -> None:
        """Of the rounds up to `last`, the last closed one."""
        self._book, self._reader, self._on = book, reader, on
        self._lessons = (learned.lessons if learned else None) or Lessons()
        self._conditions: Mapping[str, MarketState] = {}
        judged = reader.lessons.judged(book.id, last) if last is not None and on else []
        self._cases = [Case(one.as_of, one.symbol, facts_of(one.state), one.base_rate) for one in judged]

    def conditions(self, opened: RoundOpened, heard: Listening) -> Mapping[str, MarketState]:
        """Of each symbol in the round that begins; of one that is run again, as it was recorded then."""
        known = {one.symbol: one.state for one in heard.heard(StateKnown)}
        if not known and self._on:
            recorded = (
                (symbol, self._reader.memories.state(self._book.id, symbol, opened.as_of))
                for symbol in self._book.symbols
            )
            known = {symbol: state for symbol, state in recorded if state is not None}
        self._conditions = known
        return known

    def judged(self, decisions: Iterable[Decision]) -> None:
        """Decisions of the round that has just been: cases, once their outcome is known."""
        for made in decisions if self._on else ():
            state = self._conditions.get(made.symbol)
            if made.pool is not None and state is not None:
                self._cases.append(Case(made.as_of, made.symbol, facts_of(state), made.pool.base_rate))

    def reflect(
        self, learned: LearnedState, view: MarketView, trades: int
    ) -> tuple[LearnedState, list[LearningEvent]]:
        """`learned` with the rules that are known at the view's moment, and what changed."""
        if not self._on:
            return learned, []
        book = self._book
        histories = tuple(outcomes(view, symbol, book.horizon) for symbol in book.symbols)
        known = experience(self._cases, histories, book.horizon, learned.correlation)
        made = reflect(self._lessons, known, trades, view.as_of, self._wishes())
        self._lessons = made.lessons
        changes = [LearningEvent(book=book.id, at=view.as_of, change=one) for one in made.changes]
        return learned.model_copy(update={"lessons": made.lessons}), changes

    def _wishes(self) -> Mapping[str, Standing]:
        """What people have asked of rules."""
        return self._reader.lessons.wishes(self._book.id) if self._lessons.rules else {}
