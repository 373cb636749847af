"""Flat trees give the library's probabilities, missing values and borders included, compiled or not."""

import sys

import numpy as np
import pytest

from tests.forecasters.rows import rows
from trader.forecasters.learners.boosting import STRONG
from trader.forecasters.learners.lgbm import Lgbm
from trader.forecasters.learners.xgb import Xgb
from trader.forecasters.trees import Trees, Walker, of_lightgbm, of_xgboost
from trader.measures.forecasts import expit

ASKED = rows(300, seed=5).inputs


def xgboost(gaps: bool) -> tuple[Trees, np.ndarray]:
    model = Xgb(STRONG).fit(rows(gaps=gaps), 0)
    return of_xgboost(bytes(model.booster.save_raw("json"))), model.log_odds(ASKED)


def lightgbm(gaps: bool) -> tuple[Trees, np.ndarray]:
    pytest.importorskip("lightgbm")
    model = Lgbm(STRONG).fit(rows(gaps=gaps), 0)
    return of_lightgbm(model.booster.dump_model()), model.log_odds(ASKED)


@pytest.mark.parametrize("gaps", [True, False], ids=["trained with gaps", "trained without"])
@pytest.mark.parametrize("fitted", [xgboost, lightgbm])
def test_both_walks_have_the_librarys_probabilities(fitted: object, gaps: bool) -> None:
    trees, odds = fitted(gaps)  # type: ignore[operator]
    compiled, plain = Walker(trees), trees
    for walk in (compiled.log_odds, plain.log_odds):
        found = np.array([walk(row) for row in ASKED])
        np.testing.assert_allclose(expit(found), expit(odds), atol=1e-6)


def test_a_value_on_the_border_goes_where_the_library_sends_it() -> None:
    trees, _ = xgboost(False)
    model = Xgb(STRONG).fit(rows(gaps=False), 0)
    inner = np.flatnonzero(trees.left != np.arange(len(trees.left)))[:60]
    asked = np.zeros((len(inner), 6), np.float32)
    asked[np.arange(len(inner)), trees.feature[inner]] = trees.threshold[inner]
    found = np.array([trees.log_odds(row) for row in asked])
    np.testing.assert_allclose(found, model.log_odds(asked), atol=1e-5)


def test_without_numba_the_walk_is_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    trees, odds = xgboost(True)
    monkeypatch.setitem(sys.modules, "trader.forecasters.tree_walk", None)
    walker = Walker(trees)
    assert not walker.compiled
    assert walker.log_odds(ASKED[0]) == pytest.approx(odds[0], abs=1e-5)
