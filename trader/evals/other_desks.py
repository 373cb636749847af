"""The same cases decided by another desk: by rules alone, or by one agent with all tools.

What a desk of models has to be better than to be worth its price. The rules judge the recorded evidence with
the trust that their history had earned. The one agent is asked once a case, with everything that anybody on
the desk reads, and is calibrated as the desk calibrates: on those of its answers that had resolved by then.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from trader.agents.agent import Agent
from trader.agents.speaking import record_of
from trader.clock import Clock
from trader.data.market import Market
from trader.domain.decisions import Decision
from trader.domain.ids import DecisionId
from trader.domain.learned import Calibration
from trader.domain.portfolio import sum_exact
from trader.domain.value import plain
from trader.evals.datasets.deciding import Decided
from trader.graph.again import Scene, decide_again
from trader.journal.reader import Forecast, JournalReader
from trader.journal.records import DecisionMade, ModelCalled, Step
from trader.journal.writer import Memorandum
from trader.memory.learning import learn
from trader.memory.recorded import forecasts_in, recorded
from trader.prompts.frontmatter import read_prompt
from trader.prompts.prompt import Tier
from trader.runner.asking import live_models, spent_today
from trader.runner.variants import OneAnew
from trader.settings import Settings
from trader.settings.llm import Role

Place = tuple[str, datetime]
"""(symbol, close)."""

RULES = "the desk with no model"
ONE_AGENT = "one agent with all tools"
PROMPT = Path(__file__).with_name("generalist.md")


@dataclass(frozen=True)
class OtherDesk:
    """One of them."""

    name: str
    said: Mapping[Place, float]
    """Its pool's probabilities; nothing where it had none."""
    note: str = ""
    """What it took; empty where it took nothing."""


@dataclass(frozen=True)
class Beside:
    """Those that are shown, and a sentence for each that is not."""

    desks: tuple[OtherDesk, ...] = ()
    missing: tuple[str, ...] = ()


Decides = Callable[[tuple[Agent, ...], Settings], Awaitable[Decided]]
"""A desk of these agents, with these settings, on the cases of a data set."""


async def rules_again(reader: JournalReader, decisions: Sequence[Decision]) -> OtherDesk:
    """Recorded decisions by the rules of those who asked a model: the same evidence, account and trust."""
    said, wanted = dict[Place, float](), {made.id for made in decisions}
    for scene in _scenes(reader, decisions):
        said |= _pools(await decide_again(reader, scene, None), wanted)
    return OtherDesk(RULES, said)


async def one_agent_again(
    reader: JournalReader,
    decisions: Sequence[Decision],
    market: Market,
    role: Role,
    *,
    folder: Path,
    note: Callable[[str], None],
    clock: Clock,
) -> OtherDesk:
    """Recorded decisions by one agent that asks `role`, from the recorded evidence.

    The budget and the deadline of the run apply; nothing is written but answers, to the cache in `folder`.
    """
    wanted = {made.id for made in decisions}
    said, forecasts, calls = dict[Place, float](), list[Forecast](), list[ModelCalled]()
    first = Scene.of(reader, decisions[0].id)
    alone = lone(first.agents, role)
    one = generalist_of(alone)
    families = {record_of(one, model): one.prompt.family for model in role.models}
    records: tuple[Calibration, ...] = ()
    spent, _ = spent_today(reader, clock, "")
    async with live_models(
        first.settings, role.models, clock, folder=folder, note=note, spent=spent
    ) as models:
        speaks = OneAnew(one.name, wanted, models, {}, tools_only=True)
        for number, scene in enumerate(_scenes(reader, decisions)):
            if number % scene.settings.desk.refit_bars == 0:
                view, book = market.view(scene.record.opened.as_of), scene.book
                records = learn(view, book.symbols, book.horizon, recorded(forecasts), families).records
            learned = scene.learned.model_copy(update={"records": records})
            staged = replace(scene, agents=alone, settings=sure_of_one(scene.settings), learned=learned)
            again = await decide_again(reader, staged, speaks)
            said |= _pools(again, wanted)
            steps = (made for made in again.records if isinstance(made, Step) and made.agent == one.name)
            forecasts += forecasts_in(steps, learned)
            calls += (made for made in again.records if isinstance(made, ModelCalled))
    return _told(said, len(decisions), calls, role)


