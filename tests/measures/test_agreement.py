"""Scores against scipy, and against loops over their published definitions: to 1e-9."""

from itertools import combinations, permutations
from math import e, sqrt

import numpy as np
import pytest
from scipy import stats

from trader.measures.bootstrap import percentile_interval, resampled_means
from trader.measures.calibration import expected_calibration_error
from trader.measures.overfitting import probability_of_overfitting
from trader.measures.shapley import exact_shapley
from trader.measures.sharpe import deflated_sharpe, probabilistic_sharpe, sharpe, sharpe_interval

CLOSE = 1e-9
RANDOM = np.random.default_rng(8)
RETURNS = RANDOM.standard_t(4, size=300) / 100.0 + 0.0005


def scipy_probability(returns, benchmark):
    ratio = returns.mean() / returns.std(ddof=1)
    skew, kurtosis = stats.skew(returns), stats.kurtosis(returns, fisher=False)
    scale = sqrt(1.0 - skew * ratio + (kurtosis - 1.0) / 4.0 * ratio**2)
    return stats.norm.cdf((ratio - benchmark) * sqrt(len(returns) - 1) / scale)


def test_the_interval_of_a_sharpe_ratio_is_lo_s():
    ratio = RETURNS.mean() / RETURNS.std(ddof=1)
    expected = stats.norm.interval(0.95, ratio, sqrt((1.0 + ratio**2 / 2.0) / 300))
    assert sharpe_interval(RETURNS) == pytest.approx(expected, abs=CLOSE)


@pytest.mark.parametrize("benchmark", [0.0, 0.05])
def test_the_probabilistic_ratio_is_scipy_s_moments_and_normal(benchmark):
    assert probabilistic_sharpe(RETURNS, benchmark) == pytest.approx(
        scipy_probability(RETURNS, benchmark), abs=CLOSE
    )


def test_the_deflated_ratio_is_scipy_s():
    tried = np.array([sharpe(RANDOM.normal(size=300)) for _ in range(40)])
    gamma = float(np.euler_gamma)
    best = (1 - gamma) * stats.norm.ppf(1 - 1 / 40) + gamma * stats.norm.ppf(1 - 1 / (40 * e))
    expected = scipy_probability(RETURNS, tried.std(ddof=1) * best)
    assert deflated_sharpe(RETURNS, tried) == pytest.approx(expected, abs=CLOSE)


def test_overfitting_is_a_loop_over_bailey_s_definition():
    """Splits, best inside, relative rank outside, logit at most zero; scipy ranks with ties."""
    returns = RANDOM.normal(size=(83, 7))
    blocks = np.split(returns[:80], 8)
    below = []
    for chosen in combinations(range(8), 4):
        inside = np.concatenate([blocks[i] for i in chosen])
        outside = np.concatenate([blocks[i] for i in range(8) if i not in chosen])
        best = np.argmax(inside.mean(axis=0) / inside.std(axis=0, ddof=1))
        rank = stats.rankdata(outside.mean(axis=0) / outside.std(axis=0, ddof=1))[best] / 8
        below.append(np.log(rank / (1 - rank)) <= 0)
    assert probability_of_overfitting(returns, 8) == pytest.approx(np.mean(below), abs=CLOSE)


def test_the_calibration_error_is_a_loop_over_its_bins():
    p = RANDOM.random(500)
    happened = (RANDOM.random(500) < p**2).astype(float)
    expected = 0.0
    for low in range(10):
        inside = [i for i in range(500) if low <= p[i] * 10 < low + 1]
        gap = sum(p[i] for i in inside) / len(inside) - sum(happened[i] for i in inside) / len(inside)
        expected += len(inside) / 500 * abs(gap)
    assert expected_calibration_error(p, happened) == pytest.approx(expected, abs=CLOSE)


def test_shapley_values_are_means_over_all_orders_of_arrival():
    worth = RANDOM.normal(size=32)
    expected = np.zeros(5)
    for order in permutations(range(5)):
        there = 0
        for player in order:
            expected[player] += (worth[there | 1 << player] - worth[there]) / 120
            there |= 1 << player
    assert exact_shapley(worth) == pytest.approx(expected, abs=CLOSE)


def test_a_resampled_interval_is_scipy_s_quantile_of_plain_means():
    values, picks = RANDOM.normal(size=40), RANDOM.integers(40, size=(300, 40))
    means = np.array([values[pick].mean() for pick in picks])
    expected = stats.mstats.mquantiles(means, [0.05, 0.95], alphap=1, betap=1)
    found = percentile_interval(resampled_means(values, np.arange(40), picks), 0.9)
    assert found == pytest.approx(tuple(expected), abs=CLOSE)
