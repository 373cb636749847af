"""One trained model: shallow boosted trees, the same bytes from the same rows, on any number of cores."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from trader.domain.errors import ToolError
from trader.domain.market import Floats
from trader.domain.opinions import P_MAX, P_MIN
from trader.domain.value import digest_bytes
from trader.forecasters.learners import xgb
from trader.forecasters.learners.boosting import CALM
from trader.tools.forecast.rows import INPUTS, Matrix, TrainingRows

if TYPE_CHECKING:
    from xgboost import Booster

FEWEST_ROWS = 500
ROUNDS = CALM.rounds
THREADS = xgb.THREADS
"""Sums in one order: the same bytes everywhere, and no thread waits for another on a busy machine."""


@dataclass(frozen=True, eq=False)
class Model:
    """What was fitted at one refit moment."""

    trained_until: datetime
    rows: int
    n_eff: float
    base_rate: float
    booster: "Booster"

    def shifts(self, inputs: Matrix) -> Floats:
        """How far each input moves the log-odds, shape (n, k + 1): Shapley values, then the base. Exact."""
        import xgboost

        table = xgboost.DMatrix(inputs, nthread=THREADS)
        return np.asarray(self.booster.predict(table, pred_contribs=True), np.float64)

    def probabilities(self, inputs: Matrix) -> Floats:
        """Probability of the event for each row, shape (n,)."""
        return probability(
            np.asarray(self.booster.inplace_predict(inputs, predict_type="margin"), np.float64)
        )


def probability(log_odds: Floats) -> Floats:
    """The logistic of `log_odds`, no surer than an opinion may be."""
    return np.clip(1.0 / (1.0 + np.exp(-log_odds)), P_MIN, P_MAX)


def check_enough(rows: TrainingRows) -> None:
    """Raise ToolError where there are too few rows to train on."""
    if len(rows.inputs) < FEWEST_ROWS:
        raise ToolError(f"needs {FEWEST_ROWS} resolved rows to train on, has {len(rows.inputs)}")


def parameters(rows: TrainingRows, seed: int) -> dict[str, Any]:
    """Everything that shapes the trees besides the rows.

    Chosen once and not searched: see `CALM`.
    """
    return xgb.parameters(float(np.clip(rows.base_rate, P_MIN, P_MAX)), seed, CALM)


def training_digest(rows: TrainingRows, seed: int) -> str:
    """Names a training: its rows, its parameters, the library's version."""
    import xgboost

    said = json.dumps(
        [parameters(rows, seed), ROUNDS, INPUTS, rows.inputs.shape, xgboost.__version__], sort_keys=True
    )
    arrays = (rows.inputs, rows.happened, rows.weight)
    return digest_bytes(said.encode() + b"".join(array.astype("<f4").tobytes() for array in arrays))


def train(rows: TrainingRows, seed: int) -> "Booster":
    """Fit the trees. Raises ToolError for too few rows."""
    import xgboost

    check_enough(rows)
    table = xgboost.QuantileDMatrix(
        rows.inputs, label=rows.happened, weight=rows.weight, max_bin=64, nthread=THREADS
    )
    return xgboost.train(parameters(rows, seed), table, ROUNDS)


def dump(booster: "Booster") -> bytes:
    """XGBoost's own format, as universal binary JSON."""
    return bytes(booster.save_raw("ubj"))


def load(data: bytes) -> "Booster":
    """The inverse of `dump`."""
    import xgboost

    booster = xgboost.Booster({"nthread": THREADS})
    booster.load_model(bytearray(data))
    return booster
