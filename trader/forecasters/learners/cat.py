"""CatBoost: oblivious trees on ordered boosting, kept in its own binary format. An extra of 100 MB."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trader.domain.errors import MissingExtra
from trader.domain.market import Floats
from trader.forecasters.learners.boosting import CALM, Boosting
from trader.forecasters.samples import Matrix, Samples

THREADS = 1
MAGIC = b"CBM1"


@dataclass(frozen=True, eq=False)
class CatTrees:
    """A booster."""

    booster: Any

    def log_odds(self, inputs: Matrix) -> Floats:
        """Shape (n,)."""
        odds = self.booster.predict(inputs, prediction_type="RawFormulaVal", thread_count=THREADS)
        return np.asarray(odds, np.float64)

    def shifts(self, inputs: Matrix) -> Floats:
        """Shapley values of trees."""
        import catboost

        pool = catboost.Pool(inputs, thread_count=THREADS)
        found = self.booster.get_feature_importance(pool, type="ShapValues", thread_count=THREADS)
        return np.asarray(found, np.float64)

    def dump(self) -> bytes:
        """CatBoost's binary format, through a file: it writes to nothing else."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.cbm"
            self.booster.save_model(str(path))
            return path.read_bytes()


class Cat:
    """Fits and writes nothing beside."""

    name, file = "catboost", "catboost.cbm"

    def __init__(self, size: Boosting = CALM) -> None:
        self.size = size

    def version(self) -> str:
        """CatBoost's. Raises MissingExtra."""
        return f"catboost {_library().__version__}"

    def fit(self, samples: Samples, seed: int) -> CatTrees:
        """Raises MissingExtra."""
        size = self.size
        booster = _library().CatBoostClassifier(
            iterations=size.rounds,
            depth=size.depth,
            learning_rate=size.eta,
            l2_leaf_reg=size.ridge,
            border_count=size.bins - 1,
            rsm=size.inputs,
            bootstrap_type="Bernoulli" if size.rows < 1.0 else "No",
            **({"subsample": size.rows} if size.rows < 1.0 else {}),
            random_seed=seed,
            thread_count=THREADS,
            allow_writing_files=False,
            verbose=False,
        )
        booster.fit(samples.inputs, samples.happened.astype(np.int64), sample_weight=samples.weight)
        return CatTrees(booster)

    def load(self, data: bytes) -> CatTrees:
        """Raises ValueError, or MissingExtra."""
        library = _library()
        if not data.startswith(MAGIC):  # else CatBoost ends the process
            raise ValueError("not a model of CatBoost")
        booster = library.CatBoostClassifier()
        try:
            booster.load_model(blob=data)
        except library.CatBoostError as error:
            raise ValueError("not a model of CatBoost") from error
        return CatTrees(booster)


def _library() -> Any:
    try:
        import catboost
    except ImportError as error:
        raise MissingExtra("catboost", "catboost") from error
    return catboost
