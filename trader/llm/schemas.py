"""The JSON schemas of the forms: flat, every key required, no bounds.

That is what the native schemas of all providers accept. Bounds stand in the descriptions, because samplers do
not enforce them and some providers refuse them; `forms.py` checks them.
"""

from typing import Any

JUNIOR, SENIOR, EXECUTIVE = "junior", "senior", "executive"


def schema_for(tier: str) -> dict[str, Any]:
    """The JSON schema of the form of a tier. Raises KeyError for a tier that there is not."""
    return {JUNIOR: _report, SENIOR: _opinion, EXECUTIVE: _verdict}[tier]()


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
