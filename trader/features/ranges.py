"""Where the price stands between its highs and lows, and in bands around its mean."""

from functools import partial

import talib

from trader.domain.market import Floats
from trader.features import expression
from trader.features.expression import CLOSE, HIGH, LEAST_VARIANCE, LOW, Expression, deviation, share, wilder
from trader.features.feature import Feature, Group, Inputs, over, share_of
from trader.features.quantities import atr, bollinger, ema, highest, lowest
from trader.features.volatility import true_range_step

_BOLLINGER = "Bollinger 2001, Bollinger on Bollinger Bands"
_GEORGE = "George and Hwang 2004, Journal of Finance 59"
_DONCHIAN = "Donchian 1960, Commodity Research Bureau Year Book"
_YEAR = 252


def bollinger_position(inputs: Inputs, bars: int) -> Floats:
    """0 at the lower band, 1 at the upper; the middle where the band has no width."""
    upper, _, lower = bollinger(inputs, bars)
    return share_of(inputs.close * inputs.unit - lower, upper - lower, where_zero=0.5)


def bollinger_width(inputs: Inputs, bars: int) -> Floats:
    """From band to band as a fraction of the middle."""
    upper, middle, lower = bollinger(inputs, bars)
    return (upper - lower) / middle


def below_high_close(inputs: Inputs) -> Floats:
    """How far the close is below the highest close of 252 bars: at most zero."""
    return over(inputs.close, talib.MAX(inputs.close, _YEAR))


def below_high(inputs: Inputs, bars: int) -> Floats:
    """How far the close is below the highest high: at most zero."""
    return over(inputs.close, highest(inputs, bars))


def above_low(inputs: Inputs, bars: int) -> Floats:
    """How far the close is above the lowest low: at least zero."""
    return over(inputs.close, lowest(inputs, bars))


def channel_position(inputs: Inputs, bars: int) -> Floats:
    """0 at the lowest low, 1 at the highest high; the middle where they are one."""
    low = lowest(inputs, bars)
    return share_of(inputs.close - low, highest(inputs, bars) - low, where_zero=0.5)


def keltner_position(inputs: Inputs) -> Floats:
    """The close over its average of 20 bars, in two average true ranges of 10."""
    return share_of(inputs.close - ema(inputs, 20), 2.0 * atr(inputs, 10))


def _bands(bars: int) -> tuple[Expression, Expression, Expression]:
    middle, width = expression.sma(CLOSE, bars), 2.0 * deviation(CLOSE, bars, LEAST_VARIANCE)
    return middle + width, middle, middle - width


def _position_row(name: str, bars: int) -> Feature:
    upper, _, lower = _bands(bars)
    return Feature(
        name,
        Group.VOLATILITY,
        "0 to 1 inside the band",
        bars - 1,
        f"(close - lower) / (upper - lower), {bars} bars, 2 deviations",
        _BOLLINGER,
        partial(bollinger_position, bars=bars),
        step=share(CLOSE - lower, upper - lower, where_zero=0.5),
    )


def _width_row(name: str, bars: int) -> Feature:
    upper, middle, lower = _bands(bars)
    return Feature(
        name,
        Group.VOLATILITY,
        "fraction",
        bars - 1,
        f"(upper - lower) / middle, {bars} bars, 2 deviations",
        _BOLLINGER,
        partial(bollinger_width, bars=bars),
        step=(upper - lower) / middle,
    )


def _high_row(bars: int) -> Feature:
    return Feature(
        f"high_{bars}_gap",
        Group.VOLATILITY,
        "fraction",
        bars - 1,
        f"close / max(high, {bars}) - 1",
        _GEORGE,
        partial(below_high, bars=bars),
        step=expression.over(CLOSE, expression.highest(HIGH, bars)),
    )


def _low_row(bars: int) -> Feature:
    return Feature(
        f"low_{bars}_gap",
        Group.VOLATILITY,
        "fraction",
        bars - 1,
        f"close / min(low, {bars}) - 1",
        _GEORGE,
        partial(above_low, bars=bars),
        step=expression.over(CLOSE, expression.lowest(LOW, bars)),
    )


def _channel_row(bars: int) -> Feature:
    low = expression.lowest(LOW, bars)
    return Feature(
        f"channel_position_{bars}",
        Group.VOLATILITY,
        "0 to 1",
        bars - 1,
        f"(close - min low) / (max high - min low), {bars} bars",
        _DONCHIAN,
        partial(channel_position, bars=bars),
        step=share(CLOSE - low, expression.highest(HIGH, bars) - low, where_zero=0.5),
    )


RANGES = (
    _position_row("bollinger_position", 20),
    _width_row("bollinger_width", 20),
    Feature(
        "drawdown_252",
        Group.VOLATILITY,
        "fraction",
        251,
        "close / max(close, 252) - 1",
        "Magdon-Ismail and Atiya 2004, Risk 17",
        below_high_close,
        step=expression.over(CLOSE, expression.highest(CLOSE, _YEAR)),
    ),
    _high_row(252),
    _position_row("bollinger_position_50", 50),
    _width_row("bollinger_width_50", 50),
    Feature(
        "keltner_position",
        Group.VOLATILITY,
        "-1 to 1 inside the band",
        19,
        "(close - EMA(close, 20)) / (2 ATR(10))",
        "Keltner 1960, How to Make Money in Commodities",
        keltner_position,
        step=(CLOSE - expression.ema(CLOSE, 20)) / (2.0 * wilder(true_range_step(), 10)),
    ),
    _high_row(20),
    _high_row(63),
    _low_row(20),
    _low_row(63),
    _low_row(252),
    _channel_row(20),
    _channel_row(55),
)
