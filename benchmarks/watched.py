"""A real run of the desk: the time of each round; watched closely, by part and with all it recorded."""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple
from unittest.mock import patch

from benchmarks.stopwatch import Place, Stopwatch
from trader.agents.agent import Agent
from trader.brokers.paper import PaperBroker
from trader.clock import SystemClock
from trader.graph import dealing, thinking
from trader.journal.records import Record
from trader.journal.writer import Journal
from trader.runner import ClosedRound, Control, Opening, learning, market_step, run
from trader.settings import load
from trader.tools.toolbox import LiveToolbox
from trader.workspace import Workspace

PLACES = (
    Place("tools", LiveToolbox, "call"),
    Place("agents", Agent, "speak"),
    Place("pooling, sizing, limits", thinking, "conclude"),
    Place("pooling, sizing, limits", dealing, "allot"),
    Place("pooling, sizing, limits", dealing, "rule_in_turn"),
    Place("learning", learning, "learn"),
    Place("market and account", market_step, "actions_between"),
    Place("market and account", PaperBroker, "advance"),
    Place("market and account", PaperBroker, "account"),
    Place("market and account", market_step, "marks_at"),
    Place("market and account", market_step, "facts_at"),
    Place("journal", Journal, "append"),
    Place("journal", Journal, "put"),
    Place("journal", Journal, "commit"),
)
PARTS = tuple(dict.fromkeys(place.part for place in PLACES))


class Put(NamedTuple):
    """A large value that was kept by its digest."""

    value: Any


Entry = tuple[Record, ...] | Put
"""What one call of the recorder wrote down."""


@dataclass(frozen=True)
class Round:
    """One round of a watched run."""

    own_ms: float
    processor_ms: float
    """Of all threads, from the end of the round before: what other programs do counts for nothing."""
    parts: Mapping[str, float]
    """Milliseconds of `own_ms` by part. What is in none is the graph's, and what stands between parts.

    Empty unless watched closely, as is `tape`.
    """
    decisions: int
    tape: tuple[Entry, ...]
    """What was written down, in its order."""


@dataclass
class Watched:
    """A run as one who watches it sees it."""

    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    agents: tuple[Agent, ...] = ()
    symbols: tuple[str, ...] = ()
    rounds: list[Round] = field(default_factory=list)
    _tape: list[Entry] = field(default_factory=list)
    _began: float = 0.0

    def preparing(self, what: str, done: int, total: int) -> None:
        """Not part of any round."""

    def opened(self, opening: Opening) -> None:
        """Forget what was before the first round."""
        self.agents, self.symbols = opening.agents, opening.book.symbols
        self._forget()

    def round_closed(self, closed: ClosedRound) -> None:
        """Keep what the round took and wrote."""
        self.rounds.append(
            Round(
                own_ms=closed.own_ms,
                processor_ms=(process_time() - self._began) * 1000.0,
                parts=dict(self.stopwatch.ms),
                decisions=len(closed.decisions),
                tape=tuple(self._tape),
            )
        )
        self._forget()

    def note(self, text: str) -> None:
        """Nothing of it is measured."""

    def taping(self) -> ExitStack:
        """Within it, everything that any journal is given is kept too."""
        append, put = Journal.append, Journal.put

        @wraps(append)
        def append_too(journal: Journal, *records: Record) -> None:
            self._tape.append(records)
            append(journal, *records)

        @wraps(put)
        def put_too(journal: Journal, value: Any) -> str:
            self._tape.append(Put(value))
            return put(journal, value)

        stack = ExitStack()
        stack.enter_context(patch.object(Journal, "append", append_too))
        stack.enter_context(patch.object(Journal, "put", put_too))
        return stack

    def _forget(self) -> None:
        self.stopwatch.ms.clear()
        self._tape.clear()
        self._began = process_time()


def watch(folder: Path, flags: Mapping[str, object], watched: Watched | None = None) -> Watched:
    """Run the desk in a workspace, with settings like `{"run.cycles": 60}`, and watch as anybody may."""
    watched = watched or Watched()
    _run(folder, flags, watched)
    return watched


def watch_closely(folder: Path, flags: Mapping[str, object]) -> Watched:
    """The same, with the time of each part and what was written down. It costs a little time itself."""
    watched = Watched()
    with watched.taping(), watched.stopwatch.on(PLACES):
        _run(folder, flags, watched)
    return watched


def _run(folder: Path, flags: Mapping[str, object], watched: Watched) -> None:
    settings, _ = load(flags=flags)
    control, clock = Control(), SystemClock()
    asyncio.run(run(Workspace(folder), settings, new=True, observer=watched, control=control, clock=clock))
