"""The desk's own time for a decision, by part, beside LangGraph alone; and how it grows."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.bare_graph import Turns, round_times
from benchmarks.crowd import write_crowd
from benchmarks.figures import Bound, Figure, Say, agreed, exponent, quantile
from benchmarks.watched import PARTS, Put, Round, watch, watch_closely
from trader.journal.records import DecisionMade, Step

ROUNDS = 60
TARGET = Bound("at most", 20.0)
CROWD_ROUNDS = 12
FEW, MANY = 4, 40
"""Symbols."""
CROWD_BARS = 750
"""Of each of them: enough to train on and to learn from."""
SHORT, LONG = 327, 3270
"""Bars, of one symbol."""


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """Run the sample, then LangGraph alone, the sample again part by part, and markets of other sizes."""
    say(f"{ROUNDS} rounds of the sample, once its history is scored")
    desk = watch(folder / "sample", {"run.cycles": ROUNDS})
    turns = Turns()
    empty, processor = round_times(desk.agents, desk.symbols, len(desk.rounds), turns)
    say("the same rounds, part by part")
    parts = watch_closely(folder / "sample", {"run.cycles": ROUNDS}).rounds
    peer = f"LangGraph of {len(turns.nodes)} empty nodes"
    yield agreed("agents' turns", recorded_turns(parts), turns.agents, peer)
    own = [one.own_ms / one.decisions for one in desk.rounds]
    bare = [took / len(desk.symbols) for took in empty]
    for share, target in ((0.5, TARGET), (0.95, None)):
        name = f"a decision, p{share * 100:.0f}"
        yield Figure(name, quantile(own, share), "ms", quantile(bare, share), peer, target)
    decisions = sum(one.decisions for one in desk.rounds)
    here = sum(one.processor_ms for one in desk.rounds) / decisions
    yield Figure("a decision, processor time", here, "ms", processor / decisions, peer)
    for part, ms in by_part(parts).items():
        yield Figure(f"  {part}, mean", ms, "ms")

    few, many = (_round_of(folder, symbols, CROWD_BARS, say) for symbols in (FEW, MANY))
    yield Figure(f"a round of {FEW} symbols, processor time", few, "ms")
    yield Figure(f"a round of {MANY} symbols, processor time", many, "ms")
    yield Figure("  grows with symbols, exponent", exponent(FEW, few, MANY, many))
    short, long = (_round_of(folder, 1, bars, say) for bars in (SHORT, LONG))
    yield Figure(f"a round of 1 symbol, {SHORT:,} bars, processor time", short, "ms")
    yield Figure(f"a round of 1 symbol, {LONG:,} bars, processor time", long, "ms")
    yield Figure("  grows with bars, exponent", exponent(SHORT, short, LONG, long))


def recorded_turns(rounds: Sequence[Round]) -> int:
    """Steps and decisions that were written down."""
    written = (
        record for one in rounds for entry in one.tape if not isinstance(entry, Put) for record in entry
    )
    return sum(isinstance(record, Step | DecisionMade) for record in written)


def by_part(rounds: Sequence[Round]) -> dict[str, float]:
    """Milliseconds a decision, by part and then what is left; means, so that they add up."""
    decisions = sum(one.decisions for one in rounds)
    parts = {part: sum(one.parts.get(part, 0.0) for one in rounds) / decisions for part in PARTS}
    return {**parts, "graph and rest": sum(one.own_ms for one in rounds) / decisions - sum(parts.values())}


def _round_of(folder: Path, symbols: int, bars: int, say: Say) -> float:
    """Median milliseconds of processor time of the last rounds of a made market."""
    say(f"{CROWD_ROUNDS} rounds of {symbols} symbols with {bars:,} bars")
    place = folder / f"{symbols} of {bars}"
    start = write_crowd(place / "data", symbols, bars, CROWD_ROUNDS)
    watched = watch(place, {"run.feed": f"files:{place / 'data'}", "run.start": start})
    return quantile((one.processor_ms for one in watched.rounds), 0.5)
