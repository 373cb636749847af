"""What the price has returned, over days to years, and how stretched its last move is."""

from functools import partial

import numpy as np
import talib

from trader.domain.market import Floats
from trader.features import expression
from trader.features.expression import CLOSE, Expression, lag, log, sma
from trader.features.feature import Feature, Group, Inputs, over, shifted

_MONTH = 21
_YEAR = 252
_JEGADEESH = "Jegadeesh 1990, Journal of Finance 45"
_LEHMANN = "Lehmann 1990, Quarterly Journal of Economics 105"
_TITMAN = "Jegadeesh and Titman 1993, Journal of Finance 48"
_MOSKOWITZ = "Moskowitz, Ooi and Pedersen 2012, Journal of Financial Economics 104"
_ASNESS = "Asness, Moskowitz and Pedersen 2013, Journal of Finance 68"
_HALF_YEARS = 5 * _YEAR - _YEAR // 2


def past_return(inputs: Inputs, bars: int) -> Floats:
    """The close / the close `bars` before - 1."""
    return over(inputs.close, shifted(inputs.close, bars))


def momentum_12_1(inputs: Inputs) -> Floats:
    """The return of the last twelve months without the last one."""
    return over(shifted(inputs.close, _MONTH), shifted(inputs.close, _YEAR))


def reversal_60m(inputs: Inputs) -> Floats:
    """log(mean close of 4.5 to 5.5 years ago / close): high is cheap."""
    then = shifted(talib.SMA(inputs.close, _YEAR + 1), _HALF_YEARS)
    return np.log(then / inputs.close)


def _return_row(bars: int, source: str) -> Feature:
    return Feature(
        f"return_{bars}",
        Group.MOMENTUM,
        "fraction",
        bars,
        f"close / close[-{bars}] - 1",
        source,
        partial(past_return, bars=bars),
        step=expression.over(CLOSE, lag(CLOSE, bars)),
    )


def _reversal() -> Expression:
    return log(lag(sma(CLOSE, _YEAR + 1), _HALF_YEARS) / CLOSE)


MOMENTUM = (
    _return_row(1, _JEGADEESH),
    _return_row(2, _LEHMANN),
    _return_row(3, _LEHMANN),
    _return_row(5, _LEHMANN),
    _return_row(10, _LEHMANN),
    _return_row(21, _JEGADEESH),
    _return_row(42, _TITMAN),
    _return_row(63, _MOSKOWITZ),
    _return_row(126, _TITMAN),
    _return_row(252, _MOSKOWITZ),
    Feature(
        "momentum_12_1",
        Group.MOMENTUM,
        "fraction",
        252,
        "close[-21] / close[-252] - 1",
        _ASNESS,
        momentum_12_1,
        step=expression.over(lag(CLOSE, _MONTH), lag(CLOSE, _YEAR)),
        in_months=True,
    ),
    Feature(
        "reversal_60m",
        Group.MOMENTUM,
        "log return",
        1386,
        "log(SMA(close, 253)[-1134] / close)",
        f"{_ASNESS}: value without a book",
        reversal_60m,
        step=_reversal(),
        in_months=True,
    ),
)
