"""A decision on trial: other models are asked what those of the decision were asked, and nothing is traded.

Agents without a model follow their rules. Who is not on trial answers as recorded; where it is asked what it
was not asked then, because it reads what has changed, its own model is asked. The rest of the round is as it
was. What comes of it goes nowhere but to whoever asked for the trial.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from trader.agents.agent import Agent
from trader.agents.case import Case
from trader.agents.speaking import Spoken
from trader.agents.tool_rounds import UseTool
from trader.domain.decisions import Decision
from trader.domain.errors import ModelError
from trader.domain.ids import DecisionId
from trader.domain.orders import Order
from trader.domain.portfolio import sum_exact
from trader.graph.again import Scene
from trader.graph.models import LiveModels
from trader.graph.recorded import Known, RecordedModels, answers_of
from trader.graph.turn import Turn
from trader.journal.reader import JournalReader
from trader.journal.records import DecisionMade, ModelCalled, OrderIntended, Step
from trader.journal.writer import Memorandum, Recorder
from trader.llm.client import Answer
from trader.settings.llm import Role


@dataclass(frozen=True)
class TrialModels:
    """Speaks for the one decision as the trial has it, and for the rest of its round as recorded."""

    decision: DecisionId
    roles: Mapping[str, Role]
    """Agent -> the models that it asks now."""
    live: LiveModels
    recorded: RecordedModels

    def begin(self, decisions: int) -> None:
        """One decision of the round is asked about."""
        self.live.begin(1)

    def due(self) -> float:
        """When the answers of a decision that begins now are due, by the stopwatch."""
        return self.live.due()

    async def ask(
        self, agent: Agent, case: Case, turn: Turn, until: float, recorder: Recorder, use_tool: UseTool
    ) -> Spoken:
        """The agent's form: of the model on trial, of its own, or its rule's."""
        if turn.decision != self.decision:
            return await self.recorded.ask(agent, case, turn, self.recorded.due(), recorder, use_tool)
        asked = replace(agent, role=self.roles.get(agent.name, agent.role)) if agent.role else agent
        return await self.live.ask(asked, case, turn, until, recorder, use_tool)


def known_of_others(
    reader: JournalReader, scene: Scene, decision: DecisionId, tried: Mapping[str, Role]
) -> Known:
    """What the models of agents that are not on trial answered: paid for then, and so free now."""
    calls = reader.model_calls(round=scene.record.opened.round)
    known = answers_of(reader, (one for one in calls if one.decision == decision and one.agent not in tried))
    return {call: [_free(outcome) for outcome in outcomes] for call, outcomes in known.items()}


def _free(outcome: Answer | ModelError) -> Answer | ModelError:
    return outcome.model_copy(update={"source": "cache"}) if isinstance(outcome, Answer) else outcome


@dataclass(frozen=True)
class Side:
    """What one decision came to, and what its models took."""

    decision: Decision
    steps: tuple[Step, ...]
    orders: tuple[Order, ...]
    calls: tuple[ModelCalled, ...]

    @property
    def usd(self) -> Decimal:
        """US dollars."""
        return sum_exact(call.usd for call in self.calls)

    @property
    def tokens_in(self) -> int:
        """Read by the models, those of answers included that were found."""
        return sum(call.tokens_in for call in self.calls)

    @property
    def tokens_out(self) -> int:
        """Written by the models."""
        return sum(call.tokens_out for call in self.calls)

    @property
    def found(self) -> dict[str, int]:
        """Calls that were answered without asking, by where the answer was found."""
        return dict(Counter(call.source for call in self.calls if call.source))

    @property
    def answered(self) -> int:
        """Calls that were answered with what was asked for."""
        return sum(1 for call in self.calls if not call.error_kind)


@dataclass(frozen=True)
class Trial:
    """The same decision twice."""

    model: str
    """As it was asked for: a model or a role."""
    agents: tuple[str, ...]
    """Who was on trial."""
    recorded: Side
    tried: Side
    differences: tuple[str, ...]
    """One line each: what, as recorded, as it came out on trial."""


def recorded_side(reader: JournalReader, scene: Scene, decision: DecisionId) -> Side:
    """As the journal has it."""
    record = scene.record
    return Side(
        decision=next(one for one in record.decisions if one.id == decision),
        steps=tuple(step for step in record.steps if step.decision == decision),
        orders=tuple(placed.order for placed in record.orders if placed.order.decision == decision),
        calls=tuple(one for one in reader.model_calls(round=record.opened.round) if one.decision == decision),
    )


def tried_side(again: Memorandum, decision: DecisionId) -> Side:
    """As it came out on trial."""
    made = (one.decision for one in again.records if isinstance(one, DecisionMade))
    placed = (one.order for one in again.records if isinstance(one, OrderIntended))
    steps = (one for one in again.records if isinstance(one, Step) and one.decision == decision)
    calls = (one for one in again.records if isinstance(one, ModelCalled) and one.decision == decision)
    return Side(
        decision=next(one for one in made if one.id == decision),
        steps=tuple(steps),
        orders=tuple(order for order in placed if order.decision == decision),
        calls=tuple(calls),
    )
