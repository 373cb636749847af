"""What a position may lose: the tail of its returns, beta, liquidity, and what past crises would do.

Value at risk and expected shortfall are of `trader/measures/tails.py`, from simple returns of adjusted
closes, over one bar and over the horizon (windows that overlap). Beta is the slope on the index's log
returns over common days (Sharpe 1963); illiquidity is the mean of |return| over traded value (Amihud 2002,
Journal of Financial Markets 5). A crisis counts from the day on which its end could be known.
"""

from collections.abc import Callable, Iterator
from math import sqrt

import numpy as np
from pydantic import Field

from trader.data.view import MarketView
from trader.domain.errors import ToolError
from trader.domain.market import Floats, Times
from trader.domain.value import Number
from trader.measures.tails import expansion, historical, moments
from trader.tools.crises import Crisis, Falls, falls, over
from trader.tools.tool import Schema, Tool, ToolContext

LEVELS = (95, 99)
_FEWEST = 250
"""Returns that a tail is read from: at 99 %, two and a half of them."""
_INDEX_BARS, _FEWEST_COMMON = 252, 63
"""Common days that beta is taken over: a year, and not less than a quarter."""
_LIQUIDITY_BARS = 63
_FRESH = np.timedelta64(62, "D")
"""An index that has no common day for two months has ended: its moves are not today's."""
_MILLION = 1e6


class Arguments(Schema):
    """What history, what index, what position."""

    bars: int = Field(default=1260, ge=_FEWEST + 1, le=5000)
    """The last so many bars, or all where there are fewer; at least 250 spans of the horizon are read."""
    index: str = "sp500"
    """A daily series of the data."""
    weight: float = Field(default=0.05, gt=0.0, le=10.0)
    """The long position that crises are applied to, as a share of equity."""


class TailNumbers(Schema):
    """The tail at one level over one span; losses are positive, as fractions of the position."""

    level: int
    """Per cent of cases that are not in the tail."""
    bars: int
    """The span of a return."""
    value_at_risk: Number
    """Historical: the loss that all but the worst cases stayed within."""
    expected_shortfall: Number
    """Historical: the mean loss of those worst cases."""
    cornish_fisher_value_at_risk: Number | None
    """From four moments; null where they are beyond the expansion."""
    cornish_fisher_expected_shortfall: Number | None
    """Its shortfall; null where the value at risk is."""


class Stress(Schema):
    """One crisis, as the position would have gone through it. Moves are fractions, zero or below."""

    crisis: str
    """Its years."""
    source: str
    """`own` for the symbol's own closes, `beta` for the index's moves times beta."""
    worst_bar: Number
    """From one close to the next."""
    worst_horizon: Number
    """Over the desk's horizon."""
    worst_fall: Number
    """From a high to a later low."""
    equity: Number
    """What the fall does to equity at the weight asked for."""


class Result(Schema):
    """The numbers; null where `missing` says why."""

    returns: int
    """One-bar returns read."""
    tails: tuple[TailNumbers, ...]
    """One bar, then the horizon; 95 and 99 % each."""
    beta: Number | None
    """To the index, over the last 252 common days."""
    correlation: Number | None
    """With the index, over the same days."""
    illiquidity: Number | None
    """Mean of |return| over traded value in millions of the quote currency, last 63 bars."""
    notional: Number | None
    """Mean value traded in a bar, in the quote currency, last 63 bars."""
    stress: tuple[Stress, ...]
    """The crises that were over, oldest first."""
    missing: tuple[str, ...]
    """What could not be had, and why."""


def run(context: ToolContext, arguments: Arguments) -> Result:
    """Measure tails, beta, liquidity and crises as of the view."""
    view, symbol, horizon = context.view, context.symbol, context.horizon
    needed = _FEWEST + horizon
    bars = view.bars(symbol, max(arguments.bars, needed))
    if len(bars) < needed:
        raise ToolError(f"risk_numbers need {needed} bars, has {len(bars)}")
    missing = list[str]()
    pair = _or_none(lambda: beta_and_correlation(view, symbol, arguments.index), missing)
    liquidity = _or_none(lambda: amihud(view, symbol), missing)
    beta = pair[0] if pair else None
    return Result(
        returns=len(bars) - 1,
        tails=tuple(tail for span in dict.fromkeys((1, horizon)) for tail in _tails(bars.close, span)),
        beta=beta,
        correlation=pair[1] if pair else None,
        illiquidity=liquidity[0] if liquidity else None,
        notional=liquidity[1] if liquidity else None,
        stress=tuple(_stress(context, arguments, beta, missing)),
        missing=tuple(missing),
    )


