"""An interval holds as many returns to come as it says."""

import numpy as np
import pytest

from trader.forecasters.conformal import conformal, line


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("tails", ["normal", "heavy", "skewed"])
def test_the_promised_share_of_unseen_returns_lies_inside(level: float, tails: str) -> None:
    rng = np.random.default_rng(7)
    inside = []
    for _ in range(300):
        said = rng.normal(size=141)
        noise = {
            "normal": rng.normal(size=141),
            "heavy": rng.standard_t(2.5, 141),
            "skewed": rng.exponential(size=141),
        }[tails]
        scale = np.exp(rng.normal(size=141))
        returns = (0.2 * said + noise) * scale
        found = conformal((0.0, 0.2), said[:140], (returns / scale)[:140], level)
        low, high = found.around(said[140:], scale[140:])
        inside.append(float(low[0] <= returns[140] <= high[0]))
    error = np.sqrt(level * (1 - level) / 300)
    assert level - 3.0 * error < np.mean(inside) < level + 3.0 * error + 2.0 / 141


def test_the_line_is_that_of_least_squares_by_weight() -> None:
    rng = np.random.default_rng(1)
    x, weight = rng.normal(size=50), rng.random(50)
    y = 3.0 * x + 1.0 + rng.normal(size=50)
    base, slope = line(x, y, weight)
    expected = np.polyfit(x, y, 1, w=np.sqrt(weight))
    assert (slope, base) == (pytest.approx(expected[0]), pytest.approx(expected[1]))


def test_a_model_that_always_says_the_same_has_a_flat_line() -> None:
    assert line(np.full(9, 0.3), np.arange(9.0), np.ones(9)) == (pytest.approx(4.0), 0.0)


def test_an_interval_needs_a_row() -> None:
    with pytest.raises(ValueError, match="no row to measure errors on"):
        conformal((0.0, 0.0), np.zeros(0), np.zeros(0))
