"""Chroma beside the journal: state vectors, and the words that were said, reflected and made rules of.

Nothing is only here. The index is made again from the journal at any time, so whatever is wrong with it is
one error that says so, and nobody's decision waits for it: Chroma waits for a locked file without an end,
answers with less than it has where a part of its folder is gone, and panics where it is damaged. Vectors are
given to it: it embeds nothing by itself, and nothing is downloaded.
"""

import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import numpy as np

from trader.domain.errors import MissingExtra, TraderError
from trader.domain.market import Floats
from trader.journal.memories import Remembered
from trader.memory.embedding import Embedder
from trader.memory.recall import PRIOR_CENTRE, PRIOR_SCALE, Wanted, micros

STATES, TEXTS = "states", "texts"
"""The collections. Those of rules and reflections are texts of another kind."""
PROBES = 20
"""Trades that it is asked for by their own vectors, to see that it finds what it has."""
SAME = 1e-4
"""Squared distance of a vector from itself, at most: it is kept in single precision."""
BATCH = 1_000
OVERFETCH = 10
"""Candidates for each trade that is wanted: age moves a trade by at most 0.3 of its score."""
FEWEST_CANDIDATES = 500
_LOCK_S = 0.2


class IndexUnavailable(TraderError):
    """The index is absent, locked, damaged or of another embedding. The journal has all that it had."""


class Text(NamedTuple):
    """Words worth finding again."""

    id: str
    kind: str
    """`reasoning`, `reflection` or `rule`."""
    text: str
    about: str
    """The id of the trade or the rule."""


class Found(NamedTuple):
    """A text, and how far it is from what was looked for: 0 the same, 1 nothing in common."""

    id: str
    kind: str
    text: str
    about: str
    distance: float