def beta_and_correlation(view: MarketView, symbol: str, name: str) -> tuple[float, float]:
    """Of the log returns of closes on those of the index, by day of the session. Raises ToolError."""
    if view.timeframe.intraday:
        raise ToolError(f"beta needs daily bars, has {view.timeframe.value}")
    index, bars = view.series(name), view.bars(symbol)
    days = bars.opened.astype("datetime64[D]")
    place = np.minimum(np.searchsorted(index.period, days), len(index) - 1)
    mine = np.flatnonzero(index.period[place] == days)[-_INDEX_BARS - 1 :]
    theirs = place[mine]
    if len(mine) <= _FEWEST_COMMON:
        raise ToolError(f"beta needs {_FEWEST_COMMON + 1} days of both {symbol} and {name}, has {len(mine)}")
    if days[-1] - days[mine[-1]] > _FRESH:
        raise ToolError(f"{name} ended on {days[mine[-1]]}")
    x, y = _log_returns(name, index.value[theirs]), _log_returns(symbol, bars.close[mine])
    x, y = x - x.mean(), y - y.mean()
    together, alone, other = float(x @ y), float(x @ x), float(y @ y)
    return together / alone, together / sqrt(alone * other)


def _log_returns(name: str, values: Floats) -> Floats:
    """Returns of levels above zero that are not all alike. Raises ToolError."""
    if not (values > 0.0).all():
        raise ToolError(f"{name} has a value that is not above zero")
    returns: Floats = np.diff(np.log(values))
    if not returns.std() > 0.0:
        raise ToolError(f"{name} never moves")
    return returns


def amihud(view: MarketView, symbol: str) -> tuple[float, float]:
    """Illiquidity for each million traded, and the mean value traded in a bar. Raises ToolError."""
    traded = view.traded(symbol, _LIQUIDITY_BARS)
    value = traded.close * traded.volume
    if not (value > 0.0).all():
        raise ToolError(f"liquidity of {symbol} needs volume in each of the last {_LIQUIDITY_BARS} bars")
    close = view.bars(symbol, _LIQUIDITY_BARS + 1).close
    moves = np.abs(close[1:] / close[:-1] - 1.0)
    return float((moves / value).mean() * _MILLION), float(value.mean())


def _tails(close: Floats, span: int) -> Iterator[TailNumbers]:
    """At each level."""
    returns = close[span:] / close[:-span] - 1.0
    shape = moments(returns)
    for level in LEVELS:
        past, expanded = historical(returns, level), expansion(shape, level) if shape else None
        yield TailNumbers(
            level=level,
            bars=span,
            value_at_risk=past.value_at_risk,
            expected_shortfall=past.expected_shortfall,
            cornish_fisher_value_at_risk=expanded.value_at_risk if expanded else None,
            cornish_fisher_expected_shortfall=expanded.expected_shortfall if expanded else None,
        )


def _stress(
    context: ToolContext, arguments: Arguments, beta: float | None, missing: list[str]
) -> Iterator[Stress]:
    """The crises that were over, each by the symbol's own closes where it has all of them, else by beta."""
    for crisis in over(context.view.as_of):
        try:
            source, worst = _falls(context, arguments.index, crisis, beta)
        except ToolError as error:
            missing.append(error.message)
            continue
        yield Stress(
            crisis=crisis.name,
            source=source,
            worst_bar=worst.bar,
            worst_horizon=worst.horizon,
            worst_fall=worst.whole,
            equity=arguments.weight * worst.whole,
        )


def _falls(context: ToolContext, index: str, crisis: Crisis, beta: float | None) -> tuple[str, Falls]:
    """Where the numbers are from, and the worst moves. Raises ToolError where there are no closes of it."""
    bars = context.view.bars(context.symbol)
    own = _during(crisis, bars.opened.astype("datetime64[D]"), bars.close, context.horizon)
    if own is not None:
        return "own", own
    if beta is None:
        raise ToolError(f"{crisis.name}: {context.symbol} has no closes of it, and no beta")
    series = context.view.series(index)
    worst = _during(crisis, series.period, series.value, context.horizon)
    if worst is None:
        raise ToolError(f"{crisis.name}: neither {context.symbol} nor {index} reaches back to it")
    return "beta", Falls(*(max(-1.0, min(0.0, beta * move)) for move in worst))


def _during(crisis: Crisis, days: Times, values: Floats, horizon: int) -> Falls | None:
    """The worst moves of `values` by `days` in the crisis; None unless they have all of it."""
    high, low = np.datetime64(crisis.high), np.datetime64(crisis.low)
    if days[0] > high:
        return None
    inside = values[np.searchsorted(days, high) : np.searchsorted(days, low, side="right")]
    return falls(inside, horizon) if len(inside) > horizon else None


def _or_none(measure: Callable[[], tuple[float, float]], missing: list[str]) -> tuple[float, float] | None:
    """What was measured; None, and a reason in `missing`, where it cannot be."""
    try:
        return measure()
    except ToolError as error:
        missing.append(error.message)
        return None


RISK_NUMBERS = Tool(
    "risk_numbers",
    "Value at risk, shortfall, beta, liquidity, and what past crises would do",
    Arguments,
    Result,
    run,
)
