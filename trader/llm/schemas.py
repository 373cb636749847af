"""The JSON schemas of the forms: flat, every key required, no bounds.

That is what the native schemas of all providers accept. Bounds stand in the descriptions, because samplers do
not enforce them and some providers refuse them; `forms.py` checks them.
"""

from typing import Any

JUNIOR, SENIOR, EXECUTIVE = "junior", "senior", "executive"


TOOLS = "tools"
"""The kind of an answer that asks for tools."""


def schema_for(tier: str, *, tools: bool = False) -> dict[str, Any]:
    """The JSON schema of the form of a tier; with `tools`, of one that may ask for tools instead.

    Raises KeyError for a tier that there is not.
    """
    schema = {JUNIOR: _report, SENIOR: _opinion, EXECUTIVE: _verdict}[tier]()
    return _or_tools(schema) if tools else schema


def _or_tools(schema: dict[str, Any]) -> dict[str, Any]:
    """The same keys with the calls beside them; null and empty where there is no form yet."""
    properties = {name: _or_null(told) for name, told in schema["properties"].items()}
    properties["kind"] = {"type": "string", "enum": [*schema["properties"]["kind"]["enum"], TOOLS]}
    properties["symbol"] = schema["properties"]["symbol"]
    wanted = _object(
        tool=_text("its name"), arguments=_text("its arguments: a JSON object written as text, {} for none")
    )
    told = f"with the kind {TOOLS}: the calls, at most four; empty otherwise"
    return _object(**properties, tools={"type": "array", "items": wanted, "description": told})


def _or_null(told: dict[str, Any]) -> dict[str, Any]:
    kinds = told["type"] if isinstance(told["type"], list) else [told["type"]]
    if kinds == ["array"] or "null" in kinds:
        return told
    nullable = {**told, "type": [*kinds, "null"]}
    return nullable | {"enum": [*told["enum"], None]} if "enum" in told else nullable


def _opinion() -> dict[str, Any]:
    return _object(
        kind={"type": "string", "enum": ["opinion", "abstention"]},
        symbol=_text("the symbol you were asked about, unchanged"),
        p_up=_number("probability of the event, from 0.01 to 0.99; null in an abstention"),
        size_cap=_number("share of the position limit, from 0 to 1; null for 1"),
        stop=_number("price below which the case is wrong; null for none"),
        reasoning=_text("at most five sentences; in an abstention, why"),
        factors_for=_texts("one fact each"),
        factors_against=_texts("one fact each"),
        evidence=_texts("digests of what you used"),
    )


def _verdict() -> dict[str, Any]:
    return _object(
        kind={"type": "string", "enum": ["verdict"]},
        symbol=_text("the symbol you were asked about, unchanged"),
        action={"type": "string", "enum": ["approve", "shrink", "veto"]},
        factor={"type": "number", "description": "1 with approve, 0 with veto, between them with shrink"},
        reason=_text("at most three sentences"),
    )


def _report() -> dict[str, Any]:
    fact = _object(
        name=_text("what it is"),
        value={"type": ["number", "string"], "description": "the fact itself"},
        evidence=_text("digest of what it was read from"),
    )
    return _object(
        kind={"type": "string", "enum": ["report"]},
        symbol=_text("the symbol you were asked about, unchanged"),
        facts={"type": "array", "items": fact},
        missing=_texts("what you could not find, one each"),
    )


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _text(told: str) -> dict[str, Any]:
    return {"type": "string", "description": told}


def _texts(told: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "description": told}


def _number(told: str) -> dict[str, Any]:
    return {"type": ["number", "null"], "description": told}
