"""Labels are what a trade would have paid, and weigh what no other label says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trader.forecasters.labels import average_uniqueness, triple_barrier

FLAT = np.full(8, 100.0)


def prices(**changes: dict[int, float]) -> tuple[np.ndarray, ...]:
    """Bars at 100 that range from 99 to 101, with changes by name and bar."""
    made = {"open": FLAT.copy(), "high": FLAT + 1.0, "low": FLAT - 1.0, "close": FLAT.copy()}
    for name, values in changes.items():
        for bar, value in values.items():
            made[name][bar] = value
    return made["open"], made["high"], made["low"], made["close"]


def first(found: tuple[np.ndarray, ...], width: float = 0.05, horizon: int = 3) -> tuple[float, int]:
    touches = triple_barrier(found, np.full(8, width), horizon)
    return float(touches.returns[0]), int(touches.bars[0])


def test_without_a_touch_the_trade_ends_with_its_time() -> None:
    assert first(prices(close={3: 102.0}, high={3: 102.0})) == (pytest.approx(0.02), 3)


def test_the_first_barrier_that_is_touched_ends_it() -> None:
    assert first(prices(high={2: 106.0}, low={3: 90.0})) == (pytest.approx(0.05), 2)
    assert first(prices(high={3: 106.0}, low={2: 90.0})) == (pytest.approx(-0.05), 2)


def test_where_one_bar_touches_both_it_is_the_loss() -> None:
    assert first(prices(high={2: 106.0}, low={2: 94.0})) == (pytest.approx(-0.05), 2)


def test_a_bar_that_opens_beyond_a_barrier_sells_at_its_open() -> None:
    assert first(prices(open={2: 90.0}, low={2: 89.0})) == (pytest.approx(-0.10), 2)
    assert first(prices(open={2: 110.0}, high={2: 111.0})) == (pytest.approx(0.10), 2)


def test_bars_whose_time_is_not_over_have_no_label() -> None:
    assert len(triple_barrier(prices(), np.full(8, 0.05), 3).returns) == 5
    assert len(triple_barrier(prices(), np.full(8, 0.05), 20).returns) == 0
    with pytest.raises(ValueError, match="a horizon of 0 bars"):
        triple_barrier(prices(), np.full(8, 0.05), 0)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_no_label_depends_on_bars_after_its_time(seed: int) -> None:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, 40)))
    open_ = close * np.exp(rng.normal(0.0, 0.005, 40))
    high, low = np.maximum(open_, close) * 1.01, np.minimum(open_, close) * 0.99
    whole = triple_barrier((open_, high, low, close), np.full(40, 0.03), 5)
    cut = triple_barrier((open_[:30], high[:30], low[:30], close[:30]), np.full(30, 0.03), 5)
    np.testing.assert_array_equal(whole.returns[:25], cut.returns)
    np.testing.assert_array_equal(whole.bars[:25], cut.bars)


def test_labels_that_do_not_overlap_count_in_full() -> None:
    begins = np.array([0, 5, 10])
    np.testing.assert_allclose(average_uniqueness(begins, begins + 5), 1.0)


def test_labels_of_every_bar_count_one_over_the_horizon() -> None:
    begins = np.arange(100)
    found = average_uniqueness(begins, begins + 5)
    np.testing.assert_allclose(found[5:-5], 0.2)
    assert found[0] > 0.2 < found[-1]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), min_size=1, max_size=25))
@settings(max_examples=50, deadline=None)
def test_uniqueness_is_what_counting_bar_by_bar_gives(spans: list[tuple[int, int]]) -> None:
    begins = np.array([one for one, _ in spans])
    ends = begins + np.array([length for _, length in spans])
    expected = []
    for begin, end in zip(begins, ends, strict=True):
        bars = range(begin + 1, end + 1)
        shares = [1.0 / sum(b < bar <= e for b, e in zip(begins, ends, strict=True)) for bar in bars]
        expected.append(np.mean(shares))
    np.testing.assert_allclose(average_uniqueness(begins, ends), expected, rtol=1e-9)


def test_a_label_without_bars_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it begins"):
        average_uniqueness(np.array([3]), np.array([3]))
