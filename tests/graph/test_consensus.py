"""The arithmetic from opinions to a decision: recomputed by hand, and what no input may bring about."""

from datetime import UTC, datetime
from decimal import Decimal
from math import exp, log, sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.domain.decisions import Decision, Outcome
from trader.domain.ids import BookId, RoundId
from trader.domain.learned import ByRegime, Calibration, LearnedState, RegimeTrial, SymbolEvidence
from trader.domain.market import Regime
from trader.domain.opinions import Opinion, Verdict, VerdictAction
from trader.domain.portfolio import Account, Position
from trader.domain.trades import MarketState
from trader.graph.consensus import Question, Worth, conclude
from trader.graph.thresholds import Thresholds

AS_OF = datetime(2012, 6, 1, 20, tzinfo=UTC)
RULES = Thresholds(
    quorum=2,
    minimum_agreement=0.5,
    self_agreement=0.6,
    kelly_fraction=0.25,
    volatility_ceiling=0.02,
    band=0.005,
    band_share=0.1,
    position_limit=0.05,
    drawdown_limit=0.10,
    positions=4,
)
LEARNED = LearnedState(
    cut_off=AS_OF,
    horizon=5,
    symbols=(
        SymbolEvidence(
            symbol="AAPL",
            base_rate=0.54,
            mean_gain=0.035,
            mean_loss=0.03,
            volatility=0.3,
            bars_a_year=252.0,
            n=3000,
            n_eff=600.0,
        ),
    ),
    records=(
        Calibration(
            record="a/rule:a", intercept=0.01, slope=0.5, weight=0.6, prior_weight=0.5, n=10, n_eff=2.0
        ),
        Calibration(
            record="b/rule:b", intercept=0.0, slope=0.8, weight=0.4, prior_weight=0.5, n=10, n_eff=2.0
        ),
    ),
    correlation=0.4,
)


def account(held: int = 0, *, cash: int = 100_000, peak: int = 100_000) -> Account:
    positions = (
        (Position(symbol="AAPL", quantity=Decimal(held), cost=Decimal(held * 100), opened_at=AS_OF),)
        if held
        else ()
    )
    return Account(
        as_of=AS_OF,
        currency="USD",
        cash=Decimal(cash - held * 100),
        positions=positions,
        marks={"AAPL": Decimal(100)},
        peak=Decimal(peak),
        day_open=Decimal(cash),
    )


def opinion(agent: str, p: float | None, **more: Any) -> Opinion:
    return Opinion(agent=agent, p_up=p, reasoning="because", **more)


def asked(*opinions: Opinion, held: int = 0, **more: Any) -> Question:
    return Question(
        **{
            "book": BookId("B"),
            "round": RoundId("r"),
            "as_of": AS_OF,
            "symbol": "AAPL",
            "horizon": 5,
            "price": Decimal(100),
            "opinions": opinions,
            "silent": {},
            "records": {"a": "a/rule:a", "b": "b/rule:b"},
            "verdict": None,
            "account": account(held),
            "learned": LEARNED,
            "cost": 0.002,
            "lot": 0.001,
            "fallback_stop": Decimal(90),
            **more,
        }
    )


def logit(p: float) -> float:
    return log(p / (1 - p))


def test_the_pool_and_every_step_of_sizing_can_be_recomputed_by_hand() -> None:
    decision = conclude(asked(opinion("a", 0.70), opinion("b", 0.65)), RULES)
    base = logit(0.54)
    d_a = 0.01 + 0.5 * (logit(0.70) - base)
    d_b = 0.8 * (logit(0.65) - base)
    p = 1 / (1 + exp(-(base + 0.6 * d_a + 0.4 * d_b)))
    assert decision.pool is not None
    assert decision.pool.p_up == pytest.approx(p)
    g, loss = 0.035 - 0.002, 0.03 + 0.002
    b = g / loss
    f = p - (1 - p) / b
    variance = ((b + 1) / b) ** 2 * p * (1 - p) / 700
    k = f * f / (f * f + variance)
    kelly = 0.25 * k * f / loss / (1 + 3 * 0.4)
    assert decision.edge == pytest.approx(p * 0.035 - (1 - p) * 0.03 - 0.002)
    assert decision.edge_error == pytest.approx(sqrt(p * (1 - p) / 700) * 0.065)
    by_name = {step.name: step for step in decision.sizing}
    assert by_name["sharing"].weight == pytest.approx(kelly)
    assert decision.target_weight == pytest.approx(min(kelly, 0.02 / 0.3, 0.05))
    assert decision.outcome is Outcome.TRADE


