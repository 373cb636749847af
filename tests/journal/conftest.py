"""A journal in a folder of its own."""

from pathlib import Path

import pytest

from tests.journal import story
from trader.journal.writer import Journal


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / ".trader" / "journal.sqlite3"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the whole story is written down, to be read only."""
    place = tmp_path_factory.mktemp("told") / "journal.sqlite3"
    with Journal.open(place) as journal:
        for symbol in story.SYMBOLS:
            journal.put(story.evidence(symbol))
        journal.append(*story.everything())
    return place
