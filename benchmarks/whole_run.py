"""The default run, as a user types it: memory, time, the journal's size, and what is in it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.children import measured
from benchmarks.figures import Bound, Disagreement, Figure, Say, agreed
from trader.workspace import Workspace

MB = 1_000_000
DECISIONS = 1_000
PEAK = Bound("at most", 500.0)
JOURNAL = Bound("at most", 30.0)
DURATION = Bound("at most", 60.0)
RUN = "import sys; from trader.cli import main; sys.exit(main(sys.argv[1:]))"
LIBRARIES = "import langgraph.graph, numpy, pandas, pydantic, sqlalchemy, talib, xgboost"
"""What a run loads besides its own code."""


@dataclass(frozen=True)
class Ran:
    """One run of the whole command, from the shell and back."""

    seconds: float
    peak_bytes: int | None
    """None on Windows."""
    journal_bytes: int
    """Of all files of the journal, after this run."""
    decisions: int
    """Of this run's book, counted in the journal."""
    decided: tuple[tuple[str, ...], ...]
    """(moment, symbol, outcome, target weight) of every decision, by moment and symbol."""


def default_run(workspace: Path) -> Ran:
    """`trader run --mode paper` in a workspace, in a book of its own."""
    ended = measured(RUN, workspace, "run", "--mode", "paper", "--new", "--json")
    run = json.loads(ended.said)["run_id"]
    journal = Workspace(workspace).journal
    with closing(sqlite3.connect(journal)) as database:
        decided = database.execute(
            "SELECT as_of, symbol, outcome, target_weight FROM decisions"
            " WHERE book = (SELECT book FROM runs WHERE run = ?) ORDER BY as_of, symbol",
            [run],
        ).fetchall()
    files = journal.parent.glob(f"{journal.name}*")
    return Ran(
        seconds=ended.seconds,
        peak_bytes=ended.peak_bytes,
        journal_bytes=sum(file.stat().st_size for file in files),
        decisions=len(decided),
        decided=tuple(tuple(map(repr, row)) for row in decided),
    )


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """Run twice: with nothing kept from before, then with trained models and scored history in the cache."""
    say("the default run, with nothing kept")
    cold = default_run(folder)
    say("the same again, with models and scores kept")
    warm = default_run(folder)
    if cold.decided != warm.decided:
        raise Disagreement("what was decided without and with a cache")
    yield Figure("decisions", cold.decisions, target=Bound("at least", DECISIONS))
    yield agreed("the same again, from what was kept", warm.decisions, cold.decisions, "nothing kept")
    yield Figure("wall time, nothing kept", cold.seconds, "s", target=DURATION)
    yield Figure("wall time, models and scores kept", warm.seconds, "s", cold.seconds, "nothing kept")
    libraries = measured(LIBRARIES, folder).peak_bytes
    if cold.peak_bytes and libraries:
        peak, name = cold.peak_bytes / MB, "its libraries alone"
        yield Figure("memory, peak", peak, "MB", libraries / MB, name, PEAK)
    yield Figure("journal", cold.journal_bytes / MB, "MB", target=JOURNAL)
    yield Figure("journal, bytes a decision", cold.journal_bytes / cold.decisions, "B")
