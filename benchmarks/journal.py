"""Recording decisions, synced, beside SQLAlchemy's object-relational mapper writing the same rows."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter

from sqlalchemy import select

from benchmarks.figures import Bound, Disagreement, Figure, Say, agreed, exponent
from benchmarks.object_mapper import MappedJournal
from benchmarks.tape import Batch, by_decision, by_round
from benchmarks.watched import Put, watch_closely
from trader.journal import opening, schema
from trader.journal.writer import Journal

ROUNDS = 40
FEW = 4
"""Rounds of the smaller size, a tenth."""
REPEATS = 5
PEER = "SQLAlchemy ORM"


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """Tape a run, then play the tape into new journals, this one and the peer's by turns."""
    say(f"{ROUNDS} rounds of the sample, to have what a run writes down")
    taped = watch_closely(folder / "taped", {"run.cycles": ROUNDS}).rounds
    decisions = sum(one.decisions for one in taped)
    few = sum(one.decisions for one in taped[:FEW])

    say(f"writing {decisions} decisions {REPEATS} times each way")
    single = by_decision(taped)
    here, peer = _times(folder, single)
    yield agreed("rows read back", *rows_of_both(folder), PEER)
    yield Figure(
        "decisions a second, each synced",
        decisions / here,
        "/s",
        decisions / peer,
        PEER,
        Bound("at least", 3.0, "ratio"),
    )
    small, _ = _times(folder, by_decision(taped[:FEW]))
    yield Figure(
        f"  grows with decisions, {few} to {decisions}, exponent", exponent(few, small, decisions, here)
    )
    here, peer = _times(folder, by_round(taped))
    rows, _ = rows_of_both(folder)
    yield Figure("decisions a second, each round synced", decisions / here, "/s", decisions / peer, PEER)
    yield Figure("rows a second, each round synced", rows / here, "/s", rows / peer, PEER)
    yield Figure("rows a decision", rows / decisions)
    yield Figure(
        "bytes a decision",
        _here(folder).stat().st_size / decisions,
        "B",
        _peer(folder).stat().st_size / decisions,
        PEER,
    )


def _here(folder: Path) -> Path:
    return folder / "here.sqlite3"


def _peer(folder: Path) -> Path:
    return folder / "peer.sqlite3"


def _times(folder: Path, batches: Sequence[Batch]) -> tuple[float, float]:
    """Median seconds to write the batches here and with the peer, by turns. The files stay."""
    here, peer = zip(*(write_both(folder, batches) for _ in range(REPEATS)), strict=True)
    return median(here), median(peer)


def write_both(
    folder: Path, batches: Sequence[Batch], for_peer: Sequence[Batch] | None = None
) -> tuple[float, float]:
    """Seconds to write the batches into a new journal here, and into one of the peer's."""
    for path in (_here(folder), _peer(folder)):
        path.unlink(missing_ok=True)
    with Journal.open(_here(folder)) as journal:
        here = _seconds(lambda batch: _write(journal, batch), batches)
    with closing(MappedJournal(_peer(folder))) as mapped:
        peer = _seconds(mapped.write, batches if for_peer is None else for_peer)
    return here, peer


def _write(journal: Journal, batch: Batch) -> None:
    """As the desk does: what is large, what happened, and wait for the disk."""
    for entry in batch:
        if isinstance(entry, Put):
            journal.put(entry.value)
        else:
            journal.append(*entry)
    journal.commit()


def _seconds(write: Callable[[Batch], None], batches: Sequence[Batch]) -> float:
    """Until the last batch is on disk; the file is open before and closed after."""
    began = perf_counter()
    for batch in batches:
        write(batch)
    return perf_counter() - began


def rows_of_both(folder: Path) -> tuple[int, int]:
    """How many rows each file has. Raises Disagreement where they are not the same rows."""
    here, peer = contents_of_both(folder)
    for name in here:
        if here[name] != peer[name]:
            raise Disagreement(f"the rows of {name}")
    return sum(map(len, here.values())), sum(map(len, peer.values()))


def contents_of_both(folder: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Every row by table, without its number and in an order of its own."""
    return _contents(_here(folder)), _contents(_peer(folder))


def _contents(path: Path) -> dict[str, list[str]]:
    engine = opening.for_reading(path)
    with engine.begin() as connection:
        found = {
            table.name: sorted(
                map(repr, connection.execute(select(*(c for c in table.c if c.name != "seq"))).all())
            )
            for table in schema.RECORDED
        }
    engine.dispose()
    return found
