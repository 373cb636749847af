"""Every indicator there is, in one table. A new one is a row in its group's file."""

import numpy as np

from trader.domain.errors import UnknownName
from trader.domain.market import Bars, Floats
from trader.features.feature import DAYS_A_YEAR, Feature, Inputs
from trader.features.momentum import MOMENTUM
from trader.features.trend import TREND
from trader.features.volatility import VOLATILITY
from trader.features.volume import VOLUME

FEATURES: tuple[Feature, ...] = MOMENTUM + TREND + VOLATILITY + VOLUME


def feature(name: str) -> Feature:
    """The indicator of this name. Raises UnknownName with the nearest ones."""
    for candidate in FEATURES:
        if candidate.name == name:
            return candidate
    raise UnknownName("feature", name, (candidate.name for candidate in FEATURES))


def compute_all(
    open: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    volume: Floats,
    *,
    bars_a_year: float = DAYS_A_YEAR,
) -> dict[str, Floats]:
    """Every indicator over n bars, oldest first: name -> n values, NaN in warm-up.

    Row t depends on the bars up to t alone. Raises ToolError where the bars are not finite numbers.
    """
    inputs = Inputs(open, high, low, close, volume, bars_a_year)
    return {row.name: row.compute(inputs) for row in FEATURES}


def compute(bars: Bars, *, bars_a_year: float = DAYS_A_YEAR) -> dict[str, Floats]:
    """`compute_all` for bars, which must be adjusted: a split is not a return.

    What is stated in months has no value on bars shorter than a day.
    """
    inputs = Inputs(bars.open, bars.high, bars.low, bars.close, bars.volume, bars_a_year)
    nothing = np.full(len(bars), np.nan)
    return {
        row.name: nothing if row.in_months and bars.timeframe.intraday else row.compute(inputs)
        for row in FEATURES
    }
