"""docs/tools.md, from the registry itself."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from trader.tools.registry import TOOLS
from trader.tools.tool import Tool

_INTRODUCTION = """\
# Tools

What agents may call. A tool is named under `tools:` in a prompt file
([writing an agent](writing-an-agent.md)); which packaged agent calls which is in `trader agents list`. Each
sees the market as it was known at one moment and answers the same question with the same bytes. What it
lacks is a sentence that the agent reads and the trace keeps; so is a tool that takes longer than its time
limit. [Writing a tool](writing-a-tool.md) says how to add one.

This page is made from the tools themselves. `trader tools show NAME` prints the same in a terminal, and with
`--json` the JSON schemas that a language model is given.
"""


class Field(NamedTuple):
    """One argument, or one part of a result."""

    name: str
    kind: str
    """Its type in words, with its range where it has one."""
    default: str
    """As JSON; empty where there is none."""
    meaning: str


def page() -> str:
    """The whole page."""
    listed = "\n".join(f"| [`{tool.name}`](#{tool.name}) | {tool.summary} |" for tool in TOOLS)
    index = f"| tool | what it says |\n| --- | --- |\n{listed}\n"
    return "\n".join((_INTRODUCTION, index, *map(_section, TOOLS)))


def fields(schema: Mapping[str, Any], root: Mapping[str, Any] | None = None) -> Iterator[Field]:
    """The fields of an object's JSON schema; `root` is the schema that its references point into."""
    forms = (root or schema).get("$defs", {})
    for name, entry in schema.get("properties", {}).items():
        default = json.dumps(entry["default"]) if "default" in entry else ""
        yield Field(name, _kind(entry, forms), default, entry.get("description", ""))


def _section(tool: Tool[Any, Any]) -> str:
    arguments = tool.Arguments.model_json_schema()
    result = tool.Result.model_json_schema(mode="serialization")
    forms = [form for form in result.get("$defs", {}).values() if "properties" in form]
    parts = [
        f"## {tool.name}\n",
        f"{tool.about.strip()}\n",
        f"Time limit: {tool.time_limit_s:g} seconds. Example: `{tool.example}`\n",
        _arguments(arguments),
        "It answers:\n",
        _table(("field", "type", "meaning"), ((f.name, f.kind, f.meaning) for f in fields(result))),
    ]
    for form in forms:
        parts.append(f"A {form['title']}:\n")
        rows = ((f.name, f.kind, f.meaning) for f in fields(form, result))
        parts.append(_table(("field", "type", "meaning"), rows))
    return "\n".join(parts)


def _arguments(schema: Mapping[str, Any]) -> str:
    found = list(fields(schema))
    return _table(("argument", "type", "default", "meaning"), found) if found else "It takes no arguments.\n"


def _table(heads: tuple[str, ...], rows: Any) -> str:
    lines = (heads, ("---",) * len(heads), *((f"`{first}`", *rest) for first, *rest in rows))
    return "".join("| " + " | ".join(_cell(text) for text in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _kind(entry: Mapping[str, Any], forms: Mapping[str, Any]) -> str:
    """A type in words: `integer, 30 to 5000`, `list of Level`, `number or null`."""
    if "anyOf" in entry:
        return " or ".join(_kind(option, forms) for option in entry["anyOf"])
    if "$ref" in entry:
        name = entry["$ref"].rpartition("/")[2]
        form = forms.get(name, {})
        return ", ".join(form["enum"]) if "enum" in form else name
    kind = str(entry.get("type", "object"))
    if kind == "array":
        return f"list of {_kind(entry.get('items', {}), forms)}"
    if kind == "object" and isinstance(entry.get("additionalProperties"), dict):
        return f"{_kind(entry['additionalProperties'], forms)} by name"
    return kind + _range(entry)


def _range(entry: Mapping[str, Any]) -> str:
    words = {
        "exclusiveMinimum": "above",
        "minimum": "from",
        "exclusiveMaximum": "below",
        "maximum": "to",
    }
    said = " ".join(f"{word} {entry[key]:g}" for key, word in words.items() if key in entry)
    return f", {said}" if said else ""
