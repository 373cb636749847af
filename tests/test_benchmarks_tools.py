"""That the benchmark of the indicators compares like with like. No times."""

import sys

import numpy as np
import pytest

from benchmarks.figures import Disagreement
from benchmarks.tools import agreement, apart, beside, history, one_bar_more, peer
from benchmarks.tools_talib import DIRECT
from trader.features.catalogue import COMMON


def test_talib_is_called_for_each_of_the_hundred() -> None:
    assert set(DIRECT) <= {row.name for row in COMMON}
    assert len(DIRECT) == 100


def test_a_difference_is_relative_and_near_zero_to_the_spread() -> None:
    ours, theirs = np.array([np.nan, 100.1, 50.0]), np.array([np.nan, 100.0, 50.0])
    assert apart(ours, theirs) == pytest.approx(1e-3)
    assert apart(np.array([1e-9, 1.0]), np.array([0.0, 1.0])) == pytest.approx(2e-6)
    assert apart(ours, ours) == 0.0


def test_a_value_where_the_other_has_none_is_an_infinite_difference() -> None:
    assert apart(np.array([1.0, 2.0]), np.array([1.0, np.nan])) == np.inf


def test_sides_that_differ_are_named_and_not_timed() -> None:
    with pytest.raises(Disagreement, match=r"two: 5\.0e-01 apart from peer, 1e-09 allowed"):
        agreement(
            {"one": np.ones(3), "two": np.array([1.0, 2.0, 3.0])},
            {"one": np.ones(3), "two": np.array([1.0, 4.0, 3.0])},
            "peer",
            0,
            1e-9,
        )


def test_over_a_history_both_sides_compute_the_same_rows() -> None:
    figures = list(beside("TA-Lib", history(2_000), _some, 0, 1e-9, 1.0, turns=1))
    assert figures[0].met
    assert figures[1].what == "2 indicators, 2,000 bars"
    assert figures[1].peer is not None


def test_bars_added_one_by_one_agree_with_the_batch_without_any_peer() -> None:
    figures = list(one_bar_more(history(20_000), None))
    assert figures[0].met
    assert "TA-Lib over 500 bars" in {figure.peer_name for figure in figures}


def test_a_library_that_is_not_installed_is_left_out_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wickra", None)
    monkeypatch.delitem(sys.modules, "benchmarks.tools_wickra", raising=False)
    said: list[str] = []
    assert peer("wickra", said.append) is None
    assert said == ["left out: wickra is not installed: pip install 'trader[bench]'"]


def _some(inputs: object) -> dict[str, np.ndarray]:
    return {name: DIRECT[name](inputs) for name in ("rsi_14", "sma_50_gap")}  # type: ignore[arg-type]
