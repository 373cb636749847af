"""What juniors file: facts, each pointing at the evidence it was read from."""

from functools import cached_property
from typing import Any, Self

from pydantic import model_validator

from trader.domain.value import Number, Value, canonical_json, digest_bytes


class Evidence(Value):
    """One tool call and its typed result. The same call on the same data has the same digest."""

    tool: str
    arguments: dict[str, Any]
    result: dict[str, Any] | None
    """The tool's typed result as JSON; None where it could not answer."""
    error: str = ""
    """Why there is no result."""

    @model_validator(mode="after")
    def _answer_or_error(self) -> Self:
        if (self.result is None) != bool(self.error):
            raise ValueError(f"{self.tool}: evidence has either a result or an error")
        return self

    @cached_property
    def canonical(self) -> str:
        """Its canonical JSON, made once however many agents look at it."""
        return canonical_json(self)

    @cached_property
    def digest(self) -> str:
        """Names this evidence in reports, opinions and the trace."""
        return digest_bytes(self.canonical.encode())


class Fact(Value):
    """One thing that is so, and where it was read."""

    name: str
    value: Number | str | None
    evidence: str
    """Digest of the evidence."""


class Report(Value):
    """A junior's facts and what it lacks. Facts without evidence do not exist."""

    agent: str
    facts: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()
    """What it was asked for and could not find, in words."""
    evidence: tuple[str, ...] = ()
    """Digests of everything it looked at."""

    @property
    def empty(self) -> bool:
        """Nothing was found: seniors that read only this report lack their data."""
        return not self.facts
