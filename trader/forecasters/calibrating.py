"""From a model's log-odds to odds that come true: Platt scaling and beta calibration, each with a prior.

Fitted on rows that the model was not trained on. The prior says that the model is right as it is, so few
cases move little. Platt 1999; Kull, Silva Filho and Flach 2017, "Beta calibration".
"""

from typing import Literal

import numpy as np
from pydantic import Field

from trader.domain.market import Floats
from trader.domain.value import Number, Value
from trader.forecasters.newton import posterior_mode
from trader.measures.forecasts import expit

Method = Literal["platt", "beta"]

DEVIATION = 0.5
"""Of each coefficient around the identity, before anything is seen."""


class Calibration(Value):
    """log-odds = intercept + above ln p - below ln(1 - p); equal slopes are Platt's."""

    intercept: Number = 0.0
    above: Number = Field(default=1.0, ge=0.0)
    below: Number = Field(default=1.0, ge=0.0)

    def __call__(self, log_odds: Floats) -> Floats:
        """Calibrated log-odds, shape kept."""
        up, down = _logs(log_odds)
        calibrated: Floats = self.intercept + self.above * up + self.below * down
        return calibrated

    def shifts(self, shifts: Floats) -> Floats:
        """Contributions (n, k + 1) to the calibrated log-odds.

        Each is stretched by the slope of the line from zero to where its row ends up, so that they add up.
        """
        total = shifts.sum(axis=1)
        wanted = self(total) - self(np.zeros(len(total)))
        stretch = np.where(np.abs(total) > 1e-12, wanted / np.where(total == 0.0, 1.0, total), self.above)
        moved = shifts * stretch[:, None]
        moved[:, -1] += self(np.zeros(1))[0]
        return moved


def calibrate(method: Method, log_odds: Floats, happened: Floats, weight: Floats) -> Calibration:
    """The posterior mode on n rows. A slope that would be negative is zero: no model is turned round."""
    up, down = _logs(log_odds)
    columns = [up + down] if method == "platt" else [up, down]
    design = np.column_stack([np.ones(len(log_odds)), *columns])
    mean = np.array([0.0, *np.ones(len(columns))])
    precision = np.full(len(mean), 1.0 / DEVIATION**2)
    found = posterior_mode(design, happened, weight, mean, precision)
    while (found[1:] < 0.0).any():
        held = np.concatenate(([False], found[1:] < 0.0)) | (precision > 1e9)
        mean, precision = np.where(held, 0.0, mean), np.where(held, 1e12, precision)
        found = posterior_mode(design, happened, weight, mean, precision)
        found = np.where(held, 0.0, found)
    slopes = np.maximum(found[1:], 0.0)
    return Calibration(intercept=float(found[0]), above=float(slopes[0]), below=float(slopes[-1]))


def _logs(log_odds: Floats) -> tuple[Floats, Floats]:
    """The two parts of the log-odds: ln p and -ln(1 - p)."""
    p = np.clip(expit(log_odds), 1e-12, 1.0 - 1e-12)
    return np.log(p), -np.log1p(-p)
