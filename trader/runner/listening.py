"""A recorder that also keeps what one round recorded, for those who watch and for learning."""

from typing import Any, TypeVar

from trader.journal.records import Record
from trader.journal.writer import Recorder

Kind = TypeVar("Kind")


class Listening:
    """Passes everything on; `heard` is what was recorded since `forget`."""

    def __init__(self, journal: Recorder) -> None:
        self._journal = journal
        self._heard: list[Record] = []

    def append(self, *records: Record) -> None:
        """Write these down, and keep them."""
        self._journal.append(*records)
        self._heard += records

    def put(self, value: Any) -> str:
        """Keep a large value by its digest."""
        return self._journal.put(value)

    def commit(self) -> None:
        """Return when everything appended before is on disk."""
        self._journal.commit()

    def heard(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """The records of one kind, in order."""
        return tuple(record for record in self._heard if isinstance(record, kind))

    def forget(self) -> None:
        """A new round."""
        self._heard = []
