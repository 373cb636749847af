"""Backtests: a whole one, four books at once beside one after the other, and the same command again."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.children import python
from benchmarks.figures import Bound, Figure, Say, agreed

MB = 1_000_000
DECISIONS = 1_000
SPAN = ("--start", "2012-03-02", "--end", "2012-08-07")
FOUR = (*SPAN, "--vary", "desk.kelly_fraction=0.1,0.2,0.3,0.4")
CORES = 2
ONE_AFTER_ANOTHER = Bound("at most", 0.7, "ratio")
NOTHING_TO_DO = Bound("at most", 0.5, "ratio")
RUN = """
import sys
from trader.cli import main

code = main(sys.argv[2:])
peak = 0
if sys.platform != "win32":
    import resource

    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
with open(sys.argv[1], "w") as file:
    file.write(str(peak))
sys.exit(code)
"""
"""The command, and the most memory that any of its workers had, in bytes."""


def backtest(workspace: Path, *arguments: str) -> tuple[dict[str, Any], float, int]:
    """(document, seconds, peak of a worker in bytes) of `trader backtest` in a workspace."""
    workspace.mkdir(exist_ok=True)
    peak = workspace / "peak"
    ended = python(["-c", RUN, str(peak), "backtest", *arguments, "--json"], workspace)
    found: dict[str, Any] = json.loads(ended.said)
    return found, ended.seconds, int(peak.read_text())


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """The default span with nothing kept, then four books on the caches that it left."""
    say(f"a backtest of {DECISIONS:,} decisions, with nothing kept")
    whole, seconds, peak = backtest(folder / "whole")
    yield Figure("decisions", whole["decisions"], target=Bound("at least", DECISIONS))
    yield Figure("wall time, nothing kept, report included", seconds, "s")
    yield Figure("time a decision", 1000.0 * seconds / whole["decisions"], "ms")
    if peak:
        yield Figure("memory of its worker, peak", peak / MB, "MB", target=Bound("at most", 500.0))
    say("the same command again")
    _, again, _ = backtest(folder / "whole")
    yield Figure("the same command again", again, "s", seconds, "the first time", NOTHING_TO_DO)
    journal = sum(path.stat().st_size for path in (folder / "whole").rglob("journal.sqlite3*"))
    yield Figure("journal of its book", journal / MB, "MB")
    cache = Path(".trader") / "cache"
    for name in ("one", "two"):
        shutil.copytree(folder / "whole" / cache, folder / name / cache)
    say("four books, one after the other")
    one, sequential, _ = backtest(folder / "one", *FOUR, "--workers", "1")
    say(f"four books, {CORES} at once")
    two, parallel, _ = backtest(folder / "two", *FOUR, "--workers", str(CORES))
    for mine, theirs in zip(two["variants"], one["variants"], strict=True):
        yield agreed(
            f"net return of book {mine['number']}", mine["net_return"], theirs["net_return"], "one at a time"
        )
    name = f"one at a time; {os.cpu_count()} cores"
    yield Figure(f"four books, {CORES} at once", parallel, "s", sequential, name, ONE_AFTER_ANOTHER)
