"""Decisions become cases when their event has resolved, and nothing later changes them."""

from datetime import timedelta

import numpy as np
import pytest

from tests.properties.desks import HORIZON, SYMBOLS, rising
from tests.tools.markets import close_of
from trader.data.market import Market
from trader.data.perturbation import Future, perturbed
from trader.domain.lessons import LearnedThresholds, Lessons
from trader.domain.market import Regime
from trader.domain.trades import AXES, MarketState
from trader.domain.value import canonical_json
from trader.memory.cases import outcomes
from trader.memory.experience import Case, Experience, experience, facts_of
from trader.memory.reflection import reflect

SOURCE = rising(500)
NOW = close_of(400)


def cases() -> list[Case]:
    """A decision at each close of 120 and each symbol, some of them later than NOW."""
    rng = np.random.default_rng(0)
    made = []
    for bar in range(300, 420):
        for symbol in SYMBOLS:
            state = MarketState(rsi=float(rng.uniform(0, 100)), adx=float(rng.uniform(5, 45)))
            entry = {"cost": 0.0, "adx": state.adx or 0.0, "edge_errors": float(rng.uniform(0, 3))}
            made.append(Case(close_of(bar), symbol, facts_of(state), 0.55, entry))
    return made


def known(market: Market = SOURCE) -> Experience:
    view = market.view(NOW)
    return experience(cases(), tuple(outcomes(view, one, HORIZON) for one in SYMBOLS), HORIZON, 0.2)


def test_only_decisions_whose_event_has_resolved_are_cases() -> None:
    found = known()
    assert len(found) == (400 - HORIZON - 300 + 1) * len(SYMBOLS)
    assert found.overlap == HORIZON
    assert found.worth < len(found) / HORIZON * 1.5
    assert np.all(found.decided <= np.datetime64(close_of(400 - HORIZON).replace(tzinfo=None)))


@pytest.mark.parametrize("future", list(Future))
def test_no_future_changes_rules_or_thresholds(future: Future) -> None:
    def learned(experienced: Experience) -> str:
        made = reflect(Lessons(), experienced, 10, NOW, thresholds=LearnedThresholds())
        return canonical_json([made.lessons, list(made.changes)])

    real = known()
    other = known(perturbed(SOURCE, NOW, future))
    assert other.returns.tobytes() == real.returns.tobytes()
    assert other.weight.tobytes() == real.weight.tobytes()
    assert learned(other) == learned(real)


def test_what_rules_may_speak_of_are_the_axes_of_a_markets_state() -> None:
    facts = facts_of(MarketState(rsi=40.0, regime=Regime.BEAR))
    assert tuple(facts) == AXES
    assert (facts["rsi"], facts["regime"], facts["adx"]) == (40.0, "bear", None)


def test_a_case_of_a_symbol_that_left_the_book_is_left_out() -> None:
    stranger = Case(close_of(310), "ZZZ", {}, 0.5)
    view = SOURCE.view(NOW + timedelta(days=1))
    found = experience([stranger], (outcomes(view, SYMBOLS[0], HORIZON),), HORIZON, 0.0)
    assert len(found) == 0
