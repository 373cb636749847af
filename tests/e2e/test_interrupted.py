"""A run that is broken off and started again comes to what an unbroken one comes to."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Self

import pytest

from tests.e2e.replays import Town, Watcher, drive, told
from trader.journal import schema
from trader.journal.reader import JournalReader
from trader.journal.writer import LINGER_S
from trader.runner import Control, Ran
from trader.workspace import Workspace

ROOT = Path(__file__).parents[2]
KILLS = 7
"""Once after each kind of record; the benchmarks run 1,000."""

AFTER = ("OrderChanged", "OrderIntended", "RoundOpened", "RulingMade", "Step", "RoundClosed", "DecisionMade")
"""The last is followed by enough rounds for what was decided to be learned from."""

PAUSES = (2 * LINGER_S, 0.0)
"""Seconds from there to the kill: what was appended is on disk, or is not."""

Story = dict[str, list[str]]
Elsewhere = Callable[[str], Workspace]

KILLER = """
import json, os, signal, sys, time, traceback
from pathlib import Path
from tests.e2e.replays import Town, drive
from trader.journal.writer import Journal
from trader.runner import opening
from trader.workspace import Workspace

data, flags = sys.argv[1:]
town = Town(Path(data), json.loads(flags))
opening.load_market(town.settings)  # once for all: what is imported, and the calendars

def run(workspace, kind, left, pause):
    append = Journal.append

    def last_append(journal, *records):
        nonlocal left
        append(journal, *records)
        left -= sum(type(record).__name__ == kind for record in records)
        if left <= 0:
            time.sleep(pause)
            os.kill(os.getpid(), signal.SIGKILL)

    Journal.append = last_append
    drive(Workspace(Path(workspace)), town)

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            run(*json.loads(line))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Has everything imported, and for each line of its input runs the replay in a child that dies."""


class Killer:
    """Runs the command and kills it with SIGKILL, again and again."""

    def __init__(self, town: Town) -> None:
        flags = json.dumps(town.flags, default=str)
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", KILLER, str(town.data), flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def kill(self, workspace: Workspace, kind: str, count: int, pause: float) -> bool:
        """Run until `count` records of a kind are appended, then SIGKILL; False where it ended before."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([str(workspace.root), kind, count, pause]), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        assert code in (0, -signal.SIGKILL)
        return code != 0


def rows_of(journal: Path) -> dict[str, set[tuple[object, ...]]]:
    with closing(sqlite3.connect(journal)) as database:
        return {table.name: set(database.execute(f"SELECT * FROM {table.name}")) for table in schema.RECORDED}


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_run_that_is_killed_again_and_again_comes_to_the_same(
    town: Town, story: Story, elsewhere: Elsewhere
) -> None:
    workspace, chance = elsewhere("killed"), random.Random(20050228)
    kills, recorded = 0, defaultdict[str, set[tuple[object, ...]]](set)
    with Killer(town) as killer:
        for number in range(KILLS):
            kind, pause = AFTER[number % len(AFTER)], PAUSES[number % len(PAUSES)]
            if not killer.kill(workspace, kind, chance.randint(1, 3), pause):
                break
            kills += 1
            for table, rows in rows_of(workspace.journal).items():
                recorded[table] |= rows
    ran = drive(workspace, town)
    assert ran.finished
    assert kills == KILLS
    after = rows_of(workspace.journal)
    for table, rows in recorded.items():
        assert rows <= after[table]
    assert told(workspace.journal) == story


def test_a_stopped_run_finishes_its_round_and_goes_on(town: Town, story: Story, elsewhere: Elsewhere) -> None:
    workspace, control = elsewhere("stopped"), Control()

    def stop(closed: object) -> None:
        control.stop = True

    first = Watcher(lambda closed: stop(closed) if closed.index in (6, 7) else None)
    ran = drive(workspace, town, watcher=first, control=control)
    assert not ran.finished
    assert len(first.rounds) == 6
    with JournalReader(ran.journal) as reader:
        assert reader.open_round(ran.book.id) is None
        (run,) = reader.runs(ran.book.id)
        assert run.ended is not None
        assert run.ended.reason == "stopped"

    second = Watcher()
    again = drive(workspace, town, watcher=second)
    assert again.finished
    assert again.book == ran.book
    assert second.opening is not None
    assert (second.opening.resumed, second.opening.done) == (True, 6)
    assert [closed.index for closed in second.rounds] == list(range(7, 17))
    assert told(workspace.journal) == story


def test_a_finished_replay_is_not_gone_on_with(town: Town, unbroken: Ran, elsewhere: Elsewhere) -> None:
    """The same command again opens a new book, which comes to the same."""
    workspace = elsewhere("twice")
    short = Town(town.data, {**town.flags, "run.cycles": 2})
    one, other = drive(workspace, short), drive(workspace, short)
    assert one.book.id != other.book.id
    assert told(workspace.journal, one.book) == told(workspace.journal, other.book)


def test_a_new_book_is_opened_on_request_and_the_old_one_stays(town: Town, elsewhere: Elsewhere) -> None:
    workspace = elsewhere("new")
    short = Town(town.data, {**town.flags, "run.cycles": 2})
    control = Control(stop=True)
    begun = drive(workspace, short, control=control)
    assert not begun.finished
    other = drive(workspace, short, new=True)
    assert other.book.id != begun.book.id
    with JournalReader(workspace.journal) as reader:
        assert len(reader.rounds(begun.book.id)) == 1
        assert len(reader.rounds(other.book.id)) == 2
