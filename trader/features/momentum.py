"""What the price has returned, over days to years, and how stretched its last move is."""

from functools import partial

import numpy as np
import talib

from trader.domain.market import Floats
from trader.features.feature import Feature, Group, Inputs, shifted

_MONTH = 21
_YEAR = 252


def past_return(inputs: Inputs, bars: int) -> Floats:
    """The close / the close `bars` before - 1."""
    return inputs.close / shifted(inputs.close, bars) - 1.0


def momentum_12_1(inputs: Inputs) -> Floats:
    """The return of the last twelve months without the last one."""
    return shifted(inputs.close, _MONTH) / shifted(inputs.close, _YEAR) - 1.0


def reversal_60m(inputs: Inputs) -> Floats:
    """log(mean close of 4.5 to 5.5 years ago / close): high is cheap."""
    half_years = _YEAR // 2
    then = shifted(talib.SMA(inputs.close, _YEAR + 1), 5 * _YEAR - half_years)
    return np.log(then / inputs.close)


def stochastic_k(inputs: Inputs) -> Floats:
    """Where the close stands in the range of 14 bars, mean of 3."""
    return talib.STOCH(inputs.high, inputs.low, inputs.close, 14, 3, slowd_period=3)[0]


def stochastic_d(inputs: Inputs) -> Floats:
    """Mean of %K over 3 bars."""
    return talib.STOCH(inputs.high, inputs.low, inputs.close, 14, 3, slowd_period=3)[1]


def _return_row(bars: int, source: str) -> Feature:
    formula = f"close / close[-{bars}] - 1"
    return Feature(
        f"return_{bars}", Group.MOMENTUM, "fraction", bars, formula, source, partial(past_return, bars=bars)
    )


MOMENTUM = (
    _return_row(1, "Jegadeesh 1990, Journal of Finance 45"),
    _return_row(5, "Lehmann 1990, Quarterly Journal of Economics 105"),
    _return_row(21, "Jegadeesh 1990, Journal of Finance 45"),
    _return_row(63, "Moskowitz, Ooi and Pedersen 2012, Journal of Financial Economics 104"),
    _return_row(126, "Jegadeesh and Titman 1993, Journal of Finance 48"),
    _return_row(252, "Moskowitz, Ooi and Pedersen 2012, Journal of Financial Economics 104"),
    Feature(
        "momentum_12_1",
        Group.MOMENTUM,
        "fraction",
        252,
        "close[-21] / close[-252] - 1",
        "Asness, Moskowitz and Pedersen 2013, Journal of Finance 68",
        momentum_12_1,
        in_months=True,
    ),
    Feature(
        "reversal_60m",
        Group.MOMENTUM,
        "log return",
        1386,
        "log(SMA(close, 253)[-1134] / close)",
        "Asness, Moskowitz and Pedersen 2013, Journal of Finance 68: value without a book",
        reversal_60m,
        in_months=True,
    ),
    Feature(
        "rsi_14",
        Group.OSCILLATOR,
        "0 to 100",
        14,
        "RSI(close, 14)",
        "Wilder 1978, New Concepts in Technical Trading Systems",
        lambda inputs: talib.RSI(inputs.close, 14),
    ),
    Feature(
        "stoch_k",
        Group.OSCILLATOR,
        "0 to 100",
        17,
        "SMA(100 (close - min low) / (max high - min low), 3) over 14 bars",
        "Lane 1984, Technical Analysis of Stocks & Commodities 2",
        stochastic_k,
    ),
    Feature(
        "stoch_d",
        Group.OSCILLATOR,
        "0 to 100",
        17,
        "SMA(stoch_k, 3)",
        "Lane 1984, Technical Analysis of Stocks & Commodities 2",
        stochastic_d,
    ),
    Feature(
        "cci_20",
        Group.OSCILLATOR,
        "number",
        19,
        "(tp - SMA(tp, 20)) / (0.015 mean |tp - SMA|), tp the typical price",
        "Lambert 1980, Commodities 9",
        lambda inputs: talib.CCI(inputs.high, inputs.low, inputs.close, 20),
    ),
    Feature(
        "willr_14",
        Group.OSCILLATOR,
        "-100 to 0",
        13,
        "-100 (max high - close) / (max high - min low), 14 bars",
        "Williams 1973, How I Made One Million Dollars",
        lambda inputs: talib.WILLR(inputs.high, inputs.low, inputs.close, 14),
    ),
)
