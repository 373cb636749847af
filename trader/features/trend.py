"""How directed the price moves, and how fast its averages part."""

import numpy as np
import talib

from trader.domain.market import Floats
from trader.features import expression
from trader.features.expression import (
    CLOSE,
    HIGH,
    LOW,
    Expression,
    absolute,
    carried,
    delay,
    highest_age,
    lag,
    larger,
    lowest_age,
    share,
    where,
    wilder,
    wilder_total,
)
from trader.features.feature import Feature, Group, Inputs, share_of, shifted
from trader.features.quantities import adx, aroon, macd, true_range
from trader.features.windows import over_windows, rolling_sum

_WILDER = "Wilder 1978, New Concepts in Technical Trading Systems"
_APPEL = "Appel 1979, The Moving Average Convergence-Divergence Method"
_CHANDE = "Chande 1995, Technical Analysis of Stocks & Commodities 13"
_KAUFMAN = "Kaufman 1995, Smarter Trading"
_DRAPER = "Draper and Smith 1998, Applied Regression Analysis"


def vortex(inputs: Inputs) -> Floats:
    """VI+ less VI- over 14 bars."""
    up = np.abs(inputs.high[1:] - inputs.low[:-1])
    down = np.abs(inputs.low[1:] - inputs.high[:-1])
    above = np.concatenate(([np.nan], up - down))
    return share_of(rolling_sum(above, 14), rolling_sum(true_range(inputs), 14))


def explained(inputs: Inputs) -> Floats:
    """R squared of a straight line through 63 log closes; no value where they do not move."""
    x = np.arange(63.0) - 31.0

    def r_squared(y: Floats) -> Floats:
        from_mean = y - y.mean(axis=1, keepdims=True)
        fitted = (from_mean * x).sum(axis=1) ** 2 / (x * x).sum()
        return share_of(fitted, (from_mean * from_mean).sum(axis=1))

    return over_windows(r_squared, 63, np.log(inputs.close))


def efficiency(inputs: Inputs) -> Floats:
    """The way made over the way gone, in 10 bars; no value where the price did not move."""
    gone = rolling_sum(np.concatenate(([np.nan], np.abs(np.diff(inputs.close)))), 10)
    made = np.full(len(inputs), np.nan)
    made[10:] = np.abs(inputs.close[10:] - inputs.close[:-10])
    return share_of(made, gone)


def _slope_row(bars: int) -> Feature:
    return Feature(
        f"slope_{bars}",
        Group.TREND,
        "fraction of the price, a bar",
        bars - 1,
        f"least-squares slope of {bars} closes / close",
        _DRAPER,
        lambda inputs: talib.LINEARREG_SLOPE(inputs.close, bars) / inputs.close,
        step=expression.slope(CLOSE, bars) / CLOSE,
    )


def _twice(a: Expression, bars: int) -> tuple[Expression, Expression, Expression]:
    """The exponential average, its own, and that one's."""
    one = expression.ema(a, bars)
    two = expression.ema(one, bars)
    return one, two, expression.ema(two, bars)


def _directional(bars: int) -> tuple[Expression, Expression]:
    """+DI and -DI."""
    before = lag(CLOSE, 1)
    reach = larger(larger(HIGH - LOW, absolute(HIGH - before)), absolute(LOW - before))
    up, down = HIGH - lag(HIGH, 1), lag(LOW, 1) - LOW
    plus, minus = where(up - down, larger(up, 0.0)), where(down - up, larger(down, 0.0))
    whole = wilder_total(reach, bars)
    return (
        100.0 * share(wilder_total(plus, bars), whole, where_zero=0.0),
        100.0 * share(wilder_total(minus, bars), whole, where_zero=0.0),
    )


_MACD = expression.ema(delay(CLOSE, 14), 12) - expression.ema(CLOSE, 26)
_SIGNAL = expression.ema(_MACD, 9)
_PLUS, _MINUS = _directional(14)
_DX = 100.0 * share(absolute(_MINUS - _PLUS), _MINUS + _PLUS)
_ADX = wilder(_DX, 14)
_TRIX = _twice(CLOSE, 15)[2]
_UP, _DOWN = (100.0 / 25.0 * (25.0 - age) for age in (highest_age(HIGH, 26), lowest_age(LOW, 26)))