async def beside_a_set(
    decide: Decides, agents: tuple[Agent, ...], settings: Settings, role: Role | None
) -> Beside:
    """Both, on a data set whose desk of `agents` is known already."""
    desks = []
    if any(agent.role for agent in agents):
        ruled = await decide(tuple(replace(agent, role=None) for agent in agents), settings)
        desks.append(OtherDesk(RULES, _said(ruled.recorded.decisions)))
    if role is not None:
        alone = (await decide(lone(agents, role), sure_of_one(settings))).recorded
        desks.append(_told(_said(alone.decisions), len(alone.decisions), alone.calls, role))
    return Beside(tuple(desks), why_not(any(agent.role for agent in agents), asked_alone=role is not None))


def why_not(has_models: bool, *, asked_alone: bool) -> tuple[str, ...]:
    """Which of the two are not shown, and why."""
    if has_models:
        hint = f"{ONE_AGENT} is not shown: it asks a model, and --one-agent MODEL says which"
        return () if asked_alone else (hint,)
    both = RULES if asked_alone else f"{RULES}, and {ONE_AGENT}"
    return (f"not applicable, because nobody on this desk asked a model: {both}",)


def lone(agents: Sequence[Agent], role: Role) -> tuple[Agent, ...]:
    """A desk of one: juniors that file what tools say, one senior that has everything, nobody above it."""
    juniors = [replace(agent, role=None) for agent in agents if agent.tier is Tier.JUNIOR]
    tools = {call.name: call for agent in agents for call in agent.calls}
    prompt = read_prompt(PROMPT).prompt.model_copy(
        update={"reads": tuple(agent.name for agent in juniors), "tools": tuple(tools.values())}
    )
    chief = next(agent for agent in agents if agent.tier is Tier.EXECUTIVE)
    return (*juniors, Agent(prompt, role=role), replace(chief, policy=None, role=None))


def generalist_of(agents: Sequence[Agent]) -> Agent:
    """The one senior of such a desk."""
    return next(agent for agent in agents if agent.tier is Tier.SENIOR)


def sure_of_one(settings: Settings) -> Settings:
    """A quorum of one: there is nobody else."""
    return settings.model_copy(update={"desk": settings.desk.model_copy(update={"quorum": 1})})


def _scenes(reader: JournalReader, decisions: Sequence[Decision]) -> Iterator[Scene]:
    """The rounds of `decisions`, oldest first."""
    rounds: dict[str, DecisionId] = {}
    for made in sorted(decisions, key=lambda made: made.as_of):
        rounds.setdefault(made.round, made.id)
    return (Scene.of(reader, id) for id in rounds.values())


def _pools(again: Memorandum, wanted: set[DecisionId]) -> dict[Place, float]:
    made = (record.decision for record in again.records if isinstance(record, DecisionMade))
    return _said([one for one in made if one.id in wanted])


def _said(decisions: Sequence[Decision]) -> dict[Place, float]:
    return {(made.symbol, made.as_of): made.pool.p_up for made in decisions if made.pool}


def _told(said: Mapping[Place, float], asked: int, calls: Sequence[ModelCalled], role: Role) -> OtherDesk:
    read, written = sum(call.tokens_in for call in calls), sum(call.tokens_out for call in calls)
    usd = plain(sum_exact(call.usd for call in calls))
    failed = next((call.error for call in calls if call.error), "")
    lacking = f"; the first failure: {failed}" if failed and len(said) < asked else ""
    return OtherDesk(
        f"{ONE_AGENT}, {role.models[0]}",
        said,
        f"{ONE_AGENT}: {len(said):,} of {asked:,} cases answered in {len(calls):,} calls, "
        f"{read:,} tokens read, {written:,} written, {usd} USD{lacking}",
    )
