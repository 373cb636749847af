"""Several askings of one question: what they come to, whatever came back first."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.agents.sampling import put_together
from trader.domain.opinions import P_MAX, P_MIN, Abstention, Opinion, Verdict, VerdictAction

stated = st.floats(P_MIN, P_MAX)


def opinion(p_up: float | None = 0.6, **fields: object) -> Opinion:
    return Opinion.model_validate({"agent": "value", "p_up": p_up, "reasoning": f"says {p_up}"} | fields)


def silence(reason: str = "nothing to go by", *, failed: bool = False) -> Abstention:
    return Abstention(agent="value", reason=reason, failed=failed)


@given(st.lists(stated, min_size=2, max_size=9))
def test_the_whole_is_the_mean_of_the_log_odds_and_its_words_are_those_of_the_nearest(said: list[float]):
    whole, place = put_together([opinion(p) for p in said])
    assert isinstance(whole, Opinion)
    odds = math.fsum(math.log(p / (1 - p)) for p in said) / len(said)
    assert whole.p_up == pytest.approx(min(max(1 / (1 + math.exp(-odds)), P_MIN), P_MAX), abs=1e-12)
    assert whole.samples == tuple(said)
    assert whole.reasoning == f"says {said[place]}"
    assert abs(said[place] - whole.p_up) == min(abs(p - whole.p_up) for p in said)
    assert Opinion.model_validate_json(whole.model_dump_json()) == whole


@given(st.lists(st.one_of(stated, st.none()), min_size=2, max_size=7), st.randoms())
def test_the_order_of_the_samples_moves_no_number(said: list[float | None], chance: object):
    forms = [silence() if p is None else opinion(p, size_cap=1 - p / 2) for p in said]
    mixed = list(forms)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = put_together(forms)[0], put_together(mixed)[0]
    assert type(one) is type(other)
    if isinstance(one, Opinion) and isinstance(other, Opinion):
        assert other.p_up == pytest.approx(one.p_up, abs=1e-12)
        assert other.size_cap == one.size_cap


def test_half_of_the_samples_silent_is_an_abstention_that_counts_them():
    whole, _ = put_together([opinion(0.6), silence("stale"), silence("stale"), opinion(0.7)])
    assert isinstance(whole, Abstention)
    assert whole.reason == "2 of 4 samples gave no opinion: stale"
    assert not whole.failed


def test_an_abstention_is_a_failure_where_every_silence_was_one():
    broken = silence("no form", failed=True)
    assert put_together([broken, broken, opinion()])[0].failed  # type: ignore[union-attr]
    assert not put_together([broken, silence(), opinion()])[0].failed  # type: ignore[union-attr]


def test_a_silent_sample_counts_against_the_agreement_of_those_that_spoke():
    whole, _ = put_together([opinion(0.6), silence(), opinion(0.62)])
    assert isinstance(whole, Opinion)
    assert whole.samples == (0.6, None, 0.62)
    assert whole.self_agreement(0.55) == pytest.approx(2 / 3)


def test_caps_and_stops_are_the_smaller_middle_and_a_stop_needs_more_than_half():
    caps = [opinion(size_cap=cap) for cap in (1.0, 0.2, 0.6, 0.8)]
    assert put_together(caps)[0].size_cap == 0.6  # type: ignore[union-attr]
    stops = [opinion(stop=Decimal(90)), opinion(stop=Decimal(80)), opinion()]
    assert put_together(stops)[0].stop == Decimal(80)  # type: ignore[union-attr]
    assert put_together(stops[1:])[0].stop is None  # type: ignore[union-attr]


def test_a_senior_without_a_direction_keeps_none():
    whole, _ = put_together([opinion(None, size_cap=0.5), opinion(None, size_cap=0.4)])
    assert isinstance(whole, Opinion)
    assert (whole.p_up, whole.size_cap) == (None, 0.4)
    assert whole.self_agreement(0.5) is None


def test_of_verdicts_it_is_the_one_in_the_middle():
    said = [
        Verdict(agent="executive", action=VerdictAction.APPROVE, reason="fine"),
        Verdict(agent="executive", action=VerdictAction.SHRINK, factor=0.4, reason="less"),
        Verdict(agent="executive", action=VerdictAction.VETO, factor=0.0, reason="no"),
    ]
    assert put_together(said) == (said[1], 1)
    assert put_together(said[::2])[0].reason == "no"  # type: ignore[union-attr]


def test_one_sample_is_itself():
    assert put_together([opinion()]) == (opinion(), 0)
    assert opinion().self_agreement(0.5) is None
