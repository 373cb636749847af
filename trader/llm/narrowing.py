"""A narrower schema of the same forms, for a model that would otherwise never come to an end of one.

Samplers keep to lengths and choices, though not to bounds of numbers (seen of llama.cpp). Whatever fits the
narrow schema fits the wide one, but for the symbol, where a prompt names another one more often than its own.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

TEXT = {"type": "string", "minLength": 1, "maxLength": 40}
NARROW: Mapping[str, Mapping[str, Any]] = {
    "p_up": {"enum": [0.45, 0.5, 0.55, 0.6, 0.65]},
    "facts": {"enum": [[]]},
}
"""By the names of the forms' fields. Lists may be left out: a small model copies no digest and ends none."""
LEFT_OUT = ("size_cap", "stop")
"""What an opinion may lack, besides lists: each word costs the time of a word."""
FACTORS: Mapping[str, float] = {"approve": 1.0, "shrink": 0.5}
"""Which factor goes with which action: numbers that contradict the word are no verdict."""
CAPITALS = re.compile(r"\b[A-Z][A-Z0-9./-]{1,11}\b")


def narrowed(schema: Mapping[str, Any], prompt: str) -> dict[str, Any]:
    """The schema of a form with short texts, no lists, and numbers to choose from.

    The symbol is the word in capitals that `prompt` has most often: a model of this size takes any other.
    Of several kinds of form the first remains: a small model fills in an abstention as if it were an opinion.
    """
    fields = {
        name: _field(name, field)
        for name, field in schema["properties"].items()
        if name in NARROW or not (name in LEFT_OUT or field.get("type") == "array")
    }
    if words := Counter(CAPITALS.findall(prompt)).most_common(1):
        fields["symbol"] = {"enum": [words[0][0]]}
    schema = {**schema, "properties": fields, "required": list(fields)}
    if "action" not in fields:
        return schema
    verdicts = [
        {"action": {"enum": [action]}, "factor": {"enum": [factor]}} for action, factor in FACTORS.items()
    ]
    return {"anyOf": [{**schema, "properties": fields | verdict} for verdict in verdicts]}


def _field(name: str, field: Mapping[str, Any]) -> dict[str, Any]:
    if name in NARROW:
        return dict(NARROW[name])
    if name == "kind":
        return {**field, "enum": field["enum"][:1]}
    return dict(field) if "enum" in field else dict(TEXT)
