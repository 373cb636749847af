"""Models of a book in the past: nothing is urgent there, so nothing is decided on their silence.

An agent that gets no answer from any of its models is asked again after a while, and where that does not
help the round is left open: nothing of that asking is written down, and whoever goes on with the book asks
again. Answers that are no form are answers: the agent abstains with the cause, as it does live.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from trader.agents.agent import Agent
from trader.agents.case import Case
from trader.agents.speaking import Spoken
from trader.agents.tool_rounds import UseTool
from trader.domain.errors import (
    BudgetSpent,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
    NoModelAnswers,
    RateLimited,
)
from trader.graph.models import LiveModels
from trader.graph.turn import Turn
from trader.journal.records import ModelCalled, Record
from trader.journal.writer import Recorder
from trader.llm.asking import Read
from trader.llm.client import Call
from trader.llm.filling import Filled

WAITS_S = (1.0, 4.0)
"""Before the second and the third asking: a busy server is back by then, an absent one is not."""
SILENCE = {kind.__name__ for kind in (ModelUnavailable, ModelTimeout, ModelRefused, RateLimited)}
"""Errors that say nothing of the question: with a server and a key it would have had an answer."""


@dataclass(frozen=True)
class InsistentModels:
    """`models`, with silence as an end of the work instead of an abstention."""

    models: LiveModels
    waits_s: Sequence[float] = WAITS_S

    def begin(self, decisions: int) -> None:
        """A round of so many decisions is about to be thought about."""
        self.models.begin(decisions)

    def due(self) -> float:
        """When the answers of a decision that begins now are due, by the stopwatch."""
        return self.models.due()

    async def ask(
        self, agent: Agent, case: Case, turn: Turn, until: float, recorder: Recorder, use_tool: UseTool
    ) -> Spoken:
        """The agent's form. Raises NoModelAnswers, with nothing recorded since the last answer."""
        cause: ModelCalled | None = None
        for wait_s in (*self.waits_s, None):
            asking = _Asking(recorder, again=cause is not None)
            # Each agent has all the time of a decision: how many books ask at once must not decide anything.
            spoken = await self.models.ask(agent, case, turn, max(until, self.due()), asking, use_tool)
            if asking.formed or not asking.held:
                asking.release()
                return spoken
            cause = cause or asking.held[-1]
            # What was answered is in the journal under its number: only whoever goes on can ask after it.
            if wait_s is None or asking.passed or cause.error_kind == ModelRefused.__name__:
                break
            await asyncio.sleep(wait_s)
        assert cause is not None  # noqa: S101 - there is at least one asking
        asked = f"{agent.name} about {case.symbol} at {case.as_of:%Y-%m-%d %H:%M}"
        raise NoModelAnswers(
            f"no model answers {asked}: {cause.error}",
            hint="`trader doctor` says how to mend it; the same command goes on, and asks only what is open",
        )

    async def fill(
        self,
        calls: Sequence[Call],
        read: Callable[[str], Read],
        turn: Turn,
        recorder: Recorder,
        keep: Callable[[ModelCalled], None],
    ) -> Filled[Read]:
        """As it is: nothing is decided by it."""
        return await self.models.fill(calls, read, turn, recorder, keep)


@dataclass
class _Asking:
    """A recorder that holds back calls without an answer until it is clear that they are acted upon."""

    recorder: Recorder
    again: bool
    """Whether the same was asked before: a budget that does not hold it twice is no answer either."""
    held: list[ModelCalled] = field(default_factory=list)
    passed: bool = False
    """Whether any call was written down."""
    formed: bool = False
    """Whether any answer was a form."""

    def append(self, *records: Record) -> None:
        """Hold back calls that met with silence; write down the rest."""
        for record in records:
            if isinstance(record, ModelCalled):
                if record.error_kind in SILENCE or (self.again and record.error_kind == BudgetSpent.__name__):
                    self.held.append(record)
                    continue
                self.release()
                self.passed, self.formed = True, self.formed or not record.error_kind
            self.recorder.append(record)

    def release(self) -> None:
        """Write down what was held back."""
        held, self.held = self.held, []
        if held:
            self.passed = True
            self.recorder.append(*held)

    def put(self, value: Any) -> str:
        """As it is."""
        return self.recorder.put(value)

    def commit(self) -> None:
        """As it is."""
        self.recorder.commit()
