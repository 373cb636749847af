"""One decision with a model for every senior, the news junior and the executive, over a socket."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from benchmarks.crowd import write_crowd
from benchmarks.figures import Bound, Figure, Say, quantile
from benchmarks.model_server import answering_after
from benchmarks.watched import Watched, watch
from trader.journal.reader import JournalReader
from trader.journal.records import ModelCalled
from trader.runner import ClosedRound, Opening

MS = 200
"""What each answer takes at the server."""
BARS = 750
ROUNDS = 12
WARM = 2
"""Rounds that are left out: connections are made, and the client is set up."""
ONE, MANY = 1, 20
"""Symbols of a round."""
AGENTS = 7
"""News, five seniors, the executive."""


OWN = ("MainThread", "journal", "tools")
"""Threads of the desk. The others are litellm's: its loop, and what it starts beside."""


@dataclass
class ThreadsWatched(Watched):
    """Knows the processor time of the desk's own threads in each round; 0 where the system does not tell."""

    own: list[float] = field(default_factory=list)
    _before: float = 0.0

    def opened(self, opening: Opening) -> None:
        """From here on it counts."""
        super().opened(opening)
        self._before = own_seconds()

    def round_closed(self, closed: ClosedRound) -> None:
        """What the round took."""
        super().round_closed(closed)
        now = own_seconds()
        self.own.append((now - self._before) * 1000.0)
        self._before = now


def own_seconds() -> float:
    """Processor time of the desk's threads since they began."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return 0.0
    clocks = (time.pthread_getcpuclockid(one.ident or 0) for one in threading.enumerate() if one.name in OWN)
    return sum(time.clock_gettime(clock) for clock in clocks)


@dataclass(frozen=True)
class Asked:
    """A round, and the calls that were made in it."""

    ms: float
    own_ms: float
    """Of processor time, by the desk's own threads."""
    calls: Sequence[ModelCalled]

    @property
    def at_once(self) -> int:
        """Calls under way at the same moment, at most."""
        ends = [(call.at.timestamp(), -1) for call in self.calls]
        begins = [(call.at.timestamp() - call.ms / 1000.0, 1) for call in self.calls]
        open_calls = most = 0
        for _, step in sorted(ends + begins):
            open_calls += step
            most = max(most, open_calls)
        return most


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """Rounds of one symbol and of twenty, each answer after 200 ms and no limit of the provider's."""
    with answering_after(MS) as address:
        say(f"{ROUNDS} rounds of {ONE} symbol, {MS} ms a call")
        one = rounds(folder / "one", ONE, address)
        say(f"{ROUNDS} rounds of {MANY} symbols")
        many = rounds(folder / "many", MANY, address)
    whole = quantile((asked.ms for asked in one), 0.5)
    stages = {len({call.stage for call in asked.calls}) for asked in one}
    yield Figure("calls of a decision", max(len(asked.calls) for asked in one))
    yield Figure("  one after the other", max(stages), target=Bound("at most", 3))
    yield Figure("  at once", min(asked.at_once for asked in one), target=Bound("at least", 4))
    tokens = (sum(call.tokens_in for call in asked.calls) for asked in one)
    yield Figure("  prompt tokens", max(tokens), target=Bound("at most", 20_000))
    yield Figure("  cost", float(max(sum(call.usd for call in asked.calls) for asked in one)), "USD")
    yield Figure("a decision, p50", whole, "ms", target=Bound("at most", 800.0))
    if own := [asked.own_ms for asked in one if asked.own_ms]:
        what = "  the desk's own processor time, p50"
        yield Figure(what, quantile(own, 0.5), "ms", target=Bound("at most", 20.0))
    yield Figure("  a call beyond the server, p50", quantile(beyond(one), 0.5), "ms")
    together = quantile((asked.ms for asked in many), 0.5)
    bound = Bound("at most", 1.3 * whole + 50.0 * MANY)
    yield Figure(f"a round of {MANY} symbols, p50", together, "ms", whole, f"{ONE} symbol", bound)


def beyond(asked: Sequence[Asked]) -> list[float]:
    """What each call took besides the server's own time."""
    return [call.ms - MS for one in asked for call in one.calls]


def rounds(folder: Path, symbols: int, address: str) -> list[Asked]:
    """The rounds of a made market, the first ones left out. Raises AssertionError where a call is missing."""
    data = folder / "data"
    start = write_crowd(data, symbols, BARS, ROUNDS)
    write_news(data, start)
    roles = {f"llm.roles.{role}.models": ("openai/small",) for role in ("fast", "careful")}
    bases = {f"llm.roles.{role}.api_base": address for role in ("fast", "careful")}
    flags = {"run.feed": f"files:{data}", "run.start": start, **roles, **bases}
    watched = ThreadsWatched()
    watch(folder, flags, watched)
    took = zip(watched.rounds, watched.own, calls_of(folder), strict=True)
    found = [Asked(one.own_ms, own, calls) for one, own, calls in took][WARM:]
    for asked in found:
        if len(asked.calls) != symbols * AGENTS or any(call.error_kind for call in asked.calls):
            raise AssertionError(f"{len(asked.calls)} calls of {symbols * AGENTS}, or one failed")
    return found


def calls_of(folder: Path) -> list[list[ModelCalled]]:
    """The calls of each round, in its order."""
    with JournalReader(folder / ".trader" / "journal.sqlite3") as reader:
        book = reader.books()[-1]
        return [reader.model_calls(round=one.round) for one in reader.rounds(book.id)]


def write_news(folder: Path, start: date) -> None:
    """A headline a day of each instrument, so that the news junior has something to read."""
    names = sorted(path.name.partition(".")[0] for path in folder.glob("*.1d.csv"))
    days = (start + timedelta(days=day) for day in range(-5, 2 * ROUNDS))
    lines = (
        {"published_at": f"{day}T12:00:00Z", "symbols": names, "title": f"Shares little changed on {day:%A}"}
        for day in days
    )
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "news.jsonl").write_text(text, encoding="utf-8")
