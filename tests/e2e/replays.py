"""Short replays of real bars: cut from the samples, run as the command runs them, told without their ids."""

import asyncio
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from trader.clock import SystemClock
from trader.data.feeds.sample import FOLDER as SAMPLES
from trader.domain.portfolio import Book
from trader.domain.value import canonical_json, jsonable
from trader.journal.reader import JournalReader
from trader.runner import ClosedRound, Control, Opening, Ran, run
from trader.settings import Settings, load
from trader.workspace import Workspace


@dataclass(frozen=True)
class Town:
    """A folder of data and what is set: everything that a run comes from."""

    data: Path
    flags: dict[str, Any]

    @property
    def settings(self) -> Settings:
        return load(flags={"run.feed": f"files:{self.data}", **self.flags})[0]


def cut(folder: Path, symbols: Sequence[str], first: date, last: date) -> Path:
    """The samples' rows of these days as a folder that `--feed files:DIR` reads."""
    folder.mkdir(parents=True)
    for symbol in symbols:
        _copy(SAMPLES / f"{symbol}.1d.csv.gz", folder / f"{symbol}.1d.csv",
              lambda row: str(first) <= row[0] <= str(last))  # fmt: skip
    _copy(SAMPLES / "macro.csv.gz", folder / "macro.csv", lambda row: row[2][:10] <= str(last))
    for name in ("actions.csv", "instruments.csv"):
        _copy(SAMPLES / name, folder / name, lambda row: row[0] in symbols)
    return folder


def _copy(source: Path, target: Path, wanted: Callable[[list[str]], bool]) -> None:
    raw = source.read_bytes()
    header, *rows = (gzip.decompress(raw) if source.suffix == ".gz" else raw).decode().splitlines()
    kept = [row for row in rows if wanted(row.split(","))]
    target.write_text("\n".join([header, *kept, ""]), encoding="utf-8")


@dataclass
class Watcher:
    """Keeps what it is told, and may have a word with the run after each round."""

    after: Callable[[ClosedRound], None] = lambda closed: None
    rounds: list[ClosedRound] = field(default_factory=list)
    opening: Opening | None = None

    def preparing(self, what: str, done: int, total: int) -> None:
        pass

    def opened(self, opening: Opening) -> None:
        self.opening = opening

    def round_closed(self, closed: ClosedRound) -> None:
        self.rounds.append(closed)
        self.after(closed)

    def note(self, text: str) -> None:
        pass


def drive(
    workspace: Workspace,
    town: Town,
    *,
    new: bool = False,
    watcher: Watcher | None = None,
    control: Control | None = None,
) -> Ran:
    """`trader run` without its screen."""
    return asyncio.run(
        run(
            workspace,
            town.settings,
            new=new,
            observer=watcher or Watcher(),
            control=control or Control(),
            clock=SystemClock(),
        )
    )


def told(journal: Path, book: Book | None = None) -> dict[str, list[Any]]:
    """All that a book came to, as plain JSON and in an order of its own.

    Ids are made from the book's, which is new each time: orders are named by moment and symbol. What an agent
    is shown of the account has them too, so the digests of evidence are left out.
    """
    with JournalReader(journal) as reader:
        book = book or reader.books()[-1]
        decisions = reader.decisions(book.id)
        names = {made.id: f"{made.as_of:%Y-%m-%d %H:%M} {made.symbol}" for made in decisions}

        def named(value: Any) -> Any:
            if isinstance(value, dict):
                return {
                    key: named(one) for key, one in value.items() if key not in ("book", "round", "evidence")
                }
            if isinstance(value, list):
                return [named(one) for one in value]
            if isinstance(value, str):
                return next((value.replace(id, name) for id, name in names.items() if id in value), value)
            return value

        rounds = [reader.round(one.round) for one in reader.rounds(book.id)]
        steps = [step for one in rounds for step in one.steps]
        parts: dict[str, Sequence[Any]] = {
            "decisions": [made.canonical() for made in decisions],
            "forms": [[step.decision, step.agent, step.form, step.body] for step in steps],
            "rulings": [[made.stage, made.ruling] for made in reader.rulings(book.id)],
            "orders": [placed.order for placed in reader.orders(book.id)],
            "events": reader.order_events(book.id),
            "fills": reader.fills(book.id),
            "entries": reader.entries(book.id),
            "marks": reader.marks(book.id),
            "breakers": reader.breakers(book.id),
            "learned": [one.learned for one in rounds],
            "accounts": [one.opened.account for one in rounds],
            "facts": [one.opened.facts for one in rounds],
            "trades": [one.model_copy(update={"id": ""}) for one in reader.memories.trades(book.id)],
            "predictions": reader.memories.predictions(book.id),
            "closed": [one.closed is not None for one in rounds],
        }
        return {part: sorted(map(canonical_json, named(jsonable(rows)))) for part, rows in parts.items()}
