"""Kelly for several assets: by hand, and what must hold of any of them."""

from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trader.domain.decisions import Payoff
from trader.domain.market import Floats
from trader.tools.kelly import kelly
from trader.tools.kelly_portfolio import kelly_portfolio, most_growth


@st.composite
def books(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """Means and a covariance of one to five assets, correlations up to strong."""
    count = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    loads = rng.normal(0.0, 1.0, (count, count))
    correlation = loads @ loads.T + 0.3 * np.eye(count)
    spread = rng.uniform(0.005, 0.2, count) / np.sqrt(np.diag(correlation))
    return rng.normal(0.0, 0.02, count), correlation * np.outer(spread, spread)


evidence = st.floats(0.0, 1e5)


def growth(weights: Floats, mean: Floats, covariance: Floats) -> float:
    return float(weights @ mean - weights @ covariance @ weights / 2)


def test_two_assets_by_hand() -> None:
    """S = [[.04, .01], [.01, .01]], mu = (.02, .01): S^-1 mu = (1/3, 2/3); theta = .02/3 + .02/3."""
    mean, covariance = np.array([0.02, 0.01]), np.array([[0.04, 0.01], [0.01, 0.01]])
    stakes = kelly_portfolio(mean, covariance, n_eff=150.0, fraction=0.5)
    theta = 0.04 / 3
    assert stakes.full == pytest.approx([1 / 3, 2 / 3])
    assert stakes.k == pytest.approx(theta / (theta + 2 / 150))
    assert stakes.weights == pytest.approx([0.5 * stakes.k / 3, 0.5 * stakes.k * 2 / 3])


def test_one_asset_is_the_mean_over_the_variance_shrunk_as_a_single_bet() -> None:
    mean, variance, cases = 0.01, 0.04, 400.0
    stakes = kelly_portfolio(np.array([mean]), np.array([[variance]]), cases, fraction=1.0)
    f, var_f = mean / variance, 1.0 / (cases * variance)
    assert stakes.full[0] == pytest.approx(f)
    assert stakes.k == pytest.approx(f**2 / (f**2 + var_f))


def test_a_small_even_bet_is_the_binary_formula() -> None:
    """A gain or loss of one part in a hundred, p = 0.51: f / l of the one is mu / variance of the other."""
    p, size = 0.51, 0.01
    binary = kelly(p, Payoff(mean_gain=size, mean_loss=size, cost=0.0), 0.0).f / size
    mean, variance = (2 * p - 1) * size, 4 * p * (1 - p) * size**2
    assert most_growth(np.array([mean]), np.array([[variance]]))[0] == pytest.approx(binary, rel=1e-3)


@settings(deadline=None)
@given(books())
def test_it_is_the_best_of_every_set_of_assets(book: tuple[Floats, Floats]) -> None:
    """Each set solved exactly; the best that has no weight below zero."""
    mean, covariance = book
    every = range(len(mean))
    best = 0.0
    for chosen in map(
        list, chain.from_iterable(combinations(every, count) for count in range(1, len(mean) + 1))
    ):
        some = np.linalg.solve(covariance[np.ix_(chosen, chosen)], mean[chosen])
        if (some >= 0.0).all():
            best = max(best, growth(some, mean[chosen], covariance[np.ix_(chosen, chosen)]))
    assert growth(most_growth(mean, covariance), mean, covariance) == pytest.approx(best, rel=1e-6, abs=1e-12)


@settings(deadline=None)
@given(books(), evidence, st.floats(0.01, 1.0))
def test_never_more_than_full_kelly_and_never_short(
    book: tuple[Floats, Floats], n_eff: float, fraction: float
) -> None:
    stakes = kelly_portfolio(*book, n_eff, fraction=fraction)
    assert 0.0 <= stakes.k <= 1.0
    assert (stakes.weights >= 0.0).all()
    assert (stakes.weights <= stakes.full).all()


@settings(deadline=None)
@given(books(), evidence)
def test_nothing_is_staked_without_an_edge(book: tuple[Floats, Floats], n_eff: float) -> None:
    mean, covariance = book
    stakes = kelly_portfolio(-np.abs(mean), covariance, n_eff)
    assert (stakes.weights == 0.0).all()
    assert stakes.k == 0.0
    assert (kelly_portfolio(mean, covariance, 0.0).weights == 0.0).all()


@settings(deadline=None)
@given(books(), evidence, evidence)
def test_more_evidence_never_stakes_less(book: tuple[Floats, Floats], one: float, other: float) -> None:
    less, more = sorted((one, other))
    low, high = kelly_portfolio(*book, less), kelly_portfolio(*book, more)
    assert (low.weights <= high.weights * (1 + 1e-12)).all()


@settings(deadline=None)
@given(books(), evidence, st.floats(0.01, 100.0))
def test_the_share_at_risk_has_no_unit(book: tuple[Floats, Floats], n_eff: float, scale: float) -> None:
    """Returns in another unit leave k, and divide the weights."""
    mean, covariance = book
    before, after = (
        kelly_portfolio(mean, covariance, n_eff),
        kelly_portfolio(mean * scale, covariance * scale**2, n_eff),
    )
    assert after.k == pytest.approx(before.k, rel=1e-6, abs=1e-12)
    assert after.weights * scale == pytest.approx(before.weights, rel=1e-5, abs=1e-9)


@settings(deadline=None)
@given(books(), evidence, st.randoms(use_true_random=False))
def test_the_order_of_the_assets_changes_nothing(
    book: tuple[Floats, Floats], n_eff: float, random: object
) -> None:
    mean, covariance = book
    order = list(range(len(mean)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = kelly_portfolio(mean[order], covariance[np.ix_(order, order)], n_eff)
    assert shuffled.weights == pytest.approx(
        kelly_portfolio(mean, covariance, n_eff).weights[order], rel=1e-5, abs=1e-9
    )


def test_two_of_a_kind_share_what_one_would_get() -> None:
    """Correlation r of two equal bets: each has 1 / (1 + r) of what it had alone, as `sharing` says."""
    alone = most_growth(np.array([0.01]), np.array([[0.04]]))[0]
    both = most_growth(np.array([0.01, 0.01]), 0.04 * np.array([[1.0, 0.6], [0.6, 1.0]]))
    assert both == pytest.approx([alone / 1.6, alone / 1.6])


@pytest.mark.parametrize(
    ("mean", "covariance", "n_eff", "fraction", "said"),
    [
        ([0.1], [[1.0, 0.0], [0.0, 1.0]], 1.0, 0.5, "do not fit"),
        ([0.1, 0.1], [[1.0, 1.0], [1.0, 1.0]], 1.0, 0.5, "repeats others"),
        ([0.1], [[0.0]], 1.0, 0.5, "above zero"),
        ([0.1, 0.1], [[1.0, 0.5], [0.0, 1.0]], 1.0, 0.5, "symmetric"),
        ([0.1], [[1.0]], 1.0, 1.5, "cannot be staked"),
        ([0.1], [[1.0]], float("nan"), 0.5, "cannot be staked"),
        ([float("nan")], [[1.0]], 1.0, 0.5, "not a number"),
    ],
)
def test_what_cannot_be_is_refused(
    mean: list[float], covariance: list[list[float]], n_eff: float, fraction: float, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        kelly_portfolio(np.array(mean), np.array(covariance), n_eff, fraction=fraction)
