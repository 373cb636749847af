"""Whom to believe, and how much: calibration of each record, weights of the pool, and the pool itself.

    calibrate   d_i = a_i + c_i (logit p_i - logit pi_i)       pi_i: the base rate that i started from
    pool        logit p = logit pi + sum w_i d_i               pi: the base rate now; w_i >= 0, one in sum

The parameters are posterior modes. Little evidence moves little: c starts at one half (an unproven agent is
believed by half), a at zero, the weights equal over families and then over agents. A slope is cut at zero:
a bad record silences an agent, it does not turn it round. Weights that sum to one cannot make the pool
surer than its surest member. Platt 1999 (calibration); Ranjan and Gneiting 2010, Satopaa and others 2014
(pooling in log-odds).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trader.measures.forecasts import expit, logit
from trader.memory.cases import Resolved
from trader.memory.fixed_share import fixed_share

Floats = NDArray[np.float64]

SLOPE_PRIOR, SLOPE_SD = 0.5, 0.25
"""c ~ N(0.5, 0.25), the second number a standard deviation: half belief, either end two deviations away."""
INTERCEPT_SD = 0.1
"""a ~ N(0, 0.1), a standard deviation: a lasting bias of five points would be two deviations."""
WEIGHT_SD = 0.15
"""How far a weight may plausibly lie from equal before it has shown anything: lambda = 1 / (2 * 0.15^2)."""
FOLDS = 5
"""Blocks of time for out-of-fold calibration."""


UNPROVEN = (0.0, SLOPE_PRIOR)
"""Intercept and slope of who has no record."""


def calibrate(cases: Resolved, prior: tuple[float, float] = UNPROVEN) -> tuple[float, float]:
    """(intercept a, slope c): the posterior mode on `cases`; the prior where there are none."""
    base, x = logit(cases.base_now), lean(cases)
    intercept, slope = _posterior_mode(base, x, cases.happened, cases.weight, prior)
    if slope < 0.0:
        still = np.zeros_like(x)
        intercept, _ = _posterior_mode(base, still, cases.happened, cases.weight, prior)
        slope = 0.0
    return intercept, slope


def _posterior_mode(
    base: Floats, x: Floats, happened: Floats, weight: Floats, prior: tuple[float, float]
) -> tuple[float, float]:
    """Newton's method on a strictly concave posterior of two parameters: a handful of steps."""
    a, c = prior
    for _ in range(25):
        p = expit(base + a + c * x)
        error, curvature = weight * (happened - p), weight * p * (1 - p)
        gradient_a = error.sum() - (a - prior[0]) / INTERCEPT_SD**2
        gradient_c = (error * x).sum() - (c - prior[1]) / SLOPE_SD**2
        haa = curvature.sum() + 1 / INTERCEPT_SD**2
        hcc = (curvature * x * x).sum() + 1 / SLOPE_SD**2
        hac = (curvature * x).sum()
        determinant = haa * hcc - hac * hac
        step_a = (hcc * gradient_a - hac * gradient_c) / determinant
        step_c = (haa * gradient_c - hac * gradient_a) / determinant
        a, c = a + step_a, c + step_c
        if abs(step_a) + abs(step_c) < 1e-10:
            break
    return float(a), float(c)


def shift(p_up: float, base_rate: float, intercept: float, slope: float) -> float:
    """d: how far this agent, calibrated, would move the log-odds from the base rate."""
    return float(intercept + slope * (logit(p_up) - logit(base_rate)))


def pooled(base_rate: float, shifts: Sequence[float], weights: Sequence[float]) -> float:
    """The pool's probability. `weights` need not sum to one; at least one must be above zero."""
    share = np.asarray(weights, dtype=np.float64)
    return float(expit(logit(base_rate) + np.dot(share / share.sum(), shifts)))


def equal_weights(families: Mapping[str, str]) -> dict[str, float]:
    """Record -> weight: equal over families, then over the records of one family."""
    size = Counter(families.values())
    return {name: 1.0 / len(size) / size[family] for name, family in families.items()}


