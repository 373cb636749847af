"""The executive lets agreement pass, shrinks dispute, and never does the same thing every time."""

from collections import Counter
from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from tests.agents.conftest import make_case, opinions
from trader.agents.policies.executive import rule
from trader.domain.opinions import Abstention, Opinion, Verdict, VerdictAction

APPROVE, SHRINK, VETO = VerdictAction


def cap(size: float) -> Opinion:
    return Opinion(agent="risk", size_cap=size, reasoning="because")


def verdict(*forms: Opinion | Abstention, base_rate: float = 0.5) -> Verdict:
    return rule("executive", make_case(base_rate=base_rate, opinions=forms))


@pytest.mark.parametrize(
    ("forms", "action", "factor", "reason"),
    [
        (
            opinions(momentum=0.55, value=0.53),
            APPROVE, 1.0,
            "above the base rate: momentum, value; below: nobody; dissent 0 %, 33 % tolerated",
        ),
        (
            opinions(momentum=0.45, value=0.47),
            APPROVE, 1.0,
            "above the base rate: nobody; below: momentum, value; dissent 0 %, 33 % tolerated",
        ),
        (
            opinions(momentum=0.55, value=0.45),
            VETO, 0.0,
            "an even split: above the base rate: momentum; below: value; dissent 50 %, 33 % tolerated",
        ),
        (
            opinions(momentum=0.501, value=0.499),
            APPROVE, 1.0,
            "above the base rate: momentum; below: value; dissent 0 %, 33 % tolerated",
        ),
        (
            opinions(momentum=0.55, sentiment=None),
            APPROVE, 1.0,
            "above the base rate: momentum; below: nobody; dissent 0 %, 33 % tolerated",
        ),
        (
            (*opinions(momentum=0.55, value=0.53), cap(0.05)),
            VETO, 0.0,
            "risk allows 5 % of the limit",
        ),
        (
            (*opinions(momentum=0.55, value=0.53), cap(0.3)),
            APPROVE, 1.0,
            "above the base rate: momentum, value; below: nobody; dissent 0 %, 33 % tolerated",
        ),
        ((), APPROVE, 1.0, "above the base rate: nobody; below: nobody; dissent 0 %, 33 % tolerated"),
    ],
)  # fmt: skip
def test_a_verdict_names_who_stands_where(
    forms: tuple[Opinion | Abstention, ...], action: VerdictAction, factor: float, reason: str
):
    assert verdict(*forms) == Verdict(agent="executive", action=action, factor=factor, reason=reason)


def test_dispute_is_shrunk_in_a_straight_line():
    """Log-odds +0.3 and -0.2 from the base rate: dissent 0.4, six tenths of the way from an even split."""
    up, down = 1 / (1 + exp(-0.3)), 1 / (1 + exp(0.2))
    said = verdict(*opinions(momentum=up, value=down))
    assert said.action is SHRINK
    assert said.factor == pytest.approx(0.6)


def test_sides_are_counted_from_the_base_rate_and_not_from_a_coin():
    assert verdict(*opinions(momentum=0.57, value=0.53), base_rate=0.5).action is APPROVE
    assert verdict(*opinions(momentum=0.57, value=0.53), base_rate=0.55).action is VETO


forecasts = st.lists(st.floats(0.35, 0.75), min_size=0, max_size=6)


@settings(deadline=None)
@given(forecasts, st.floats(0.0, 1.0), st.floats(0.4, 0.65))
def test_any_opinions_get_a_verdict_that_never_enlarges(ps: list[float], size: float, base_rate: float):
    forms = [Opinion(agent=f"a{number}", p_up=p, reasoning="because") for number, p in enumerate(ps)]
    said = verdict(*forms, cap(size), base_rate=base_rate)
    assert 0.0 <= said.factor <= 1.0
    assert said == verdict(cap(size), *reversed(forms), base_rate=base_rate)


def test_on_plausible_days_it_neither_approves_nor_vetoes_always():
    """Four seniors with weak, independent views around the base rate, and the caps of an ordinary market."""
    chance = default_rng(7)
    actions: Counter[VerdictAction] = Counter()
    for _ in range(1000):
        base_rate = chance.uniform(0.5, 0.58)
        views = base_rate + chance.normal(0.0, 0.03, size=4)
        forms = opinions(**dict(zip(("momentum", "value", "sentiment", "quant"), views, strict=True)))
        size = float(min(1.0, chance.lognormal(-0.3, 0.5)))
        actions[verdict(*forms, cap(size), base_rate=base_rate).action] += 1
    assert set(actions) == {APPROVE, SHRINK, VETO}
    assert actions[VETO] < 250
    assert actions[APPROVE] < 750
