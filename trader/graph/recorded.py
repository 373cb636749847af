"""Answers that the journal has: for a round that is run again, and for a replay that asks nobody."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from trader.agents.agent import Agent
from trader.agents.case import Case
from trader.agents.speaking import Line, Spoken, by_rule, speak
from trader.agents.tool_rounds import UseTool
from trader.domain.errors import ModelError, ModelUnavailable
from trader.graph.turn import Turn
from trader.journal.reader import JournalReader
from trader.journal.records import ModelCalled
from trader.journal.writer import Recorder
from trader.llm.cache import AnswerCache
from trader.llm.client import Answer, Call, ModelClient
from trader.llm.failures import recorded_failure

Known = dict[str, list[Answer | ModelError]]
"""Digest of a call -> what came of it, each time it was made. A failure was acted upon, and is one again."""


def answers_of(reader: JournalReader, calls: Iterable[ModelCalled]) -> Known:
    """What came of each call."""
    known: Known = {}
    for called in calls:
        known.setdefault(called.call, []).append(_outcome(reader, called))
    return known


def _outcome(reader: JournalReader, called: ModelCalled) -> Answer | ModelError:
    if called.answer:
        return Answer.model_validate(reader.blob(called.answer)).model_copy(update={"source": called.source})
    # After a 429 it was waited then, or not; not now.
    return recorded_failure(called.error_kind, called.error, retry_after=0.0)


class RecordedClient:
    """A ModelClient that knows some answers, and asks `otherwise` for the others."""

    def __init__(self, known: Known, otherwise: ModelClient | None = None) -> None:
        self._known, self._otherwise = known, otherwise

    @property
    def left(self) -> bool:
        """Whether there is an answer that has not been given yet."""
        return any(self._known.values())

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        """What came of it before. Raises ModelError."""
        if outcomes := self._known.get(call.digest):
            found = outcomes.pop(0)
            if isinstance(found, Answer):
                return found
            raise found
        if self._otherwise is None:
            raise ModelUnavailable(f"the journal has no answer of {call.model} to this question")
        return await self._otherwise.ask(call, timeout_s)


class CachedClient:
    """A ModelClient to which what the cache has is free; the rest is asked and paid for by `paying`.

    What the journal knows of a round that is run again comes first: from the cache, too, if it was so then.
    """

    def __init__(self, cache: AnswerCache | None, known: Known, paying: ModelClient) -> None:
        self._cache, self._known, self._paying = cache, known, paying

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        """The answer. Raises ModelError."""
        found: Answer | None = None
        if outcomes := self._known.get(call.digest):
            first = outcomes[0]
            if isinstance(first, Answer) and first.source == "cache":
                found = first
                outcomes.pop(0)
        elif self._cache is not None:
            found = self._cache.find(call.digest)
        if found is None:
            return await self._paying.ask(call, timeout_s)
        await asyncio.sleep(0)  # the rest of the stage reserves before anybody asks a second time
        return found


@dataclass(frozen=True)
class _Stopwatch:
    """Runs out when everything that was recorded of a turn has been asked: so did the time of the run."""

    client: RecordedClient
    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0 if self.client.left else 2.0


class RecordedModels:
    """Speaks for a desk that decides again: every form is made anew from the recorded answers."""

    def __init__(self, reader: JournalReader, calls: Iterable[ModelCalled], moment: datetime) -> None:
        self._moment = moment
        askings: dict[tuple[str, str, int], list[ModelCalled]] = {}
        for called in calls:
            askings.setdefault((called.decision, called.agent, called.sample), []).append(called)
        self._known = {asking: answers_of(reader, made) for asking, made in askings.items()}

    def begin(self, decisions: int) -> None:
        """Nothing is paid for."""

    def due(self) -> float:
        """Between the two times that a stopwatch shows."""
        return 1.0

    async def ask(
        self, agent: Agent, case: Case, turn: Turn, until: float, recorder: Recorder, use_tool: UseTool
    ) -> Spoken:
        """The agent's form, from what its models answered then."""
        if agent.role is None:
            return by_rule(agent, case)

        def line(sample: int) -> Line:
            client = RecordedClient(self._known.get((turn.decision, turn.agent, sample), {}))
            return Line(client, _Stopwatch(client, self._moment))

        return await speak(agent, agent.role, case, line, until, lambda exchange: None, use_tool)
