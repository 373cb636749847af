"""The indicators of one symbol at its last bar."""

import math

from trader.domain.errors import ToolError
from trader.domain.value import Moment, Number
from trader.tools.indicators import indicators
from trader.tools.moments import as_datetime
from trader.tools.tool import Schema, Tool, ToolContext


class Arguments(Schema):
    """Which indicators."""

    names: tuple[str, ...] = ()
    """Names from the catalogue (`trader tools features`); empty for all."""


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
    from trader.features import catalogue

    bars = context.view.bars(context.symbol)
    rows = [catalogue.feature(name) for name in arguments.names] or list(catalogue.FEATURES)
    shortest = min(rows, key=lambda row: row.warmup)
    if len(bars) <= shortest.warmup:
        raise ToolError(f"{shortest.name} needs {shortest.warmup + 1:,} bars, has {len(bars):,}")
    columns = indicators(context.view, context.symbol)
    last = {row.name: float(columns[row.name][-1]) for row in rows}
    return Result(
        bars=len(bars),
        closed_at=as_datetime(bars.available[-1]),
        values={name: None if math.isnan(value) else value for name, value in last.items()},
    )


FEATURES = Tool("features", "Indicators at the last bar, from the catalogue", Arguments, Result, run)
