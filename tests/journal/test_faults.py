"""A journal that cannot be read or written says so in a sentence, and loses nothing that was committed."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal import story
from trader.domain.errors import JournalError, MissingExtra, UsageError
from trader.journal import opening
from trader.journal import records as r
from trader.journal.reader import JournalReader
from trader.journal.writer import Journal

NOTES = 20


@pytest.fixture
def kept(place: Path) -> Path:
    """A journal with something in it."""
    with Journal.open(place) as journal:
        journal.append(*story.beginning(), *story.round_of())
        journal.append(*notes(NOTES))
    return place


def notes(count: int) -> list[r.Noted]:
    return [
        story.note().model_copy(update={"text": f"{row} " + os.urandom(1500).hex()}) for row in range(count)
    ]


def count(place: Path) -> int:
    with closing(sqlite3.connect(place)) as database:
        return database.execute("SELECT count(*) FROM notes").fetchone()[0]


def clear(error: JournalError, place: Path) -> bool:
    """One sentence that names the file, and a way out."""
    return str(place) in error.message and "\n" not in error.message and bool(error.hint)


def test_a_full_disk_stops_the_journal_and_keeps_what_was_committed(kept: Path) -> None:
    journal = Journal.open(kept)
    with journal._engine.connect() as connection:  # the writer's: there is no other in its pool
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    journal.append(*notes(20))
    with pytest.raises(JournalError, match="the disk is full") as full:
        journal.commit()
    assert clear(full.value, kept)
    for again in (
        lambda: journal.append(story.note()),
        lambda: journal.put({}),
        journal.commit,
        journal.close,
    ):
        with pytest.raises(JournalError, match="the disk is full"):
            again()
    assert count(kept) == NOTES


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_a_disk_that_takes_no_more_bytes_is_told_with_what_to_do(kept: Path) -> None:
    code = """
import os, resource, signal, sys
from tests.journal.test_faults import notes
from trader.domain.errors import JournalError
from trader.journal.writer import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
journal = Journal.open(sys.argv[1])
written = 0
try:
    while True:
        journal.append(*notes(10))
        journal.commit()
        written += 10
except JournalError as error:
    print(written, error.message, error.hint, sep="|")
