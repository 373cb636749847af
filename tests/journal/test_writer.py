"""Rows go in whole, once, in their order, and are on disk when `commit` returns."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal import story
from trader.domain.errors import JournalError
from trader.domain.value import digest
from trader.journal import records as r
from trader.journal import schema, writer
from trader.journal.reader import JournalReader
from trader.journal.writer import Journal, Memorandum, Recorder


@pytest.fixture
def journal(place: Path) -> Iterator[Journal]:
    with Journal.open(place) as journal:
        yield journal


def ask(place: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(place)) as database:
        return database.execute(query).fetchall()


def numbers(place: Path) -> list[int]:
    """Every `seq` of every table."""
    return sorted(seq for table in schema.RECORDED for (seq,) in ask(place, f"SELECT seq FROM {table.name}"))


def group(name: str, size: int) -> list[r.Noted]:
    note = story.note()
    return [note.model_copy(update={"kind": name, "text": str(row)}) for row in range(size)]


def test_the_folder_is_made_and_the_file_is_one_file_when_closed(place: Path) -> None:
    assert not place.parent.exists()
    Journal.open(place).close()
    assert [file.name for file in place.parent.iterdir()] == [place.name]


def test_what_is_committed_is_seen_by_others(journal: Journal, place: Path) -> None:
    journal.append(*story.beginning())
    journal.commit()
    assert ask(place, "SELECT count(*) FROM books") == [(1,)]


def test_rows_reach_the_disk_without_a_commit(journal: Journal, place: Path) -> None:
    journal.append(*story.beginning())
    deadline = time.monotonic() + 30
    while ask(place, "SELECT count(*) FROM books") == [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_commit_with_nothing_to_write_returns(journal: Journal) -> None:
    journal.commit()
    journal.append()
    journal.commit()


def test_recording_everything_again_changes_nothing(place: Path) -> None:
    def contents() -> list[list[tuple]]:
        return [ask(place, f"SELECT * FROM {table.name} ORDER BY seq") for table in schema.RECORDED]

    with Journal.open(place) as journal:
        journal.append(*story.everything())
        journal.commit()
        once = contents()
        journal.append(*story.everything())
    assert contents() == once
    assert sum(map(len, once)) > 0


def test_what_was_recorded_first_stays(journal: Journal, place: Path) -> None:
    first = story.decision("IBM")
    journal.append(r.DecisionMade(decision=first))
    journal.append(r.DecisionMade(decision=first.model_copy(update={"cause": "on second thoughts"})))
    journal.commit()
    with JournalReader(place) as reader:
        assert reader.decisions() == [first]


def test_orders_that_change_in_the_same_moment_in_different_ways_are_different_events(place: Path) -> None:
    changes = [record for record in story.trade(story.decision("IBM")) if isinstance(record, r.OrderChanged)]
    with Journal.open(place) as journal:
        journal.append(*changes, *changes)
    assert ask(place, "SELECT count(*) FROM order_events") == [(len(changes),)]


def test_seq_counts_all_rows_of_all_tables_in_their_order_and_goes_on_after_reopening(place: Path) -> None:
    with Journal.open(place) as journal:
        journal.append(*story.beginning(), *story.round_of())
    first = numbers(place)
    assert first == sorted(set(first))
    with Journal.open(place) as journal:
        journal.append(*story.round_of(story.START + story.DAY))
    both = numbers(place)
    assert both == sorted(set(both))
    assert both[: len(first)] == first
    assert ask(place, "SELECT last FROM counter") == [(both[-1],)]
    orders, fills = ask(place, "SELECT seq FROM orders"), ask(place, "SELECT seq FROM fills")
    assert orders[0] < fills[0] < orders[1] < fills[1]


def test_two_programs_never_give_out_the_same_seq(place: Path) -> None:
    with Journal.open(place) as one, Journal.open(place) as other:
        for row in range(20):
            (one, other)[row % 2].append(*group(f"program {row}", 3))
            if row % 5 == 0:
                one.commit()
    assert len(numbers(place)) == len(set(numbers(place))) == 60


def test_a_seq_given_out_twice_is_an_error_and_not_a_lost_row(place: Path) -> None:
    with Journal.open(place) as journal:
        journal.append(*group("first", 3))
    with closing(sqlite3.connect(place)) as database:
        database.execute("UPDATE counter SET last = 0")
        database.commit()
    with pytest.raises(JournalError, match="seq"), Journal.open(place) as journal:
        journal.append(*group("second", 3))
    assert ask(place, "SELECT count(*) FROM notes") == [(3,)]


def test_threads_append_at_once_and_no_group_is_split(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LINGER_S", 0.0)
    monkeypatch.setattr(writer, "PENDING_ROWS", 30)
    sizes = (1, 2, 7)

    with Journal.open(place) as journal:

        def write(thread: int) -> None:
            for row in range(30):
                journal.append(*group(f"{thread}.{row}", sizes[row % 3]))

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    spans = ask(place, "SELECT kind, min(seq), max(seq), count(*) FROM notes GROUP BY kind")
    assert len(spans) == 120
    for kind, first, last, count in spans:
        assert last - first + 1 == count == sizes[int(kind.split(".")[1]) % 3]


def test_appends_in_quick_succession_share_a_transaction(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LINGER_S", 30.0)
    batches: list[int] = []
    write = Journal._write
    monkeypatch.setattr(
        Journal, "_write", lambda self, on, batch: (batches.append(len(batch)), write(self, on, batch))
    )
    with Journal.open(place) as journal:
        for row in range(100):
            journal.append(*group(f"row {row}", 1))
        journal.commit()
        assert batches == [100]


def test_a_full_batch_does_not_wait(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LINGER_S", 600.0)
    monkeypatch.setattr(writer, "BATCH_ROWS", 10)
    with Journal.open(place) as journal:
        journal.append(*group("enough", 10))
        deadline = time.monotonic() + 30
        while ask(place, "SELECT count(*) FROM notes") == [(0,)]:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_group_with_a_number_that_is_none_is_refused_whole(journal: Journal, place: Path) -> None:
    made = story.decision("IBM")
    broken = story.step(made, "value", body={"p_up": float("nan")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        journal.append(story.step(made, "momentum"), broken)
    journal.append(story.step(made, "quant"))
    journal.commit()
    assert ask(place, "SELECT agent FROM steps") == [("quant",)]


def test_what_changes_after_it_was_recorded_is_recorded_as_it_was(journal: Journal, place: Path) -> None:
    body = {"agent": "momentum", "p_up": 0.6}
    step = story.step(story.decision("IBM"), "momentum", body=body)
    journal.append(step)
    body["p_up"] = step.body["p_up"] = 0.1
    journal.commit()
    assert ask(place, "SELECT p_up FROM steps") == [(0.6,)]


def test_a_blob_is_kept_once_under_its_digest(journal: Journal, place: Path) -> None:
    evidence = story.evidence("IBM")
    names = {journal.put(evidence), journal.put(evidence), journal.put(evidence.model_dump(mode="json"))}
    assert names == {evidence.digest}
    journal.commit()
    assert ask(place, "SELECT digest, codec FROM blobs") == [(evidence.digest, "zlib")]


def test_what_was_put_lately_is_not_sent_to_the_disk_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "KNOWN_PUTS", 2)
    written: list[object] = []
    write = Journal._write
    monkeypatch.setattr(
        Journal, "_write", lambda self, on, batch: (written.extend(batch), write(self, on, batch))
    )
    with Journal.open(place) as journal:
        for value in (1, 1, 2, 3, 1):  # the last one was two others ago
            journal.put(value)
    assert [row.values["data"] for row in written] == ["1", "2", "3", "1"]
    assert ask(place, "SELECT count(*) FROM blobs") == [(3,)]


def test_a_learned_state_is_named_by_its_digest() -> None:
    state = story.state()
    assert r.StateLearned.of(story.BOOK, state).digest == digest(state)
    with pytest.raises(ValueError, match="the learned state is not"):
        r.StateLearned(book=story.BOOK, digest="0" * 24, state=state)


def test_a_closed_journal_takes_nothing(place: Path) -> None:
    journal = Journal.open(place)
    journal.append(story.note())
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="is closed"):
        journal.append(story.note())
    assert ask(place, "SELECT count(*) FROM notes") == [(1,)]


def test_what_is_not_a_record_is_refused(journal: Journal) -> None:
    with pytest.raises(TypeError, match="Book is not a record"):
        journal.append(story.book())


def test_a_memorandum_keeps_the_same_things_in_memory(journal: Journal) -> None:
    memorandum = Memorandum()
    recorders: list[Recorder] = [journal, memorandum]
    names = set()
    for recorder in recorders:
        recorder.append(*story.everything())
        names.add(recorder.put(story.evidence("IBM")))
        recorder.commit()
    assert memorandum.records == story.everything()
    assert list(memorandum.blobs) == list(names)


def test_making_a_journal_does_not_import_alembic(place: Path) -> None:
    code = """
import sys
from trader.journal.writer import Journal
Journal.open(sys.argv[1]).close()
print("alembic" in sys.modules)
"""
    told = subprocess.run([sys.executable, "-c", code, place], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
    assert place.is_file()
