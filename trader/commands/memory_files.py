"""`trader memory rebuild`, `export` and `find`: what is made of what the journal remembers."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from trader.commands import output, words
from trader.commands.books import book_named
from trader.commands.config import loaded
from trader.commands.session import Session
from trader.domain.errors import MissingExtra, TraderError, UsageError
from trader.domain.trades import ClosedTrade
from trader.domain.value import jsonable
from trader.journal.reader import JournalReader
from trader.journal.writer import Journal
from trader.memory.embedding import embedder
from trader.memory.index import TradeIndex
from trader.runner.indexing import in_step, place_of, remade
from trader.runner.rebuilding import rebuild as rebuild_book


def rebuild(session: Session) -> None:
    """`memory rebuild`: what an older program did not write down, then the index from nothing."""
    workspace = session.workspace
    settings, _ = loaded(session)
    if not workspace.journal.exists():
        raise TraderError("there is no journal here yet", hint="`trader run` makes one")
    with (
        workspace.hold(),
        Journal.open(workspace.journal) as journal,
        JournalReader(workspace.journal) as reader,
    ):
        books = [rebuild_book(reader, journal, book) for book in reader.books()]
        indexed: dict[str, int] = {}
        without = ""
        place = place_of(workspace, settings) or workspace.index
        try:
            counted = remade(place, embedder(settings.memory.embedding), reader)
            indexed = {book.id: one.trades for book, one in counted}
        except MissingExtra as error:
            without = f"{error.message}: {error.hint}"
    if session.json:
        rows = [
            {
                "book": one.book.id,
                "trades": one.trades,
                "outcomes": one.outcomes,
                "states": one.states,
                "without_data": one.without_data,
                "indexed": indexed.get(one.book.id),
            }
            for one in books
        ]
        output.document({"books": rows, "index": str(place) if indexed else None})
        return
    for one in books:
        told = ", ".join(
            (
                words.count(one.trades, "trade"),
                words.count(one.outcomes, "outcome"),
                f"conditions of {words.count(one.states, 'decision')}",
            )
        )
        output.screen(f"book {one.book.id}: added {told}")
        if one.without_data:
            output.say(f"without its bars ({one.without_data}) only what the journal has could be filled")
    output.screen(f"no index: {without}" if without else f"index made anew in {place}")


def export(session: Session, file: Path, *, book: str | None) -> None:
    """`memory export`: a line for each closed trade, as .csv or .jsonl."""
    write = WRITERS.get(file.suffix.lower())
    if write is None:
        raise UsageError(f"{file}: the name says neither .csv nor .jsonl", hint="for example trades.csv")
    with JournalReader(session.workspace.journal) as reader:
        chosen = book_named(reader, book)
        trades = reader.memories.trades(chosen.id)
    try:
        with file.open("w", encoding="utf-8", newline="") as target:
            write(trades, target)
    except OSError as error:
        raise TraderError(f"{file} cannot be written: {error.strerror}", hint="name another file") from None
    if session.json:
        output.document({"book": chosen.id, "file": str(file), "trades": len(trades)})
        return
    output.screen(f"{words.count(len(trades), 'trade')} of book {chosen.id} in {file}")


def find(session: Session, text: str, *, kind: str | None, book: str | None, limit: int) -> None:
    """`memory find`: what was said that is nearest to some words, from the index."""
    settings, _ = loaded(session)
    workspace = session.workspace
    place = place_of(workspace, settings) or workspace.index
    with JournalReader(workspace.journal) as reader:
        chosen = book_named(reader, book)
        if isinstance(place, Path) and not place.exists():
            raise TraderError("there is no index here yet", hint="`trader memory rebuild` makes it")
        index = TradeIndex.open(place, chosen.id, embedder(settings.memory.embedding))
        try:
            stale = in_step(index, reader, chosen).added
            found = index.search(text, limit, kind)
        finally:
            index.close()
    if session.json:
        output.document({"book": chosen.id, "found": [one._asdict() for one in found]})
        return
    if stale:
        output.say(f"the index lacked {words.count(stale, 'trade')}, which it has now")
    if not found:
        output.screen("nothing that was said is in the index")
        return
    rows = ((f"{1.0 - one.distance:.2f}", one.kind, one.about, one.text) for one in found)
    output.screen(output.listing("likeness", "kind", "about", "said", rows=rows, right=("likeness",)))


def _csv(trades: Sequence[ClosedTrade], target: Any) -> None:
    """The flat columns; what each agent stated is a column of its own."""
    agents = sorted({one.agent for trade in trades for one in trade.stated})
    rows = [dict(_flat(trade)) for trade in trades]
    heads = list(dict.fromkeys(name for row in rows for name in row if not name.startswith("p_up:")))
    heads += [f"p_up:{agent}" for agent in agents]
    writer = csv.DictWriter(target, heads, restval="")
    writer.writeheader()
    writer.writerows(rows)


def _flat(trade: ClosedTrade) -> Iterator[tuple[str, Any]]:
    for name, value in jsonable(trade).items():
        match name:
            case "stated":
                yield from ((f"p_up:{one['agent']}", one["p_up"]) for one in value)
            case "confluence":
                yield from ((f"confluence:{factor}", score) for factor, score in value.items())
            case "state":
                yield from value.items()
            case _:
                yield name, value


def _jsonl(trades: Sequence[ClosedTrade], target: Any) -> None:
    for trade in trades:
        target.write(json.dumps(jsonable(trade), ensure_ascii=False) + "\n")


WRITERS: dict[str, Callable[[Sequence[ClosedTrade], Any], None]] = {".csv": _csv, ".jsonl": _jsonl}
"""By the file's suffix."""
