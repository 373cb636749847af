"""Support and resistance: by hand on small bars, and by properties on random ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.markets import bars, close_of, context, market, walk
from trader.domain.errors import ToolError
from trader.domain.market import Bars
from trader.tools.levels import Arguments, Pivot, average_true_range, levels, pivots, run, turns

SOURCE = market(400)


def test_a_turn_is_a_value_that_neither_side_passes() -> None:
    values = np.array([1.0, 2.0, 5.0, 3.0, 2.0, 4.0, 6.0, 7.0, 6.0, 5.0])
    assert turns(values, 2).tolist() == [2, 7]
    assert turns(values, 3).tolist() == []


def test_of_equal_values_the_first_turns() -> None:
    assert turns(np.array([1.0, 2.0, 5.0, 5.0, 2.0, 1.0]), 2).tolist() == [2]


def test_a_market_that_never_moves_has_no_turn() -> None:
    assert turns(np.full(50, 3.0), 5).tolist() == []


def test_a_turn_is_known_only_when_the_bars_after_it_have_closed() -> None:
    values = np.array([1.0, 2.0, 9.0, 2.0, 1.0, 1.0])
    assert turns(values[:4], 2).tolist() == []
    assert turns(values[:5], 2).tolist() == [2]


def test_near_pivots_are_one_level_with_its_touches_and_its_age() -> None:
    found = levels([Pivot(3, 10.0), Pivot(8, 10.4), Pivot(5, 12.0), Pivot(1, 10.9)], width=0.5, bars=20)
    assert [(level.price, level.touches, level.age) for level in found] == [
        (pytest.approx(10.2), 2, 11),
        (pytest.approx(10.9), 1, 18),
        (pytest.approx(12.0), 1, 14),
    ]


def test_a_level_is_never_wider_than_its_width() -> None:
    chain = [Pivot(row, 10.0 + 0.4 * row) for row in range(10)]
    assert max(level.touches for level in levels(chain, width=0.5, bars=20)) == 2


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 299), st.integers(1, 10))
def test_a_confirmed_pivot_stays_whatever_comes_after(seed: int, cut: int, side: int) -> None:
    whole = walk("AAA", 300, seed)
    known = {pivot for pivot in pivots(whole[:cut], side)}
    later = {pivot for pivot in pivots(whole, side) if pivot.row + side < cut}
    assert known == later


def test_supports_are_below_the_close_and_resistances_above_nearest_first() -> None:
    result = run(context(SOURCE, close_of(399)), Arguments(count=20))
    below = [level.price for level in result.supports]
    above = [level.price for level in result.resistances]
    assert below == sorted(below, reverse=True)
    assert above == sorted(above)
    assert below
    assert above
    assert below[0] <= result.close < above[0]
    assert (result.nearest_support, result.nearest_resistance) == (below[0], above[0])


def test_a_price_above_all_levels_has_no_resistance() -> None:
    steady = bars("AAA", list(np.linspace(50.0, 90.0, 100)))
    rising = market(100, symbols=("AAA",), bars={"AAA": steady}, actions={})
    result = run(context(rising, close_of(99)), Arguments(side=20))
    assert result.resistances == ()
    assert result.nearest_resistance is None


def test_the_true_range_counts_gaps() -> None:
    gap = Bars(
        "AAA",
        SOURCE.timeframe,
        *(array[:2].copy() for array in (SOURCE.bars["AAA"].opened, SOURCE.bars["AAA"].available)),
        open=np.array([10.0, 15.0]),
        high=np.array([11.0, 16.0]),
        low=np.array([9.0, 14.0]),
        close=np.array([10.0, 15.0]),
        volume=np.array([1.0, 1.0]),
    )
    assert average_true_range(gap) == 6.0


def test_too_few_bars_are_said_with_both_numbers() -> None:
    with pytest.raises(ToolError, match="levels need 15 bars, has 10"):
        run(context(SOURCE, close_of(9)), Arguments())
