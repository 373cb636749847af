"""The base of every value, its canonical JSON and its digest.

Two values are the same if and only if their canonical JSON is the same, byte for byte. Decimals are text in
plain notation, times are UTC, floats are the shortest text that reads back equal; no NaN, no infinity.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    FiniteFloat,
    PlainSerializer,
)


class Value(BaseModel):
    """A frozen record: unknown fields are refused, and so is a float that is not a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other fields, unchecked as ever; what was computed from the old ones is not kept."""
        copied = super().model_copy(update=update, deep=deep)
        fields = type(self).__pydantic_fields__
        if len(copied.__dict__) > len(fields):
            for name in copied.__dict__.keys() - fields.keys():
                del copied.__dict__[name]
        return copied


def plain(amount: Decimal) -> str:
    """The one text of a decimal: no exponent, no trailing zeros, no negative zero."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


Amount = Annotated[Decimal, PlainSerializer(plain, return_type=str, when_used="json")]
"""Money, a price or a quantity. Never a float."""

Moment = Annotated[
    AwareDatetime,
    AfterValidator(_to_utc),
    PlainSerializer(_iso, return_type=str, when_used="json"),
]
"""A point in time, with a zone, kept in UTC."""

Number = FiniteFloat
"""A measurement or a probability: a float that is a number."""


def _leaf(value: Any) -> Any:
    """What JSON has no word for."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical JSON")


_encoder = json.JSONEncoder(
    default=_leaf, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def canonical_json(value: Any) -> str:
    """The one JSON text of `value`: sorted keys, no spaces. Raises ValueError on NaN or infinity."""
    return _encoder.encode(value)


def jsonable(value: Any) -> Any:
    """`value` as plain JSON types, keys in their own order."""
    return json.loads(json.dumps(value, default=_leaf))


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, the first 24 hexadecimal characters (96 bits)."""
    return digest_bytes(canonical_json(value).encode())


def digest_bytes(data: bytes) -> str:
    """SHA-256 of `data`, the first 24 hexadecimal characters (96 bits)."""
    return hashlib.sha256(data).hexdigest()[:24]
