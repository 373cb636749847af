"""What a batch is written with, compiled once: numbers from the counter, and an insert for each table."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Table, UniqueConstraint, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from trader.journal.schema import counter


class Numbering:
    """Takes numbers for rows. Of two processes no two rows get the same: the counter's row is locked."""

    def __init__(self, dialect: Dialect) -> None:
        taken = update(counter).values(last=counter.c.last + bindparam("rows"))
        self._take = str(taken.compile(dialect=dialect))
        self._last = str(select(counter.c.last).compile(dialect=dialect))
        self._positional = dialect.positional

    def __call__(self, connection: Connection, rows: int) -> range:
        """As many consecutive numbers as there are `rows`."""
        connection.exec_driver_sql(self._take, (rows,) if self._positional else {"rows": rows})
        last: int = connection.exec_driver_sql(self._last).scalar_one()
        return range(last - rows + 1, last + 1)


class Insertion:
    """Inserts rows into a table, leaving a row whose key is already there as it is.

    SQLAlchemy does not cache an insert with ON CONFLICT, and compiling it anew costs as much as the rows.
    So it is compiled here, once, and each value goes through its column's type by hand.
    """

    def __init__(self, table: Table, dialect: Dialect) -> None:
        key = next(item for item in table.constraints if isinstance(item, UniqueConstraint))
        insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
        # Of the key only: a `seq` given out twice, or a value missing, is still an error.
        statement = insert(table).on_conflict_do_nothing(index_elements=list(key.columns))
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        self._positional = dialect.positional
        self._columns: list[tuple[str, Callable[[Any], Any] | None]] = [
            (column.name, column.type.dialect_impl(dialect).bind_processor(dialect))
            for column in table.columns
        ]

    def __call__(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Insert `rows`, each with a value for every column."""
        values = [
            {name: process(row[name]) if process else row[name] for name, process in self._columns}
            for row in rows
        ]
        if self._positional:
            connection.exec_driver_sql(self._sql, [tuple(row.values()) for row in values])
        else:
            connection.exec_driver_sql(self._sql, values)
