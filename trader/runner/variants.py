"""One agent of recorded decisions asked again in other ways: another prompt, model, time, wording, evidence.

Every other agent's answer is the recorded one, whatever it would have read, and so are account and learned
state. The agent keeps the trust that it had: another prompt or model would begin with none, and would be
compared by that instead of by what it says.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from trader.agents.agent import Agent
from trader.agents.case import Case
from trader.agents.roster import agents_of
from trader.agents.speaking import Spoken, by_rule, record_of
from trader.agents.tool_rounds import UseTool
from trader.clock import Clock
from trader.domain.decisions import Decision
from trader.domain.errors import UsageError
from trader.domain.ids import DecisionId, RoundId
from trader.domain.learned import LearnedState
from trader.domain.reports import Evidence
from trader.graph.again import Scene, decide_again
from trader.graph.models import Models
from trader.graph.turn import Turn
from trader.journal.reader import JournalReader
from trader.journal.records import FORMS, DecisionMade, ModelCalled, Step
from trader.journal.writer import Memorandum, Recorder
from trader.prompts.prompt import Prompt, Tier
from trader.runner.asking import kept_answers, live_models, spent_today
from trader.runner.permuting import Permutation
from trader.settings.llm import Role
from trader.tools.toolbox import RecordedToolbox

Note = Callable[[str], None]


@dataclass(frozen=True)
class Variant:
    """One way in which the agent is asked."""

    name: str
    prompt: Prompt | None = None
    """Instead of its own."""
    role: Role | None = None
    """The models that are asked instead of its own; of an agent with a rule, instead of the rule."""
    asking: int = 1
    """The how-manieth time: from the second on, answers to the others are not taken for its own."""
    permuted: frozenset[str] = frozenset()
    """Tools whose evidence is that of another date."""
    reworded: bool = False
    """Whether the prompt says the same in other words."""


@dataclass(frozen=True)
class Anew:
    """What came of one variant."""

    variant: Variant
    said: Mapping[DecisionId, float]
    """The probabilities that were stated."""
    silent: Mapping[DecisionId, str]
    """Why nothing was, where it was asked."""
    decisions: Mapping[DecisionId, Decision]
    """What the desk makes of it, with what is held as recorded."""
    calls: tuple[ModelCalled, ...]
    ms: tuple[float, ...]
    """Of each turn."""


@dataclass
class _Heard:
    """What is being collected of one variant."""

    said: dict[DecisionId, float] = field(default_factory=dict)
    silent: dict[DecisionId, str] = field(default_factory=dict)
    decisions: dict[DecisionId, Decision] = field(default_factory=dict)
    calls: list[ModelCalled] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)

    def add(self, again: Memorandum, agent: str, wanted: Set[DecisionId], source: str) -> None:
        """One round. What stood in for the source that was asked is no answer."""
        for one in again.records:
            match one:
                case DecisionMade(decision=made) if made.id in wanted:
                    self.decisions[made.id] = made
                case ModelCalled() if one.agent == agent and one.decision in wanted:
                    self.calls.append(one)
                case Step() if one.agent == agent and one.decision in wanted:
                    self.ms.append(one.ms)
                    p_up = one.body.get("p_up") if one.form == "opinion" else None
                    if p_up is not None and one.source.startswith(source):
                        self.said[one.decision] = p_up
                    else:
                        self.silent[one.decision] = str(one.body.get("reason", one.source))
                case _:
                    pass


@dataclass(frozen=True)
class OneAnew:
    """One agent speaks anew about these decisions; everybody else says what was recorded."""

    agent: str
    decisions: Set[DecisionId]
    speaks: Models
    recorded: Mapping[tuple[DecisionId, str], Step]
    tools_only: bool = False
    """Juniors report what tools say now: the evidence is not the recorded one."""

    def begin(self, decisions: int) -> None:
        """What is left of the day is for these."""
        self.speaks.begin(decisions)

    def due(self) -> float:
        """When the answers of a decision that begins now are due, by the stopwatch."""
        return self.speaks.due()

    async def ask(
        self, agent: Agent, case: Case, turn: Turn, until: float, recorder: Recorder, use_tool: UseTool
    ) -> Spoken:
        """The agent's form."""
        if agent.name == self.agent and turn.decision in self.decisions:
            return await self.speaks.ask(agent, case, turn, until, recorder, use_tool)
        step = self.recorded.get((turn.decision, agent.name))
        if step is None or step.form == "brief" or (self.tools_only and agent.tier is Tier.JUNIOR):
            return by_rule(agent, case)
        return Spoken(FORMS[step.form].model_validate(step.body), step.source, step.record)


class Rules:
    """Speaks for a desk on which nobody asks a model."""

    def begin(self, decisions: int) -> None:
        """Nothing is paid for."""

    def due(self) -> float:
        """Rules have no deadline."""
        return 0.0

    async def ask(
        self, agent: Agent, case: Case, turn: Turn, until: float, recorder: Recorder, use_tool: UseTool
    ) -> Spoken:
        """The rule's form."""
        return by_rule(agent, case)


