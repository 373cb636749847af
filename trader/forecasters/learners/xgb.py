"""XGBoost: histogram trees, kept as universal binary JSON."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from trader.domain.market import Floats
from trader.forecasters.learners.boosting import CALM, Boosting
from trader.forecasters.learners.learner import P_SURE
from trader.forecasters.samples import Matrix, Samples
from trader.forecasters.trees import Walker, of_xgboost

if TYPE_CHECKING:
    from xgboost import Booster

MAGIC = b"{L"
"""How a universal binary JSON of XGBoost's begins: an object, and the length of its first key."""
THREADS = 1
"""Sums in one order: the same bytes everywhere. Folds are what runs beside each other."""


@dataclass(frozen=True, eq=False)
class XgbTrees:
    """A booster."""

    booster: "Booster"

    @cached_property
    def walker(self) -> Walker:
        """The same trees for single rows."""
        return Walker(of_xgboost(bytes(self.booster.save_raw("json"))))

    def log_odds(self, inputs: Matrix) -> Floats:
        """Shape (n,); one row alone does without the library."""
        if len(inputs) == 1:
            return np.array([self.walker.log_odds(np.ascontiguousarray(inputs[0], np.float32))])
        return np.asarray(self.booster.inplace_predict(inputs, predict_type="margin"), np.float64)

    def shifts(self, inputs: Matrix) -> Floats:
        """Shapley values of trees, exact (Lundberg and others 2020)."""
        import xgboost

        table = xgboost.DMatrix(inputs, nthread=THREADS)
        return np.asarray(self.booster.predict(table, pred_contribs=True), np.float64)

    def dump(self) -> bytes:
        """Universal binary JSON."""
        return bytes(self.booster.save_raw("ubj"))


class Xgb:
    """Fits with `tree_method=hist`."""

    name, file = "xgboost", "xgboost.ubj"

    def __init__(self, size: Boosting = CALM) -> None:
        self.size = size

    def version(self) -> str:
        """XGBoost's."""
        import xgboost

        return f"xgboost {xgboost.__version__}"

    def fit(self, samples: Samples, seed: int) -> XgbTrees:
        """Boosted from the base rate."""
        import xgboost

        table = xgboost.QuantileDMatrix(
            samples.inputs,
            label=samples.happened.astype(np.float32),
            weight=samples.weight.astype(np.float32),
            max_bin=self.size.bins,
            nthread=THREADS,
        )
        return XgbTrees(
            xgboost.train(parameters(samples.base_rate, seed, self.size), table, self.size.rounds)
        )

    def load(self, data: bytes) -> XgbTrees:
        """Raises ValueError."""
        import xgboost

        if not data.startswith(MAGIC):  # else XGBoost may end the process
            raise ValueError("not a model of XGBoost")
        booster = xgboost.Booster({"nthread": THREADS})
        try:
            booster.load_model(bytearray(data))
        except xgboost.core.XGBoostError as error:
            raise ValueError("not a model of XGBoost") from error
        return XgbTrees(booster)


def parameters(base_rate: float, seed: int, size: Boosting) -> dict[str, Any]:
    """As XGBoost names them."""
    return {
        "objective": "binary:logistic",
        "base_score": float(np.clip(base_rate, P_SURE, 1.0 - P_SURE)),
        "tree_method": "hist",
        "max_bin": size.bins,
        "max_depth": size.depth,
        "eta": size.eta,
        "min_child_weight": size.leaf,
        "reg_lambda": size.ridge,
        "subsample": size.rows,
        "colsample_bytree": size.inputs,
        "seed": seed,
        "nthread": THREADS,
    }
