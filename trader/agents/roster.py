"""The agents of a desk: the prompt files, with what trader.toml says of each."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from trader.agents.agent import Agent
from trader.agents.policies import POLICIES
from trader.domain.errors import nearest
from trader.prompts.loader import PACKAGED, load_prompts
from trader.prompts.prompt import Prompt, Tier
from trader.settings import Sources
from trader.settings.llm import EVERYONE, Role
from trader.tools.registry import TOOLS

KEYS = ("enabled", "policy", "model")
"""What `[agents.NAME]` may say."""


def roster(
    workspace: Path | None = None,
    tables: Mapping[str, Mapping[str, Any]] | None = None,
    sources: Sources | None = None,
    packaged: Path = PACKAGED,
    roles: Mapping[str, Role] | None = None,
) -> tuple[Agent, ...]:
    """The agents, juniors first and the executive last, without those that are not enabled.

    `workspace` is the folder of the user's own prompts, `tables` is `Settings.agents`, `roles` the models
    that they may ask. Raises PromptError
    for a file that cannot become an agent, and SettingsError for a table that fits none; both name the
    file and the line.
    """
    prompts = load_prompts(packaged, workspace, {tool.name: tool.Arguments for tool in TOOLS}, POLICIES)
    return agents_of(prompts, tables, sources, roles)


def agents_of(
    prompts: Iterable[Prompt],
    tables: Mapping[str, Mapping[str, Any]] | None = None,
    sources: Sources | None = None,
    roles: Mapping[str, Role] | None = None,
) -> tuple[Agent, ...]:
    """The agents of these prompts as `tables` has them: juniors first, the executive last, then by name."""
    places = sources or Sources()
    by_name = {one.name: one for one in sorted(prompts, key=lambda one: (one.tier.rank, one.name))}
    for name in tables or {}:
        if name not in by_name:
            raise places.error(f"agents.{name}", "there is no such agent", nearest(name, by_name))
    known = roles or {}
    agents = (_agent(one, (tables or {}).get(one.name, {}), places, known) for one in by_name.values())
    return tuple(agent for agent in agents if agent is not None)


def _agent(
    prompt: Prompt, table: Mapping[str, Any], sources: Sources, roles: Mapping[str, Role]
) -> Agent | None:
    """The agent as the table has it; None where it is not enabled."""
    place = f"agents.{prompt.name}"
    for key in table:
        if key not in KEYS:
            raise sources.error(f"{place}.{key}", "there is no such setting", nearest(key, KEYS))
    enabled, policy = table.get("enabled", True), table.get("policy", prompt.policy)
    if not isinstance(enabled, bool):
        raise sources.error(f"{place}.enabled", f"expected true or false, found {enabled!r}")
    if not enabled:
        if prompt.tier is Tier.EXECUTIVE:
            raise sources.error(f"{place}.enabled", "a desk has exactly one executive")
        return None
    role = _role(prompt, table, sources, roles)
    if policy is None or policy == "none":
        return Agent(prompt, role=role)
    known = POLICIES.get(prompt.tier, {})
    if policy not in known:
        hint = nearest(str(policy), known) if known else "a junior follows none: it files what its tools say"
        raise sources.error(f"{place}.policy", f"a {prompt.tier} has no policy {policy}", hint)
    return Agent(prompt, known[policy], role)


def _role(
    prompt: Prompt, table: Mapping[str, Any], sources: Sources, roles: Mapping[str, Role]
) -> Role | None:
    """The models that it asks: of the role in its table, else of the one in its file where there is such.

    The role `everyone` stands for all others, and for those that no senior and no executive names. A junior
    that names none reads numbers alone, and a table that says `none` is obeyed.
    """
    name = table.get("model", prompt.model)
    if name == "none":
        return None
    if "model" in table and name not in roles:
        hint = nearest(str(name), roles) if roles else "[llm.roles.fast] in trader.toml makes one"
        raise sources.error(f"agents.{prompt.name}.model", f"there is no role {name}", hint)
    asked = roles.get(name) if name else None
    return roles.get(EVERYONE, asked) if name or prompt.tier is not Tier.JUNIOR else None
