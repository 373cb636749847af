"""The arithmetic of stakes: what must hold for any bet."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trader.domain.decisions import Payoff
from trader.tools.kelly import edge, edge_error, full_weight, kelly, sharing, sigma, target_weight

probabilities = st.floats(0.01, 0.99)
sizes = st.floats(1e-4, 0.5)
costs = st.floats(0.0, 0.02)
evidence = st.floats(0.0, 1e5)
payoffs = st.builds(
    lambda gain, loss, cost: Payoff(mean_gain=gain, mean_loss=loss, cost=cost), sizes, sizes, costs
)


def weight(p: float, payoff: Payoff, n_eff: float, fraction: float = 0.25, shared: float = 1.0) -> float:
    return target_weight(kelly(p, payoff, n_eff), payoff, fraction=fraction, shared=shared)


def test_a_bet_worked_by_hand() -> None:
    payoff = Payoff(mean_gain=0.042, mean_loss=0.038, cost=0.002)  # g = l = 0.04, b = 1
    stake = kelly(0.6, payoff, n_eff=500.0)
    assert stake.f == pytest.approx(0.6 - 0.4)
    assert stake.var_f == pytest.approx(4 * 0.24 / 600)
    assert stake.k == pytest.approx(0.04 / (0.04 + 0.0016))
    assert full_weight(stake, payoff) == pytest.approx(0.2 / 0.04)
    assert target_weight(stake, payoff, fraction=0.25, shared=sharing(4, 0.5)) == pytest.approx(
        0.25 * (0.04 / 0.0416) * 5.0 / 2.5
    )
    assert edge(0.6, payoff) == pytest.approx(0.6 * 0.042 - 0.4 * 0.038 - 0.002)
    assert edge_error(0.6, payoff, 500.0) == pytest.approx(math.sqrt(0.24 / 600) * 0.08)


@given(probabilities, payoffs, evidence, st.floats(0.01, 1.0), st.integers(1, 50), st.floats(-1.0, 1.0))
def test_never_more_than_full_kelly(
    p: float, payoff: Payoff, n_eff: float, fraction: float, positions: int, rho: float
) -> None:
    stake = kelly(p, payoff, n_eff)
    target = target_weight(stake, payoff, fraction=fraction, shared=sharing(positions, rho))
    assert 0.0 <= target <= max(0.0, full_weight(stake, payoff))
    assert 0.0 <= stake.k <= 1.0


@given(probabilities, payoffs, evidence)
def test_nothing_is_staked_without_an_edge(p: float, payoff: Payoff, n_eff: float) -> None:
    assume(edge(p, payoff) <= 0.0)
    assert weight(p, payoff, n_eff) <= 1e-9


@given(probabilities, payoffs, evidence)
def test_the_stake_is_positive_where_the_edge_is(p: float, payoff: Payoff, n_eff: float) -> None:
    assume(edge(p, payoff) > 1e-9)
    assert kelly(p, payoff, n_eff).f > 0.0
    assert weight(p, payoff, n_eff) > 0.0


@given(probabilities, payoffs, evidence, evidence)
def test_more_evidence_never_stakes_less(p: float, payoff: Payoff, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert weight(p, payoff, less) <= weight(p, payoff, more) * (1 + 1e-12)
    assert sigma(p, less) >= sigma(p, more)


@given(probabilities, probabilities, payoffs)
def test_a_better_chance_never_puts_less_of_the_bankroll_at_risk(
    one: float, other: float, payoff: Payoff
) -> None:
    worse, better = sorted((one, other))
    assert kelly(worse, payoff, 100.0).f <= kelly(better, payoff, 100.0).f + 1e-12


@given(probabilities, payoffs, evidence, st.floats(0.01, 1.0))
def test_the_share_at_risk_has_no_unit(p: float, payoff: Payoff, n_eff: float, scale: float) -> None:
    """Scaling gain, loss and cost together leaves f and k, and divides the weight."""
    scaled = Payoff(
        mean_gain=payoff.mean_gain * scale, mean_loss=payoff.mean_loss * scale, cost=payoff.cost * scale
    )
    before, after = kelly(p, payoff, n_eff), kelly(p, scaled, n_eff)
    assume(abs(payoff.mean_gain - payoff.cost) > 1e-6)
    assert after.f == pytest.approx(before.f, rel=1e-6, abs=1e-9)
    assert after.k == pytest.approx(before.k, rel=1e-6, abs=1e-9)
    assert full_weight(after, scaled) * scale == pytest.approx(
        full_weight(before, payoff), rel=1e-6, abs=1e-9
    )


@given(probabilities, payoffs)
def test_the_stake_is_the_edge_over_what_is_won(p: float, payoff: Payoff) -> None:
    """f = edge / g: the two formulas of the design are one."""
    won = payoff.mean_gain - payoff.cost
    assume(won > 1e-6)
    assert kelly(p, payoff, 0.0).f == pytest.approx(edge(p, payoff) / won, rel=1e-6, abs=1e-9)


@given(probabilities, sizes, sizes, costs)
def test_costs_never_raise_the_stake(p: float, gain: float, loss: float, cost: float) -> None:
    free = Payoff(mean_gain=gain, mean_loss=loss, cost=0.0)
    dear = Payoff(mean_gain=gain, mean_loss=loss, cost=cost)
    assert weight(p, dear, 100.0) <= weight(p, free, 100.0) * (1 + 1e-12)


def test_where_costs_eat_the_whole_gain_everything_is_zero() -> None:
    assert kelly(0.99, Payoff(mean_gain=0.001, mean_loss=0.01, cost=0.001), 1e6) == (0.0, 0.0, 0.0)


def test_k_is_zero_where_stake_and_variance_are() -> None:
    fair = Payoff(mean_gain=0.01, mean_loss=0.01, cost=0.0)
    assert kelly(0.5, fair, math.inf) == (0.0, 0.0, 0.0)


def test_bets_that_move_against_each_other_do_not_enlarge_the_stake() -> None:
    assert sharing(20, -0.9) == 1.0
    assert sharing(1, 0.9) == 1.0
    assert sharing(5, 0.5) == 3.0
