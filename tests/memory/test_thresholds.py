"""Thresholds move on evidence alone, never out of their bounds, and say why."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trader.domain.lessons import LearnedThresholds
from trader.memory.experience import Experience, Floats
from trader.memory.thresholds import BOUNDS, learn_thresholds, placed

SET = LearnedThresholds()


def known(**entries: Floats) -> Experience:
    """Cases of one symbol, one a day; `returns` are the event's, the rest what thresholds measure."""
    returns = entries.pop("returns")
    n = len(returns)
    days = np.datetime64("2020-01-01", "s") + np.arange(n) * np.timedelta64(86_400, "s")
    return Experience(
        decided=days,
        symbol=np.full(n, "A"),
        base_rate=np.full(n, 0.5),
        happened=(returns > 0).astype(np.float64),
        weight=np.ones(n),
        returns=returns,
        entries={"cost": np.zeros(n), **entries},
    )


def trending(n: int = 500, seed: int = 0) -> Experience:
    """Entries pay where ADX is above 20, and lose below."""
    rng = np.random.default_rng(seed)
    adx = rng.uniform(5, 45, n)
    returns = np.where(adx > 20, 0.01, -0.02) + rng.normal(scale=0.02, size=n)
    return known(adx=adx, agreement=rng.uniform(size=n), returns=returns)


def test_a_floor_that_would_have_paid_is_turned_on_and_says_why() -> None:
    learned, changes = learn_thresholds(trending(), SET, None)
    assert learned.adx is not None
    assert 12.0 < learned.adx < 25.0
    (change,) = changes
    assert (change.kind, change.subject, change.before) == ("threshold", "adx", {"value": None})
    assert change.after == {"value": learned.adx}
    assert change.evidence["t"] > 2.0
    assert change.text.startswith("adx: from off to ")
    assert learn_thresholds(trending(), SET, learned) == (learned, ())


def test_little_evidence_moves_nothing() -> None:
    assert learn_thresholds(trending(25), SET, None) == (SET, ())


def test_what_the_evidence_no_longer_says_is_taken_back() -> None:
    learned, _ = learn_thresholds(trending(), SET, None)
    rng = np.random.default_rng(1)
    noise = known(adx=rng.uniform(5, 45, 500), returns=np.abs(rng.normal(scale=0.02, size=500)))
    again, changes = learn_thresholds(noise, SET, learned)
    assert again == SET
    assert changes[0].text.startswith("adx: from ")
    assert " to off" in changes[0].text


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    name=st.sampled_from(sorted(BOUNDS)),
    strength=st.floats(-50, 50),
    spread=st.floats(0.01, 100),
)
def test_no_evidence_moves_a_threshold_out_of_its_bounds(
    seed: int, name: str, strength: float, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(scale=spread, size=300)
    net = strength * x / spread + rng.normal(size=300)
    place = placed(x, net, np.ones(300), getattr(SET, name), BOUNDS[name])
    assert place.value is None or BOUNDS[name].low <= place.value <= BOUNDS[name].high


def test_noise_seldom_moves_a_threshold() -> None:
    moved = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        x, net = rng.uniform(0, 3, 400), rng.normal(size=400)
        moved += placed(x, net, np.ones(400), 1.0, BOUNDS["edge_errors"]).value != 1.0
    assert moved <= 15


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_what_is_set_lies_within_the_bounds(name: str) -> None:
    value = getattr(SET, name)
    assert value is None or BOUNDS[name].low <= value <= BOUNDS[name].high
