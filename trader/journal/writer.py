"""Appending to the journal: one thread writes, whoever appends goes on, and `commit` waits for the disk."""

import threading
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from sqlalchemy import Connection, Engine, Table

from trader.domain.errors import JournalError
from trader.domain.value import canonical_json, digest_bytes
from trader.journal import opening, schema
from trader.journal.inserting import Insertion, Numbering
from trader.journal.records import Record
from trader.journal.to_rows import Row, blob, rows
from trader.journal.upgrade import bring_up_to_date

LINGER_S = 0.2
"""How long rows may wait for company. A transaction costs a sync, so a round's steps should share one."""

BATCH_ROWS = 1_000
"""As many rows do not wait."""

PENDING_ROWS = 20_000
"""As many rows make `append` wait for the writer: memory has an end."""

KNOWN_PUTS = 4_096
"""Values that are not written again when they are put again: agents of a round look at the same evidence."""


class Recorder(Protocol):
    """Where what happens is written down."""

    def append(self, *records: Record) -> None:
        """Write these down, in this order, all or none."""
        ...

    def put(self, value: Any) -> str:
        """Keep a large value (a `Value` or plain JSON) once, and return the digest that names it."""
        ...

    def commit(self) -> None:
        """Return when everything appended before is on disk."""
        ...


class Memorandum:
    """A recorder that keeps everything in memory: for replays and tests."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.blobs: dict[str, str] = {}
        """Digest -> canonical JSON."""

    def append(self, *records: Record) -> None:
        """Add to `records`."""
        self.records.extend(records)

    def put(self, value: Any) -> str:
        """Add to `blobs`."""
        text = canonical_json(value)
        name = digest_bytes(text.encode())
        self.blobs[name] = text
        return name

    def commit(self) -> None:
        """Nothing to wait for."""


class Journal:
    """The journal, open for appending. A run has it open for as long as it holds the workspace.

    Whoever asks something of that run opens it beside, for one row of `commands`: each transaction takes its
    numbers from the counter, so that rows of two processes never share one.

    What is appended is on its way to the disk a fifth of a second later, and there when `commit` returns.
    The first failure to write ends the journal: every later call raises it, and nothing more is written.
    """

    def __init__(self, engine: Engine, place: str) -> None:
        """Use `Journal.open`."""
        self.place = place
        self._engine = engine
        self._numbers = Numbering(engine.dialect)
        self._inserts = {table: Insertion(table, engine.dialect) for table in schema.RECORDED}
        self._lock = threading.Lock()
        self._work, self._done = threading.Condition(self._lock), threading.Condition(self._lock)
        self._pending: list[Row] = []
        self._put: dict[str, None] = {}
        """Names of what was put lately, oldest first."""
        self._appended = self._written = 0
        """Rows so far; the difference is pending or on its way."""
        self._urgent = self._closing = False
        self._failure: JournalError | None = None
        self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, place: Path | str) -> Self:
        """Open the journal at a path or a database's URL: made where there is none, migrated where it is old.

        Raises:
            JournalError: it cannot be read or written; says why and what to do.
            SchemaTooNew: a newer program wrote it.
        """
        engine = opening.for_writing(place)
        try:
            with opening.failures_named(place):
                bring_up_to_date(engine, place)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, opening.shown(place))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except JournalError:
            if error is None:
                raise

    def append(self, *records: Record) -> None:
        """Write these down in this order, in one transaction: all or none."""
        self._add([row for record in records for row in rows(record)])

    def put(self, value: Any) -> str:
        """Keep a large value (a `Value` or plain JSON) once, and return the digest that names it."""
        row = blob(value)
        name = str(row.values["digest"])
        with self._lock:
            known = name in self._put
            self._put[name] = None
            if len(self._put) > KNOWN_PUTS:
                del self._put[next(iter(self._put))]
        self._add([] if known else [row])
        return name

    def commit(self) -> None:
        """Return when everything appended before is on disk."""
        with self._lock:
            ticket = self._appended
            if self._written < ticket:
                self._urgent = True
                self._work.notify()
            self._done.wait_for(lambda: self._written >= ticket or self._failure)
            self._raise_failure()

    def close(self) -> None:
        """Commit, and let go of the file. Closing twice is closing once."""
        with self._lock:
            self._closing = True
            self._work.notify()
        self._thread.join()
        self._engine.dispose()
        self._raise_failure()

    def _add(self, group: list[Row]) -> None:
        with self._lock:
            self._done.wait_for(lambda: len(self._pending) < PENDING_ROWS or self._failure)
            self._raise_failure()
            if self._closing:
                raise JournalError(f"the journal {self.place} is closed")
            self._pending.extend(group)
            self._appended += len(group)
            if len(self._pending) == len(group) or len(self._pending) >= BATCH_ROWS:
                self._work.notify()

    def _raise_failure(self) -> None:
        if self._failure:
            raise JournalError(self._failure.message, hint=self._failure.hint) from self._failure

    def _write_all(self) -> None:
        """The writer thread: batch after batch until closed or failed, over one connection."""
        with ExitStack() as held:
            connection: Connection | None = None
            while batch := self._next_batch():
                failure = None
                try:
                    with opening.failures_named(self.place):
                        if connection is None:
                            connection = held.enter_context(self._engine.connect())
                        self._write(connection, batch)
                except JournalError as error:
                    failure = error
                except Exception as error:
                    failure = JournalError(f"the journal {self.place} cannot be written: {error!r}")
                    failure.__cause__ = error
                with self._lock:
                    self._failure = failure
                    self._written += len(batch)
                    self._done.notify_all()
                if failure:
                    return

    def _next_batch(self) -> list[Row]:
        """Everything that is pending, once there is a reason to write it; empty when closed."""
        with self._lock:
            self._work.wait_for(lambda: self._pending or self._closing)
            self._work.wait_for(
                lambda: self._urgent or self._closing or len(self._pending) >= BATCH_ROWS, timeout=LINGER_S
            )
            batch, self._pending = self._pending, []
            self._urgent = False
            return batch

    def _write(self, connection: Connection, batch: list[Row]) -> None:
        """One transaction: numbers for the rows in their order, then one statement for each table."""
        by_table: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        with connection.begin():
            for seq, (table, values) in zip(self._numbers(connection, len(batch)), batch, strict=True):
                by_table[table].append({"seq": seq, **values})
            for table, values_of_rows in by_table.items():
                self._inserts[table](connection, values_of_rows)
