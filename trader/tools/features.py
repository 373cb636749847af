"""The indicators of one symbol at its last bar."""

import math
from collections.abc import Iterable

from trader.domain.errors import ToolError
from trader.domain.value import Moment, Number
from trader.tools.indicators import indicators
from trader.tools.moments import as_datetime
from trader.tools.tool import Schema, Tool, ToolContext

USUAL = (
    "return_1",
    "return_5",
    "return_21",
    "return_63",
    "return_126",
    "return_252",
    "momentum_12_1",
    "reversal_60m",
    "rsi_14",
    "stoch_k",
    "stoch_d",
    "cci_20",
    "willr_14",
    "sma_50_gap",
    "sma_200_gap",
    "macd_hist",
    "macd_signal_gap",
    "adx_14",
    "plus_di_14",
    "minus_di_14",
    "atr_14",
    "natr_14",
    "bollinger_position",
    "bollinger_width",
    "volatility_21",
    "volatility_63",
    "volatility_252",
    "drawdown_252",
    "high_252_gap",
    "mfi_14",
    "obv_slope_21",
    "volume_ratio_21",
)
"""What is given to those who name none: a page that one can read, of each kind the best known."""


class Arguments(Schema):
    """Which indicators."""

    names: tuple[str, ...] = ()
    """Names or groups from the catalogue (`trader tools features`); empty for 32 usual ones."""


class Result(Schema):
    """Each indicator at the last bar."""

    bars: int
    """Bars of history it was computed from."""
    closed_at: Moment
    """When the last bar closed."""
    values: dict[str, Number | None]
    """By name; null where the history is too short or the indicator has no meaning."""


def run(context: ToolContext, arguments: Arguments) -> Result:
    """Compute over all bars, adjusted as of the view's moment, and take the last row."""
    # Imported here, as in indicators.py: talib brings pandas.
    from trader.features.catalogue import feature

    bars = context.view.bars(context.symbol)
    rows = [feature(name) for name in named(arguments.names)]
    shortest = min(rows, key=lambda row: row.warmup)
    if len(bars) <= shortest.warmup:
        raise ToolError(f"{shortest.name} needs {shortest.warmup + 1:,} bars, has {len(bars):,}")
    columns = indicators(context.view, context.symbol)
    last = {row.name: columns.last(row.name) for row in rows}
    return Result(
        bars=len(bars),
        closed_at=as_datetime(bars.available[-1]),
        values={name: None if math.isnan(value) else value for name, value in last.items()},
    )


def named(asked: Iterable[str]) -> tuple[str, ...]:
    """The indicators of these names and groups, each once."""
    from trader.features.catalogue import FEATURES
    from trader.features.feature import Group

    names: dict[str, None] = {}
    for name in asked:
        group = [row.name for row in FEATURES if row.group == name] if name in set(Group) else [name]
        names |= dict.fromkeys(group)
    return tuple(names) or USUAL


FEATURES = Tool("features", "Indicators at the last bar, from the catalogue", Arguments, Result, run)