TREND = (
    Feature(
        "macd_hist",
        Group.TREND,
        "fraction of the price",
        33,
        "(MACD(12, 26) - EMA(MACD, 9)) / close",
        _APPEL,
        lambda inputs: macd(inputs)[2] / inputs.close,
        step=(_MACD - _SIGNAL) / CLOSE,
    ),
    Feature(
        "macd_signal_gap",
        Group.TREND,
        "fraction of the price",
        33,
        "EMA(MACD(12, 26), 9) / close",
        _APPEL,
        lambda inputs: macd(inputs)[1] / inputs.close,
        step=_SIGNAL / CLOSE,
    ),
    Feature(
        "adx_14",
        Group.TREND,
        "0 to 100",
        27,
        "ADX(14)",
        _WILDER,
        adx,
        step=_ADX,
        moving=14,
    ),
    Feature(
        "plus_di_14",
        Group.TREND,
        "0 to 100",
        14,
        "+DI(14)",
        _WILDER,
        lambda inputs: talib.PLUS_DI(inputs.high, inputs.low, inputs.close, 14),
        step=_PLUS,
        moving=14,
    ),
    Feature(
        "minus_di_14",
        Group.TREND,
        "0 to 100",
        14,
        "-DI(14)",
        _WILDER,
        lambda inputs: talib.MINUS_DI(inputs.high, inputs.low, inputs.close, 14),
        step=_MINUS,
        moving=14,
    ),
    Feature(
        "macd_gap",
        Group.TREND,
        "fraction of the price",
        33,
        "MACD(12, 26) / close",
        _APPEL,
        lambda inputs: macd(inputs)[0] / inputs.close,
        step=_MACD / CLOSE,
    ),
    Feature(
        "trix_15",
        Group.TREND,
        "percent a bar",
        43,
        "100 (e / e[-1] - 1), e = EMA(EMA(EMA(close, 15), 15), 15)",
        "Hutson 1983, Technical Analysis of Stocks & Commodities 1",
        lambda inputs: talib.TRIX(inputs.close, 15),
        step=(_TRIX / lag(_TRIX, 1) - 1.0) * 100.0,
    ),
    Feature(
        "dx_14",
        Group.TREND,
        "0 to 100",
        14,
        "100 |+DI - -DI| / (+DI + -DI)",
        _WILDER,
        lambda inputs: talib.DX(inputs.high, inputs.low, inputs.close, 14),
        step=carried(_DX),
        moving=14,
    ),
    Feature(
        "adxr_14",
        Group.TREND,
        "0 to 100",
        40,
        "(ADX(14) + ADX(14)[-13]) / 2",
        _WILDER,
        lambda inputs: (adx(inputs) + shifted(adx(inputs), 13)) / 2.0,
        step=(_ADX + lag(_ADX, 13)) / 2.0,
        moving=14,
    ),
    Feature(
        "aroon_up_25",
        Group.TREND,
        "0 to 100",
        25,
        "100 (25 - bars since the highest high of 26) / 25",
        _CHANDE,
        lambda inputs: aroon(inputs)[1],
        step=_UP,
    ),
    Feature(
        "aroon_down_25",
        Group.TREND,
        "0 to 100",
        25,
        "100 (25 - bars since the lowest low of 26) / 25",
        _CHANDE,
        lambda inputs: aroon(inputs)[0],
        step=_DOWN,
    ),
    Feature(
        "aroon_25",
        Group.TREND,
        "-100 to 100",
        25,
        "aroon_up_25 - aroon_down_25",
        _CHANDE,
        lambda inputs: aroon(inputs)[1] - aroon(inputs)[0],
        step=_UP - _DOWN,
    ),
    _slope_row(21),
    _slope_row(63),
    Feature(
        "straightness_63",
        Group.TREND,
        "0 to 1",
        62,
        "R squared of a straight line through 63 log closes",
        _DRAPER,
        explained,
    ),
    Feature(
        "efficiency_10",
        Group.TREND,
        "0 to 1",
        10,
        "|close - close[-10]| / sum of |close - close[-1]| over 10 bars",
        _KAUFMAN,
        efficiency,
    ),
    Feature(
        "vortex_14",
        Group.TREND,
        "number",
        14,
        "(sum |high - low[-1]| - sum |low - high[-1]|) / sum of true range, 14 bars",
        "Botes and Siepman 2010, Technical Analysis of Stocks & Commodities 28",
        vortex,
    ),
)
