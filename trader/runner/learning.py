"""What the desk has learned from a book so far: whom to believe, in which regime, and rules."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from trader.domain.ids import round_id
from trader.domain.learned import LearnedState
from trader.graph.state import Desk
from trader.journal.reader import Forecast, JournalReader
from trader.journal.records import LearningEvent, Record, Step
from trader.memory.by_regime import choices
from trader.memory.cases import Forecasts
from trader.memory.learning import Regimes, learn
from trader.memory.recorded import forecasts_in, joined, recorded
from trader.memory.rules import MEMORY, RECORD
from trader.runner.reflecting import Reflecting


class Learning:
    """Grows with each round; made anew from the journal when a run goes on."""

    def __init__(
        self, desk: Desk, reader: JournalReader, refit_bars: int, prior: Mapping[str, Forecasts]
    ) -> None:
        """`prior` is what every rule said over the history before the book, by record."""
        book, last = desk.book, reader.last_closed(desk.book.id)
        self._refit_bars, self._prior = refit_bars, prior
        self._said: list[Forecast] = [
            said for said in reader.opinions(book.id) if last is not None and said.as_of <= last
        ]
        self._state: LearnedState | None = reader.last_learned(book.id)
        self.reflecting = Reflecting(
            book, reader, last, self._state, on=desk.reflects, set_at=desk.learns_from
        )

    @property
    def state(self) -> LearnedState:
        """What was learned last."""
        if self._state is None:
            raise AssertionError("a round was opened without a learned state")
        return self._state

    async def learn(
        self, desk: Desk, as_of: datetime, rounds: int, trades: int
    ) -> tuple[LearnedState, list[Record]]:
        """What is known at `as_of`, after so many rounds and closed trades, and what to record of it.

        Fitted anew every `refit_bars` rounds; in between it is what was learned last.
        """
        if self._state is not None and rounds % self._refit_bars:
            return self._state, []
        book, view = desk.book, desk.market.view(as_of)
        known, families = self._cases(desk)
        before = self._state.by_regime if self._state else None
        regimes = Regimes(before) if desk.by_regime else None
        learned = learn(view, book.symbols, book.horizon, known, families, desk.pooling, regimes)
        chosen = [
            LearningEvent(book=book.id, at=as_of, change=one) for one in choices(before, learned.by_regime)
        ]
        learned, changes = self.reflecting.reflect(learned, view, trades)
        self._state, told = await self.reflecting.put_into_words(
            desk, learned, changes, round_id(book.id, as_of)
        )
        return self._state, [*chosen, *changes, *told]

    def heard(self, steps: Iterable[Step], learned: LearnedState) -> None:
        """Forecasts of the round that has just been: cases, once they have resolved."""
        self._said += forecasts_in(steps, learned)

    def _cases(self, desk: Desk) -> tuple[dict[str, Forecasts], dict[str, str]]:
        """Every record's forecasts, before the book and in it; and the families of those in the pool."""
        here = recorded(self._said)
        known = joined(self._prior, here)
        families = {
            agent.record: agent.prompt.family
            for agent in desk.agents
            # who has never forecast is no member of the pool, nor is a rule that has never stood in
            if len((known if agent.role is None else here).get(agent.record, ()))
        } | {
            record: agent.prompt.family
            for agent in desk.agents
            for record in here
            if agent.role is not None and record.startswith(f"{agent.prompt.name}/model:")
        }
        if len(here.get(RECORD, ())):
            families[RECORD] = MEMORY
        return known, families