async def ask_anew(
    reader: JournalReader,
    decisions: Sequence[Decision],
    agent: str,
    variants: Sequence[Variant],
    *,
    folder: Path,
    note: Note,
    clock: Clock,
) -> tuple[Anew, ...]:
    """What `agent` says of each of `decisions`, which are not empty, in each of `variants`.

    The budget and the deadline of the run apply; nothing is written but the answers, to the cache in
    `folder`. Raises UsageError for a desk that it was not on.
    """
    rounds: dict[RoundId, DecisionId] = {made.round: made.id for made in decisions}
    first = Scene.of(reader, decisions[0].id)
    own = member(first, agent)
    asked = {variant.name: variant.role or own.role for variant in variants}
    wanted = {made.id for made in decisions}
    heard = {variant.name: _Heard() for variant in variants}
    permutation = Permutation.of(reader, decisions) if any(one.permuted for one in variants) else None
    async with AsyncExitStack() as held:
        speakers = await _speakers(held, reader, first, variants, asked, folder, note, clock)
        for decision in rounds.values():
            scene = Scene.of(reader, decision)
            steps = {(step.decision, step.agent): step for step in scene.record.steps}
            for variant in variants:
                role = asked[variant.name]
                staged = _staged(scene, agent, variant, role)
                models = OneAnew(agent, wanted, speakers[variant.name], steps, bool(variant.permuted))
                toolbox = None
                if permutation is not None and variant.permuted:
                    toolbox = RecordedToolbox.of(_shuffled(permutation, scene, variant.permuted))
                again = await decide_again(reader, staged, models, toolbox=toolbox)
                heard[variant.name].add(again, agent, wanted, "model:" if role else "rule:")
    return tuple(
        Anew(variant, one.said, one.silent, one.decisions, tuple(one.calls), tuple(one.ms))
        for variant in variants
        for one in (heard[variant.name],)
    )


def member(scene: Scene, name: str) -> Agent:
    """The agent of this name. Raises UsageError."""
    for agent in scene.agents:
        if agent.name == name:
            return agent
    raise UsageError(f"{name} was not on the desk of these decisions")


async def _speakers(
    held: AsyncExitStack,
    reader: JournalReader,
    first: Scene,
    variants: Sequence[Variant],
    asked: Mapping[str, Role | None],
    folder: Path,
    note: Note,
    clock: Clock,
) -> dict[str, Models]:
    """Who speaks in each variant. One budget is for all of them, and each asking has answers of its own."""
    names = {model for role in asked.values() if role for model in role.models}
    if not names:
        return {variant.name: Rules() for variant in variants}
    settings, (spent, _) = first.settings, spent_today(reader, clock, "")
    live = await held.enter_async_context(
        live_models(settings, names, clock, folder=folder, note=note, spent=spent, run=first.run.run)
    )
    caches = {1: live.cache} | {
        asking: held.enter_context(kept_answers(settings, folder / f"asking-{asking}", note))
        for asking in sorted({variant.asking for variant in variants} - {1})
    }
    return {
        variant.name: replace(live, cache=caches[variant.asking]) if asked[variant.name] else Rules()
        for variant in variants
    }


def _staged(scene: Scene, name: str, variant: Variant, role: Role | None) -> Scene:
    """The scene with the agent as the variant has it, and with its old trust under its new name."""
    if variant.prompt is not None:
        edited = variant.prompt
        prompts = {one.prompt.name: one.prompt for one in scene.agents} | {edited.name: edited}
        scene = replace(
            scene,
            agents=agents_of(prompts.values(), scene.settings.agents, roles=scene.settings.llm.roles),
        )
    old = {step.record for step in scene.record.steps if step.agent == name and step.record}
    agents = tuple(replace(one, role=role) if one.name == name else one for one in scene.agents)
    if role is None or not old:
        return replace(scene, agents=agents)
    (mine,) = (one for one in agents if one.name == name)
    records = {record_of(mine, model) for model in role.models}
    return replace(scene, agents=agents, learned=_renamed(scene.learned, min(old), records))


def _renamed(learned: LearnedState, old: str, new: Set[str]) -> LearnedState:
    """The learned state in which the records `new` are trusted as `old` is."""
    known = learned.of_record(old)
    if known is None:
        return learned
    kept = tuple(row for row in learned.records if row.record not in new)
    added = tuple(known.model_copy(update={"record": name}) for name in sorted(new))
    return learned.model_copy(update={"records": kept + added})


def _shuffled(permutation: Permutation, scene: Scene, tools: Set[str]) -> list[tuple[str, Evidence]]:
    """The round's evidence, with that of `tools` from other dates."""
    made = [(one.symbol, one.id) for one in scene.record.decisions]
    return [(symbol, evidence) for symbol, id in made for evidence in permutation.evidence(id, tools)]
