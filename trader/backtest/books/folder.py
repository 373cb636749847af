"""A backtest on disk: `.trader/backtests/ID/`, with its plan, and a workspace for each book.

    plan.json    01/.trader/journal.sqlite3    02/.trader/journal.sqlite3    …

Each book has a journal and a lock of its own, so that many are written at once; prompts, trained models and
models' answers are those of the workspace that the backtest belongs to.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from trader.backtest.books.plan import Plan, PlannedBook
from trader.domain.errors import TraderError, UnknownName, UsageError
from trader.domain.portfolio import Book
from trader.domain.value import canonical_json
from trader.journal.reader import JournalReader
from trader.workspace import Workspace

PLAN = "plan.json"
LAST = "last"
"""Stands for the newest backtest."""


class State(StrEnum):
    """How far a book is."""

    WAITING = "waiting"
    UNFINISHED = "unfinished"
    FINISHED = "finished"


@dataclass(frozen=True)
class Standing:
    """Where a book stands, by its journal."""

    state: State
    done: int = 0
    """Rounds closed."""


@dataclass(frozen=True)
class Folder:
    """One backtest of a workspace."""

    workspace: Workspace
    plan: Plan

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.workspace.backtests / self.plan.id

    def of(self, planned: PlannedBook) -> Workspace:
        """The workspace of one of its books: `--workspace` takes its `root`."""
        return Workspace(self.path / planned.name, self.workspace.root)

    def save(self) -> None:
        """Write the plan, where it is not there yet. Raises TraderError."""
        path = self.path / PLAN
        if path.exists():
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial")
            partial.write_text(canonical_json(self.plan), encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            raise TraderError(
                f"{path} cannot be written: {error.strerror}",
                hint="free some space, or use another folder with --workspace DIR",
            ) from error

    def standing(self, planned: PlannedBook) -> Standing:
        """How far a book is. Raises JournalError where its journal cannot be read."""
        journal = self.of(planned).journal
        if not journal.exists():
            return Standing(State.WAITING)
        with JournalReader(journal) as reader:
            books = reader.books()
            if not books:
                return Standing(State.WAITING)
            done = sum(1 for known in reader.rounds(books[-1].id) if known.closed)
            runs = reader.runs(books[-1].id)
            ended = runs[-1].ended if runs else None
        finished = ended is not None and ended.reason == "finished"
        return Standing(State.FINISHED if finished else State.UNFINISHED, done)

    def planned(self, number: str) -> PlannedBook:
        """The book with this number. Raises UnknownName."""
        for one in self.plan.books:
            if number in (one.name, str(one.number)):
                return one
        raise UnknownName(f"book of {self.plan.id}", number, (str(one.number) for one in self.plan.books))


def book_of(reader: JournalReader) -> Book:
    """The book of a journal that has one. Raises TraderError."""
    books = reader.books()
    if not books:
        raise TraderError("this book has not begun", hint="the backtest's own command goes on with it")
    return books[-1]


def backtests(workspace: Workspace) -> tuple[Folder, ...]:
    """Those of a workspace whose plans can be read, oldest first."""
    found = (_read(workspace, path) for path in sorted(workspace.backtests.glob(f"*/{PLAN}")))
    return tuple(sorted(filter(None, found), key=lambda one: (one.plan.made_at, one.plan.id)))


def named(workspace: Workspace, text: str | None) -> tuple[Folder, PlannedBook | None]:
    """`ID`, its beginning or `last`, and `/N` for one of its books; the newest where nothing is said.

    Raises UnknownName, UsageError where there is none.
    """
    known = backtests(workspace)
    if not known:
        raise UsageError("there is no backtest here", hint="`trader backtest` makes one")
    id, _, number = (text or LAST).partition("/")
    chosen = [known[-1]] if id == LAST else [one for one in known if one.plan.id.startswith(id)]
    if len(chosen) != 1:
        raise UnknownName("backtest", id, (one.plan.id for one in known))
    return chosen[0], chosen[0].planned(number) if number else None


def _read(workspace: Workspace, path: Path) -> Folder | None:
    try:
        return Folder(workspace, Plan.model_validate_json(path.read_text(encoding="utf-8")))
    except (OSError, ValidationError, ValueError):
        return None
