"""Tails by hand and by exact sums, and what must hold of any sample."""

from fractions import Fraction
from math import fsum, sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trader.measures.tails import Tail, cornish_fisher, historical

samples = st.lists(st.floats(-0.9, 2.0), min_size=1, max_size=400).map(np.array)
levels = st.integers(50, 99)


@pytest.mark.parametrize(
    ("count", "level", "tail"),
    [
        (100, 95, Tail(0.95, (0.99 + 0.98 + 0.97 + 0.96 + 0.95) / 5)),  # five cases, to the last
        (100, 99, Tail(0.99, 0.99)),
        (50, 95, Tail(0.47, (0.49 + 0.48 + 0.5 * 0.47) / 2.5)),  # two and a half
        (3, 99, Tail(0.02, 0.02)),
    ],
)
def test_the_historical_tail_by_hand(count: int, level: int, tail: Tail) -> None:
    """Losses of 0, 1, 2, … per cent, in any order."""
    returns = np.random.default_rng(1).permutation(-np.arange(count) / 100)
    assert historical(returns, level) == pytest.approx(tail)


@given(samples, levels)
def test_the_historical_tail_is_the_exact_one(returns: np.ndarray, level: int) -> None:
    worst = sorted(Fraction(float(value)) for value in returns)
    share = Fraction(len(worst) * (100 - level), 100)
    whole = int(share)
    edge = worst[whole] if share > whole else worst[whole - 1]
    mean = (sum(worst[:whole], Fraction(0)) + (share - whole) * edge) / share
    assert historical(returns, level) == pytest.approx((float(-edge), float(-mean)), rel=1e-12, abs=1e-15)


@given(samples, levels)
def test_the_shortfall_is_never_smaller_than_the_value_at_risk(returns: np.ndarray, level: int) -> None:
    for tail in (historical(returns, level), cornish_fisher(returns, level)):
        assert tail is None or tail.expected_shortfall >= tail.value_at_risk


@given(samples, levels, levels)
def test_a_higher_level_is_never_a_smaller_loss(returns: np.ndarray, one: int, other: int) -> None:
    low, high = sorted((one, other))
    less, more = historical(returns, low), historical(returns, high)
    assert more.value_at_risk >= less.value_at_risk
    assert more.expected_shortfall >= less.expected_shortfall - 1e-12


@given(samples, levels, st.floats(1e-3, 1e3))
def test_both_scale_with_the_returns(returns: np.ndarray, level: int, scale: float) -> None:
    assume(returns.std() > 1e-6)
    before, after = historical(returns, level), historical(returns * scale, level)
    assert after == pytest.approx([scale * value for value in before], rel=1e-9, abs=1e-12)
    one, other = cornish_fisher(returns, level), cornish_fisher(returns * scale, level)
    if one and other:
        assert other == pytest.approx([scale * value for value in one], rel=1e-6, abs=1e-9 * scale)


def test_the_expansion_by_hand() -> None:
    """Moments by exact sums, the quantile by the printed formula, the shortfall by many quantiles."""
    returns = np.array([-0.040, -0.012, -0.005, -0.002, 0.0, 0.002, 0.004, 0.007, 0.012, 0.034])
    n = len(returns)
    mean = fsum(returns) / n
    deviation = sqrt(fsum((x - mean) ** 2 for x in returns) / n)
    s = fsum(((x - mean) / deviation) ** 3 for x in returns) / n
    k = fsum(((x - mean) / deviation) ** 4 for x in returns) / n - 3

    def quantile(share: float) -> float:
        z = NormalDist().inv_cdf(share)
        bent = z + (z**2 - 1) * s / 6 + (z**3 - 3 * z) * k / 24 - (2 * z**3 - 5 * z) * s**2 / 36
        return mean + deviation * bent

    tail = cornish_fisher(returns, 90)
    assert tail is not None
    assert tail.value_at_risk == pytest.approx(-quantile(0.10), rel=1e-12)
    shares = (np.arange(20_000) + 0.5) / 20_000 * 0.10
    assert tail.expected_shortfall == pytest.approx(-fsum(map(quantile, shares)) / 20_000, rel=1e-4)


def test_a_normal_sample_has_the_normal_tail() -> None:
    returns = np.array([NormalDist().inv_cdf((i + 0.5) / 20_000) for i in range(20_000)])
    tail = cornish_fisher(returns, 99)
    assert tail == pytest.approx(historical(returns, 99), rel=2e-2)
    assert tail == pytest.approx((2.3263, 2.6652), rel=5e-3)


def test_what_the_expansion_cannot_bear_has_no_answer() -> None:
    jackpot = np.array([0.0] * 99 + [1.0])  # a skewness of ten
    assert cornish_fisher(jackpot, 95) is None
    assert cornish_fisher(np.full(100, 0.01), 95) is None
