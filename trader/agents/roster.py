"""The agents of a desk: the prompt files, with what trader.toml says of each."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from trader.agents.agent import Agent
from trader.agents.policies import POLICIES
from trader.agents.policies.policy import ExecutivePolicy, Policy
from trader.domain.errors import nearest
from trader.prompts.loader import PACKAGED, load_prompts
from trader.prompts.personas import Persona, laid, load_personas
from trader.prompts.prompt import Prompt, Tier
from trader.settings import Sources
from trader.settings.llm import EVERYONE, Role
from trader.tools.registry import TOOLS

OVER = ("samples", "sample_temperature", "tool_rounds")
"""Keys of a prompt file that its table may say otherwise."""
KEYS = ("enabled", "policy", "model", "models", "persona", *OVER)
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
    that they may ask. Raises PromptError for a file that cannot become an agent, and SettingsError for a
    table that fits none; both name the file and the line.
    """
    prompts = load_prompts(packaged, workspace, {tool.name: tool.Arguments for tool in TOOLS}, POLICIES)
    personas = load_personas(packaged, workspace)
    places = sources or Sources()
    worn = [_worn(prompt, (tables or {}).get(prompt.name, {}), personas, places) for prompt in prompts]
    return agents_of(worn, tables, sources, roles)


def _worn(
    prompt: Prompt, table: Mapping[str, Any], personas: Mapping[str, Persona], sources: Sources
) -> Prompt:
    """The prompt under its persona: that of its table, else that of its file."""
    name = table.get("persona", prompt.persona)
    if name is None or name == "none":
        return prompt
    if name not in personas:
        hint = nearest(str(name), personas)
        raise sources.error(f"agents.{prompt.name}.persona", f"there is no persona {name}", hint)
    return laid(personas[name], prompt)


def agents_of(
    prompts: Iterable[Prompt],
    tables: Mapping[str, Mapping[str, Any]] | None = None,
    sources: Sources | None = None,
    roles: Mapping[str, Role] | None = None,
) -> tuple[Agent, ...]:
    """The agents of these prompts as `tables` has them: juniors first, the executive last, then by name.

    Personas lie over the prompts already: the journal keeps texts with them.
    """
    places = sources or Sources()
    by_name = {one.name: one for one in sorted(prompts, key=lambda one: (one.tier.rank, one.name))}
    for name in tables or {}:
        if name not in by_name:
            raise places.error(f"agents.{name}", "there is no such agent", nearest(name, by_name))
    of_name = ((tables or {}).get(name, {}) for name in by_name)
    return tuple(
        agent
        for prompt, table in zip(by_name.values(), of_name, strict=True)
        for agent in _agents(prompt, table, places, roles or {})
    )


def _agents(
    prompt: Prompt, table: Mapping[str, Any], sources: Sources, roles: Mapping[str, Role]
) -> Iterator[Agent]:
    """The agent as the table has it: one for each of its models, none where it is not enabled."""
    place = f"agents.{prompt.name}"
    for key in table:
        if key not in KEYS:
            raise sources.error(f"{place}.{key}", "there is no such setting", nearest(key, KEYS))
    enabled = table.get("enabled", True)
    if not isinstance(enabled, bool):
        raise sources.error(f"{place}.enabled", f"expected true or false, found {enabled!r}")
    if not enabled:
        if prompt.tier is Tier.EXECUTIVE:
            raise sources.error(f"{place}.enabled", "a desk has exactly one executive")
        return
    policy = _policy(prompt, table, sources)
    prompt = _overridden(prompt, table, sources)
    voices = _voices(prompt, table, sources, roles)
    if not voices:
        yield Agent(prompt, policy, _role(prompt, table, sources, roles))
    for voice, role in voices.items():
        leader = next(iter(voices))
        yield Agent(prompt, policy, role, voice, led_by="" if voice == leader else f"{prompt.name}.{leader}")


def _policy(prompt: Prompt, table: Mapping[str, Any], sources: Sources) -> Policy | ExecutivePolicy | None:
    """The rule of its table, else of its file."""
    policy = table.get("policy", prompt.policy)
    if policy is None or policy == "none":
        return None
    known = POLICIES.get(prompt.tier, {})
    if policy not in known:
        hint = nearest(str(policy), known) if known else "a junior follows none: it files what its tools say"
        place = f"agents.{prompt.name}.policy"
        raise sources.error(place, f"a {prompt.tier} has no policy {policy}", hint)
    return known[policy]


def _overridden(prompt: Prompt, table: Mapping[str, Any], sources: Sources) -> Prompt:
    """The prompt with what its table says otherwise."""
    said = {key: table[key] for key in OVER if key in table}
    if not said:
        return prompt
    try:
        changed = Prompt.model_validate(prompt.model_dump() | said)
    except ValidationError as error:
        first = error.errors()[0]
        place = f"agents.{prompt.name}.{first['loc'][0]}"
        raise sources.error(place, f"{first['msg'].lower()}, found {first['input']!r}") from None
    if changed.samples > 1 and prompt.tier is Tier.JUNIOR:
        raise sources.error(f"agents.{prompt.name}.samples", "a junior gathers facts, and is asked once")
    return changed


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


def _voices(
    prompt: Prompt, table: Mapping[str, Any], sources: Sources, roles: Mapping[str, Role]
) -> dict[str, Role]:
    """What it is called beside its name -> the models of one opinion; empty where it has one opinion.

    Each is a role, or one model by its name. Of those in its file, roles that are not configured are left
    out; without any role nothing is asked, and with `everyone` it has one opinion.
    """
    place = f"agents.{prompt.name}.models"
    named = table.get("models", () if "model" in table else prompt.models)
    if not isinstance(named, list | tuple) or not all(isinstance(name, str) for name in named):
        raise sources.error(place, f"expected a list of names, found {named!r}")
    if named and prompt.tier is not Tier.SENIOR:
        raise sources.error(place, "only a senior has several opinions", "name one role under `model`")
    voices: dict[str, Role] = {}
    for name in named if roles else ():
        if name in roles:
            voices[name] = roles[name]
        elif "/" in name:
            voices[_short(name, voices)] = Role(models=(name,))
        elif "models" in table:
            hint = nearest(name, roles)
            raise sources.error(place, f"there is no role {name}, and no model has such a name", hint)
    return {} if EVERYONE in roles else voices


def _short(model: str, taken: Container[str]) -> str:
    """The last part of a model's name, as a word, and another one where that is taken."""
    word = re.sub(r"[^a-z0-9_-]+", "-", model.rpartition("/")[2].lower()).strip("-") or "model"
    numbered = (f"{word}-{number}" for number in count(2))
    return word if word not in taken else next(name for name in numbered if name not in taken)
