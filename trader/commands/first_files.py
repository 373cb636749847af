"""The files that `trader init` writes, as text: what was there is kept, what is added can be read."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from trader.commands.providers import Provider
from trader.domain.value import Value
from trader.settings.lines import lines_of

ROLE = "fast"
"""The packaged seniors and the news junior ask it by this name; the executive is given it too."""
GIVEN = ("executive",)

HEADER = """\
# Written by `trader init`. docs/settings.md has every setting; `trader config` shows what is in force.
"""
WITHOUT = """\

# No language model: every agent follows its rule. `trader init` gives the desk one whenever you like.
"""
LOCAL = """\
[llm.budget]
per_decision_tokens = 60000       # read and written; once they are spent, agents follow their rules
deadline_s = 600                  # for all the answers of one decision; who is later abstains

[llm.limits.{prefix}]
concurrency = 2                   # calls at once: a machine of one's own has its hands full with two
"""
PAID = """\
[llm.budget]                      # once it is spent, agents follow their rules, and the trace says so
per_decision_usd = 0.20
per_day_usd = 2.00
per_decision_tokens = 60000       # read and written: the only limit where nobody knows the model's price
deadline_s = 60                   # for all the answers of one decision; who is later abstains

[llm.limits.{prefix}]
concurrency = 8                   # calls at once
# requests_per_minute = 60        # where the account allows no more
"""


class Choice(Value):
    """What the user has."""

    provider: Provider
    model: str = ""
    """As litellm writes it, `provider/name`; empty where there is none."""
    api_base: str = ""
    region: str = ""


def model_tables(choice: Choice, taken: Sequence[str] = ()) -> str:
    """The tables that give the desk its model; none of `taken`, agents that have a table already."""
    provider = choice.provider
    if not choice.model:
        return ""
    role = [
        _line(f"[llm.roles.{ROLE}]", "the seniors and the news junior ask it"),
        _line(f"models = [{json.dumps(choice.model)}]", "in this order: the next where one fails"),
        _line(f"timeout_s = {120 if provider.local else 20}", "for one whole answer"),
        _line("max_output_tokens = 800", "of one answer"),
    ]
    if choice.api_base:
        role.append(f"api_base = {json.dumps(choice.api_base)}")
    budget = (LOCAL if provider.local else PAID).format(prefix=provider.prefix)
    agents = [f'[agents.{name}]\nmodel = "{ROLE}"\n' for name in GIVEN if name not in taken]
    return "\n".join(["\n".join(role) + "\n", budget, *agents])


def with_models(before: str, choice: Choice, agents: Mapping[str, Any]) -> str:
    """trader.toml with the models of `choice`, and no others; `agents` are the tables it has of those.

    Every other line stays as it is.
    """
    ours = [name for name in GIVEN if agents.get(name) == {"model": ROLE}]
    kept = without_tables(before, ("llm", *(f"agents.{name}" for name in ours)))
    tables = model_tables(choice, taken=[name for name in agents if name not in ours])
    if not kept.strip():
        return HEADER + ("\n" + tables if tables else WITHOUT)
    return kept.rstrip("\n") + "\n" + ("\n" + tables if tables else "")


def without_tables(text: str, gone: Sequence[str]) -> str:
    """A valid TOML text without these tables and what is under them.

    Comments stand with the table that follows them.
    """
    lines = text.splitlines(keepends=True)
    headers = sorted(
        (number, key) for key, number in lines_of(text).items() if lines[number - 1].lstrip()[:1] == "["
    )
    starts = [_with_comments(lines, number) for number, _ in headers]
    ends = [*starts, len(lines)][1:]
    return "".join(lines[: min([*starts, len(lines)])]) + "".join(
        "".join(lines[start:end])
        for start, end, (_, key) in zip(starts, ends, headers, strict=True)
        if not any(key == table or key.startswith(f"{table}.") for table in gone)
    )


def _with_comments(lines: Sequence[str], header: int) -> int:
    """The index of the first of the comment lines that stand right above a header (a line from 1)."""
    start = header - 1
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start


def env_with(before: str, values: Mapping[str, str], wanted: Sequence[str] = ()) -> str:
    """.env with these values, each in the place of its name or at the end, and `wanted` to be filled in."""
    text = before if before.endswith("\n") or not before else before + "\n"
    for name, value in values.items():
        line = f"{name}={value}"
        place = re.compile(rf"^[ \t]*(?:export[ \t]+)?{re.escape(name)}[ \t]*=.*$", re.MULTILINE)
        if place.search(text):
            text = place.sub(lambda _, line=line: line, text)  # type: ignore[misc]
        else:
            text += line + "\n"
    for name in wanted:
        if not re.search(rf"^[ \t]*#?[ \t]*{re.escape(name)}[ \t]*=", text, re.MULTILINE):
            text += f"# {name}=\n"
    return text


def ignoring(before: str) -> str:
    """.gitignore with `.env` in it, unless it is there already."""
    lines = {line.strip() for line in before.splitlines()}
    if lines & {".env", "/.env", ".env*", "*.env", "**/.env"}:
        return before
    start = before if before.endswith("\n") or not before else before + "\n"
    return start + ".env\n"


def _line(setting: str, comment: str) -> str:
    """A setting and what it does, one under the other where there are several."""
    return f"{setting:<33} # {comment}"
