"""Superior predictive ability: another implementation's answers, a loop over the definition, and its size."""

import numpy as np
import pytest

from trader.measures.bootstrap import drawn_dates
from trader.measures.superiority import superior_ability


def made(variants=12, periods=200, draws=500):
    """Dependent differences, most variants worse than the benchmark, one somewhat better."""
    random = np.random.default_rng(11)
    differences = random.normal(size=(periods, variants))
    differences[1:] += 0.3 * differences[:-1]
    return differences + np.linspace(-0.5, 0.12, variants), drawn_dates(periods, 3, draws=draws, seed=4)


def errors(differences, picks):
    return np.array([differences[pick].mean(axis=0) for pick in picks]).std(axis=0)


def test_it_is_what_the_library_arch_finds_for_the_same_picks():
    """arch 8.0, `SPA` with these picks. It does not studentise, so all errors are made one."""
    differences, picks = made()
    found = superior_ability(differences / errors(differences, picks), picks)
    assert (found.lower, found.p, found.upper) == pytest.approx((0.216, 0.280, 0.518), abs=1e-12)
    assert found.best == 11


def test_it_is_the_definition():
    """Hansen 2005, equations 10 to 12, one variant and resample after another."""
    differences, picks = made(5, 60, 200)
    differences *= np.array([1.0, 30.0, 0.1, 4.0, 2.0])
    mean, error = differences.mean(axis=0), errors(differences, picks)
    statistic = max(0.0, *(mean / error))
    counted = np.zeros(3)
    for pick in picks:
        star = differences[pick].mean(axis=0)
        largest = np.zeros(3)
        for k in range(5):
            near = mean[k] / error[k] >= -np.sqrt(2 * np.log(np.log(60)))
            for row, centre in enumerate((max(mean[k], 0.0), mean[k] if near else 0.0, mean[k])):
                largest[row] = max(largest[row], (star[k] - centre) / error[k])
        counted += largest > statistic
    found = superior_ability(differences, picks)
    assert found.statistic == pytest.approx(statistic, abs=1e-9)
    assert (found.lower, found.p, found.upper) == pytest.approx(tuple(counted / 200), abs=1e-12)


def test_a_scale_and_an_order_of_the_variants_change_nothing():
    differences, picks = made()
    one = superior_ability(differences, picks)
    other = superior_ability(differences[:, ::-1] * 7.0, picks)
    assert other.statistic == pytest.approx(one.statistic)
    assert (other.lower, other.p, other.upper, other.best) == (one.lower, one.p, one.upper, 11 - one.best)


def test_worthless_variants_are_rarely_found_superior_and_a_good_one_is_among_bad():
    random, found, picks = np.random.default_rng(0), 0, drawn_dates(250, 1, draws=400, seed=1)
    for _ in range(100):
        found += superior_ability(random.normal(size=(250, 20)), picks).p < 0.05
    assert found <= 11  # the 99 % bound of a correct test
    differences = random.normal(size=(250, 20))
    differences[:, 1:] -= 0.5
    differences[:, 0] += 0.15 - differences[:, 0].mean()
    best = superior_ability(differences, picks)
    assert best.lower <= best.p <= best.upper
    assert best.p < 0.05 < best.upper
    assert best.best == 0


def test_variants_that_do_what_the_benchmark_does_are_no_better():
    picks = drawn_dates(30, 2, draws=50)
    assert superior_ability(np.zeros((30, 3)), picks).p == 1.0
    with pytest.raises(ValueError, match="resampled over 30"):
        superior_ability(np.zeros((31, 3)), picks)
    with pytest.raises(ValueError, match="0 variants"):
        superior_ability(np.zeros((30, 0)), picks)