"""
    told = subprocess.run(
        [sys.executable, "-c", code, kept],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    written, message, hint = told.stdout.strip().split("|")
    assert "full" in message
    assert str(kept) in message
    assert hint
    assert count(kept) == NOTES + int(written)


def test_a_read_only_file_is_refused_before_anything_is_appended(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3,
        "connect",
        lambda file, *rest, **named: connect(file.replace("mode=rwc", "mode=ro"), *rest, **named),
    )  # what any user but root meets after chmod a-w
    with pytest.raises(JournalError, match="read-only") as refused:
        Journal.open(kept)
    assert clear(refused.value, kept)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    place = tmp_path / "file" / ".trader" / "journal.sqlite3"
    with pytest.raises(JournalError, match="cannot be used") as refused:
        Journal.open(place)
    assert clear(refused.value, place)


def test_a_folder_in_the_files_place_is_told(tmp_path: Path) -> None:
    (place := tmp_path / "journal.sqlite3").mkdir()
    with pytest.raises(JournalError, match="cannot be opened") as refused:
        Journal.open(place)
    assert clear(refused.value, place)


def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "journal.sqlite3"
    place.write_text("a diary, in prose\n" * 400)
    before = place.read_bytes()
    for use in (Journal.open, JournalReader):
        with pytest.raises(JournalError, match="not an SQLite database") as refused:
            use(place)
        assert clear(refused.value, place)
    assert place.read_bytes() == before


def test_a_file_with_overwritten_pages_is_refused_for_writing(kept: Path) -> None:
    damaged = bytearray(kept.read_bytes())
    damaged[4096 * 3 : 4096 * 12] = bytes(range(256)) * (4096 * 9 // 256)
    kept.write_bytes(damaged)
    with pytest.raises(JournalError, match="is corrupt") as refused:
        Journal.open(kept)
    assert clear(refused.value, kept)


def test_a_file_cut_short_is_refused_for_writing(kept: Path) -> None:
    os.truncate(kept, kept.stat().st_size // 2)
    with pytest.raises(JournalError, match="is corrupt") as refused:
        Journal.open(kept)
    assert clear(refused.value, kept)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE steps SET body = zeroblob(40)",
        "UPDATE decisions SET body = replace(body, 'target_weight', 'wait')",
        "UPDATE decisions SET body = 'x'",
        "UPDATE rounds SET as_of = 'yesterday'",
    ],
)
def test_a_row_that_no_longer_means_anything_is_told_when_it_is_read(kept: Path, damage: str) -> None:
    with closing(sqlite3.connect(kept)) as database:
        database.execute(damage)
        database.commit()
    with JournalReader(kept) as reader, pytest.raises(JournalError, match="is corrupt") as refused:
        reader.round_of(story.decision("IBM").id)
    assert clear(refused.value, kept)


def test_a_journal_that_another_program_has_locked_is_told(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "BUSY_S", 0.05)
    journal = Journal.open(kept)
    with closing(sqlite3.connect(kept, isolation_level=None)) as browser:
        browser.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="locked by another program") as refused:
            Journal.open(kept)
        assert clear(refused.value, kept)
        journal.append(story.note())
        with pytest.raises(JournalError, match="locked by another program"):
            journal.commit()
    with pytest.raises(JournalError):
        journal.close()


def test_a_short_lock_of_another_program_is_waited_for(kept: Path) -> None:
    with Journal.open(kept) as journal, closing(sqlite3.connect(kept, isolation_level=None)) as browser:
        browser.execute("BEGIN IMMEDIATE")
        journal.append(*notes(1))
        browser.execute("ROLLBACK")
        journal.commit()
    assert count(kept) == NOTES + 1


def test_a_mistake_of_our_own_in_the_writer_stops_the_journal_too(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: object) -> None:
        raise RuntimeError("off by one")

    journal = Journal.open(kept)
    monkeypatch.setattr(Journal, "_write", mistaken)
    journal.append(story.note())
    for use in (journal.commit, journal.close):
        with pytest.raises(JournalError, match="off by one"):
            use()


def test_a_failure_inside_the_with_block_is_not_hidden_by_the_journals(kept: Path) -> None:
    def work() -> None:
        with Journal.open(kept) as journal:
            journal._failure = JournalError("broken")
            raise KeyError("the reason")

    with pytest.raises(KeyError, match="the reason"):
        work()


def test_a_failure_that_nobody_waited_for_is_told_on_closing(kept: Path) -> None:
    journal = Journal.open(kept)
    with closing(sqlite3.connect(kept)) as database:
        database.execute("DROP TABLE notes")
    with pytest.raises(JournalError, match="no such table: notes"), journal:
        journal.append(story.note())


def test_a_journal_on_a_read_only_disk_can_be_read(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with JournalReader(kept) as reader:
        assert len(reader.decisions()) == 4
        assert [file.name for file in kept.parent.iterdir()] == [kept.name]


def test_the_password_of_a_database_is_not_shown() -> None:
    url = "postgresql://desk:secret@127.0.0.1:9/journal"
    assert "secret" not in opening.shown(url)
    with pytest.raises((JournalError, MissingExtra)) as refused:
        Journal.open(url)
    assert "secret" not in refused.value.message


@pytest.mark.parametrize("url", ["postgresql://desk:secret@host:port/x", "://secret"])
def test_what_is_not_a_url_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match="is not a URL") as refused:
        Journal.open(url)
    assert "secret" not in refused.value.message


def test_other_databases_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match="mysql is not supported"):
        Journal.open("mysql://localhost/journal")