def test_too_few_forecasts_are_undecided_and_never_a_hold() -> None:
    decision = conclude(asked(opinion("a", 0.9), opinion("b", None), silent={"b": "no bars"}), RULES)
    assert decision.outcome is Outcome.UNDECIDED
    assert decision.target_weight == decision.held_weight
    assert decision.cause == "1 of the 2 forecasts that a decision needs (b: no bars)"


def test_an_unknown_price_is_undecided() -> None:
    assert conclude(asked(opinion("a", 0.9), price=None), RULES).outcome is Outcome.UNDECIDED


def test_no_edge_sells_what_is_held_whatever_the_executive_says() -> None:
    veto = Verdict(agent="executive", action=VerdictAction.VETO, factor=0.0, reason="no")
    decision = conclude(asked(opinion("a", 0.4), opinion("b", 0.4), held=40, verdict=veto), RULES)
    assert (decision.outcome, decision.target_weight) == (Outcome.TRADE, 0.0)


def test_a_remainder_inside_the_band_is_still_sold_when_the_edge_is_gone() -> None:
    decision = conclude(asked(opinion("a", 0.4), opinion("b", 0.4), held=1), RULES)
    assert decision.outcome is Outcome.TRADE


def test_between_leaving_and_entering_what_is_held_stays() -> None:
    question = asked(opinion("a", 0.48), opinion("b", 0.49), held=10)
    decision = conclude(question, RULES)
    assert decision.edge is not None
    assert decision.edge_error is not None
    assert 0 < decision.edge < decision.edge_error
    assert decision.outcome is Outcome.HOLD
    assert decision.target_weight == decision.held_weight == pytest.approx(0.01)


def test_a_veto_stops_an_increase_and_is_an_event() -> None:
    veto = Verdict(agent="executive", action=VerdictAction.VETO, factor=0.0, reason="dissent")
    decision = conclude(asked(opinion("a", 0.7), opinion("b", 0.7), verdict=veto), RULES)
    assert decision.outcome is Outcome.HOLD
    assert decision.cuts[-1].by == "executive"


@pytest.mark.parametrize(("held", "target"), [(0, 0.025), (10, 0.025), (40, 0.04)])
def test_shrinking_shrinks_the_target_and_never_what_is_held(held: int, target: float) -> None:
    shrink = Verdict(agent="executive", action=VerdictAction.SHRINK, factor=0.5, reason="dissent")
    decision = conclude(asked(opinion("a", 0.75), opinion("b", 0.75), held=held, verdict=shrink), RULES)
    assert decision.target_weight == pytest.approx(target)


def test_without_agreement_nothing_is_added() -> None:
    decision = conclude(asked(opinion("a", 0.3), opinion("b", 0.95)), RULES)
    assert decision.pool is not None
    assert decision.pool.agreement == pytest.approx(0.4)
    assert decision.cuts[-1].by == "agreement"
    assert decision.outcome is Outcome.HOLD


def test_without_a_stop_nothing_is_added() -> None:
    decision = conclude(asked(opinion("a", 0.7), opinion("b", 0.7), fallback_stop=None), RULES)
    assert decision.cuts[-1].by == "stop"


def test_the_farthest_stop_below_the_price_protects() -> None:
    stops = (
        opinion("a", 0.7, stop=Decimal(95)),
        opinion("b", 0.7, stop=Decimal(92)),
        opinion("r", None, stop=Decimal(101)),
    )
    assert conclude(asked(*stops), RULES).stop == Decimal(92)


def test_the_smallest_cap_of_any_senior_binds() -> None:
    caps = (opinion("a", 0.75), opinion("b", 0.75), opinion("risk", None, size_cap=0.5))
    decision = conclude(asked(*caps), RULES)
    assert decision.target_weight == pytest.approx(0.025)
    assert "risk allows 50%" in {cut.by: cut.reason for cut in decision.cuts}["senior caps"]


def test_a_drawdown_throttles_to_zero_at_its_limit() -> None:
    decision = conclude(asked(opinion("a", 0.8), opinion("b", 0.8), account=account(peak=112_000)), RULES)
    assert decision.target_weight == 0.0


chances = st.floats(0.01, 0.99)


@given(chances, chances, st.integers(0, 60), st.floats(0, 1), st.booleans())
def test_no_opinion_passes_the_position_limit_or_sells_short(
    p_a: float, p_b: float, held: int, cap: float, agreed: bool
) -> None:
    verdict = None if agreed else Verdict(agent="x", action=VerdictAction.SHRINK, factor=0.5, reason="y")
    question = asked(opinion("a", p_a, size_cap=cap), opinion("b", p_b), held=held, verdict=verdict)
    decision = conclude(question, RULES)
    assert 0 <= decision.target_weight <= max(decision.held_weight, RULES.position_limit * cap) + 1e-12
    assert (decision.outcome is Outcome.TRADE) == (decision.target_weight != decision.held_weight)


