"""Recall over 10,000 and 100,000 closed trades, beside Chroma asked the same in the same run."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np

from benchmarks.figures import Bound, Disagreement, Figure, Say, exponent, quantile
from tests.memory.past import DAY, START, remembered, state
from trader.domain.signals import Direction
from trader.journal.memories import Remembered
from trader.memory.embedding import HashedWords
from trader.memory.index import TradeIndex
from trader.memory.recall import EXACT_UP_TO, Memory, Wanted, diverse, recall

FEW, MANY = 10_000, EXACT_UP_TO
ASKED = 100
"""Questions of each kind."""
TOP = 10
PEER = "Chroma, no decay"
MS = 1_000.0


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """The same trades and questions for both; the peer ranks by distance alone, in fixed units."""
    say(f"inventing {MANY:,} trades")
    trades = remembered(MANY)
    few, many = Memory.of(trades[:FEW]), Memory.of(trades)
    questions = [question(seed, FEW) for seed in range(ASKED)]
    _check(few, questions[:10])
    say(f"putting {FEW:,} of them into Chroma")
    index = TradeIndex.open(folder / "chroma", "book", HashedWords())
    index.remember(trades[:FEW], ())
    try:
        yield from _beside(few, questions, index)
        yield _share(few, questions, index)
    finally:
        index.close()
    here = _times(lambda one: recall(many, one, TOP), [question(seed, MANY) for seed in range(ASKED)])
    yield Figure(f"recall over {MANY:,} trades, filters, median", median(here), "ms")
    small, large = _processor(few, FEW), _processor(many, MANY)
    yield Figure(f"  grows with trades, {FEW:,} to {MANY:,}, exponent", exponent(FEW, small, MANY, large))
    began = perf_counter()
    many.joined([_later(trades[-1])])
    yield Figure(f"one more trade remembered beside {MANY:,}", (perf_counter() - began) * MS, "ms")


def question(seed: int, count: int) -> Wanted:
    """Longs in conditions of their own, at a moment in the last tenth of `count` trades."""
    rng = np.random.default_rng(seed)
    return Wanted(START + count / 4 * float(rng.uniform(0.9, 1.0)) * DAY, state(rng), side=Direction.LONG)


def _beside(memory: Memory, questions: list[Wanted], index: TradeIndex) -> Iterator[Figure]:
    here = _times(lambda one: recall(memory, one, TOP), questions)
    theirs = _times(lambda one: index.candidates(one, TOP), questions)
    what = f"recall over {FEW:,} trades, filters and decay"
    yield Figure(f"{what}, median", median(here), "ms", median(theirs), PEER, Bound("at most", 5.0))
    yield Figure(f"{what}, p95", quantile(here, 0.95), "ms", quantile(theirs, 0.95), PEER)
    plain = [Wanted(one.as_of, one.state) for one in questions]
    here = _times(lambda one: recall(memory, one, TOP), plain)
    theirs = _times(lambda one: index.candidates(one, TOP), plain)
    yield Figure(f"recall over {FEW:,} trades, no filter, median", median(here), "ms", median(theirs), PEER)
    shown = _times(lambda one: diverse(recall(memory, one, 30), 5), questions)
    yield Figure("with five of thirty chosen to differ, median", median(shown), "ms")


def _share(memory: Memory, questions: list[Wanted], index: TradeIndex) -> Figure:
    """How many of the true best ten it finds among the index's candidates, as beyond the exact size."""
    found = wanted = 0
    for one in questions:
        exact = {trade.id for trade in recall(memory, one, TOP).trades}
        rows = np.array([memory.rows[id] for id in index.candidates(one, TOP)])
        found += len(exact & {trade.id for trade in recall(memory, one, TOP, rows).trades})
        wanted += len(exact)
    return Figure(
        "best ten found through Chroma's candidates", found / wanted, target=Bound("at least", 0.99)
    )


def _check(memory: Memory, questions: list[Wanted]) -> None:
    """Recall is the sorted whole. Raises Disagreement."""
    for one in questions:
        best, every = recall(memory, one, TOP), recall(memory, one, len(memory))
        order = sorted(range(len(every.trades)), key=lambda row: -every.score[row])[:TOP]
        if [trade.id for trade in best.trades] != [every.trades[row].id for row in order]:
            raise Disagreement(f"the best {TOP} of {len(every.trades):,}: another {TOP} by sorting")


def _times(ask: Callable[[Wanted], object], questions: list[Wanted]) -> list[float]:
    """Milliseconds of each question; the first one is asked once before."""
    ask(questions[0])
    taken = []
    for one in questions:
        began = perf_counter()
        ask(one)
        taken.append((perf_counter() - began) * MS)
    return taken


def _processor(memory: Memory, count: int) -> float:
    questions = [question(seed, count) for seed in range(ASKED)]
    began = process_time()
    for one in questions:
        recall(memory, one, TOP)
    return process_time() - began


def _later(trade: Remembered) -> Remembered:
    return trade._replace(id="t-later", known_at=trade.known_at + timedelta(days=1))
