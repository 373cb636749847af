"""How much of the best of several is luck: overfitting and superior ability, of forecasts on the same cases.

Each variant's gain is the log loss of what it is compared with less its own, a mean for each date.
Overfitting (Bailey and others 2017) is judged on dates a horizon apart; superiority (Hansen 2005) on all of
them, drawn in blocks of a horizon or more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trader.evals.cases import Cases
from trader.evals.timing import apart
from trader.measures.bootstrap import DRAWS, drawn_dates
from trader.measures.forecasts import log_losses
from trader.measures.overfitting import FEWEST_VARIANTS, probability_of_overfitting
from trader.measures.superiority import superior_ability

Floats = NDArray[np.float64]

BLOCKS = 16
"""Parts of the dates that overfitting is judged by: each half of them against the other."""


@dataclass(frozen=True)
class Choice:
    """What choosing the best of several does to the belief in it."""

    variants: int
    """That were compared."""
    dates: int
    """On which all of them answered."""
    overfitting: float | None
    """Probability that the best variant is below the median elsewhere; None where not applicable."""
    superior: float | None
    """The chance of so good a best variant if none were better than what they are compared with.

    None where not applicable.
    """
    why_not: str
    """Why they are not applicable; empty where they are."""


def choice(cases: Cases, variants: Mapping[str, Floats], benchmark: Floats, seed: int = 0) -> Choice:
    """Of `variants`, each (n,), against `benchmark` (n,), on the cases that all of them have."""
    count = len(variants)
    if count < FEWEST_VARIANTS:
        return Choice(count, 0, None, None, f"{count} were compared, and it takes {FEWEST_VARIANTS}")
    said = np.array([*variants.values()])
    rows = ~np.isnan(said).any(axis=0) & ~np.isnan(benchmark)
    happened = cases.happened[rows]
    dates, date = np.unique(cases.decided[rows], return_inverse=True)
    kept = apart(np.searchsorted(cases.clock, dates), cases.horizon)
    if len(kept) < 2 * BLOCKS:
        lacking = f"all answered on {len(kept)} dates a horizon apart, and it takes {2 * BLOCKS}"
        return Choice(count, len(dates), None, None, lacking)
    base = log_losses(benchmark[rows], happened)
    gains = np.column_stack(
        [np.bincount(date, base - log_losses(p[rows], happened)) / np.bincount(date) for p in said]
    )
    picks = drawn_dates(len(dates), cases.horizon, DRAWS, seed)
    return Choice(
        count,
        len(dates),
        probability_of_overfitting(gains[kept], BLOCKS),
        superior_ability(gains, picks).p,
        "",
    )
