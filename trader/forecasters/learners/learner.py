"""The one protocol of all models: rows in, a fitted thing that gives log-odds and says what moved them."""

from typing import Protocol

import numpy as np

from trader.domain.market import Floats
from trader.forecasters.samples import Matrix, Samples

P_SURE = 1e-4
"""No base rate is taken to be nearer to 0 or 1."""


class Fitted(Protocol):
    """A trained model."""

    def log_odds(self, inputs: Matrix) -> Floats:
        """Of the event for each row, shape (n,)."""
        ...

    def shifts(self, inputs: Matrix) -> Floats:
        """What each input adds to the log-odds, shape (n, k + 1); the last column is where all begin."""
        ...

    def dump(self) -> bytes:
        """The library's own format. Never a pickle: reading one runs what is in it."""
        ...


class Learner(Protocol):
    """A way of fitting."""

    name: str
    file: str
    """The name of the file that a fitted one is kept in."""

    def version(self) -> str:
        """Of the library that fits: another may give other trees."""
        ...

    def fit(self, samples: Samples, seed: int) -> Fitted:
        """Fit to all rows, by weight. The same rows and seed give the same bytes."""
        ...

    def load(self, data: bytes) -> Fitted:
        """The inverse of `dump`. Raises ValueError for what is no such file."""
        ...


def base_log_odds(samples: Samples) -> float:
    """Log-odds of the base rate."""
    rate = min(max(samples.base_rate, P_SURE), 1.0 - P_SURE)
    return float(np.log(rate) - np.log1p(-rate))
