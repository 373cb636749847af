"""Is one forecast better than another on the same cases, or is that luck?

The difference of log losses, case by case, with an interval from dates resampled in blocks
(`measures/bootstrap.py`): cases that overlap or share a date are never taken for independent ones.
"""

from dataclasses import dataclass
from math import ceil, log10
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from trader.evals.cases import Cases
from trader.measures.bootstrap import DRAWS, drawn_dates, percentile_interval, resampled_means, widening
from trader.measures.forecasts import brier, log_loss, log_losses

Floats = NDArray[np.float64]

FEWEST_DATES = 20
"""Dates a horizon apart below which no interval is given: with fewer blocks it would be too narrow."""
POWER = 0.8
"""Chance, with the cases that are said to be missing, of an interval that leaves out zero."""
NORMAL = NormalDist()


@dataclass(frozen=True)
class Difference:
    """Of mean log losses: below zero the first forecast is the better one."""

    against: str
    cases: int
    n_eff: float
    brier: float
    """Difference of Brier scores on the same cases."""
    log_loss: float
    low: float | None
    high: float | None
    """The interval; None where there is too little for one."""
    level: float
    more_cases: int | None
    """About so many more would decide it, if the difference is what it seems. None: nothing to say."""
    lacking: str = ""
    """Why there is no interval."""

    @property
    def decided(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and (self.high < 0.0 or self.low > 0.0)


def difference(
    cases: Cases, mine: Floats, theirs: Floats, against: str, *, level: float = 0.95, seed: int = 0
) -> Difference | None:
    """`mine` (n,) against `theirs` (n,), on the cases where neither is NaN; None where there is none."""
    rows = ~np.isnan(mine) & ~np.isnan(theirs)
    if not rows.any():
        return None
    happened, p, q = cases.happened[rows], mine[rows], theirs[rows]
    each = log_losses(p, happened) - log_losses(q, happened)
    lacking, low, high, more = _lacking(cases, rows), None, None, None
    if not lacking:
        dates, date = np.unique(cases.decided[rows], return_inverse=True)
        picks = drawn_dates(len(dates), cases.horizon, DRAWS, seed)
        resampled = resampled_means(each, date, picks)
        mean, wider = float(each.mean()), widening(len(dates), cases.horizon, level)
        low, high = (mean + wider * (end - mean) for end in percentile_interval(resampled, level))
        if low <= 0.0 <= high:
            more = _more(mean, wider * float(resampled.std(ddof=1)), len(each), level)
    return Difference(
        against=against,
        cases=int(rows.sum()),
        n_eff=cases.worth(rows),
        brier=brier(p, happened) - brier(q, happened),
        log_loss=log_loss(p, happened) - log_loss(q, happened),
        low=low,
        high=high,
        level=level,
        more_cases=more,
        lacking=lacking,
    )


def _lacking(cases: Cases, rows: NDArray[np.bool_]) -> str:
    """What stands against an interval; empty where nothing does."""
    happened = cases.happened[rows]
    if happened.min() == happened.max():
        always = happened[0] == 1.0
        return f"the event {'always' if always else 'never'} happened: one class shows nothing of a forecast"
    separate = cases.separate(rows)
    if separate < FEWEST_DATES:
        return (
            f"they are worth {separate:.1f} dates a horizon apart, and an interval needs {FEWEST_DATES}: "
            f"about {ceil((FEWEST_DATES - separate) * cases.horizon)} more closes"
        )
    return ""


def _more(mean: float, error: float, cases: int, level: float) -> int | None:
    """Cases besides these until an interval of this level leaves out zero with the chance POWER.

    The error falls with the root of the number of cases; two digits, because more would be invented.
    """
    if mean == 0.0:
        return None
    reach = NORMAL.inv_cdf(0.5 + level / 2.0) + NORMAL.inv_cdf(POWER)
    missing = cases * (reach * error / abs(mean)) ** 2 - cases
    if missing < 1.0:
        return 1
    step = float(10 ** max(0, int(log10(missing)) - 1))
    return ceil(missing / step) * int(step)