def fit_weights(records: Sequence[Resolved], prior: Floats) -> Floats:
    """Weights (k,) that minimise the weighted log loss of the pool plus |w - prior|^2 / (2 WEIGHT_SD^2).

    The calibrated forecasts are out of fold: each block of time is calibrated on the others, so that no
    record is rewarded for having been fitted well.
    """
    if sum(len(record) for record in records) == 0:
        return prior
    pool = align(records, [out_of_fold_shifts(record) for record in records])
    shifts, answered, base, happened, weight = pool[:5]
    penalty = 1.0 / WEIGHT_SD**2
    curvature = 0.25 * float(weight @ (shifts**2).sum(axis=1))
    w, step = prior.copy(), 1.0 / (penalty + curvature)
    for _ in range(200):
        total = np.maximum(answered @ w, 1e-12)
        mean = (shifts @ w) / total
        error = weight * (expit(base + mean) - happened)
        gradient = ((shifts - answered * mean[:, None]) * (error / total)[:, None]).sum(axis=0)
        moved = onto_simplex(w - step * (gradient + penalty * (w - prior)))
        if np.abs(moved - w).max() < 1e-7:
            return moved
        w = moved
    return w


def share_weights(records: Sequence[Resolved], prior: Floats) -> Floats:
    """Weights (k,) by fixed share, on forecasts calibrated by the prior slope: each case as it was met."""
    if sum(len(record) for record in records) == 0:
        return prior
    pool = align(records, [SLOPE_PRIOR * lean(record) for record in records])
    p = expit(pool.base[:, None] + pool.shifts)
    return fixed_share(p, pool.answered > 0, pool.happened, pool.weight, pool.date, prior)


def lean(record: Resolved) -> Floats:
    """How far each forecast leaned from its base rate, in log-odds, shape (n,)."""
    leaned: Floats = logit(record.p_up) - logit(record.base_rate)
    return leaned


class Aligned(NamedTuple):
    """A row for each case of any record, by date, then symbol."""

    shifts: Floats
    """Shape (n, k): what each record would move the log-odds by; 0 where it was silent."""
    answered: Floats
    """Shape (n, k), 0 or 1."""
    base: Floats
    """Log-odds of the base rate; shape (n,), as all below."""
    happened: Floats
    weight: Floats
    date: NDArray[np.int64]
    """The number of its date, rising."""
    first: NDArray[np.intp]
    """Where the case stands in the records one behind the other."""

    def p_up(self, weights: Floats) -> Floats:
        """The pool's probability of each case, shape (n,), by `weights` (k,) or (n, k)."""
        share = self.answered * weights
        total = np.maximum(share.sum(axis=1), 1e-12)
        p: Floats = expit(self.base + (share * self.shifts).sum(axis=1) / total)
        return p


def align(records: Sequence[Resolved], shifts_of: Sequence[Floats]) -> Aligned:
    """The cases of `records`, with what each moves in them. At least one case."""
    names = np.unique(np.concatenate([record.symbol for record in records]))
    keys = [
        record.decided.astype(np.int64) * len(names) + np.searchsorted(names, record.symbol)
        for record in records
    ]
    cases, first = np.unique(np.concatenate(keys), return_index=True)
    shifts, answered = np.zeros((len(cases), len(records))), np.zeros((len(cases), len(records)))
    for column, (moved, key) in enumerate(zip(shifts_of, keys, strict=True)):
        row = np.searchsorted(cases, key)
        shifts[row, column] = moved
        answered[row, column] = 1.0
    stacked = (np.concatenate([getattr(record, name) for record in records])[first] for name in _CASE_FIELDS)
    base_now, happened, weight = stacked
    return Aligned(shifts, answered, logit(base_now), happened, weight, cases // len(names), first)


_CASE_FIELDS = ("base_now", "happened", "weight")


def out_of_fold_shifts(record: Resolved) -> Floats:
    """Calibrated shifts (n,), each block of time calibrated on the other blocks."""
    x = lean(record)
    dates = np.unique(record.decided)
    fold = np.searchsorted(dates, record.decided) * FOLDS // max(len(dates), 1)
    shifts = np.empty(len(record))
    for block in range(FOLDS):
        inside = fold == block
        if inside.any():
            a, c = calibrate(record.where(~inside))
            shifts[inside] = a + c * x[inside]
    return shifts


def onto_simplex(point: Floats) -> Floats:
    """The nearest weights (k,) that are at least zero and sum to one (Duchi and others 2008)."""
    descending = np.sort(point)[::-1]
    excess = (np.cumsum(descending) - 1.0) / np.arange(1, len(point) + 1)
    last = np.flatnonzero(descending > excess)[-1]
    nearest: Floats = np.maximum(point - excess[last], 0.0)
    return nearest
