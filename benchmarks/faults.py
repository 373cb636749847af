"""What must hold whatever happens, at its full count: the tests in CI ask the same of fewer cases.

Not among the benchmarks that run without a name: it takes an hour or two.
"""

import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import faults_venue
from benchmarks.figures import Bound, Figure, Say
from tests.e2e.conftest import END, HISTORY, START
from tests.e2e.replays import Town, cut, drive, told
from tests.e2e.test_interrupted import AFTER, PAUSES, Killer, rows_of
from tests.properties.test_allocate_and_gate import broken_promises
from trader.workspace import Workspace

CASES = 100_000
KILLS = 1_000
SERIES = 12
"""Kills of one run, before it is let come to its end."""
NONE = Bound("at most", 0)


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """Random rounds, a venue that fails in every way, then killed runs."""
    broken = random_rounds(CASES, say)
    yield Figure("random rounds through allocate and gate", CASES, target=Bound("at least", CASES))
    yield Figure("  with a promise broken", broken, target=NONE)
    yield from faults_venue.measure(folder, say)
    if sys.platform == "win32":
        say("no runs are killed: there is no SIGKILL")
        return
    killed = killed_runs(folder, KILLS, say)
    yield Figure("SIGKILLs in a run", killed.kills, target=Bound("at least", KILLS))
    yield Figure("  rows lost", killed.lost, target=NONE)
    yield Figure("  runs that came to something else", killed.different, target=NONE)


def random_rounds(cases: int, say: Say) -> int:
    """How many of these random rounds broke a promise; each is named by its seed."""
    say(f"{cases:,} random rounds")
    broken = 0
    for seed in range(cases):
        promises = broken_promises(seed)
        broken += bool(promises)
        for promise in promises:
            say(f"seed {seed}: {promise}")
    return broken


@dataclass
class Killed:
    """What came of killing runs and starting them again."""

    kills: int = 0
    lost: int = 0
    """Rows that were in the journal after a kill, and are not at the end."""
    different: int = 0
    """Runs that came to another end than one nobody killed: an order or a fill more, less or other."""


def killed_runs(folder: Path, kills: int, say: Say) -> Killed:
    """Kill runs after each kind of record, at once or a moment later, and start them again until they end."""
    data = cut(folder / "data", ("AAPL", "IBM", "MSFT"), HISTORY, END)
    town = Town(data, {"run.start": START, "desk.refit_bars": 1, "risk.price_collar": 0.1})
    unbroken = Workspace(folder / "unbroken")
    story = told(drive(unbroken, town).journal)
    found, chance = Killed(), random.Random(20050228)  # noqa: S311 - a seed to repeat it by
    with Killer(town) as killer:
        while found.kills < kills:
            say(f"killed {found.kills:,} times of {kills:,}")
            workspace = Workspace(folder / "killed")
            shutil.copytree(unbroken.cache, workspace.cache)
            recorded: dict[str, set[tuple[object, ...]]] = {}
            for _ in range(min(SERIES, kills - found.kills)):
                kind, pause = chance.choice(AFTER), chance.choice(PAUSES)
                if not killer.kill(workspace, kind, chance.randint(1, 3), pause):
                    break
                found.kills += 1
                for table, rows in rows_of(workspace.journal).items():
                    recorded.setdefault(table, set()).update(rows)
            drive(workspace, town)
            after = rows_of(workspace.journal)
            found.lost += sum(len(rows - after[table]) for table, rows in recorded.items())
            found.different += told(workspace.journal) != story
            shutil.rmtree(workspace.root)
    return found
