"""A process that is killed loses nothing that was committed, and splits nothing."""

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from trader.journal import schema
from trader.journal.writer import Journal

ROOT = Path(__file__).parents[2]
KILLS = 8
SIZES = (1, 2, 7)

WRITER = """
import sys
from tests.journal.test_writer import group
from trader.journal.writer import Journal

first = int(sys.argv[2])
journal = Journal.open(sys.argv[1])
print("open", flush=True)
for number in range(first, first + 100_000):
    journal.append(*group(f"group {number}", (1, 2, 7)[number % 3]))
    if number % 4 == 3:
        journal.commit()
        print(number, flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_killed_writer_loses_no_commit_and_splits_no_group(place: Path) -> None:
    chance = random.Random(20240611)
    acknowledged: set[int] = set()
    for kill in range(KILLS):
        begun = kill * 100_000
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, place, str(begun)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        time.sleep(chance.uniform(0.0, 0.25))
        child.kill()
        told = child.stdout.read().split("\n")
        child.stdout.close()
        child.wait()
        last = max((int(line) for line in told[:-1]), default=begun - 1)
        acknowledged |= set(range(begun, last + 1))

    with Journal.open(place), closing(sqlite3.connect(place)) as database:
        groups = database.execute(
            "SELECT kind, min(seq), max(seq), count(*) FROM notes GROUP BY kind"
        ).fetchall()
        every = [
            row for table in schema.RECORDED for row in database.execute(f"SELECT seq FROM {table.name}")
        ]
    found = {int(kind.split()[1]): (first, last, count) for kind, first, last, count in groups}
    assert acknowledged
    assert acknowledged <= found.keys()
    assert len(every) == len(set(every))
    for number, (first, last, count) in found.items():
        assert count == last - first + 1 == SIZES[number % 3]
