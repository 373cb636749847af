"""Do forecasts of sixty per cent come true in sixty per cent of cases? Arrays of one length n."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 10
"""Of equal width on [0, 1]: Guo and others 2017 use fifteen, reliability diagrams by custom ten."""


class Bin(NamedTuple):
    """The forecasts of one range, beside what came of them."""

    low: float
    high: float
    """Included in the last bin alone."""
    cases: int
    forecast: float
    """Mean of the forecasts."""
    happened: float
    """Share of the events that happened."""


def reliability(p: Floats, happened: Floats, bins: int = BINS) -> tuple[Bin, ...]:
    """The reliability table: a row for each bin that has a case, lowest first (Murphy and Winkler 1977)."""
    p, happened = np.asarray(p, dtype=np.float64), np.asarray(happened, dtype=np.float64)
    place = np.minimum((p * bins).astype(np.int64), bins - 1)
    return tuple(
        Bin(
            float(row / bins),
            float((row + 1) / bins),
            int((place == row).sum()),
            float(p[place == row].mean()),
            float(happened[place == row].mean()),
        )
        for row in np.unique(place)
    )


def expected_calibration_error(p: Floats, happened: Floats, bins: int = BINS) -> float:
    """Mean distance between forecast and frequency over the bins, weighted by their cases; NaN for no case.

    Naeini, Cooper and Hauskrecht 2015. Above zero even for a perfect forecaster where cases are few.
    """
    table = reliability(p, happened, bins)
    if not table:
        return float("nan")
    return sum(row.cases * abs(row.forecast - row.happened) for row in table) / sum(r.cases for r in table)
