"""Logistic regression with a Gaussian prior, by Newton's method: the posterior mode, found in a few steps."""

import numpy as np

from trader.domain.market import Floats
from trader.measures.forecasts import expit

STEPS = 50
SETTLED = 1e-10


def posterior_mode(
    design: Floats, happened: Floats, weight: Floats, mean: Floats, precision: Floats
) -> Floats:
    """Coefficients (k,) of n rows (n, k) with the prior N(`mean`, 1 / `precision`), independent.

    The penalty makes the Hessian definite, so a minimum exists even where the classes are separable
    (Bishop 2006, section 4.3.3). Steps are halved until the loss falls.
    """
    at = mean.astype(np.float64).copy()
    loss = _loss(at, design, happened, weight, mean, precision)
    for _ in range(STEPS):
        p = expit(design @ at)
        slope = design.T @ (weight * (p - happened)) + precision * (at - mean)
        bend = (design * (weight * p * (1.0 - p))[:, None]).T @ design + np.diag(precision)
        step = np.linalg.solve(bend, slope)
        scale = 1.0
        while (tried := _loss(at - scale * step, design, happened, weight, mean, precision)) > loss:
            scale /= 2.0
            if scale < SETTLED:
                return at
        at, settled = at - scale * step, loss - tried <= SETTLED * (1.0 + abs(loss))
        loss = tried
        if settled:
            break
    return at


def _loss(
    at: Floats, design: Floats, happened: Floats, weight: Floats, mean: Floats, precision: Floats
) -> float:
    z = design @ at
    likelihood = np.logaddexp(0.0, z) - happened * z
    return float((weight * likelihood).sum() + 0.5 * (precision * (at - mean) ** 2).sum())
