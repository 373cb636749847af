"""Logistic regression with a ridge: the baseline that every other model must beat."""

import json
from dataclasses import dataclass

import numpy as np

from trader.domain.market import Floats
from trader.domain.value import canonical_json
from trader.forecasters.learners.learner import base_log_odds
from trader.forecasters.newton import posterior_mode
from trader.forecasters.samples import Matrix, Samples
from trader.forecasters.selecting import Scaling

RIDGE = 50.0
"""Effective cases that say each normalised input does nothing."""


@dataclass(frozen=True, eq=False)
class Line:
    """log-odds = intercept + normalised inputs times slopes."""

    intercept: float
    slopes: Floats
    scaling: Scaling

    def log_odds(self, inputs: Matrix) -> Floats:
        """Shape (n,)."""
        odds: Floats = self.intercept + self.scaling.apply(inputs) @ self.slopes
        return odds

    def shifts(self, inputs: Matrix) -> Floats:
        """Exact: a linear model's Shapley values are its terms, inputs taken as independent."""
        terms = self.scaling.apply(inputs) * self.slopes
        return np.column_stack([terms, np.full(len(terms), self.intercept)])

    def dump(self) -> bytes:
        """JSON; an input that never varied has no spread."""
        spread = [float(one) if np.isfinite(one) else None for one in self.scaling.spread]
        said = {
            "intercept": self.intercept,
            "slopes": self.slopes.tolist(),
            "centre": self.scaling.centre.tolist(),
            "spread": spread,
        }
        return canonical_json(said).encode()


class Logistic:
    """Fits by Newton's method."""

    name, file = "logistic", "logistic.json"

    def version(self) -> str:
        """NumPy's, which solves the equations."""
        return f"numpy {np.__version__}"

    def fit(self, samples: Samples, seed: int) -> Line:
        """Nothing is drawn: `seed` changes nothing."""
        scaling = Scaling.of(samples.inputs, samples.weight)
        design = np.column_stack([np.ones(len(samples)), scaling.apply(samples.inputs)])
        mean = np.zeros(design.shape[1])
        mean[0] = base_log_odds(samples)
        precision = np.full(design.shape[1], RIDGE)
        precision[0] = 1e-3
        found = posterior_mode(design, samples.happened, samples.weight, mean, precision)
        return Line(float(found[0]), found[1:], scaling)

    def load(self, data: bytes) -> Line:
        """Raises ValueError."""
        try:
            said = json.loads(data)
            spread = np.array([np.inf if one is None else one for one in said["spread"]], np.float64)
            scaling = Scaling(np.array(said["centre"], np.float64), spread)
            return Line(float(said["intercept"]), np.array(said["slopes"], np.float64), scaling)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a logistic model: {error!r}") from error
