"""LightGBM: trees grown leaf by leaf, kept as its own text."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from trader.domain.errors import MissingExtra
from trader.domain.market import Floats
from trader.forecasters.learners.boosting import CALM, Boosting
from trader.forecasters.samples import Matrix, Samples
from trader.forecasters.trees import Walker, of_lightgbm

THREADS = 1


@dataclass(frozen=True, eq=False)
class LgbmTrees:
    """A booster."""

    booster: Any

    @cached_property
    def walker(self) -> Walker:
        """The same trees for single rows."""
        return Walker(of_lightgbm(self.booster.dump_model()))

    def log_odds(self, inputs: Matrix) -> Floats:
        """Shape (n,); one row alone does without the library."""
        if len(inputs) == 1:
            return np.array([self.walker.log_odds(np.ascontiguousarray(inputs[0], np.float32))])
        odds = self.booster.predict(inputs, raw_score=True, num_threads=THREADS)
        return np.asarray(odds, np.float64)

    def shifts(self, inputs: Matrix) -> Floats:
        """Shapley values of trees, exact (Lundberg and others 2020)."""
        found = self.booster.predict(inputs, pred_contrib=True, num_threads=THREADS)
        return np.asarray(found, np.float64)

    def dump(self) -> bytes:
        """LightGBM's text."""
        return str(self.booster.model_to_string()).encode()


class Lgbm:
    """Fits with at most 2 ^ depth leaves."""

    name, file = "lightgbm", "lightgbm.txt"

    def __init__(self, size: Boosting = CALM) -> None:
        self.size = size

    def version(self) -> str:
        """LightGBM's. Raises MissingExtra."""
        return f"lightgbm {_library().__version__}"

    def fit(self, samples: Samples, seed: int) -> LgbmTrees:
        """Boosted from the base rate. Raises MissingExtra."""
        library = _library()
        table = library.Dataset(
            samples.inputs,
            label=samples.happened,
            weight=samples.weight,
            params={"max_bin": self.size.bins - 1, "verbosity": -1, "num_threads": THREADS},
            free_raw_data=True,
        )
        return LgbmTrees(library.train(self.parameters(samples, seed), table, self.size.rounds))

    def load(self, data: bytes) -> LgbmTrees:
        """Raises ValueError, or MissingExtra."""
        library = _library()
        try:
            text = data.decode()
            if not text.startswith("tree\n"):  # else LightGBM ends the process
                raise ValueError("no tree")
            return LgbmTrees(library.Booster(model_str=text))
        except (library.basic.LightGBMError, ValueError) as error:
            raise ValueError("not a model of LightGBM") from error

    def parameters(self, samples: Samples, seed: int) -> dict[str, Any]:
        """As LightGBM names them."""
        size = self.size
        return {
            "objective": "binary",
            "boost_from_average": True,
            "num_leaves": 2**size.depth,
            "max_depth": size.depth,
            "learning_rate": size.eta,
            "min_sum_hessian_in_leaf": size.leaf,
            "min_data_in_leaf": 1,
            "lambda_l2": size.ridge,
            "bagging_fraction": size.rows,
            "bagging_freq": int(size.rows < 1.0),
            "feature_fraction": size.inputs,
            "max_bin": size.bins - 1,
            "seed": seed,
            "deterministic": True,
            "force_col_wise": True,
            "num_threads": THREADS,
            "verbosity": -1,
        }


def _library() -> Any:
    try:
        import lightgbm
    except ImportError as error:
        raise MissingExtra("lightgbm", "boosters") from error
    except OSError as error:  # its wheel brings no OpenMP
        raise MissingExtra(
            "the OpenMP library that LightGBM needs (libgomp, or libomp on a Mac)", "boosters"
        ) from error
    return lightgbm