@given(st.permutations([("a", 0.7), ("b", 0.61)]))
def test_the_order_in_which_opinions_arrive_never_changes_the_decision(
    order: list[tuple[str, float]],
) -> None:
    """Opinions reach consensus sorted (`thinking.question`); even unsorted the numbers are the same."""

    def numbers(decision: Decision) -> tuple[float, float]:
        assert decision.pool is not None
        return round(decision.pool.p_up, 12), round(decision.target_weight, 12)

    one = conclude(asked(*(opinion(agent, p) for agent, p in order)), RULES)
    other = conclude(asked(opinion("a", 0.7), opinion("b", 0.61)), RULES)
    assert numbers(one) == numbers(other)


def test_agents_that_disagree_with_themselves_let_nothing_grow_and_exits_pass() -> None:
    sure = opinion("b", 0.7, samples=(0.7, 0.71, 0.69))
    torn = opinion("a", 0.7, samples=(0.8, 0.4, 0.3))
    decision = conclude(asked(torn, sure), RULES)
    assert decision.pool is not None
    assert decision.pool.self_agreement == pytest.approx(0.6 / 3 + 0.4)
    assert decision.outcome is Outcome.TRADE  # 60 % is the floor
    alone = conclude(asked(torn, opinion("b", 0.7)), RULES)  # who was asked once is no witness
    assert alone.outcome is Outcome.HOLD
    assert alone.cuts[-1].by == "self-agreement"
    assert alone.cause == "asked again, agents agree with themselves in 33% of the samples, 60% needed"
    down = opinion("a", 0.3, samples=(0.2, 0.6, 0.7))
    assert conclude(asked(down, opinion("b", 0.3), held=40), RULES).target_weight == 0.0


def test_a_change_below_one_lot_is_a_hold_that_says_so_and_leaving_is_not_held_up() -> None:
    decision = conclude(asked(opinion("a", 0.70), opinion("b", 0.65), lot=0.06), RULES)
    assert decision.outcome is Outcome.HOLD
    assert decision.target_weight == decision.held_weight == 0.0
    assert decision.cause.endswith("the change from 0.00% to 5.00% is less than one lot, which is 6.00%")
    leaving = conclude(asked(opinion("a", 0.4), opinion("b", 0.4), held=40, lot=0.06), RULES)
    assert (leaving.outcome, leaving.target_weight) == (Outcome.TRADE, 0.0)


def test_a_validator_may_hold_an_increase_back_and_nothing_else() -> None:
    up = (opinion("a", 0.70), opinion("b", 0.65))
    usual = conclude(asked(*up), RULES)
    for worth in (Worth(0.1, limits=False), Worth(0.5, limits=True), Worth(0.9, limits=True)):
        assert conclude(asked(*up, worth=worth), RULES) == usual
    doubted = conclude(asked(*up, worth=Worth(0.49, limits=True)), RULES)
    assert (doubted.outcome, doubted.target_weight) == (Outcome.HOLD, 0.0)
    assert doubted.cuts[-1].by == "validator"
    assert "the validator gives 49% to a trade that pays, 50% needed" in doubted.cause
    down = (opinion("a", 0.30), opinion("b", 0.35))
    for held in (0, 40):
        worth = Worth(0.0, limits=True)
        assert conclude(asked(*down, held=held, worth=worth), RULES) == conclude(
            asked(*down, held=held), RULES
        )


APART = LEARNED.model_copy(
    update={
        "by_regime": ByRegime(
            worth=200.0,
            trials=(RegimeTrial(of="a/rule:a", better=True, gain=0.01, t=3.0, n_eff=100.0),),
            records=(
                Calibration(record="a/rule:a#bear", slope=0.0, weight=0.6, prior_weight=0.6, n=5, n_eff=1.0),
            ),
        )
    }
)


def test_an_agent_kept_apart_by_regime_is_believed_as_in_this_one() -> None:
    said = (opinion("a", 0.70), opinion("b", 0.65))
    for regime, record, moved in (
        (Regime.BEAR, "a/rule:a#bear", 0.0),
        (Regime.BULL, "a/rule:a", 0.01 + 0.5 * (logit(0.70) - logit(0.54))),
        (None, "a/rule:a", 0.01 + 0.5 * (logit(0.70) - logit(0.54))),
    ):
        made = conclude(asked(*said, learned=APART, conditions=MarketState(regime=regime)), RULES)
        assert made.pool is not None
        first, second = made.pool.contributions
        assert (first.record, second.record) == (record, "b/rule:b")
        assert first.shift == pytest.approx(moved)
