"""Recall is the brute-force answer, knows nothing that came later, and ranks by the formula on the page."""

import math
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.memory.past import DAY, START, SYMBOLS, remembered, state
from trader.domain.market import Regime
from trader.domain.signals import Direction
from trader.domain.trades import MarketState
from trader.journal.memories import Remembered
from trader.memory import recall as module
from trader.memory.recall import (
    PRIOR_CENTRE,
    PRIOR_SCALE,
    PRIOR_STRENGTH,
    Memory,
    Wanted,
    diverse,
    recall,
    resemblance,
    units,
)

TRADES = remembered(600)
MEMORY = Memory.of(TRADES)
NOW = START + 100 * DAY


def brute_force(trades: list[Remembered], wanted: Wanted, count: int) -> list[tuple[str, float]]:
    """Trade by trade and axis by axis, in plain Python."""
    known = [one for one in trades if one.known_at <= wanted.as_of]
    axes = range(len(PRIOR_CENTRE))
    centre, scale = [], []
    for axis in axes:
        values = [one.state.vector()[axis] for one in known if not math.isnan(one.state.vector()[axis])]
        share = len(values) / (len(values) + PRIOR_STRENGTH)
        middle = share * (sum(values) / len(values) if values else 0.0) + (1 - share) * PRIOR_CENTRE[axis]
        spread = sum((value - middle) ** 2 for value in values) / len(values) if values else 0.0
        centre.append(middle)
        scale.append(math.sqrt(share * spread + (1 - share) * PRIOR_SCALE[axis] ** 2))
    here = wanted.state.vector()
    scored = []
    for row, one in enumerate(known):
        if wanted.symbol not in (None, one.symbol) or wanted.side not in (None, one.side):
            continue
        if wanted.regime not in (None, one.state.regime):
            continue
        if wanted.since is not None and one.closed_at < wanted.since:
            continue
        if wanted.until is not None and one.closed_at >= wanted.until:
            continue
        there = one.state.vector()
        gaps = [((there[axis] - here[axis]) / scale[axis]) ** 2 for axis in axes]
        shared = [gap for gap in gaps if not math.isnan(gap)]
        similarity = math.exp(-sum(shared) / len(shared) / 2) if len(shared) >= 5 else 0.0
        age = (wanted.as_of - one.closed_at) / DAY
        scored.append((0.7 * similarity + 0.3 * 0.5 ** (age / 90), row, one.id))
    best = sorted(scored, key=lambda one: (-one[0], -one[1]))[:count]
    return [(id, score) for score, _, id in best]


@pytest.mark.parametrize("seed", range(6))
def test_recall_is_the_brute_force_answer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wanted = Wanted(
        as_of=START + float(rng.uniform(10, 160)) * DAY,
        state=state(rng),
        symbol=SYMBOLS[0] if seed % 2 else None,
        side=Direction.LONG if seed % 3 else None,
        regime=Regime.BULL if seed % 4 == 1 else None,
        since=START + 20 * DAY if seed == 2 else None,
        until=START + 60 * DAY if seed == 3 else None,
    )
    found = recall(MEMORY, wanted, 10)
    expected = brute_force(TRADES, wanted, 10)
    assert [one.id for one in found.trades] == [id for id, _ in expected]
    assert found.score == pytest.approx([score for _, score in expected], abs=1e-12)
    assert expected


def said(trades: list[Remembered], as_of: datetime) -> bytes:
    found = recall(Memory.of(trades), Wanted(as_of, state(np.random.default_rng(5)), side=Direction.LONG), 20)
    names = " ".join(one.id for one in found.trades).encode()
    return names + found.score.tobytes() + found.similarity.tobytes() + diverse(found, 5).tobytes()


@settings(max_examples=15, deadline=None)
@given(cut=st.integers(1, 590), seed=st.integers(1, 10_000), kept=st.floats(0, 1))
def test_not_a_byte_of_it_depends_on_later_trades(cut: int, seed: int, kept: float) -> None:
    as_of = TRADES[cut].known_at
    rng = np.random.default_rng(seed)
    later = [
        replaced
        for one in TRADES[cut + 1 :]
        if rng.random() < kept
        for replaced in [one._replace(state=state(rng), net_return=float(rng.normal()))]
    ]
    before = TRADES[: cut + 1]
    assert said(before, as_of) == said(before + later, as_of) == said(TRADES, as_of)


