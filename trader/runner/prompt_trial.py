"""Recorded decisions with one agent's prompt edited: it alone is asked anew, from what it was shown then."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from trader.agents.agent import Agent
from trader.agents.case import Case
from trader.agents.roster import agents_of
from trader.agents.speaking import Spoken
from trader.agents.tool_rounds import UseTool
from trader.clock import Clock
from trader.domain.decisions import Decision
from trader.domain.errors import UsageError
from trader.domain.ids import DecisionId, RoundId
from trader.graph.again import Scene, decide_again, recorded_models
from trader.graph.models import LiveModels
from trader.graph.purse import Day
from trader.graph.recorded import RecordedModels
from trader.graph.turn import Turn
from trader.journal.reader import JournalReader
from trader.journal.records import ModelCalled, Step
from trader.journal.writer import Memorandum, Recorder
from trader.prompts.frontmatter import parse_prompt
from trader.prompts.prompt import Prompt
from trader.prompts.rendering import body_problems
from trader.runner.asking import answering, budget_of, kept_answers, spent_today

SAME = ("tier", "reads", "tools", "tool_rounds")
"""What an edited file may not change: the journal has the evidence of these alone."""


@dataclass(frozen=True)
class Edited:
    """What an agent said with its edited prompt."""

    prompt: str
    """Digest of the edited file."""
    said: dict[DecisionId, float]
    """The probabilities that its model stated."""
    calls: tuple[ModelCalled, ...]


@dataclass(frozen=True)
class OneAnew:
    """One agent asks its model; all others answer as recorded."""

    agent: str
    decisions: Set[DecisionId]
    """Those that it is asked about."""
    live: LiveModels
    recorded: RecordedModels

    def begin(self, decisions: int) -> None:
        """What is left of the day is for these."""
        self.live.begin(decisions)

    def due(self) -> float:
        """When the answers of a decision that begins now are due, by the stopwatch."""
        return self.live.due()

    async def ask(
        self, agent: Agent, case: Case, turn: Turn, until: float, recorder: Recorder, use_tool: UseTool
    ) -> Spoken:
        """The agent's form. Whoever reads what has changed finds no recorded answer, and says nothing."""
        if agent.name == self.agent and turn.decision in self.decisions:
            return await self.live.ask(agent, case, turn, until, recorder, use_tool)
        return await self.recorded.ask(agent, case, turn, self.recorded.due(), recorder, use_tool)


async def try_prompt(
    reader: JournalReader,
    decisions: Sequence[Decision],
    agent: str,
    file: Path,
    *,
    folder: Path,
    note: Callable[[str], None],
    clock: Clock,
) -> Edited:
    """Ask `agent` with the prompt in `file` what it was asked in each of `decisions`, which are not empty.

    The budget and the deadline of the run apply; nothing is written but the answers, to the cache in
    `folder`. Raises PromptError for a file that is no prompt, UsageError for an agent that asks no model or
    an edit that the journal has no evidence for.
    """
    rounds: dict[RoundId, DecisionId] = {made.round: made.id for made in decisions}
    first = Scene.of(reader, decisions[0].id)
    edited = _edited(first, agent, file)
    role = next(one.role for one in first.agents if one.name == agent)
    if role is None:
        raise UsageError(
            f"{agent} follows a rule, and no prompt changes it",
            hint="docs/language-models.md gives it a model",
        )
    wanted, said, calls = {made.id for made in decisions}, dict[DecisionId, float](), list[ModelCalled]()
    settings = first.settings
    async with answering(settings, set(role.models), clock, note) as (client, prices):
        with kept_answers(settings, folder, note) as cache:
            spent, _ = spent_today(reader, clock, "")
            day = Day(budget_of(settings), prices, clock, spent)
            for decision in rounds.values():
                scene = _with(Scene.of(reader, decision), edited)
                recorded = recorded_models(reader, scene)
                if recorded is None:
                    continue
                live = LiveModels(
                    client, {}, clock, settings.llm.budget.deadline_s, day, scene.run.run, cache
                )
                again = await decide_again(reader, scene, OneAnew(agent, wanted, live, recorded))
                calls += [one for one in again.records if isinstance(one, ModelCalled) and one.agent == agent]
                said |= _stated(again, agent, wanted)
    return Edited(edited.digest, said, tuple(calls))


def _stated(again: Memorandum, agent: str, wanted: Set[DecisionId]) -> dict[DecisionId, float]:
    """What the agent's model stated; where it gave no form, or its rule stood in, there is nothing."""
    steps = (one for one in again.records if isinstance(one, Step))
    opinions = (
        one
        for one in steps
        if one.agent == agent and one.form == "opinion" and one.source.startswith("model:")
    )
    return {
        one.decision: one.body["p_up"]
        for one in opinions
        if one.decision in wanted and one.body["p_up"] is not None
    }


def _edited(scene: Scene, agent: str, file: Path) -> Prompt:
    """The prompt in the file, which may be called anything."""
    had = next((one.prompt for one in scene.agents if one.name == agent), None)
    if had is None:
        raise UsageError(f"{agent} was not on the desk of these decisions")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{file}: not UTF-8 text") from None
    header = parse_prompt(text, Path(f"{had.name}.md"))
    for problem in body_problems(header.prompt):
        raise problem
    changed = [name for name in SAME if getattr(header.prompt, name) != getattr(had, name)]
    if changed:
        raise UsageError(
            f"{file}: {' and '.join(changed)} differ from what was recorded",
            hint="only the words may differ: the journal has no other evidence",
        )
    return header.prompt


def _with(scene: Scene, edited: Prompt) -> Scene:
    prompts = {one.prompt.name: one.prompt for one in scene.agents} | {edited.name: edited}
    agents = agents_of(prompts.values(), scene.settings.agents, roles=scene.settings.llm.roles)
    return replace(scene, agents=agents)
