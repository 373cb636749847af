"""Where the price stands to its own averages, and how directed it moves."""

import talib

from trader.domain.market import Floats
from trader.features.feature import Feature, Group, Inputs

_WILDER = "Wilder 1978, New Concepts in Technical Trading Systems"
_APPEL = "Appel 1979, The Moving Average Convergence-Divergence Method"
_BROCK = "Brock, Lakonishok and LeBaron 1992, Journal of Finance 47"


def average_gap(inputs: Inputs, bars: int) -> Floats:
    """How far the close is above SMA(close, bars)."""
    return inputs.close / talib.SMA(inputs.close, bars) - 1.0


def macd_histogram(inputs: Inputs) -> Floats:
    """(MACD - signal) / close, for averages of 12, 26 and 9 bars."""
    return talib.MACD(inputs.close, 12, 26, 9)[2] / inputs.close


def macd_signal(inputs: Inputs) -> Floats:
    """Signal / close, for averages of 12, 26 and 9 bars."""
    return talib.MACD(inputs.close, 12, 26, 9)[1] / inputs.close


def adx(inputs: Inputs) -> Floats:
    """Average directional movement index over 14 bars."""
    return talib.ADX(inputs.high, inputs.low, inputs.close, 14)


def plus_di(inputs: Inputs) -> Floats:
    """Upward directional indicator over 14 bars."""
    return talib.PLUS_DI(inputs.high, inputs.low, inputs.close, 14)


def minus_di(inputs: Inputs) -> Floats:
    """Downward directional indicator over 14 bars."""
    return talib.MINUS_DI(inputs.high, inputs.low, inputs.close, 14)


TREND = (
    Feature(
        "sma_50_gap",
        Group.TREND,
        "fraction",
        49,
        "close / SMA(close, 50) - 1",
        _BROCK,
        lambda inputs: average_gap(inputs, 50),
    ),
    Feature(
        "sma_200_gap",
        Group.TREND,
        "fraction",
        199,
        "close / SMA(close, 200) - 1",
        _BROCK,
        lambda inputs: average_gap(inputs, 200),
    ),
    Feature(
        "macd_hist",
        Group.TREND,
        "fraction of the price",
        33,
        "(MACD(12, 26) - EMA(MACD, 9)) / close",
        _APPEL,
        macd_histogram,
    ),
    Feature(
        "macd_signal_gap",
        Group.TREND,
        "fraction of the price",
        33,
        "EMA(MACD(12, 26), 9) / close",
        _APPEL,
        macd_signal,
    ),
    Feature("adx_14", Group.TREND, "0 to 100", 27, "ADX(14)", _WILDER, adx),
    Feature("plus_di_14", Group.TREND, "0 to 100", 14, "+DI(14)", _WILDER, plus_di),
    Feature("minus_di_14", Group.TREND, "0 to 100", 14, "-DI(14)", _WILDER, minus_di),
)
