from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import example
from trader.journal.writer import Journal
from trader.workspace import Workspace

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture
def told(workspace: Path) -> Workspace:
    """The current folder, with a journal of the example's day in it."""
    place = Workspace(workspace)
    with Journal.open(place.journal) as journal:
        for blob in (example.FEATURES, example.NEWS, example.PROMPT):
            journal.put(blob)
        for record in example.records():
            journal.append(record)
    return place


@pytest.fixture
def same_as_snapshot() -> Callable[[str, str], None]:
    """Compares a text with snapshots/NAME.txt; one that is missing is written, and fails the run."""

    def compare(name: str, text: str) -> None:
        path = SNAPSHOTS / f"{name}.txt"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            pytest.fail(f"{path.name} was missing and is written now: look at it")
        assert text == path.read_text(encoding="utf-8")

    return compare
