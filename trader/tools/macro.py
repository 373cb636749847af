"""The weather: credit, the stock market's volatility, oil and inflation, against their own history.

Each is read as it had been published at the view's moment. A z-score is (value - mean) / standard deviation
of the same series over its last ten years, the value included.
"""

from collections.abc import Callable
from datetime import timedelta

import numpy as np
from pydantic import Field

from trader.data.view import MarketView
from trader.domain.errors import ToolError
from trader.domain.market import Floats, Series
from trader.domain.value import Number
from trader.tools.moments import as_datetime
from trader.tools.tool import Schema, Tool, ToolContext

_FRESH = timedelta(days=62)
"""A series that has published nothing for two months has ended: its last value is not today's."""
_MONTH, _QUARTER, _YEAR = 21, 63, 252
_LEAST_MONTHS, _LEAST_DAYS = 24, 252
"""Values that a z-score needs."""


class Arguments(Schema):
    """What is usual."""

    years: int = Field(default=10, ge=2, le=50)
    """Years of its own history that a value is compared with; fewer where there are fewer."""


class Result(Schema):
    """Null where the series does not exist, has ended, or is too short; `missing` says which."""

    credit_spread: Number | None
    """BAA less AAA corporate yield, percentage points (Moody's, monthly)."""
    credit_spread_z: Number | None
    """Standard deviations from its mean."""
    market_volatility: Number | None
    """Annual, of the last 21 daily log returns of the S&P 500."""
    market_volatility_z: Number | None
    """Standard deviations from its mean."""
    vix: Number | None
    """The index's own points."""
    vix_z: Number | None
    """Standard deviations from its mean."""
    oil_return_63: Number | None
    """WTI over its value 63 publications before, a fraction."""
    cpi_yoy: Number | None
    """Core consumer prices over the same month a year before, a fraction."""
    missing: tuple[str, ...]
    """What could not be had, and why."""


def run(context: ToolContext, arguments: Arguments) -> Result:
    """Read every series there is."""
    view, missing = context.view, list[str]()
    spread = _read(_credit_spread, view, missing)
    volatility = _read(_market_volatility, view, missing)
    vix = _read(_vix, view, missing)
    oil = _read(_oil_return, view, missing)
    inflation = _read(_inflation, view, missing)
    if len(missing) == 5:
        raise ToolError("; ".join(missing))
    months, days = 12 * arguments.years, _YEAR * arguments.years
    return Result(
        credit_spread=_last(spread),
        credit_spread_z=z_score(spread, months, _LEAST_MONTHS),
        market_volatility=_last(volatility),
        market_volatility_z=z_score(volatility, days, _LEAST_DAYS),
        vix=_last(vix),
        vix_z=z_score(vix, days, _LEAST_DAYS),
        oil_return_63=_last(oil),
        cpi_yoy=_last(inflation),
        missing=tuple(missing),
    )


def z_score(values: Floats, window: int, least: int) -> float | None:
    """The last of `values` against the last `window` of them; None for fewer than `least` or no spread."""
    recent = values[-window:]
    if len(recent) < least:
        return None
    deviation = float(recent.std())
    return float((recent[-1] - recent.mean()) / deviation) if deviation > 0.0 else None


def _read(measure: Callable[[MarketView], Floats], view: MarketView, missing: list[str]) -> Floats:
    """The history of a measure, oldest first; empty, and a reason in `missing`, where there is none."""
    try:
        return measure(view)
    except ToolError as error:
        missing.append(error.message)
        return np.array([])


def _last(values: Floats) -> float | None:
    return float(values[-1]) if len(values) else None


def _current(view: MarketView, name: str, least: int = 1) -> Series:
    """A series that still goes on and has `least` values. Raises ToolError."""
    series = view.series(name)
    latest = as_datetime(series.published.max())
    if view.as_of - latest > _FRESH:
        raise ToolError(f"{name} ended on {latest:%Y-%m-%d}")
    if len(series) < least:
        raise ToolError(f"{name} needs {least} values, has {len(series)}")
    return series


def _above_zero(name: str, values: Floats) -> Floats:
    """`values`, which a ratio or a logarithm is taken of. Raises ToolError."""
    if not (values > 0.0).all():
        raise ToolError(f"{name} has a value that is not above zero")
    return values


def _credit_spread(view: MarketView) -> Floats:
    baa, aaa = _current(view, "baa_yield"), _current(view, "aaa_yield")
    _, low, high = np.intersect1d(baa.period, aaa.period, assume_unique=True, return_indices=True)
    return np.subtract(baa.value[low], aaa.value[high])


def _market_volatility(view: MarketView) -> Floats:
    levels = _above_zero("sp500", _current(view, "sp500", _MONTH + 1).value)
    returns = np.lib.stride_tricks.sliding_window_view(np.diff(np.log(levels)), _MONTH)
    volatility: Floats = returns.std(axis=1, ddof=1) * np.sqrt(_YEAR)
    return volatility


def _vix(view: MarketView) -> Floats:
    return _current(view, "vix").value


def _oil_return(view: MarketView) -> Floats:
    now, then = _above_zero("wti", _current(view, "wti", _QUARTER + 1).value[[-1, -1 - _QUARTER]])
    return np.array([now / then - 1.0])


def _inflation(view: MarketView) -> Floats:
    prices = _current(view, "core_cpi", 13)
    months = prices.period.astype("datetime64[M]")
    before = np.flatnonzero(months == months[-1] - np.timedelta64(12, "M"))
    if not len(before):
        raise ToolError("core_cpi has no value for the same month a year before")
    now, then = _above_zero("core_cpi", prices.value[[-1, before[-1]]])
    return np.array([now / then - 1.0])


MACRO = Tool(
    "macro",
    "Credit spread, market volatility, VIX, oil and inflation",
    Arguments,
    Result,
    run,
    reads_symbol=False,
)
