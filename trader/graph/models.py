"""Where the agents of a desk ask their models, and where each call is written down."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from trader.agents.agent import Agent
from trader.agents.case import Case
from trader.agents.speaking import Spoken, by_rule, speak
from trader.clock import Clock
from trader.domain.ids import BookId, DecisionId, RoundId
from trader.graph.purse import Day
from trader.journal.records import ModelCalled
from trader.journal.writer import Recorder
from trader.llm.asking import Exchange
from trader.llm.client import ModelClient


@dataclass(frozen=True)
class Turn:
    """Whose answer, to which decision, a call belongs to."""

    decision: DecisionId
    round: RoundId
    book: BookId
    agent: str
    stage: int


class Models(Protocol):
    """Whoever gets forms from models: live, or from what was recorded."""

    def begin(self, decisions: int) -> None:
        """A round of so many decisions is about to be thought about."""
        ...

    def due(self) -> float:
        """When the answers of a decision that begins now are due, by the stopwatch."""
        ...

    async def ask(self, agent: Agent, case: Case, turn: Turn, until: float, recorder: Recorder) -> Spoken:
        """The agent's form: its model's, or its rule's where it has no model."""
        ...


@dataclass(frozen=True)
class LiveModels:
    """Asks for forms, within the time of a decision, and records every call."""

    client: ModelClient
    clock: Clock
    """The clock on the wall: a replay of old bars waits for answers and pays for them today."""
    deadline_s: float
    day: Day

    def begin(self, decisions: int) -> None:
        """A round of so many decisions is about to be thought about."""
        self.day.share(decisions)

    def due(self) -> float:
        """When the answers of a decision that begins now are due, by the stopwatch."""
        return self.clock.monotonic() + self.deadline_s

    async def ask(self, agent: Agent, case: Case, turn: Turn, until: float, recorder: Recorder) -> Spoken:
        """The agent's form: its model's, or its rule's where it has no model."""
        if agent.role is None:
            return by_rule(agent, case)

        def write_down(exchange: Exchange) -> None:
            recorder.append(self._record(exchange, turn, recorder))

        client = self.day.client(self.client, turn.decision, turn.stage)
        return await speak(agent, agent.role, case, client, until, self.clock, write_down)

    def _record(self, exchange: Exchange, turn: Turn, recorder: Recorder) -> ModelCalled:
        call, answer = exchange.call, exchange.answer
        return ModelCalled(
            decision=turn.decision,
            round=turn.round,
            book=turn.book,
            at=self.clock.now(),
            agent=turn.agent,
            model=call.model,
            sample=call.sample,
            stage=turn.stage,
            attempt=exchange.attempt,
            repair=exchange.repair,
            call=recorder.put(call),
            answer=recorder.put(answer) if answer else "",
            model_version=answer.model_version if answer else "",
            tokens_in=answer.tokens_in if answer else 0,
            tokens_out=answer.tokens_out if answer else 0,
            tokens_cached=answer.tokens_cached if answer else 0,
            usd=answer.usd if answer else Decimal(0),
            ms=exchange.ms,
            error_kind=exchange.error_kind,
            error=exchange.error,
        )
