"""Which inputs a model gets, and how they are normalised: both from the rows trained on alone."""

from dataclasses import dataclass

import numpy as np

from trader.domain.market import Floats
from trader.forecasters.samples import Matrix, Rows, Samples

FARTHEST = 5.0
"""Deviations: what lies beyond counts as this far, so that one bad tick moves little."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """Mean and deviation of each input, shape (k,)."""

    centre: Floats
    spread: Floats

    @classmethod
    def of(cls, inputs: Matrix, weight: Floats) -> "Scaling":
        """From n rows, by weight; an input that never varies is left as zero."""
        known = np.isfinite(inputs)
        values = np.where(known, inputs, 0.0).astype(np.float64)
        mass = np.maximum((known * weight[:, None]).sum(axis=0), 1e-12)
        centre = (values * weight[:, None]).sum(axis=0) / mass
        variance = (np.where(known, values - centre, 0.0) ** 2 * weight[:, None]).sum(axis=0) / mass
        return cls(centre, np.where(variance > 1e-24, np.sqrt(variance), np.inf))

    def apply(self, inputs: Matrix) -> Floats:
        """Deviations from the mean, (n, k); zero where an input has no value."""
        away = (inputs - self.centre) / self.spread
        return np.clip(np.nan_to_num(away, nan=0.0), -FARTHEST, FARTHEST)


def best(samples: Samples, count: int) -> Rows:
    """Columns of the `count` inputs most correlated with the label, by weight, in their own order.

    A filter (Guyon and Elisseeff 2003): each input alone, so pairs that matter only together are missed.
    """
    if count >= len(samples.names):
        return np.arange(len(samples.names))
    away = Scaling.of(samples.inputs, samples.weight).apply(samples.inputs)
    label = samples.happened - samples.base_rate
    strength = np.abs((away * (label * samples.weight)[:, None]).sum(axis=0))
    return np.sort(np.argsort(-strength, kind="stable")[:count])