def test_a_trade_is_known_from_the_round_that_knew_of_it_and_not_before() -> None:
    one = TRADES[7]
    wanted = Wanted(one.known_at - timedelta(microseconds=1), one.state)
    assert one.id not in {found.id for found in recall(MEMORY, wanted, 100).trades}
    assert recall(MEMORY, replace(wanted, as_of=one.known_at), 1).trades[0].id == one.id


def test_the_score_is_seven_tenths_likeness_and_three_tenths_youth() -> None:
    old, young = TRADES[0], TRADES[1]
    old = old._replace(closed_at=NOW - 90 * DAY)
    young = young._replace(closed_at=NOW, known_at=NOW)
    found = recall(Memory.of([old, young]), Wanted(NOW, old.state), 2)
    scores = dict(zip((one.id for one in found.trades), found.score, strict=True))
    assert scores[old.id] == pytest.approx(0.7 + 0.15)
    assert scores[young.id] == pytest.approx(0.7 * found.similarity[1] + 0.3)


def test_without_trades_axes_have_their_fixed_units_and_many_trades_outvote_them() -> None:
    centre, scale = units(MEMORY, 0)
    assert (centre == PRIOR_CENTRE).all()
    assert scale == pytest.approx(PRIOR_SCALE)
    centre, scale = units(MEMORY, len(MEMORY))
    share = len(MEMORY) / (len(MEMORY) + PRIOR_STRENGTH)
    assert centre == pytest.approx(
        share * np.nanmean(MEMORY.vectors, axis=0) + (1 - share) * PRIOR_CENTRE, abs=0.01
    )
    assert (np.abs(scale / np.nanstd(MEMORY.vectors, axis=0) - 1.0) < 0.1).all()


def test_a_trade_that_shares_too_few_numbers_resembles_nothing() -> None:
    bare = TRADES[0]._replace(state=MarketState(rsi=50.0, adx=20.0))
    assert recall(Memory.of([bare]), Wanted(NOW, state(np.random.default_rng(1))), 1).similarity == [0.0]


def test_what_is_shown_does_not_repeat_itself() -> None:
    twin = TRADES[0]
    twins = [twin._replace(id=f"t{'x' * 15}{number}", closed_at=NOW, known_at=NOW) for number in range(5)]
    other = TRADES[1]._replace(closed_at=NOW, known_at=NOW)
    found = recall(Memory.of([*twins, other]), Wanted(NOW, twin.state), 6)
    assert found.trades[-1].id == other.id
    assert {found.trades[row].id for row in diverse(found, 2)} >= {other.id}
    assert len(diverse(found, 50)) == 6


def test_trades_that_join_later_are_found_as_if_they_had_always_been_there() -> None:
    wanted = Wanted(NOW, state(np.random.default_rng(3)))
    grown = Memory.of(TRADES[:200]).joined(TRADES[200:201]).joined(TRADES[201:]).joined([])
    shuffled = Memory.of(TRADES[300:]).joined(TRADES[:300])
    whole = recall(MEMORY, wanted, 10)
    for other in (grown, shuffled):
        assert recall(other, wanted, 10).trades == whole.trades
        assert (recall(other, wanted, 10).score == whole.score).all()


class Nearby:
    """An index that names the true neighbours by likeness alone, as many as it is asked for times ten."""

    def __init__(self, answers: bool = True) -> None:
        self.asked, self.answers = 0, answers

    def candidates(self, wanted: Wanted, count: int) -> list[str] | None:
        self.asked += 1
        if not self.answers:
            return None
        likeness = resemblance(
            (MEMORY.vectors - PRIOR_CENTRE) / PRIOR_SCALE,
            (wanted.state.vector() - PRIOR_CENTRE) / PRIOR_SCALE,
        )
        rows = np.argsort(-likeness)[: count * 10]
        return [MEMORY.trades[row].id for row in rows] + ["t-unknown"]


@pytest.mark.parametrize("answers", [True, False])
def test_beyond_the_exact_size_an_index_names_the_candidates(
    answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXACT_UP_TO", 500)
    wanted = Wanted(START + 160 * DAY, state(np.random.default_rng(2)))
    index = Nearby(answers)
    found = recall(replace(MEMORY, index=index), wanted, 10)
    exact = {one.id for one in recall(MEMORY, wanted, 10).trades}
    assert index.asked == 1
    assert len(exact & {one.id for one in found.trades}) >= (9 if answers else 10)
