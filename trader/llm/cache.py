"""Answers kept by the digest of their call, so that the same question is free in another book or run.

One SQLite file in the workspace's cache, which several processes may use at once. What cannot be read counts
as not there, what cannot be written is not kept; to delete the file costs the price of asking again.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from trader.domain.value import canonical_json
from trader.llm.client import Answer

FILE = "answers.sqlite3"
WAIT_S = 1.0
"""For another process that writes; a row takes it well under a millisecond."""

_PREPARE = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # a power cut may cost the last answers, never the file
    "CREATE TABLE IF NOT EXISTS answers"
    " (number INTEGER PRIMARY KEY AUTOINCREMENT, call TEXT NOT NULL UNIQUE, answer TEXT NOT NULL)",
)


class AnswerCache:
    """Belongs to the thread that opens it."""

    def __init__(self, path: Path, most: int, note: Callable[[str], None] = lambda text: None) -> None:
        """Opens or makes the file at `path`, and forgets all but the newest `most` answers.

        `note` is told, once for each kind, what was survived.
        """
        self._path, self._note = path, note
        self._told: set[str] = set()
        self._rows: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._rows = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
            for statement in _PREPARE:
                self._rows.execute(statement)
            self._rows.execute(
                "DELETE FROM answers WHERE number <= (SELECT max(number) FROM answers) - ?", (most,)
            )
        except (OSError, sqlite3.Error) as error:
            self.close()
            self._tell(f"is not used: {error}; nothing is lost if you delete it")

    def find(self, call: str) -> Answer | None:
        """What was answered to the call with this digest."""
        rows = self._do("SELECT answer FROM answers WHERE call = ?", call)
        if not rows:
            return None
        try:
            return Answer.model_validate_json(rows[0][0]).model_copy(update={"source": "cache"})
        except ValidationError:
            self._tell("had an answer that cannot be read; it is asked for again")
            self._do("DELETE FROM answers WHERE call = ?", call)
            return None

    def keep(self, call: str, answer: Answer) -> None:
        """From now on, what the call with this digest is answered with."""
        self._do("INSERT OR IGNORE INTO answers (call, answer) VALUES (?, ?)", call, canonical_json(answer))

    def close(self) -> None:
        """Lets go of the file."""
        rows, self._rows = self._rows, None
        if rows is not None:
            rows.close()

    def _do(self, statement: str, *values: str) -> list[tuple[str]]:
        if self._rows is None:
            return []
        try:
            return self._rows.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self._tell(f"was of no use: {error}")
            return []

    def _tell(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self._note(f"the cache of answers ({self._path.name}) {what}")
