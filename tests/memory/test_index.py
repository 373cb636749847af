"""The index is Chroma itself: what it finds, and every way in which it can be broken, locked or away."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.memory.past import DAY, START, remembered, state
from trader.domain.signals import Direction
from trader.memory.embedding import DIMENSIONS, HashedWords
from trader.memory.index import IndexUnavailable, Text, TradeIndex, check_free
from trader.memory.recall import Memory, Wanted, recall

TRADES = remembered(1_200)
"""More than Chroma keeps in its log of writes: the vectors are in files of their own."""
WORDS = [
    Text("t1-momentum", "reasoning", "The trend of twelve months is strong and volume confirms it", "t1"),
    Text("t2-value", "reasoning", "Cheap against five years of earnings", "t2"),
    Text("r1", "rule", "Longs in a bear regime lost money in most cases", "r1"),
]
EMBED = HashedWords()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index of all trades, let go of."""
    folder = tmp_path_factory.mktemp("made") / "chroma"
    index = TradeIndex.open(folder, "book", EMBED)
    index.remember(TRADES, WORDS)
    index.close()
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be broken."""
    return Path(shutil.copytree(made, tmp_path / "chroma"))


@pytest.fixture
def index(folder: Path) -> Iterator[TradeIndex]:
    opened = TradeIndex.open(folder, "book", EMBED)
    yield opened
    opened.close()


IDS = {one.id for one in TRADES}


def test_it_is_in_step_with_what_it_was_given_and_says_what_it_lacks(index: TradeIndex) -> None:
    assert index.check(IDS) == (frozenset(), frozenset())
    lacking, unknown = index.check((IDS | {"new"}) - {TRADES[0].id})
    assert (lacking, unknown) == ({"new"}, {TRADES[0].id})
    index.forget(unknown)
    assert index.check(IDS) == ({TRADES[0].id}, frozenset())


def test_its_candidates_hold_the_true_neighbours(index: TradeIndex) -> None:
    memory, found, all_ = Memory.of(TRADES), 0, 0
    for seed in range(10):
        side = Direction.LONG if seed % 2 else None
        wanted = Wanted(START + (30 + 5 * seed) * DAY, state(np.random.default_rng(seed)), side=side)
        candidates = index.candidates(wanted, 10)
        rows = np.array([memory.rows[id] for id in candidates])
        exact = {one.id for one in recall(memory, wanted, 10).trades}
        found += len(exact & {one.id for one in recall(memory, wanted, 10, rows).trades})
        all_ += len(exact)
        assert all(memory.trades[row].known_at <= wanted.as_of for row in rows)
    assert found / all_ >= 0.99


def test_words_are_found_by_words_they_share(index: TradeIndex) -> None:
    best, *_ = index.search("a strong trend that volume confirms", 3)
    assert (best.about, best.kind) == ("t1", "reasoning")
    assert best.distance < 0.8
    assert [one.about for one in index.search("a strong trend", 3, "rule")] == ["r1"]


def break_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"not a database" * 500)


def break_vectors(folder: Path) -> None:
    for file in folder.glob("*/*.bin"):
        file.write_bytes(b"zz" * 100)


def lose_vectors(folder: Path) -> None:
    for file in folder.glob("*/*"):
        file.unlink()


def cut_database(folder: Path) -> None:
    file = folder / "chroma.sqlite3"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize("harm", [break_database, break_vectors, lose_vectors, cut_database])
def test_a_damaged_index_is_one_error(folder: Path, harm: Callable[[Path], None]) -> None:
    harm(folder)
    with pytest.raises(IndexUnavailable):
        TradeIndex.open(folder, "book", EMBED).check(IDS)
    # Imported here: it takes seconds, which every worker would spend that only collects this file.
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient.clear_system_cache()  # it keeps what it has open by its path


def test_an_index_that_somebody_has_locked_is_not_waited_for(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "chroma.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(IndexUnavailable, match="locked"):
            TradeIndex.open(folder, "book", EMBED)
        other.execute("ROLLBACK")
    check_free(folder)


def test_texts_of_another_embedding_are_not_compared(folder: Path) -> None:
    class Other(HashedWords):
        name = "other/model"

    with pytest.raises(IndexUnavailable, match="embedded by hashed-words, and other/model is set"):
        TradeIndex.open(folder, "book", Other())


def test_a_server_that_is_not_there_is_one_error() -> None:
    with pytest.raises(IndexUnavailable):
        TradeIndex.open("http://127.0.0.1:9", "book", EMBED)


def test_equal_texts_have_equal_vectors_of_length_one_and_empty_ones_have_some() -> None:
    rows = EMBED(["The trend is up", "the TREND is up!", "", "quite something else"])
    assert rows.shape == (4, DIMENSIONS)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(4))
    assert (rows[0] == rows[1]).all()
    assert rows[0] @ rows[3] == pytest.approx(0.0, abs=0.2)
