"""That the benchmark of training compares like with like. No times."""

import numpy as np
import pytest

from benchmarks import training
from benchmarks.figures import Disagreement


def test_both_sides_forecast_the_same_rows_and_ours_loses_nothing() -> None:
    figures = list(training.training(lambda text: None, 2, 2_000, 1_000, 1))
    assert [figure.what for figure in figures[:2]] == [
        "area under the curve, mean",
        "  gained on XGBoost's default",
    ]
    assert figures[0].here > 0.55
    assert figures[1].met
    assert figures[2].what == "2 folds of 2,000 x 100"


def test_probabilities_that_differ_are_not_timed() -> None:
    with pytest.raises(Disagreement, match=r"probabilities are 1\.0e-05 apart"):
        training._same("peer", np.array([0.5]), np.array([0.50001]))


def test_onnxruntime_has_the_probabilities_of_the_flat_trees() -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    samples = training.made(1_500, 0)
    model = training.Xgb(training.STRONG).fit(samples, 0)
    peer = training._onnx(model, lambda text: None)
    assert peer is not None
    rows = samples.inputs[:50]
    found = training.expit(np.array([peer(row[None]) for row in rows]))
    np.testing.assert_allclose(found, training.expit(model.log_odds(rows)), atol=1e-6)
