"""What several indicators read: n values for n bars. What takes long to compute is remembered.

An average takes no longer than the memory that would hold it takes to be given.
"""

import numpy as np
import talib

from trader.domain.market import Floats
from trader.features.feature import Inputs, remembered, share_of
from trader.features.windows import after_first


def sma(inputs: Inputs, bars: int) -> Floats:
    """Plain mean of the close."""
    return talib.SMA(inputs.close, bars)


def ema(inputs: Inputs, bars: int) -> Floats:
    """Exponential mean of the close."""
    return talib.EMA(inputs.close, bars)


def typical(inputs: Inputs) -> Floats:
    """Mean of high, low and close."""
    return talib.TYPPRICE(inputs.high, inputs.low, inputs.close)


def true_range(inputs: Inputs) -> Floats:
    """Wilder's: the bar's range, with the close before it. NaN at the first bar."""
    return talib.TRANGE(inputs.high, inputs.low, inputs.close)


def atr(inputs: Inputs, bars: int) -> Floats:
    """Wilder's mean of the true range."""
    return talib.ATR(inputs.high, inputs.low, inputs.close, bars)


def highest(inputs: Inputs, bars: int) -> Floats:
    """The highest high."""
    return talib.MAX(inputs.high, bars)


def lowest(inputs: Inputs, bars: int) -> Floats:
    """The lowest low."""
    return talib.MIN(inputs.low, bars)


@remembered
def bollinger(inputs: Inputs, bars: int) -> tuple[Floats, ...]:
    """Upper band, middle and lower band, two deviations apart; in `inputs.unit`."""
    return tuple(talib.BBANDS(inputs.close * inputs.unit, bars, 2.0, 2.0))


@remembered
def macd(inputs: Inputs) -> tuple[Floats, ...]:
    """MACD, signal and histogram, for averages of 12, 26 and 9 bars."""
    return tuple(talib.MACD(inputs.close, 12, 26, 9))


@remembered
def stochastic(inputs: Inputs) -> tuple[Floats, ...]:
    """%K and %D over 14 bars, each a mean of 3."""
    return tuple(talib.STOCH(inputs.high, inputs.low, inputs.close, 14, 3, slowd_period=3))


@remembered
def fast_stochastic(inputs: Inputs) -> tuple[Floats, ...]:
    """%K over 5 bars, and its mean of 3."""
    return tuple(talib.STOCHF(inputs.high, inputs.low, inputs.close, 5, 3))


@remembered
def stochastic_rsi(inputs: Inputs) -> tuple[Floats, ...]:
    """%K of RSI(14) over 14 bars, and its mean of 3."""
    return tuple(talib.STOCHRSI(inputs.close, 14, 14, 3))


@remembered
def aroon(inputs: Inputs) -> tuple[Floats, ...]:
    """Down and up over 25 bars."""
    return tuple(talib.AROON(inputs.high, inputs.low, 25))


@remembered
def adx(inputs: Inputs) -> Floats:
    """Average directional movement index over 14 bars."""
    return talib.ADX(inputs.high, inputs.low, inputs.close, 14)


@remembered
def mean_volume(inputs: Inputs, bars: int) -> Floats:
    """Plain mean of the volume."""
    return talib.SMA(inputs.volume, bars)


@remembered
def returns(inputs: Inputs) -> Floats:
    """Close / close before - 1; NaN at the first bar."""
    return after_first(inputs.close[1:] / inputs.close[:-1] - 1.0)


@remembered
def close_location(inputs: Inputs) -> Floats:
    """Where the close stands in its bar: -1 at the low, 1 at the high, 0 where the bar has no range."""
    above, below = inputs.close - inputs.low, inputs.high - inputs.close
    return share_of(above - below, inputs.high - inputs.low, where_zero=0.0)


@remembered
def realised(inputs: Inputs, bars: int) -> Floats:
    """Annual standard deviation (n - 1) of the last `bars` close-to-close log returns."""
    sample = np.sqrt(inputs.bars_a_year * bars / (bars - 1))
    return np.concatenate(([np.nan], talib.STDDEV(inputs.log_returns, bars) * sample))
