"""The desk in every situation of the table, each decided once."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from trader.agents.agent import Agent
from trader.clock import SystemClock
from trader.evals.behaviour.expectations import Heard
from trader.evals.behaviour.situations import SITUATIONS, SYMBOL, Scene, ordinary
from trader.evals.behaviour.table import SENIORS, BehaviourCase, cases
from trader.graph.desk import build_desk
from trader.graph.models import Models
from trader.journal.records import DecisionMade, ModelCalled, OrderIntended, Step
from trader.journal.writer import Memorandum
from trader.prompts.prompt import Tier
from trader.runner.sitting import Graph, Sitting
from trader.settings import Settings

ORDINARY = "ordinary"


@dataclass(frozen=True)
class Verdict:
    """One case and what is wrong with it."""

    case: BehaviourCase
    wrong: str
    """Empty where it is as it must be."""


@dataclass(frozen=True)
class Behaviour:
    """All of them."""

    verdicts: tuple[Verdict, ...]
    calls: tuple[ModelCalled, ...]

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """Those that are not as they must be."""
        return tuple(one for one in self.verdicts if one.wrong)

    @property
    def finding(self) -> str:
        """The first line."""
        if not self.verdicts:
            return "NOTHING WAS TRIED: no case is about these."
        word = "FAILED" if self.failed else "PASSED"
        return f"{word}: {len(self.verdicts) - len(self.failed):,} of {len(self.verdicts):,} behaviour cases."


async def try_behaviour(
    settings: Settings,
    agents: Sequence[Agent],
    who: tuple[str, ...] = (),
    *,
    within: Collection[str] = SITUATIONS,
    models: Models | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Behaviour:
    """The cases of `who`, or all, in the situations `within`; none of agents that the desk does not have."""
    names = {agent.name for agent in agents} | {"desk"}
    others = sorted(one.name for one in agents if one.tier is Tier.SENIOR and one.name not in SENIORS)
    wanted = [case for case in cases(who, tuple(others)) if case.who in names and case.situation in within]
    situations = dict.fromkeys([ORDINARY, *(case.situation for case in wanted)])
    graph, scene, heard, calls = build_desk(agents), ordinary(), dict[str, Heard](), list[ModelCalled]()
    for number, name in enumerate(situations):
        said, base_rate = await _decide(SITUATIONS[name](scene), settings, agents, models, graph)
        heard[name] = _heard(said, base_rate)
        calls += [record for record in said.records if isinstance(record, ModelCalled)]
        progress(number + 1, len(situations))
    verdicts = (
        Verdict(case, case.expectation(case.who, heard[case.situation], heard[ORDINARY])) for case in wanted
    )
    return Behaviour(tuple(verdicts), tuple(calls))


async def _decide(
    scene: Scene, settings: Settings, agents: Sequence[Agent], models: Models | None, graph: Graph
) -> tuple[Memorandum, float | None]:
    paid = settings.paper.model_copy(update={"cash": scene.cash})
    here = settings.model_copy(update={"paper": paid})
    sitting = Sitting.of(scene.market, here, agents, models=models, graph=graph, clock=SystemClock())
    account, learned = sitting.account(scene.as_of, scene.held), sitting.learned(scene.as_of)
    account = account.model_copy(update={"peak": account.peak * scene.peak_over_equity})
    known = learned.of_symbol(SYMBOL)
    said = await sitting.decide(scene.as_of, account, learned, [SYMBOL])
    return said, known.base_rate if known else None


def _heard(said: Memorandum, base_rate: float | None) -> Heard:
    steps = [record for record in said.records if isinstance(record, Step) and record.form != "brief"]
    made = [record.decision for record in said.records if isinstance(record, DecisionMade)]
    return Heard(
        forms={step.agent: (step.form, step.body) for step in steps},
        sources={step.agent: step.source for step in steps},
        decision=made[0] if made else None,
        base_rate=base_rate,
        orders=sum(isinstance(record, OrderIntended) for record in said.records),
    )
