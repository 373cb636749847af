"""How much the price moves, and how far it is from its highs."""

from functools import partial

import numpy as np
import talib

from trader.domain.market import Floats
from trader.features.feature import Feature, Group, Inputs, share_of

_WILDER = "Wilder 1978, New Concepts in Technical Trading Systems"
_BOLLINGER = "Bollinger 2001, Bollinger on Bollinger Bands"
_YEAR = 252


def realised(inputs: Inputs, bars: int) -> Floats:
    """Annual standard deviation (n - 1) of the last `bars` close-to-close log returns."""
    sample = np.sqrt(inputs.bars_a_year * bars / (bars - 1))
    return np.concatenate(([np.nan], talib.STDDEV(inputs.log_returns, bars) * sample))


def bollinger_position(inputs: Inputs) -> Floats:
    """0 at the lower band, 1 at the upper; the middle where the band has no width."""
    upper, _, lower = talib.BBANDS(inputs.close, 20, 2.0, 2.0)
    return share_of(inputs.close - lower, upper - lower, where_zero=0.5)


def bollinger_width(inputs: Inputs) -> Floats:
    """From band to band as a fraction of the middle."""
    upper, middle, lower = talib.BBANDS(inputs.close, 20, 2.0, 2.0)
    return (upper - lower) / middle


def below_high_close(inputs: Inputs) -> Floats:
    """How far the close is below the highest close of 252 bars: at most zero."""
    return inputs.close / talib.MAX(inputs.close, _YEAR) - 1.0


def below_high(inputs: Inputs) -> Floats:
    """How far the close is below the highest high of 252 bars: at most zero."""
    return inputs.close / talib.MAX(inputs.high, _YEAR) - 1.0


def _realised_row(bars: int) -> Feature:
    return Feature(
        f"volatility_{bars}",
        Group.VOLATILITY,
        "annual fraction",
        bars,
        f"standard deviation of {bars} log returns, times the root of the bars in a year",
        "Andersen, Bollerslev, Diebold and Labys 2003, Econometrica 71",
        partial(realised, bars=bars),
    )


VOLATILITY = (
    Feature(
        "atr_14",
        Group.VOLATILITY,
        "price",
        14,
        "ATR(14)",
        _WILDER,
        lambda inputs: talib.ATR(inputs.high, inputs.low, inputs.close, 14),
        scale_free=False,
    ),
    Feature(
        "natr_14",
        Group.VOLATILITY,
        "percent of the price",
        14,
        "100 ATR(14) / close",
        _WILDER,
        lambda inputs: talib.NATR(inputs.high, inputs.low, inputs.close, 14),
    ),
    Feature(
        "bollinger_position",
        Group.VOLATILITY,
        "0 to 1 inside the band",
        19,
        "(close - lower) / (upper - lower), 20 bars, 2 deviations",
        _BOLLINGER,
        bollinger_position,
    ),
    Feature(
        "bollinger_width",
        Group.VOLATILITY,
        "fraction",
        19,
        "(upper - lower) / middle, 20 bars, 2 deviations",
        _BOLLINGER,
        bollinger_width,
    ),
    _realised_row(21),
    _realised_row(63),
    _realised_row(252),
    Feature(
        "drawdown_252",
        Group.VOLATILITY,
        "fraction",
        251,
        "close / max(close, 252) - 1",
        "Magdon-Ismail and Atiya 2004, Risk 17",
        below_high_close,
    ),
    Feature(
        "high_252_gap",
        Group.VOLATILITY,
        "fraction",
        251,
        "close / max(high, 252) - 1",
        "George and Hwang 2004, Journal of Finance 59",
        below_high,
    ),
)
