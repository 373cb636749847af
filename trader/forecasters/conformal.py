"""Split-conformal intervals for the return: as wide as the errors were on rows that the model had not seen.

Vovk, Gammerman and Shafer 2005; Lei and others 2018 (locally weighted: errors are measured in the return's
usual size). Coverage is guaranteed where rows can be exchanged; rows of a market cannot quite, so the card
has the coverage that was found out of sample.
"""

import math

import numpy as np

from trader.domain.market import Floats
from trader.domain.value import Number, Value

LEVEL = 0.8
"""Of the interval: one return in five lies outside."""


class Interval(Value):
    """Return in sizes = base + slope * log-odds, and how far off that was, below and above."""

    level: Number
    base: Number
    slope: Number
    low: Number
    high: Number

    def around(self, log_odds: Floats, scale: Floats) -> tuple[Floats, Floats]:
        """Lower and upper end of the return, (n,) each; `scale` is its usual size."""
        centre = self.base + self.slope * log_odds
        return (centre + self.low) * scale, (centre + self.high) * scale


def line(log_odds: Floats, sizes: Floats, weight: Floats) -> tuple[float, float]:
    """Base and slope of the return in sizes on the log-odds, by weighted least squares."""
    x, y = log_odds - np.average(log_odds, weights=weight), sizes - np.average(sizes, weights=weight)
    spread = float(np.average(x * x, weights=weight))
    slope = float(np.average(x * y, weights=weight)) / spread if spread > 1e-12 else 0.0
    base = float(np.average(sizes, weights=weight) - slope * np.average(log_odds, weights=weight))
    return base, slope


def conformal(fitted: tuple[float, float], log_odds: Floats, sizes: Floats, level: float = LEVEL) -> Interval:
    """The interval whose errors below and above each hold (1 - level) / 2 of n unseen rows.

    The quantiles are those of n + 1: the row to come is one of them. Raises ValueError for no row.
    """
    base, slope = fitted
    errors = np.sort(sizes - (base + slope * log_odds))
    if not len(errors):
        raise ValueError("no row to measure errors on")
    outside = math.floor((1.0 - level) / 2.0 * (len(errors) + 1))
    place = max(0, outside - 1)
    return Interval(
        level=level, base=base, slope=slope, low=float(errors[place]), high=float(errors[-1 - place])
    )
