"""A decision of the journal on trial with another model: `trader trace replay ID --model X`."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from trader.agents.agent import Agent
from trader.clock import Clock
from trader.data.market import Market
from trader.domain.errors import UnknownName, UsageError
from trader.domain.ids import DecisionId
from trader.graph.again import Scene, decide_again, recorded_models
from trader.graph.replay import differences
from trader.graph.trial import Trial, TrialModels, known_of_others, recorded_side, tried_side
from trader.journal.reader import JournalReader
from trader.llm import local_demo
from trader.runner.asking import live_models, spent_today
from trader.settings.llm import Role


async def try_model(
    reader: JournalReader,
    decision: DecisionId,
    model: str,
    *,
    names: Iterable[str] = (),
    roles: Mapping[str, Role],
    folder: Path,
    note: Callable[[str], None],
    clock: Clock,
    data: Market | None = None,
) -> Trial:
    """Ask `model`, a name as litellm has it or one of `roles`, what the models of the decision were asked.

    `names` are the agents that ask it; without one all that had a model. The run's budget and deadline apply,
    with what is left of today. Nothing is written but the answers, to the cache in `folder`. Raises
    UsageError where nobody had a model, UnknownName for a name that is none.
    """
    scene = Scene.of(reader, decision)
    tried = {
        agent.name: role_of(model, agent.role, roles)
        for agent in _on_trial(scene.agents, names)
        if agent.role
    }
    recorded = recorded_models(reader, scene)
    if recorded is None or not tried:
        raise UsageError(
            "no agent of this decision had a model", hint="docs/language-models.md gives them one"
        )
    asked = {
        name for agent in scene.agents if agent.role for name in tried.get(agent.name, agent.role).models
    }
    spent, _ = spent_today(reader, clock, "")
    async with live_models(
        scene.settings,
        asked,
        clock,
        folder=folder,
        note=note,
        spent=spent,
        run=scene.run.run,
        known=known_of_others(reader, scene, decision, tried),
    ) as live:
        models = TrialModels(decision, tried, live, recorded)
        again = await decide_again(reader, scene, models, data)
    return Trial(
        model=model,
        agents=tuple(tried),
        recorded=recorded_side(reader, scene, decision),
        tried=tried_side(again, decision),
        differences=tuple(differences(decision, scene.record, again)),
    )


def _on_trial(agents: Iterable[Agent], names: Iterable[str]) -> list[Agent]:
    """Those with a model that are named, by the name of the agent or of its file."""
    asking = [agent for agent in agents if agent.role]
    wanted = tuple(names)
    known = {agent.name for agent in asking} | {agent.prompt.name for agent in asking}
    for name in wanted:
        if name not in known:
            raise UnknownName("agent with a model", name, known)
    return [agent for agent in asking if not wanted or {agent.name, agent.prompt.name} & set(wanted)]


def role_of(model: str, had: Role | None, roles: Mapping[str, Role]) -> Role:
    """The role of this name as it is set now; else the agent's own with this model, or one with nothing set.

    A model of the same provider is asked at the same address. Raises UnknownName for a name that is none.
    """
    if model in roles:
        return roles[model]
    provider, _, name = model.partition("/")
    if not name and model != local_demo.MODEL:
        raise UnknownName("role", model, roles)
    if had is None:
        return Role(models=(model,))
    there = had.api_base if had.models[0].partition("/")[0] == provider else None
    return had.model_copy(update={"models": (model,), "api_base": there, "context_tokens": None})
