"""The journal's peer: the same rows in the same tables through SQLAlchemy's object-relational mapper."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table, UniqueConstraint
from sqlalchemy.orm import Session, registry

from benchmarks.tape import Batch, rows_of
from benchmarks.watched import Put
from trader.domain.reports import Evidence
from trader.journal import opening, schema


class MappedJournal:
    """Each row an object of its table's class, each batch a session that is committed."""

    def __init__(self, path: Path) -> None:
        """A new file, with the journal's own settings: a write-ahead log, and every commit synced."""
        self._engine = opening.for_writing(path)
        schema.metadata.create_all(self._engine)
        self._registry = registry()
        self._classes = {table: self._mapped(table) for table in schema.RECORDED}
        self._keys = {table: _key(table) for table in schema.RECORDED}
        self._known: set[tuple[Any, ...]] = set()
        self._seq = 0

    def _mapped(self, table: Table) -> type:
        mapped = type(table.name, (), {})
        self._registry.map_imperatively(mapped, table)
        return mapped

    def write(self, batch: Batch) -> None:
        """Add the batch's rows and commit. What is there already is known without asking the database."""
        with Session(self._engine) as session:
            for entry in batch:
                if isinstance(entry, Put) and self._has(entry.value):
                    continue
                for table, values in rows_of(entry):
                    key = (table.name, *(values[column] for column in self._keys[table]))
                    if key not in self._known:
                        self._known.add(key)
                        session.add(self._row(table, values))
            session.commit()

    def _has(self, value: Any) -> bool:
        """Whether evidence was kept before: that is known by its name, without making its row."""
        return isinstance(value, Evidence) and (schema.blobs.name, value.digest) in self._known

    def _row(self, table: Table, values: dict[str, Any]) -> object:
        self._seq += 1
        row: object = self._classes[table]()
        for name, value in {"seq": self._seq, **values}.items():
            setattr(row, name, value)
        return row

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()
        self._registry.dispose()


def _key(table: Table) -> Sequence[str]:
    key = next(item for item in table.constraints if isinstance(item, UniqueConstraint))
    return [column.name for column in key.columns]
