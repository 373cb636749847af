"""The whole desk over synthetic bars, from files to learned state; a person closes what it holds."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.planted_bars import flags, write_bars
from tests.e2e.replays import Town, Watcher, drive
from trader.domain.ids import BookId, ulid
from trader.domain.lessons import Lessons
from trader.journal.reader import JournalReader
from trader.journal.records import Commanded, LearningEvent
from trader.journal.writer import Journal
from trader.measures.forecasts import log_loss
from trader.runner import ClosedRound
from trader.workspace import Workspace

BARS, RATE = 120, 0.97
FLATTEN = 6
"""Rounds between two of a person's orders to close everything: trades must end for the desk to look back."""


@dataclass(frozen=True)
class Lived:
    """What a run came to."""

    journal: Path
    book: BookId
    lessons: Lessons
    events: tuple[LearningEvent, ...]
    loss: float
    """Mean log loss of the pool over the decisions that have resolved."""
    decisions: int


@contextmanager
def flattening(workspace: Workspace, every: int) -> Iterator[Callable[[ClosedRound], None]]:
    """A person who closes all positions after every so many rounds, from one journal beside the run's."""
    with ExitStack() as opened:
        book: list[BookId] = []
        beside: list[Journal] = []

        def flatten(closed: ClosedRound) -> None:
            if closed.index % every:
                return
            if not beside:
                beside.append(opened.enter_context(Journal.open(workspace.journal)))
                with JournalReader(workspace.journal) as reader:
                    book.append(reader.books()[-1].id)
            name = ulid(closed.as_of, closed.index.to_bytes(10, "big"))
            asked = Commanded(id=name, at=closed.as_of, kind="flatten", arguments={"book": book[0]})
            beside[0].append(asked)
            beside[0].commit()

        yield flatten


def live(
    folder: Path,
    seed: int,
    *,
    rules: str = "on",
    rate: float = RATE,
    bars: int = BARS,
) -> Lived:
    """One run over a market of its own."""
    first, _ = write_bars(folder / "data", bars, rate, seed)
    place = folder / "workspace"
    place.mkdir()
    workspace = Workspace(place)
    town = Town(folder / "data", flags(first) | {"memory.rules": rules})
    with flattening(workspace, FLATTEN) as flatten:
        ran = drive(workspace, town, watcher=Watcher(after=flatten))
    with JournalReader(workspace.journal) as reader:
        learned = reader.last_learned(ran.book.id)
        resolved = {(one.symbol, one.as_of): one.happened for one in reader.memories.predictions(ran.book.id)}
        pooled = [
            (made.pool.p_up, resolved[made.symbol, made.as_of])
            for made in reader.decisions(ran.book.id)
            if made.pool is not None and (made.symbol, made.as_of) in resolved
        ]
        events = tuple(reader.lessons.events(ran.book.id))
    p, happened = (np.array(column, dtype=np.float64) for column in zip(*pooled, strict=True))
    lessons = (learned.lessons if learned else None) or Lessons()
    return Lived(workspace.journal, ran.book.id, lessons, events, log_loss(p, happened), len(pooled))
