"""What models answered, in a file of its own: a run that is repeated with no key, no server and no bill.

A line of JSON for each call, in the order in which answers came: the call's digest, how often it had been
made before in that run, the call, and its answer or its error. No key is in any of them. A line is on the
disk before its answer is used; what a dying process left of a last line is cut off when the file is opened.
"""

import asyncio
import os
from collections import Counter
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError

from trader.clock import Clock
from trader.domain.errors import (
    ModelError,
    ModelTimeout,
    ModelUnavailable,
    RateLimited,
    TraderError,
    UsageError,
    at_line,
)
from trader.domain.value import Number, Value, canonical_json
from trader.llm.client import Answer, Call, ModelClient
from trader.llm.failures import recorded_failure

DEADLINE = "no whole answer before the deadline"
NEARLY_S = 0.5
"""Before its deadline a call that is cancelled is late: reserving it took some of its time."""


class Taped(Value):
    """One line: a call, and its answer or its error."""

    digest: str
    asked: int = Field(ge=0)
    """0, 1, 2 … of the times that the run made this call."""
    call: Call
    answer: Answer | None = None
    error_kind: str = ""
    """The error's class, as `ModelRefused`."""
    error: str = ""
    retry_after: Number | None = None
    """Seconds, of a RateLimited."""
    late: bool = False
    """Whether the time of the whole decision ran out over it."""


class Cassette:
    """The lines of one file: those that it had, and those that this run adds."""

    def __init__(self, path: Path, taped: list[Taped], notes: tuple[str, ...], file: int | None) -> None:
        """Use `Cassette.open`."""
        self.path, self.notes = path, notes
        """What was survived in reading it."""
        self.played = self.recorded = 0
        """Calls of this run that it answered, and that it did not."""
        self._taped = {(one.digest, one.asked): one for one in taped}
        self._asked: Counter[str] = Counter()
        self._file = file

    @classmethod
    def open(cls, path: Path, *, replay_only: bool = False) -> Self:
        """The cassette at `path`, a new one where there is none; with `replay_only` it stays as it is.

        Raises UsageError for a file that cannot be read or written, or is no cassette: file and line.
        """
        try:
            found = path.read_bytes() if replay_only or path.exists() else b""
            taped, whole = _lines(path, found)
            notes = () if len(found) == whole else (f"{path}: its last line was torn, and is left out",)
            if replay_only:
                return cls(path, taped, notes, None)
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            os.ftruncate(file, whole)
            if found[:whole].strip() and not found[:whole].endswith(b"\n"):
                os.write(file, b"\n")
        except FileNotFoundError:
            if not replay_only:
                raise UsageError(f"there is no folder {path.parent} for the cassette") from None
            hint = "record it first, without --replay-only"
            raise UsageError(f"there is no cassette {path}", hint=hint) from None
        except OSError as error:
            raise UsageError(f"the cassette {path} cannot be used: {error.strerror}") from None
        return cls(path, taped, notes, file)

    @property
    def replay_only(self) -> bool:
        """Whether nothing but what it has is answered."""
        return self._file is None

    def turn(self, call: Call) -> tuple[int, Taped | None]:
        """How often the call was made before in this run, and what it has of it."""
        asked = self._asked[call.digest]
        self._asked[call.digest] += 1
        return asked, self._taped.get((call.digest, asked))

    async def add(self, taped: Taped) -> None:
        """Returns when the line is on the disk."""
        if self._file is None:
            raise AssertionError("a cassette that is only replayed was to be recorded")
        self.recorded += 1
        try:
            os.write(self._file, canonical_json(taped).encode() + b"\n")
            await asyncio.shield(asyncio.to_thread(os.fsync, self._file))
        except OSError as error:
            raise TraderError(f"the cassette {self.path} cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Lets go of the file."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def _lines(path: Path, text: bytes) -> tuple[list[Taped], int]:
    """What the file has, and how many of its bytes are whole lines."""
    found: list[Taped] = []
    whole = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        try:
            one = Taped.model_validate_json(line) if line.strip() else None
        except ValidationError as error:
            if whole + len(line) == len(text) and not line.endswith(b"\n"):
                break
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            why = f"{place}: {first['msg']}" if place else first["msg"]
            raise UsageError(at_line(path, number, f"no line of a cassette: {why}")) from None
        if one is not None and one.call.digest != one.digest:
            raise UsageError(at_line(path, number, "the call was changed: its digest is another one"))
        found += [one] if one is not None else []
        whole += len(line)
    return found, whole


class CassetteClient:
    """A ModelClient that answers from a cassette, and asks and records what that lacks."""

    def __init__(self, cassette: Cassette, otherwise: ModelClient, clock: Clock) -> None:
        self._cassette, self._otherwise, self._clock = cassette, otherwise, clock

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        """See `ModelClient`. What was late is waited for again, so that as little time is left as then."""
        asked, taped = self._cassette.turn(call)
        if taped is not None:
            self._cassette.played += 1
            if taped.answer is not None:
                return taped.answer.model_copy(update={"source": "cassette"})
            if taped.late:
                await asyncio.sleep(timeout_s)
            raise recorded_failure(taped.error_kind, taped.error, taped.retry_after)
        if self._cassette.replay_only:
            raise ModelUnavailable(
                f"the cassette {self._cassette.path.name} has no answer of {call.model} to this question"
            )
        return await self._record(call, timeout_s, asked)

    async def _record(self, call: Call, timeout_s: float, asked: int) -> Answer:
        due = self._clock.monotonic() + timeout_s - NEARLY_S
        taped = Taped(digest=call.digest, asked=asked, call=call)
        try:
            answer = await self._otherwise.ask(call, timeout_s)
        except ModelError as error:
            told = {"error_kind": type(error).__name__, "error": str(error)}
            wait = error.retry_after if isinstance(error, RateLimited) else None
            late = isinstance(error, ModelTimeout) and self._clock.monotonic() >= due
            await self._cassette.add(taped.model_copy(update={**told, "retry_after": wait, "late": late}))
            raise
        except asyncio.CancelledError:
            if self._clock.monotonic() >= due:  # not a run that is stopped
                told = {"error_kind": ModelTimeout.__name__, "error": f"{call.model}: {DEADLINE}"}
                await self._cassette.add(taped.model_copy(update={**told, "late": True}))
            raise
        await self._cassette.add(taped.model_copy(update={"answer": answer}))
        return answer
