"""The cache of dear indicators: the same numbers, never another's, and whole files or none."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.tools.markets import bars
from trader.domain.market import Bars, Floats
from trader.features.catalogue import feature
from trader.features.table import Table
from trader.tools.forecast.feature_cache import FeatureCache

HISTORY = bars("AAA", 100.0 * np.exp(np.cumsum(np.random.default_rng(4).normal(0.0, 0.01, 400))))
DEAR, COMMON = feature("variance_ratio_5"), feature("rsi_14")


class Counted(Table):
    """Knows what was computed."""

    def __init__(self, history: Bars = HISTORY) -> None:
        super().__init__(history, bars_a_year=252.0)
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> Floats:
        self.asked.append(name)
        return super().__getitem__(name)


def asked_of(cache: FeatureCache, history: Bars = HISTORY, name: str = DEAR.name) -> tuple[Floats, bool]:
    """The column, and whether it had to be computed."""
    table = Counted(history)
    return cache.column(feature(name), table), bool(table.asked)


def same(one: Floats, other: Floats) -> bool:
    return one.tobytes() == other.tobytes()


def test_what_was_computed_once_is_read_to_the_bit(tmp_path: Path) -> None:
    first, computed = asked_of(FeatureCache(tmp_path))
    assert computed
    again, computed = asked_of(FeatureCache(tmp_path))
    assert not computed
    assert same(first, again)
    assert same(first, Table(HISTORY, bars_a_year=252.0)[DEAR.name])


def test_other_bars_another_indicator_and_another_catalogue_are_other_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = FeatureCache(tmp_path)
    asked_of(cache)
    nudged = HISTORY.close.copy()
    nudged[200] *= 1.000001
    assert asked_of(cache, replace(HISTORY, close=nudged))[1]
    assert asked_of(cache, HISTORY[:-1])[1]
    assert asked_of(cache, name="skewness_63")[1]
    monkeypatch.setattr("trader.tools.forecast.feature_cache.catalogue_digest", lambda: "another")
    assert asked_of(cache)[1]


def test_common_indicators_are_computed_and_leave_no_file(tmp_path: Path) -> None:
    assert asked_of(FeatureCache(tmp_path), name=COMMON.name)[1]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other array"])
def test_a_damaged_file_is_computed_again_and_replaced(tmp_path: Path, damage: str) -> None:
    cache = FeatureCache(tmp_path)
    first, _ = asked_of(cache)
    (path,) = tmp_path.iterdir()
    data = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "flipped":
        data[-5] ^= 1
        path.write_bytes(data)
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        np.save(path, np.zeros(3))
    again, computed = asked_of(cache)
    assert computed
    assert same(first, again)
    (whole,) = tmp_path.iterdir()
    assert whole.name == path.name
    assert not asked_of(cache)[1]


def test_the_folder_stays_within_its_bound_and_the_longest_unread_goes_first(tmp_path: Path) -> None:
    asked_of(FeatureCache(tmp_path))
    (first,) = tmp_path.iterdir()
    (tmp_path / "half-written.part").write_bytes(b"x" * 100)
    most = 2 * first.stat().st_size + 10
    cache = FeatureCache(tmp_path, most)
    for name in ("skewness_63", "kurtosis_63", "entropy_63"):
        asked_of(cache, name=name)
        asked_of(cache, name="skewness_63")  # read again and again, so it stays
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= most
    assert not first.exists()
    assert not asked_of(cache, name="skewness_63")[1]


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = FeatureCache(tmp_path / "file" / "features")
    for _ in range(2):
        found, computed = asked_of(cache)
        assert computed
        assert np.isfinite(found[-1])