class TradeIndex:
    """An open index of one book. Every method raises IndexUnavailable."""

    def __init__(self, client: Any, book: str, embed: Embedder) -> None:
        """Use `TradeIndex.open`."""
        self._client, self._embed = client, embed
        self._states = self._collection(_name(STATES, book), "l2", "state")
        self._texts = self._collection(_name(TEXTS, book), "cosine", embed.name)

    @classmethod
    def open(cls, place: Path | str, book: str, embed: Embedder) -> Self:
        """In a folder, made where there is none, or at the address of a server."""
        return cls(_client(place), book, embed)

    @staticmethod
    def drop(place: str, book: str) -> None:
        """Remove what a server has of the book."""
        client = _client(place)
        with _named(place):
            there = {one.name for one in client.list_collections()}
            for name in (_name(STATES, book), _name(TEXTS, book)):
                if name in there:
                    client.delete_collection(name)

    def close(self) -> None:
        """Let go of the files."""
        from chromadb.api.shared_system_client import SharedSystemClient

        with _named("the index"):
            if hasattr(self._client, "close"):
                self._client.close()
            SharedSystemClient.clear_system_cache()

    def check(self, trades: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
        """(ids of the ledger that it lacks, ids that the ledger does not know); proves that it answers."""
        with _named("the index"):
            ids = sorted(self._states.get(include=[])["ids"])
            if asked := ids[:: len(ids) // PROBES + 1]:
                theirs = self._states.get(ids=asked, include=["embeddings"])["embeddings"]
                nearest = self._states.query(query_embeddings=theirs, n_results=1, include=["distances"])
                lost = sum(not near or near[0] > SAME for near in nearest["distances"])
                if len(theirs) < len(asked) or lost:
                    raise IndexUnavailable("it does not find what it has: a part of its folder is gone")
        known = frozenset(ids)
        return frozenset(trades) - known, known - frozenset(trades)

    def remember(self, trades: Iterable[Remembered], texts: Iterable[Text]) -> None:
        """Add or replace."""
        with _named("the index"):
            for batch in _batches(trades):
                self._states.upsert(
                    ids=[one.id for one in batch],
                    embeddings=state_vectors(batch),
                    metadatas=[_facts(one) for one in batch],
                )
            for said in _batches(texts):
                self._texts.upsert(
                    ids=[one.id for one in said],
                    embeddings=self._embed([one.text for one in said]),
                    documents=[one.text for one in said],
                    metadatas=[{"kind": one.kind, "about": one.about} for one in said],
                )

    def forget(self, trades: Collection[str]) -> None:
        """Remove trades, and what was said of them."""
        with _named("the index"):
            for batch in _batches(trades):
                self._states.delete(ids=list(batch))
                self._texts.delete(where={"about": {"$in": list(batch)}})

    def candidates(self, wanted: Wanted, count: int) -> list[str]:
        """Ids of the trades nearest in fixed units, many more than are wanted: age has not been looked at."""
        with _named("the index"):
            most = min(max(count * OVERFETCH, FEWEST_CANDIDATES), self._states.count())
            if not most:
                return []
            found: dict[str, Any] = self._states.query(
                query_embeddings=_fixed(wanted.state.vector()[None, :]),
                n_results=most,
                where=_where(wanted),
                include=[],
            )
            return list(found["ids"][0])

    def search(self, words: str, count: int, kind: str | None = None) -> list[Found]:
        """The texts nearest to `words`."""
        with _named("the index"):
            most = min(count, self._texts.count())
            if not most:
                return []
            found: dict[str, Any] = self._texts.query(
                query_embeddings=self._embed([words]),
                n_results=most,
                where=None if kind is None else {"kind": kind},
                include=["documents", "metadatas", "distances"],
            )
        return [
            Found(id, str(facts["kind"]), text, str(facts["about"]), float(distance))
            for id, facts, text, distance in zip(
                *(found[part][0] for part in ("ids", "metadatas", "documents", "distances")), strict=True
            )
        ]

    def _collection(self, name: str, space: str, made_with: str) -> Any:
        with _named("the index"):
            collection = self._client.get_or_create_collection(
                name,
                embedding_function=None,
                configuration={"hnsw": {"space": space}},
                metadata={"made_with": made_with},
            )
            before = (collection.metadata or {}).get("made_with")
        if before != made_with:
            raise IndexUnavailable(f"its texts were embedded by {before}, and {made_with} is set")
        return collection


def _client(place: Path | str) -> Any:
    """Chroma in a folder, made where there is none, or at the address of a server."""
    try:
        import chromadb
        from chromadb.config import Settings
    except ImportError:
        raise MissingExtra("chromadb", "memory") from None
    quiet = Settings(anonymized_telemetry=False)
    with _named(place):
        if isinstance(place, Path):
            check_free(place)
            place.mkdir(parents=True, exist_ok=True)
            return chromadb.PersistentClient(str(place), settings=quiet)
        server = urlsplit(place)
        secure = server.scheme == "https"
        port = server.port or (443 if secure else 8000)
        return chromadb.HttpClient(server.hostname or "", port, secure, settings=quiet)


def _name(collection: str, book: str) -> str:
    """Of a book's collection: Chroma allows letters, digits, dots, underscores and dashes."""
    return f"{collection}-{re.sub('[^A-Za-z0-9._-]', '-', book)}"


def check_free(folder: Path, damaged: bool = False) -> None:
    """Refuse a folder whose database somebody has locked: Chroma would wait for it without an end.

    One that is damaged is refused too, unless it may be.
    """
    file = folder / "chroma.sqlite3"
    if not file.exists():
        return
    try:
        with closing(sqlite3.connect(file, timeout=_LOCK_S, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        raise IndexUnavailable(f"another program has it locked ({error})") from error
    except sqlite3.DatabaseError as error:
        if damaged:
            return
        raise IndexUnavailable(f"it is damaged ({error})") from error


def state_vectors(trades: Sequence[Remembered]) -> Floats:
    """State vectors in fixed units, shape (n, axes): what is not known is in the middle."""
    return _fixed(np.array([one.state.vector() for one in trades]))


def _fixed(vectors: Floats) -> Floats:
    fixed: Floats = np.nan_to_num((vectors - PRIOR_CENTRE) / PRIOR_SCALE)
    return fixed


def _facts(trade: Remembered) -> dict[str, str | int]:
    return {
        "symbol": trade.symbol,
        "side": str(trade.side),
        "regime": str(trade.state.regime or ""),
        "known_at": int(micros(trade.known_at).astype(np.int64)),
        "closed_at": int(micros(trade.closed_at).astype(np.int64)),
    }


def _where(wanted: Wanted) -> dict[str, Any]:
    """The filters in Chroma's words."""
    conditions: list[dict[str, Any]] = [
        {"known_at": {"$lte": int(micros(wanted.as_of).astype(np.int64))}},
        *({name: {"$eq": str(value)}} for name in ("symbol", "side", "regime")
          if (value := getattr(wanted, name)) is not None),
    ]  # fmt: skip
    for name, moment in (("$gte", wanted.since), ("$lt", wanted.until)):
        if moment is not None:
            conditions.append({"closed_at": {name: int(micros(moment).astype(np.int64))}})
    return conditions[0] if len(conditions) == 1 else {"$and": conditions}


def _batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


@contextmanager
def _named(what: Path | str) -> Iterator[None]:
    """Whatever Chroma, its database or its server raises, as an IndexUnavailable."""
    try:
        yield
    except TraderError:
        raise
    except Exception as error:
        raise IndexUnavailable(f"{what}: {_line(error)}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of its Rust part, and no Exception
            raise
        raise IndexUnavailable(f"{what}: it broke: {_line(error)}") from error


def _line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
