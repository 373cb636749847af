"""What each setting is, in words: for the documentation, the example file and the errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from trader.domain.value import plain
from trader.settings import llm
from trader.settings.model import TYPED
from trader.settings.section import Section

_KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "array": "a list of texts",
    "boolean": "true or false",
    "date": "a day such as 2012-06-01",
}
"""Words for the types and formats of JSON schemas."""

_INTRODUCTION = """\
# Settings

Settings are read from five places, each stronger than the one before: the defaults below, `trader.toml` in
the workspace, `.env` beside it, the environment, and flags. `trader config` shows where each came from.

```toml
# trader.toml
[desk]
horizon = 10

[risk]
position_size = 0.03

[agents.sentiment]
enabled = false
```

In `.env` and in the environment a setting is `TRADER_`, its table, two underscores and its name:
`TRADER_DESK__HORIZON=10`, `TRADER_RUN__SYMBOLS=AAPL,MSFT`. Keys of brokers and feeds are no settings: they
stay in `.env` or in the environment, and never reach a trace.

A setting that does not exist, or a value that it may not have, is an error before anything runs. It names the
file, the line and the nearest setting.
"""

_PLAIN_TABLES = """\
## `[risk]`

The limits of the gate by their names: [docs/limits.md](limits.md) has each with its unit and its default.

## `[agents.NAME]`

| setting | default | what it may be | what it does |
| --- | --- | --- | --- |
| `enabled` | `true` | true or false | Whether the agent is on the desk. The executive always is. |
| `policy` | from its prompt | the name of a rule, or `"none"` | The rule it follows while it has no model. |
| `model` | from its prompt | a role of `[llm.roles]`, or `"none"` | The language model it asks. |

"""


@dataclass(frozen=True)
class Setting:
    """One setting as documentation shows it."""

    key: str
    """Dotted: desk.horizon."""
    expects: str
    default: Any
    """None where unset."""
    sentence: str

    @property
    def table(self) -> str:
        """The table it stands in."""
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        """Its name within the table."""
        return self.key.partition(".")[2]


def settings() -> tuple[Setting, ...]:
    """Every setting with a type, in the order of `model.py`."""
    return tuple(
        Setting(f"{table}.{name}", expected(f"{table}.{name}"), field.default, field.description or "")
        for table, section in TYPED.items()
        for name, field in section.model_fields.items()
    )


def defaults() -> Mapping[str, Any]:
    """Dotted setting -> default, in the order of `model.py`."""
    return {
        f"{table}.{name}": field.default
        for table, section in TYPED.items()
        for name, field in section.model_fields.items()
    }


def expected(key: str) -> str:
    """What a setting may be: "a whole number of at least 1"."""
    table, _, name = key.partition(".")
    if known := llm.section_of(key) if table == "llm" else None:
        schema = _schema(*known)
    else:
        schema = _schema(TYPED[table], name)
    return said(schema)


def sentence(key: str) -> str:
    """What a setting does, in its own words."""
    table, _, name = key.partition(".")
    known = llm.section_of(key) if table == "llm" else None
    section, field = known or (TYPED[table], name)
    return section.model_fields[field].description or ""


def said(schema: Mapping[str, Any]) -> str:
    """A JSON schema in words."""
    if "enum" in schema:
        return "one of " + ", ".join(schema["enum"])
    kind = _KINDS[schema.get("format", schema["type"])]
    return kind + _bounds(schema) + (f" that matches {schema['pattern']}" if "pattern" in schema else "")


def shown(value: Any) -> str:
    """A value as trader.toml has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, StrEnum | str):
        return f'"{value}"'
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    if isinstance(value, dict):
        return "a table"
    return str(value)


def page() -> str:
    """The settings as Markdown: docs/settings.md, which a test holds against this."""
    lines = [_INTRODUCTION]
    for name, section in TYPED.items():
        lines += [f"## `[{name}]`", "", (section.__doc__ or "").strip(), ""]
        lines += ["| setting | default | what it may be | what it does |", "| --- | --- | --- | --- |"]
        for row in settings():
            if row.table == name:
                default = "unset" if row.default is None else f"`{shown(row.default)}`"
                lines.append(f"| `{row.name}` | {default} | {row.expects} | {row.sentence} |")
        lines.append("")
    return "\n".join([*lines, _PLAIN_TABLES + _llm_tables()])


def _llm_tables() -> str:
    """The tables of language models: with none of them nothing is asked."""
    lines = []
    for heading, section in (
        ("llm.roles.NAME", llm.Role),
        ("llm.budget", llm.Budget),
        ("llm.cache", llm.Cache),
        ("llm.limits.PROVIDER", llm.ProviderLimit),
    ):
        lines += [f"## `[{heading}]`", "", (section.__doc__ or "").strip(), ""]
        lines += ["| setting | default | what it may be | what it does |", "| --- | --- | --- | --- |"]
        for name, field in section.model_fields.items():
            default = "none" if field.is_required() else "unset" if field.default is None else None
            default = default or f"`{shown(field.default)}`"
            expects = said(_schema(section, name))
            lines.append(f"| `{name}` | {default} | {expects} | {field.description} |")
        lines.append("")
    return "\n".join(lines)


def _schema(section: type[Section], name: str) -> dict[str, Any]:
    """The setting's JSON schema; where it may be unset, that of what it is when it is set."""
    whole = section.model_json_schema()
    schema: dict[str, Any] = whole["properties"][name]
    schema = schema.get("anyOf", [schema])[0]
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def _bounds(schema: Mapping[str, Any]) -> str:
    low, above, high = (schema.get(bound) for bound in ("minimum", "exclusiveMinimum", "maximum"))
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    words = {"above": above, "of at least": low, "of at most": high}
    return " and".join(f" {word} {bound:g}" for word, bound in words.items() if bound is not None)
