"""`trader config`: every setting, its value and where it came from."""

import os
import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from trader.commands import output
from trader.commands.session import Session
from trader.domain.errors import SettingsError
from trader.domain.value import jsonable
from trader.prompts.prompt import Prompt, Tier
from trader.risk.limits import LIMITS, PROTECTIONS, Unit, resolve_limits
from trader.settings import Origin, Settings, Sources, load
from trader.settings.document import settings, shown
from trader.settings.llm import Budget, Cache, Llm, ProviderLimit, Role
from trader.settings.model import TYPED
from trader.settings.section import Section

INTRODUCTION = """\
Every setting at its default, as `trader config example` prints it. Copy what you want to change
into trader.toml, in the folder you work in. `trader config` shows what is in force.
"""
EXAMPLE_MODELS = ("ollama/llama3.2",)

WIDTH = 100
"""Of the example's comments."""


def loaded(session: Session, flags: Mapping[str, object] | None = None) -> tuple[Settings, Sources]:
    """The settings of a command: defaults, trader.toml, .env, the environment, and its flags.

    Raises SettingsError, naming the file and the line, for whatever is wrong, limits and agents included.
    """
    from trader.agents.roster import roster

    workspace = session.workspace
    found, sources = load(workspace.config, workspace.env, os.environ, flags)
    for slug, value in found.risk.items():
        try:
            resolve_limits({slug: value})
        except SettingsError as error:
            message = sources.source(f"risk.{slug}").says(error.message)
            raise SettingsError(message, hint=error.hint) from None
    roster(workspace.prompts, found.agents, sources, roles=found.llm.roles)
    return found, sources


def show(session: Session) -> None:
    """`config`."""
    found, sources = loaded(session)
    rows = [(key, value, str(sources.get(key, Origin.DEFAULT))) for key, value in _flat(found)]
    if session.json:
        entries = [{"key": key, "value": jsonable(value), "source": source} for key, value, source in rows]
        output.document({"workspace": str(session.workspace.root), "settings": entries})
        return
    table = output.columns("setting", "value", "from", wraps=("value", "from"))
    for key, value, source in rows:
        table.add_row(key, "unset" if value is None else shown(value), source)
    output.screen(table)


def example(session: Session) -> None:
    """`config example`."""
    text = example_text()
    if session.json:
        output.document({"text": text})
    else:
        sys.stdout.write(text)


def example_text() -> str:
    """A trader.toml with every setting at its default; what is unset, and the agents, in comments."""
    blocks = [_comment(INTRODUCTION)]
    for name, section in TYPED.items():
        rows = [
            _setting(row.name, row.default, row.sentence, row.expects)
            for row in settings()
            if row.table == name
        ]
        blocks.append("\n\n".join([f"{_comment(section.__doc__ or '')}\n[{name}]", *rows]))
    limits = [
        _setting(
            limit.slug,
            limit.default,
            limit.source,
            f"{'a share' if limit.unit is Unit.SHARE else limit.unit} {limit.of}",
        )
        for limit in LIMITS
    ]
    blocks.append(
        "\n\n".join(
            [f"{_comment('What no order may pass, whatever the desk thinks of it.')}\n[risk]", *limits]
        )
    )
    blocks.append(_models())
    blocks.append("\n\n".join(_agents()))
    return "\n\n".join(blocks) + "\n"


def _flat(found: Settings) -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of everything, in the order of the example."""
    for row in settings():
        yield row.key, getattr(getattr(found, row.table), row.name)
    for slug, value in resolve_limits(found.risk).permitted.items():
        yield f"risk.{slug}", value
    if PROTECTIONS in found.risk:
        rows = found.risk[PROTECTIONS]
        yield f"risk.{PROTECTIONS}", [", ".join(f"{key} {row[key]}" for key in row) for row in rows]
    for agent, table in found.agents.items():
        for name, value in table.items():
            yield f"agents.{agent}.{name}", value
    if found.llm != Llm():
        yield from _llm(found.llm)


def _llm(llm: Llm) -> Iterator[tuple[str, Any]]:
    """The tables of language models, as far as there are any."""
    sections: dict[str, Section] = {
        **{f"roles.{name}": role for name, role in llm.roles.items()},
        "budget": llm.budget,
        "cache": llm.cache,
        **{f"limits.{name}": limit for name, limit in llm.limits.items()},
    }
    for place, section in sections.items():
        for name in type(section).model_fields:
            yield f"llm.{place}.{name}", getattr(section, name)


def _setting(name: str, default: Any, sentence: str, expects: str) -> str:
    """A setting with its sentence above it."""
    if default is None:
        return f"{_comment(sentence)}\n# {name} =   # {expects}"
    return f"{_comment(sentence)}\n{name} = {shown(default)}   # {expects}"


def _agents() -> Iterator[str]:
    from trader.agents.roster import roster

    yield _comment(
        "Agents, by the names of their prompt files: who is on the desk, and which rule each follows."
    )
    for agent in roster():
        yield _agent(agent.prompt)


def _models() -> str:
    """The tables of language models, all in comments: with none of them nothing is asked."""
    blocks = [_comment("Language models: see docs/language-models.md. Keys stand in .env.")]
    named: Mapping[str, type[Section]] = {
        "roles.fast": Role,
        "budget": Budget,
        "cache": Cache,
        "limits.openai": ProviderLimit,
    }
    for table, section in named.items():
        lines = [f"# [llm.{table}]"]
        for name, field in section.model_fields.items():
            default = EXAMPLE_MODELS if name == "models" else field.default
            given = "" if default is None else f" {shown(default)}"
            lines.append(f"# {name} ={given}   # {field.description}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _agent(prompt: Prompt) -> str:
    lines = [_comment(prompt.mandate), f"# [agents.{prompt.name}]", "# enabled = true"]
    if prompt.tier is not Tier.JUNIOR:
        lines.append(f"# policy = {shown(prompt.policy or 'none')}")
    return "\n".join(lines)


def _comment(text: str) -> str:
    paragraphs = text.strip().splitlines()
    return "\n".join(f"# {line}" for part in paragraphs for line in textwrap.wrap(part, WIDTH - 2) or [""])
