"""An order book, its trades and a funding rate: what was published while each bar was in progress."""

from pathlib import Path

import numpy as np
import pytest

from tests.features.histories import as_bars, walk
from tests.tools.markets import close_of, context, market
from trader.domain.errors import ToolError
from trader.domain.market import Series
from trader.features.book import BOOK, during
from trader.features.catalogue import feature
from trader.features.feature import Inputs
from trader.tools.features import Arguments, run
from trader.tools.forecast.feature_cache import FeatureCache
from trader.tools.indicators import indicators

NAMES = tuple(row.name for row in BOOK)
ONE = np.ones(4)


def seen(**beside: list[float]) -> Inputs:
    return Inputs(ONE, ONE, ONE, ONE, ONE, beside={name: np.array(column) for name, column in beside.items()})


def series(name: str, moments: list[np.datetime64], values: list[float]) -> Series:
    published = np.array(moments, "datetime64[s]")
    return Series(name, published.astype("datetime64[D]"), published, np.array(values))


def test_a_spread_is_of_the_middle_and_a_crossed_book_has_none() -> None:
    inputs = seen(bid=[99.0, 101.0, np.nan, 0.0], ask=[101.0, 99.0, 100.0, 1.0])
    values = feature("quoted_spread").compute(inputs)
    assert values[0] == pytest.approx(2.0 / 100.0)
    assert np.isnan(values[1:]).all()


def test_imbalances_are_one_where_there_is_one_side_only_and_none_where_there_is_neither() -> None:
    sides = [3.0, 5.0, 0.0, 0.0], [1.0, 0.0, 2.0, 0.0]
    for name, (one, other) in {
        "depth_imbalance": ("bid_size", "ask_size"),
        "trade_flow": ("bought", "sold"),
    }.items():
        values = feature(name).compute(seen(**{one: sides[0], other: sides[1]}))
        np.testing.assert_array_equal(values, [0.5, 1.0, -1.0, np.nan])


def test_what_was_published_before_a_bar_opened_or_after_it_closed_is_not_the_bar_s() -> None:
    bars = as_bars(walk(1, 5))
    opened, closed = bars.opened, bars.available
    second = np.timedelta64(1, "s")
    found = series(
        "AAA.bid",
        [opened[0], opened[1] + second, closed[1], closed[1] + second, closed[3]],
        [1.0, 2.0, 3.0, 4.0, 5.0],
    )
    values = during(found, bars[:4])
    late = 4.0 if closed[1] + second > opened[2] else np.nan
    np.testing.assert_array_equal(values, [np.nan, 3.0, late, 5.0])
    assert np.isnan(during(series("AAA.bid", [], []), bars)).all()


def test_they_are_read_from_the_series_of_the_symbol_and_of_no_other(tmp_path: Path) -> None:
    plain = market(400)
    closes = plain.bars["AAA"].available
    rates = series("AAA.funding_rate", list(closes), list(np.linspace(0.001, 0.002, 400)))
    source = market(400, series={**plain.series, rates.name: rates})
    for day in (300, 399):
        known = context(source, close_of(day))
        values = run(known, Arguments(names=("funding_rate", "quoted_spread"))).values
        assert values == {"funding_rate": rates.value[day], "quoted_spread": None}
    other = context(source, close_of(399))
    assert np.isnan(indicators(other.view, "BBB")["funding_rate"]).all()
    row, cache = feature("funding_rate"), FeatureCache(tmp_path)
    one, two = indicators(other.view, "AAA"), indicators(plain.view(close_of(399)), "AAA")
    assert one.digest_for(row) != two.digest_for(row)
    np.testing.assert_array_equal(cache.column(row, one), rates.value)
    assert np.isnan(cache.column(row, two)).all()


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(ToolError, match="bid has 3 bars, close has 4"):
        seen(bid=[1.0, 2.0, 3.0])
