"""Where the agents of a desk ask their models, and where each call is written down."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from trader.agents.agent import Agent
from trader.agents.case import Case
from trader.agents.speaking import Line, Spoken, by_rule, speak
from trader.agents.tool_rounds import UseTool
from trader.clock import Clock
from trader.domain.ids import RunId
from trader.graph.purse import Day, Reserve
from trader.graph.recorded import CachedClient, Known, RecordedClient
from trader.graph.turn import Turn
from trader.journal.records import CallReserved, ModelCalled
from trader.journal.writer import Recorder
from trader.llm.asking import Exchange, Read
from trader.llm.budget import Cost
from trader.llm.cache import AnswerCache
from trader.llm.client import Call, ModelClient
from trader.llm.filling import Filled, fill


class Models(Protocol):
    """Whoever gets forms from models: live, or from what was recorded."""

    def begin(self, decisions: int) -> None:
        """A round of so many decisions is about to be thought about."""
        ...

    def due(self) -> float:
        """When the answers of a decision that begins now are due, by the stopwatch."""
        ...

    async def ask(
        self, agent: Agent, case: Case, turn: Turn, until: float, recorder: Recorder, use_tool: UseTool
    ) -> Spoken:
        """The agent's form: its model's, or its rule's where it has no model."""
        ...


@dataclass(frozen=True)
class LiveModels:
    """Asks for forms, within the time of a decision, and records every call."""

    client: ModelClient
    known: Known
    """What was answered already in the round that is run again."""
    clock: Clock
    """The clock on the wall: a replay of old bars waits for answers and pays for them today."""
    deadline_s: float
    day: Day
    run: RunId
    cache: AnswerCache | None = None
    """What was answered in other rounds, books and runs; None where everything is to be asked."""

    def begin(self, decisions: int) -> None:
        """A round of so many decisions is about to be thought about."""
        self.day.share(decisions)

    def due(self) -> float:
        """When the answers of a decision that begins now are due, by the stopwatch."""
        return self.clock.monotonic() + self.deadline_s

    async def ask(
        self, agent: Agent, case: Case, turn: Turn, until: float, recorder: Recorder, use_tool: UseTool
    ) -> Spoken:
        """The agent's form: its model's, or its rule's where it has no model."""
        if agent.role is None:
            return by_rule(agent, case)

        def write_down(exchange: Exchange) -> None:
            recorder.append(self._ended(exchange, turn, recorder))

        line = Line(self._client(turn, recorder), self.clock)
        return await speak(agent, agent.role, case, lambda _: line, until, write_down, use_tool)

    async def fill(
        self,
        calls: Sequence[Call],
        read: Callable[[str], Read],
        turn: Turn,
        recorder: Recorder,
        keep: Callable[[ModelCalled], None],
    ) -> Filled[Read]:
        """A form that is no agent's and belongs to no round; `keep` hears of every call that was made."""
        self.day.share(1)
        return await fill(
            self._client(turn, recorder),
            calls,
            read,
            deadline=self.due(),
            clock=self.clock,
            on_exchange=lambda exchange: keep(self._ended(exchange, turn, recorder)),
        )

    def _client(self, turn: Turn, recorder: Recorder) -> ModelClient:
        """What the journal or the cache has is free; the rest is reserved, asked and paid for."""
        asking = RecordedClient(self.known, self.day.on_disk(self.client, self._reservation(turn, recorder)))
        paying = self.day.client(asking, turn.decision, turn.agent, turn.stage)
        return CachedClient(self.cache, self.known, paying)

    def _ended(self, exchange: Exchange, turn: Turn, recorder: Recorder) -> ModelCalled:
        """What the journal has of a call; an answer that is a form is kept for the next who asks."""
        answer = exchange.answer
        if self.cache and answer and not answer.source and not exchange.error_kind:
            self.cache.keep(exchange.call.digest, answer)  # what was no form is asked anew
        return self._record(exchange, turn, recorder)

    def _reservation(self, turn: Turn, recorder: Recorder) -> Reserve:
        """Writes down what a call may cost, and returns when that is on disk."""
        asked: Counter[str] = Counter()

        async def reserve(call: Call, worst: Cost) -> None:
            recorder.append(
                CallReserved(
                    run=self.run,
                    decision=turn.decision,
                    book=turn.book,
                    at=self.clock.now(),
                    agent=turn.agent,
                    call=call.digest,
                    asked=asked[call.digest],
                    usd=worst.usd,
                    tokens=worst.tokens,
                )
            )
            asked[call.digest] += 1
            await asyncio.to_thread(recorder.commit)

        return reserve

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
            tool_round=exchange.tool_round,
            attempt=exchange.attempt,
            repair=exchange.repair,
            call=recorder.put(call),
            answer=recorder.put(answer) if answer else "",
            model_version=answer.model_version if answer else "",
            tokens_in=answer.tokens_in if answer else 0,
            tokens_out=answer.tokens_out if answer else 0,
            tokens_cached=answer.tokens_cached if answer else 0,
            usd=answer.usd if answer and not answer.source else Decimal(0),
            ms=exchange.ms,
            error_kind=exchange.error_kind,
            error=exchange.error,
            source=answer.source if answer else "",
        )
