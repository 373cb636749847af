"""One bar more: the hundred, as if computed over all bars."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.histories import as_bars, bundled, columns, walk
from tests.features.test_catalogue import halted
from tests.tools.markets import close_of, market
from trader.data.feeds import open_feed
from trader.domain.errors import ToolError
from trader.domain.market import Bars, Timeframe
from trader.features import kernel
from trader.features.catalogue import COMMON, compute, feature
from trader.features.expression import Operation
from trader.features.feature import Feature, Inputs
from trader.features.stream import Stream

ROWS = pytest.mark.parametrize("row", COMMON, ids=lambda row: row.name)
BARS = 1450


@lru_cache(maxsize=64)
def streamed(seed: int) -> dict[str, np.ndarray]:
    """Each of the hundred after each bar of a walk, added one by one."""
    stream = Stream(COMMON)
    bars = zip(*(array.tolist() for array in columns(walk(seed, BARS))), strict=True)
    return dict(zip(stream.names, np.array([stream.add(*bar) for bar in bars]).T, strict=True))


@ROWS
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 20))
def test_bar_by_bar_is_as_all_at_once(row: Feature, seed: int) -> None:
    batch = row.compute(walk(seed, BARS))
    np.testing.assert_allclose(streamed(seed)[row.name], batch, rtol=1e-12, atol=0.0)


@pytest.mark.parametrize("symbol", ["AAPL", "IBM", "GOOG"])
def test_on_real_bars_too(symbol: str) -> None:
    inputs = bundled(symbol)
    stream = Stream(COMMON)
    table = stream.start(as_bars(inputs))
    for name, values in zip(stream.names, table.T, strict=True):
        np.testing.assert_allclose(values, feature(name).compute(inputs), rtol=1e-12, err_msg=name)


def test_a_year_s_bars_are_the_calendar_s() -> None:
    row = feature("volatility_63")
    inputs = walk(1, 100)
    stream = Stream([row], bars_a_year=365.0)
    expected = row.compute(Inputs(*columns(inputs), bars_a_year=365.0))
    np.testing.assert_allclose(stream.start(as_bars(inputs))[:, 0], expected, rtol=1e-12)


def test_a_history_read_at_once_goes_on_bar_by_bar() -> None:
    bars = as_bars(walk(2, 500))
    whole, apart = Stream(COMMON), Stream(COMMON)
    table = whole.start(bars)
    apart.start(bars[:300])
    for row in range(300, 500):
        columns_of = (bars.open, bars.high, bars.low, bars.close, bars.volume)
        values = apart.add(*(column[row] for column in columns_of))
    np.testing.assert_array_equal(values, table[-1])
    assert len(apart) == 500


def test_what_it_follows_begins_anew_with_every_split_and_dividend() -> None:
    source = market(400)  # a dividend on day 133, a split on day 200, a dividend on day 333
    stream = Stream(COMMON)
    restarts = 0
    for day in range(100, 400):
        bars = source.view(close_of(day)).bars("AAA")
        before = stream._layout
        values = stream.follow(bars)
        restarts += stream._layout is not before
        assert len(stream) == len(bars)
        if day in (133, 134, 200, 201, 333, 334, 399):
            fresh = Stream(COMMON).start(bars)[-1]
            np.testing.assert_array_equal(values, fresh)
            batch = compute(bars, COMMON)
            expected = np.array([batch[name][-1] for name in stream.names])
            np.testing.assert_allclose(values, expected, rtol=1e-12)
    assert restarts == 4  # at the beginning, and three times since


def test_the_same_bars_again_are_not_counted_twice() -> None:
    bars = as_bars(walk(3, 300))
    stream = Stream(COMMON)
    first = stream.follow(bars)
    np.testing.assert_array_equal(stream.follow(bars), first)
    assert len(stream) == 300


def test_fewer_bars_or_another_symbol_s_begin_anew() -> None:
    stream = Stream(COMMON)
    one, other = as_bars(walk(3, 300)), as_bars(walk(4, 300))
    stream.follow(one)
    np.testing.assert_array_equal(stream.follow(one[:200]), Stream(COMMON).start(one[:200])[-1])
    np.testing.assert_array_equal(stream.follow(other), Stream(COMMON).start(other)[-1])


def test_a_split_of_a_real_share_is_not_a_return() -> None:
    """Apple, two for one on 28 February 2005."""
    source, stream = open_feed("sample"), Stream([feature("return_1"), feature("sma_50_gap")])
    day = datetime(2005, 2, 25, 22, tzinfo=UTC)
    for _ in range(5):
        bars = source.view(day).bars("AAPL")
        change, gap = stream.follow(bars)
        assert change == bars.close[-1] / bars.close[-2] - 1.0
        assert abs(change) < 0.1
        assert abs(gap) < 0.5
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("place", "value"), [(0, 0.0), (1, np.inf), (2, np.nan), (3, -1.0), (3, np.nan), (4, np.nan)]
)
def test_a_bar_that_is_none_is_refused_and_changes_nothing(place: int, value: float) -> None:
    bars = as_bars(walk(5, 300))
    stream = Stream(COMMON)
    stream.start(bars[:299])
    bar = [float(column[299]) for column in (bars.open, bars.high, bars.low, bars.close, bars.volume)]
    broken = [*bar[:place], value, *bar[place + 1 :]]
    with pytest.raises(ToolError, match="a number of the bar is none"):
        stream.add(*broken)
    np.testing.assert_array_equal(stream.add(*bar), Stream(COMMON).start(bars)[-1])


def test_a_history_with_a_bar_that_is_none_is_refused_whole() -> None:
    given = [array.copy() for array in columns(walk(5, 300))]
    given[3][250] = np.nan
    good = as_bars(walk(5, 300))
    stream = Stream(COMMON)
    with pytest.raises(ToolError, match="close nan"):
        stream.start(Bars("AAA", Timeframe.D1, good.opened, good.available, *given))
    assert len(stream) == 0
    np.testing.assert_array_equal(stream.follow(good), Stream(COMMON).start(good)[-1])


def test_no_bars_cannot_be_followed() -> None:
    with pytest.raises(ToolError, match="no bar to follow"):
        Stream(COMMON).follow(as_bars(walk(5, 10))[:0])


def test_what_has_no_step_is_refused_by_name() -> None:
    with pytest.raises(ToolError, match="skewness_63 has no way to add one bar"):
        Stream([feature("skewness_63")])


def test_a_market_that_never_moves_is_the_same_both_ways() -> None:
    flat = np.full(1450, 10.0)
    inputs = Inputs(flat, flat, flat, flat, flat, opened=walk(1, 1450).opened)
    table = Stream(COMMON).start(as_bars(inputs))
    for row, values in zip(COMMON, table.T, strict=True):
        np.testing.assert_allclose(values, row.compute(inputs), rtol=1e-12, err_msg=row.name)


def test_the_kernel_s_numbers_are_those_of_the_operations() -> None:
    others = {Operation.FIELD, Operation.CONSTANT, Operation.DELAY}  # which the kernel does not ask for
    for operation in set(Operation) - others:
        assert getattr(kernel, operation.name) == operation, operation.name


@pytest.mark.parametrize("price", [1.0, 1e-10, 1e10])
def test_a_halt_and_another_unit_are_the_same_both_ways(price: float) -> None:
    inputs = halted()
    *prices, volume = columns(inputs)
    scaled = Inputs(*(one * price for one in prices), volume, opened=inputs.opened)
    stream = Stream(COMMON)
    added = np.array([stream.add(*map(float, bar)) for bar in zip(*columns(scaled), strict=True)])
    for row, values in zip(COMMON, added.T, strict=True):
        np.testing.assert_allclose(values, row.compute(scaled), rtol=1e-12, err_msg=row.name)
    begun = Stream(COMMON)
    np.testing.assert_array_equal(begun.start(as_bars(scaled)[:1425]), added[:1425])
    bar = [float(column[1425]) for column in columns(scaled)]
    np.testing.assert_array_equal(begun.add(*bar), added[1425])  # five bars of the halt were read at once


UNCOMPILED = """
import sys
sys.modules["numba"] = None
from tests.features.histories import as_bars, walk
from trader.features.catalogue import COMMON
from trader.features import kernel
from trader.features.stream import Stream
assert not kernel.COMPILED
sys.stdout.buffer.write(Stream(COMMON).start(as_bars(walk(6, 300))).tobytes())
"""


def test_without_numba_it_is_slower_and_the_same() -> None:
    ran = subprocess.run([sys.executable, "-c", UNCOMPILED], capture_output=True, check=True, env=os.environ)
    plain = np.frombuffer(ran.stdout).reshape(300, len(COMMON))
    np.testing.assert_array_equal(plain, Stream(COMMON).start(as_bars(walk(6, 300))))
