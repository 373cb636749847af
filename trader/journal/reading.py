"""Queries against a journal that nothing here can change."""

import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, RowMapping, Select, Table, select

from trader.journal import opening, schema
from trader.journal.upgrade import check_readable

T = TypeVar("T")

_AT_ONCE = 500
"""Values in one IN (…): SQLite's older limit is 999."""


class Tables:
    """A connection for reading. Each query sees what had been committed when it was made."""

    def __init__(self, place: Path | str) -> None:
        self._place = place
        self._engine = opening.for_reading(place)
        try:
            with opening.failures_named(place), self._engine.begin() as connection:
                check_readable(connection, place)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def read(self, query: Select[Any], decode: Callable[[RowMapping], T]) -> list[T]:
        """The decoded rows of a query."""
        with opening.failures_named(self._place), self._engine.begin() as connection:
            return [decode(row) for row in connection.execute(query).mappings()]

    def all(self, table: Table, decode: Callable[[RowMapping], T], *where: ColumnElement[bool]) -> list[T]:
        """The rows of a table, oldest first."""
        return self.read(select(table).where(*where).order_by(table.c.seq), decode)

    def among(
        self,
        query: Select[Any],
        column: ColumnElement[Any],
        values: Sequence[str],
        decode: Callable[[RowMapping], T],
    ) -> list[T]:
        """The rows whose `column` is one of `values`, however many those are."""
        found: list[T] = []
        for first in range(0, len(values), _AT_ONCE):
            found += self.read(query.where(column.in_(values[first : first + _AT_ONCE])), decode)
        return found

    def failed(self, digests: Collection[str]) -> dict[str, tuple[str, str]]:
        """Of these tool calls those without a result: digest -> tool and error.

        Results are large: only texts that have a null result somewhere are read as JSON.
        """
        table = schema.blobs.c
        found = self.among(
            select(table.digest, table.data),
            table.digest,
            sorted(digests),
            lambda row: (row["digest"], row["data"]) if '"result":null' in row["data"] else None,
        )
        told = ((name, json.loads(text)) for name, text in filter(None, found))
        return {name: (one["tool"], one["error"]) for name, one in told if one.get("result") is None}

    def blobs(self, digests: Sequence[str]) -> dict[str, Any]:
        """The JSON values with these digests, those that there are."""
        table = schema.blobs.c
        query = select(table.digest, table.data)
        return dict(
            self.among(query, table.digest, digests, lambda row: (row["digest"], json.loads(row["data"])))
        )
