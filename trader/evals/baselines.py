"""What the desk has to be better than to be worth anything, as forecasts on the cases that had a pool."""

import warnings

import numpy as np

from trader.evals.cases import Cases
from trader.evals.pool import alike, pooled_by
from trader.evals.subject import Subject
from trader.measures.forecasts import log_loss


def baselines(cases: Cases) -> tuple[Subject, ...]:
    """The base rate, one half, equal weights, the median, each agent alone; the best, known afterwards."""
    pooled = ~np.isnan(cases.desk)
    found = [
        Subject("base rate", cases, np.where(pooled, cases.base_rate, np.nan)),
        Subject("one half", cases, np.where(pooled, 0.5, np.nan)),
        Subject("equal weights", cases, alike(cases)),
        Subject("median agent", cases, np.where(pooled, _median(cases), np.nan)),
    ]
    for row, name in enumerate(cases.agents):
        alone = pooled_by(cases, np.arange(len(cases.agents)) == row)
        found.append(
            Subject(f"{name} alone", cases, np.where(pooled & (cases.share[row] > 0), alone, np.nan))
        )
    if best := _best(cases):
        found.append(best)
    return tuple(found)


def _median(cases: Cases) -> np.ndarray:
    """Of the probabilities as stated, (n,); NaN where nothing was."""
    if not len(cases.agents):
        return np.full(len(cases), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a case on which nobody spoke has no median
        return np.nanmedian(cases.said, axis=0)


def _best(cases: Cases) -> Subject | None:
    """The agent whose own log loss was least, chosen with hindsight from those that answered every case."""
    pooled = ~np.isnan(cases.desk)
    whole = [
        row
        for row in range(len(cases.agents))
        if pooled.any() and not np.isnan(cases.said[row, pooled]).any()
    ]
    if not whole:
        return None
    losses = [log_loss(cases.said[row, pooled], cases.happened[pooled]) for row in whole]
    row = whole[int(np.argmin(losses))]
    return Subject(
        f"{cases.agents[row]}, best with hindsight", cases, np.where(pooled, cases.said[row], np.nan)
    )
