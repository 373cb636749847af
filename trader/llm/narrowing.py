"""A narrower schema of the same forms, for a model that would otherwise never come to an end of one.

Samplers keep to lengths and choices, though not to bounds of numbers (seen of llama.cpp). Whatever fits the
narrow schema fits the wide one, but for what only the model can know: the symbol that it was asked about.
"""

from collections.abc import Mapping
from typing import Any

TEXT = {"type": "string", "minLength": 1, "maxLength": 60}
NARROW: Mapping[str, Mapping[str, Any]] = {
    "symbol": {"type": "string", "pattern": "^[A-Z0-9./-]{1,12}$"},
    "p_up": {"enum": [0.45, 0.5, 0.55, 0.6, 0.65]},
    "size_cap": {"enum": [0.25, 0.5, 0.75, 1]},
    "stop": {"type": "null"},
    "factor": {"enum": [0.5, 1]},
    "evidence": {"type": "array", "items": {"type": "string"}, "maxItems": 0},
    "facts": {"type": "array", "items": TEXT, "maxItems": 0},
}
"""By the names of the forms' fields. A small model copies no digest, and cites none."""


def narrowed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a form with short texts, one item to a list, and numbers to choose from.

    Of several kinds of form the first remains: this model fills in an abstention as if it were an opinion.
    """
    fields = {name: _field(name, field) for name, field in schema["properties"].items()}
    return {**schema, "properties": fields}


def _field(name: str, field: Mapping[str, Any]) -> dict[str, Any]:
    if name in NARROW:
        return dict(NARROW[name])
    if name == "kind":
        return {**field, "enum": field["enum"][:1]}
    if field.get("type") == "array":
        return {"type": "array", "items": TEXT, "maxItems": 1}
    return dict(field) if "enum" in field else dict(TEXT)
