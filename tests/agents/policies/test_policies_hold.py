"""What holds of every rule on any numbers: bounds, direction, and the same form from the same case."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agents.conftest import ORDINARY, make_case
from trader.agents.case import Case
from trader.agents.policies import POLICIES
from trader.agents.policies.policy import Policy
from trader.domain.opinions import P_MAX, P_MIN, Abstention, Opinion
from trader.domain.reports import Evidence
from trader.prompts.prompt import Tier

SENIORS = [policy for policy in POLICIES[Tier.SENIOR].values() if isinstance(policy, Policy)]
NUMBERS = [
    *(f"features.values.{name}" for name in ORDINARY["features"]["values"]),
    *(f"{tool}.{name}" for tool in ("fundamentals", "macro", "news") for name in ORDINARY[tool]),
    "forecast.p_up",
]
anything = st.one_of(st.none(), st.floats(), st.integers(-10, 10), st.just("text"))


@pytest.mark.parametrize("policy", SENIORS, ids=lambda policy: policy.name)
@settings(deadline=None)
@given(changes=st.dictionaries(st.sampled_from(NUMBERS), anything), base_rate=st.floats(0.0, 1.0))
def test_any_evidence_gives_a_form_within_its_bounds(
    policy: Policy, changes: dict[str, Any], base_rate: float
):
    case = make_case(changes, base_rate=base_rate)
    form = policy.judge("somebody", case)
    assert form == policy.judge("somebody", case)
    if isinstance(form, Opinion):
        assert form.p_up is None or P_MIN <= form.p_up <= P_MAX
        assert 0.0 <= form.size_cap <= 1.0
        assert form.stop is None or 0 < form.stop < case.price
        assert form.evidence
    else:
        assert isinstance(form, Abstention)
        assert form.reason
        assert not form.failed


@pytest.mark.parametrize(
    ("rule", "place", "low", "high", "rises"),
    [
        ("momentum", "features.values.return_252", -0.9, 5.0, True),
        ("value", "fundamentals.earnings_yield", -0.5, 0.5, True),
        ("value", "fundamentals.book_to_price", 0.0, 5.0, True),
        ("sentiment", "macro.credit_spread_z", -5.0, 5.0, True),
        ("sentiment", "macro.market_volatility_z", -5.0, 5.0, True),
        ("sentiment", "macro.vix_z", -5.0, 5.0, True),
        ("sentiment", "news.mean_sentiment", -1.0, 1.0, True),
        ("quant", "forecast.p_up", 0.0, 1.0, True),
        ("risk", "features.values.volatility_21", 0.0, 3.0, False),
        ("risk", "features.values.drawdown_252", -1.0, 0.0, True),
    ],
)
@settings(deadline=None)
@given(data=st.data(), base_rate=st.floats(0.3, 0.7))
def test_more_of_its_signal_never_moves_a_rule_the_other_way(
    rule: str, place: str, low: float, high: float, rises: bool, data: st.DataObject, base_rate: float
):
    number = st.floats(low, high)
    less, more = sorted((data.draw(number), data.draw(number)))
    before, after = (_number(rule, make_case({place: value}, base_rate=base_rate)) for value in (less, more))
    assert before <= after if rises else before >= after


@settings(deadline=None)
@given(lost=st.floats(-3, 3), more=st.floats(0, 3))
def test_the_more_was_lost_in_five_years_the_higher_the_forecast(lost: float, more: float):
    cases = [
        make_case({"fundamentals": "none", "features.values.reversal_60m": number})
        for number in (lost, lost + more)
    ]
    before, after = (_number("value", case) for case in cases)
    assert before <= after


@pytest.mark.parametrize("policy", SENIORS, ids=lambda policy: policy.name)
def test_the_order_in_a_dictionary_means_nothing(policy: Policy):
    case = make_case()
    turned = make_case(evidence={tool: _turned(item) for tool, item in reversed(case.evidence.items())})
    assert policy.judge("somebody", case) == policy.judge("somebody", turned)


def _number(rule: str, case: Case) -> float:
    policy = POLICIES[Tier.SENIOR][rule]
    assert isinstance(policy, Policy)
    form = policy.judge("somebody", case)
    assert isinstance(form, Opinion)
    return form.size_cap if form.p_up is None else form.p_up


def _turned(evidence: Evidence) -> Evidence:
    def turn(value: Any) -> Any:
        return (
            {key: turn(item) for key, item in reversed(value.items())} if isinstance(value, dict) else value
        )

    return evidence.model_copy(update={"result": turn(evidence.result)})
