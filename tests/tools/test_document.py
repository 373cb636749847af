"""docs/tools.md is what the registry says, all of it. Delete the page and rerun to write it anew."""

from pathlib import Path
from typing import Any

import pytest

from trader.tools.document import fields, page
from trader.tools.registry import TOOLS
from trader.tools.tool import Tool

PAGE = Path(__file__).parents[2] / "docs" / "tools.md"


def test_the_page_is_that_of_the_registry() -> None:
    if not PAGE.exists():
        PAGE.write_text(page(), encoding="utf-8", newline="\n")
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m trader.tools > docs/tools.md"


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_the_page_has_every_tool_with_each_field_of_its_forms(tool: Tool[Any, Any]) -> None:
    section = page().partition(f"\n## {tool.name}\n")[2].partition("\n## ")[0]
    assert tool.example in section
    for form in (tool.Arguments, tool.Result):
        for name in form.model_fields:
            assert f"\n| `{name}` | " in section


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_every_tool_says_where_it_comes_from_and_how_long_it_may_take(tool: Tool[Any, Any]) -> None:
    assert len(tool.about) > len("The summary alone")
    assert 0.0 < tool.time_limit_s <= 60.0


def test_types_are_told_in_words() -> None:
    schema = {
        "properties": {
            "a": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3, "description": "A | b"},
            "b": {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}], "default": None},
            "c": {"type": "array", "items": {"$ref": "#/$defs/Level"}},
            "d": {"$ref": "#/$defs/Side"},
            "e": {"type": "object", "additionalProperties": {"type": "number"}},
        },
        "$defs": {"Level": {"properties": {}}, "Side": {"enum": ["up", "down"]}},
    }
    assert [(field.kind, field.default) for field in fields(schema)] == [
        ("integer, from 1 to 9", "3"),
        ("number, above 0 or null", "null"),
        ("list of Level", ""),
        ("up, down", ""),
        ("number by name", ""),
    ]
