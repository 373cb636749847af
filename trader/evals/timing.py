"""Would following an agent have paid beyond luck? A test, and no trading result: no costs, no sizes.

At dates a horizon apart, so that nothing overlaps: long where it is above the base rate, short where it is
below, equal over symbols. The mean return of the same cases is taken out first, so that being above the base
rate every time earns nothing: a rising market is not skill.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from trader.evals.cases import Cases
from trader.measures.sharpe import deflated_sharpe, sharpe

Floats = NDArray[np.float64]


def followed(cases: Cases, p: Floats) -> Floats:
    """Returns per date of following `p` (n,), NaN where nothing was said; shape (dates,), as fractions."""
    rows = np.flatnonzero(~np.isnan(p))
    dates = np.unique(cases.decided[rows])
    kept = dates[apart(np.searchsorted(cases.clock, dates), cases.horizon)]
    rows = rows[np.isin(cases.decided[rows], kept)]
    if not len(rows):
        return np.zeros(0)
    beyond = cases.returns[rows] - cases.returns[rows].mean()
    earned = np.sign(p[rows] - cases.base_rate[rows]) * beyond
    _, date = np.unique(cases.decided[rows], return_inverse=True)
    returns: Floats = np.bincount(date, weights=earned) / np.bincount(date)
    return returns


def deflated(followers: Mapping[str, Floats]) -> dict[str, float]:
    """The deflated Sharpe ratio of each, by its returns: as many variants were tried as there are here."""
    tried = np.array([sharpe(returns) for returns in followers.values()], dtype=np.float64)
    return {name: deflated_sharpe(returns, tried) for name, returns in followers.items()}


def apart(bars: NDArray[np.int64], horizon: int) -> list[int]:
    """The first bar and every next one at least a horizon later, as indices into `bars` (sorted)."""
    kept: list[int] = []
    for index, bar in enumerate(bars.tolist()):
        if not kept or bar - int(bars[kept[-1]]) >= horizon:
            kept.append(index)
    return kept
