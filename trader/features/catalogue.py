"""Every indicator there is, in one table. A new one is a row in its group's file."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np

from trader.domain.errors import UnknownName
from trader.domain.market import Bars, Floats, Series, Timeframe
from trader.features.averages import AVERAGES
from trader.features.book import BOOK, during
from trader.features.calendar import CALENDAR
from trader.features.candles import CANDLES
from trader.features.feature import DAYS_A_YEAR, Feature, Inputs
from trader.features.levels import LEVELS
from trader.features.market import MARKET, aligned
from trader.features.microstructure import MICROSTRUCTURE
from trader.features.momentum import MOMENTUM
from trader.features.oscillators import OSCILLATORS
from trader.features.ranges import RANGES
from trader.features.statistical import STATISTICAL
from trader.features.trend import TREND
from trader.features.volatility import VOLATILITY
from trader.features.volume import VOLUME_FEATURES

FEATURES: tuple[Feature, ...] = (
    *MOMENTUM,
    *OSCILLATORS,
    *AVERAGES,
    *TREND,
    *VOLATILITY,
    *RANGES,
    *VOLUME_FEATURES,
    *STATISTICAL,
    *LEVELS,
    *MICROSTRUCTURE,
    *BOOK,
    *MARKET,
    *CALENDAR,
    *CANDLES,
)

COMMON: tuple[Feature, ...] = tuple(row for row in FEATURES if row.step is not None)
"""The hundred that `trader.features.stream` carries on one bar at a time."""


_BY_NAME: Mapping[str, Feature] = MappingProxyType({row.name: row for row in FEATURES})


def feature(name: str) -> Feature:
    """The indicator of this name. Raises UnknownName with the nearest ones."""
    if name not in _BY_NAME:
        raise UnknownName("feature", name, _BY_NAME)
    return _BY_NAME[name]


def compute_all(inputs: Inputs, rows: Iterable[Feature] = FEATURES) -> dict[str, Floats]:
    """Indicators over n bars, oldest first: name -> n values, NaN in warm-up.

    Row t depends on the bars up to t alone. Arrays may be shared and read-only.
    """
    return {row.name: row.compute(inputs) for row in rows}


def inputs_of(
    bars: Bars,
    *,
    bars_a_year: float = DAYS_A_YEAR,
    index: Series | None = None,
    beside: Mapping[str, Series] = MappingProxyType({}),
) -> Inputs:
    """Bars as indicators read them; they must be adjusted: a split is not a return.

    `index` is a daily series, so bars shorter than a day are not set beside it. `beside` has every version of
    what a feed brings besides.
    """
    level = None if index is None or bars.timeframe.intraday else aligned(index, bars.available)
    columns = {name: during(series, bars) for name, series in beside.items()}
    return Inputs(
        bars.open, bars.high, bars.low, bars.close, bars.volume, bars_a_year, bars.opened, level, columns
    )


def has_meaning(row: Feature, timeframe: Timeframe) -> bool:
    """What is stated in months has none on shorter bars, nor has the time of day on daily ones."""
    return not (row.in_months if timeframe.intraday else row.in_hours)


def compute(
    bars: Bars,
    rows: Iterable[Feature] = FEATURES,
    *,
    bars_a_year: float = DAYS_A_YEAR,
    index: Series | None = None,
) -> dict[str, Floats]:
    """`compute_all` for bars; no value where an indicator has no meaning on bars of their length."""
    inputs = inputs_of(bars, bars_a_year=bars_a_year, index=index)
    nothing = np.full(len(bars), np.nan)
    return {row.name: row.compute(inputs) if has_meaning(row, bars.timeframe) else nothing for row in rows}
