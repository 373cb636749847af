"""What learning may do to a decision: hold an entry back, add a voice to the pool; and what it may not."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graph.test_consensus import LEARNED, RULES, asked, opinion
from trader.domain.decisions import Decision, Outcome
from trader.domain.lessons import LearnedThresholds, Lessons
from trader.domain.trades import MarketState
from trader.graph.consensus import conclude
from trader.memory.rules import MEMORY, RECORD
from trader.memory.thresholds import BOUNDS


def decided(p: float, at: LearnedThresholds | None, **more: Any) -> Decision:
    """A decision of two seniors that say `p`, with thresholds where learning has put them."""
    learned = LEARNED.model_copy(update={"lessons": Lessons(thresholds=at)})
    return conclude(asked(opinion("a", p), opinion("b", p), learned=learned, **more), KEEN)


KEEN = replace(RULES, band=0.0, band_share=0.0)
"""No band: the least change is a trade."""


def with_an_edge_of(errors: float) -> float:
    """The least probability, to a thousandth, whose edge is above so many of its own errors."""
    return next(
        p / 1000
        for p in range(200, 990)
        if (made := decided(p / 1000, None)).edge is not None
        and made.edge_error is not None
        and made.edge > errors * made.edge_error
    )


@pytest.mark.parametrize(
    ("at", "by"),
    [
        (LearnedThresholds(edge_errors=2.0), "entry edge"),
        (LearnedThresholds(adx=25.0), "adx"),
        (LearnedThresholds(reward_to_risk=0.5), "reward to risk"),
    ],
)
def test_a_learned_threshold_holds_an_entry_back_and_says_so(at: LearnedThresholds, by: str) -> None:
    p, conditions = with_an_edge_of(1.3), MarketState(adx=20.0)
    assert decided(p, None, conditions=conditions).outcome is Outcome.TRADE
    held_back = decided(p, at, conditions=conditions)
    assert (held_back.outcome, held_back.target_weight) == (Outcome.HOLD, 0.0)
    assert [cut.by for cut in held_back.cuts][-1] == by


def test_a_lower_threshold_lets_an_entry_in_that_was_held_back() -> None:
    weak = with_an_edge_of(0.6)
    assert decided(weak, None).outcome is Outcome.HOLD
    assert decided(weak, LearnedThresholds(edge_errors=0.5)).outcome is Outcome.TRADE


@settings(deadline=None)
@given(
    p=st.floats(0.02, 0.98),
    held=st.integers(1, 50),
    values=st.tuples(*(st.floats(*bounds) for bounds in BOUNDS.values())),
)
def test_no_threshold_ever_changes_a_reduction(p: float, held: int, values: tuple[float, ...]) -> None:
    plain = decided(p, None, held=held)
    if plain.target_weight >= plain.held_weight:
        return
    at = LearnedThresholds.model_validate(dict(zip(BOUNDS, values, strict=True)))
    learned = decided(p, at, held=held, conditions=MarketState(adx=0.0))
    assert learned.target_weight == plain.target_weight
    assert learned.cause == plain.cause


def test_what_is_not_known_holds_nothing_back() -> None:
    assert decided(0.60, LearnedThresholds(adx=35.0)).outcome is Outcome.TRADE


def test_memory_is_heard_in_the_pool_and_counts_for_no_quorum() -> None:
    records = {"a": "a/rule:a", "b": "b/rule:b", MEMORY: RECORD}
    voice = opinion(MEMORY, 0.7)
    alone = conclude(asked(opinion("a", 0.6), voice, records=records), RULES)
    assert alone.outcome is Outcome.UNDECIDED
    two = opinion("a", 0.6), opinion("b", 0.6)
    without, heard = conclude(asked(*two), RULES), conclude(asked(*two, voice, records=records), RULES)
    assert without.pool is not None
    assert heard.pool is not None
    assert heard.pool.p_up > without.pool.p_up
    assert sum(one.weight for one in heard.pool.contributions) == pytest.approx(1.0)
