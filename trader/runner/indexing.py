"""The index of what is remembered, kept while a run goes on. Whatever is wrong with it is said once."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from trader.domain.errors import TraderError
from trader.domain.portfolio import Book
from trader.journal.memories import Remembered
from trader.journal.reader import JournalReader
from trader.memory.embedding import Embedder, embedder
from trader.memory.index import Text, TradeIndex, check_free
from trader.memory.recall import Wanted
from trader.settings import Settings
from trader.workspace import Workspace

ON_WITHOUT = "the desk goes on from the journal; `trader memory rebuild` makes the index anew"


class Counted(NamedTuple):
    """What bringing an index into step with the journal took."""

    trades: int
    added: int
    removed: int


class Indexing:
    """An index that is used as long as it works. No method raises."""

    def __init__(
        self,
        place: Path | str | None,
        embedding: str,
        book: Book,
        reader: JournalReader,
        note: Callable[[str], None],
    ) -> None:
        """`place` is None where settings want no index. What it lacks of the journal is added now."""
        self._book, self._reader, self._note = book, reader, note
        self._place = place
        self._index: TradeIndex | None = None
        if place is not None:
            try:
                index = TradeIndex.open(place, book.id, embedder(embedding))
                in_step(index, reader, book)
                self._index = index
            except TraderError as error:
                self._give_up(error)

    @classmethod
    def of(
        cls,
        workspace: Workspace,
        settings: Settings,
        book: Book,
        reader: JournalReader,
        note: Callable[[str], None],
    ) -> "Indexing":
        """As settings want it."""
        return cls(place_of(workspace, settings), settings.memory.embedding, book, reader, note)

    def remember(self, trades: Iterable[Remembered]) -> None:
        """Trades that have just closed, with what was said when they were decided."""
        new = tuple(trades)
        if self._index is None or not new:
            return
        try:
            if isinstance(self._place, Path):
                check_free(self._place)
            self._index.remember(new, texts(self._reader, new))
        except TraderError as error:
            self._give_up(error)

    def candidates(self, wanted: Wanted, count: int) -> list[str] | None:
        """Ids to look among; None where it cannot say."""
        if self._index is None:
            return None
        try:
            if isinstance(self._place, Path):
                check_free(self._place)
            return self._index.candidates(wanted, count)
        except TraderError as error:
            self._give_up(error)
            return None

    def close(self) -> None:
        """Let go of the files."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def _give_up(self, error: TraderError) -> None:
        self._index = None
        why = f"{error.message}; {error.hint}" if error.hint else error.message
        self._note(f"the index of what is remembered cannot be used: {why}; {ON_WITHOUT}")


def place_of(workspace: Workspace, settings: Settings) -> Path | str | None:
    """Where settings want the index; None where they want none."""
    where = settings.memory.index
    return None if where == "none" else workspace.index if where == "chroma" else where.rstrip("/")


def in_step(index: TradeIndex, reader: JournalReader, book: Book) -> Counted:
    """Check the index against the journal: what it lacks is added, what it made up is removed."""
    trades = reader.memories.remembered(book.id)
    lacking, unknown = index.check({one.id for one in trades})
    index.forget(unknown)
    new = [one for one in trades if one.id in lacking]
    index.remember(new, texts(reader, new))
    return Counted(len(trades), len(new), len(unknown))


def remade(place: Path | str, embed: Embedder, reader: JournalReader) -> list[tuple[Book, Counted]]:
    """The index of every book of the journal, from nothing. Raises TraderError."""
    if isinstance(place, Path):
        check_free(place, damaged=True)
        shutil.rmtree(place, ignore_errors=True)
    counted = []
    for book in reader.books():
        if not isinstance(place, Path):
            TradeIndex.drop(place, book.id)
        index = TradeIndex.open(place, book.id, embed)
        try:
            counted.append((book, in_step(index, reader, book)))
        finally:
            index.close()
    return counted


def texts(reader: JournalReader, trades: Iterable[Remembered]) -> list[Text]:
    """Why each trade was opened, in the words of those who spoke for it."""
    return [
        Text(f"{trade.id}-{agent}", "reasoning", said, trade.id)
        for trade in trades
        for agent, said in reader.memories.reasoning(trade.decision)
        if said
    ]
