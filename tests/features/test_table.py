"""The last value by itself: the last of the column, from the window alone."""

import numpy as np
import pytest

from tests.tools.markets import bars
from trader.domain.market import Bars, Series
from trader.features.catalogue import FEATURES
from trader.features.feature import Feature
from trader.features.table import Table

WINDOWED = tuple(row for row in FEATURES if row.windowed)


def history(seed: int, count: int) -> Bars:
    rng = np.random.default_rng(seed)
    return bars("AAA", 50.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, count))))


def index_beside(whole: Bars) -> Series:
    rng = np.random.default_rng(1)
    days = whole.opened.astype("datetime64[D]")
    level = 1000.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, len(whole))))
    return Series("index", days, whole.available, level)


@pytest.mark.parametrize("row", WINDOWED, ids=lambda row: row.name)
def test_a_windowed_indicators_last_value_needs_its_window_alone(row: Feature) -> None:
    for seed, count in (
        (0, 600),
        (1, 400),
        (2, row.warmup + 2),
        (3, row.warmup + 1),
        (4, max(row.warmup, 1)),
    ):
        whole = history(seed, count)
        series = index_beside(whole)
        one, other = (
            Table(whole, bars_a_year=252.0, index=lambda s=series: s, beside=lambda _, s=series: s)
            for _ in range(2)
        )
        column, last = one[row.name], other.last(row.name)
        assert last == pytest.approx(column[-1], rel=1e-9, abs=1e-12, nan_ok=True)


def test_an_indicator_with_a_memory_is_read_from_its_column() -> None:
    whole = history(0, 600)
    table = Table(whole, bars_a_year=252.0)
    for name in ("rsi_14", "streak", "macd_hist"):
        assert table.last(name) == table[name][-1]


def test_there_are_windowed_indicators_of_three_groups() -> None:
    assert len(WINDOWED) >= 39
    assert {row.group for row in WINDOWED} == {"statistical", "microstructure", "market"}
