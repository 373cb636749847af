"""How much the price moves."""

from collections.abc import Callable
from functools import partial

import numpy as np
import talib

from trader.domain.market import Floats
from trader.features.expression import (
    BARS_A_YEAR,
    CLOSE,
    HIGH,
    LOG_CLOSE,
    LOW,
    Expression,
    absolute,
    deviation,
    lag,
    larger,
    root,
    wilder,
)
from trader.features.feature import Feature, Group, Inputs, share_of
from trader.features.quantities import atr, highest, lowest, realised, true_range
from trader.features.windows import after_first, over_windows, rolling_mean, rolling_sum

_WILDER = "Wilder 1978, New Concepts in Technical Trading Systems"
_ANDERSEN = "Andersen, Bollerslev, Diebold and Labys 2003, Econometrica 71"
_DREISS = "Dreiss 1993, Technical Analysis of Stocks & Commodities 11"
_MONTH = 21


def choppiness(inputs: Inputs) -> Floats:
    """100 where the price goes back and forth, 0 where it goes one way; no value where it does not move."""
    reach = highest(inputs, 14) - lowest(inputs, 14)
    return 100.0 * np.log(share_of(rolling_sum(true_range(inputs), 14), reach)) / np.log(14.0)


def mass_index(inputs: Inputs) -> Floats:
    """Sum over 25 bars of the range's average over that average's average."""
    average = talib.EMA(inputs.high - inputs.low, 9)
    return rolling_sum(share_of(average, talib.EMA(average, 9)), 25)


def ulcer(inputs: Inputs) -> Floats:
    """Root mean square of the fall from the highest close of 14 bars."""
    fallen = inputs.close / talib.MAX(inputs.close, 14) - 1.0
    return np.sqrt(rolling_mean(fallen * fallen, 14))


def downside(inputs: Inputs) -> Floats:
    """Annual root mean square of the negative log returns of 63 bars, the others as zero."""
    lost = np.minimum(after_first(inputs.log_returns), 0.0)
    return np.sqrt(rolling_mean(lost * lost, 63) * inputs.bars_a_year)


def parkinson(inputs: Inputs) -> Floats:
    """Annual, from high and low."""
    reach = np.log(inputs.high / inputs.low)
    return _annual(inputs, rolling_mean(reach * reach, _MONTH) / (4.0 * np.log(2.0)))


def garman_klass(inputs: Inputs) -> Floats:
    """Annual, from all four prices, without the gaps between bars."""
    reach, body = np.log(inputs.high / inputs.low), np.log(inputs.close / inputs.open)
    return _annual(
        inputs,
        rolling_mean(0.5 * reach * reach - (2.0 * np.log(2.0) - 1.0) * body * body, _MONTH),
    )


def rogers_satchell(inputs: Inputs) -> Floats:
    """Annual, from all four prices, with a drift, without the gaps between bars."""
    return _annual(inputs, rolling_mean(_within_the_bar(inputs), _MONTH))


def yang_zhang(inputs: Inputs) -> Floats:
    """Annual, from all four prices, with a drift and the gaps between bars."""
    gap = after_first(np.log(inputs.open[1:] / inputs.close[:-1]))
    body = np.log(inputs.close / inputs.open)
    part = 0.34 / (1.34 + (_MONTH + 1) / (_MONTH - 1))
    gaps, bodies = (over_windows(_sample_variance, _MONTH, values) for values in (gap, body))
    return _annual(
        inputs,
        gaps + part * bodies + (1.0 - part) * rolling_mean(_within_the_bar(inputs), _MONTH),
    )


def _within_the_bar(inputs: Inputs) -> Floats:
    """Rogers and Satchell's variance of one bar."""
    up, down = np.log(inputs.high / inputs.open), np.log(inputs.low / inputs.open)
    body = np.log(inputs.close / inputs.open)
    return up * (up - body) + down * (down - body)


def _sample_variance(windows: Floats) -> Floats:
    return windows.var(axis=1, ddof=1)


def _annual(inputs: Inputs, variance: Floats) -> Floats:
    return np.sqrt(np.maximum(variance, 0.0) * inputs.bars_a_year)


def _realised_step(bars: int) -> Expression:
    change = LOG_CLOSE - lag(LOG_CLOSE, 1)
    return deviation(change, bars) * root(BARS_A_YEAR * bars / (bars - 1))


def true_range_step() -> Expression:
    """The true range of one bar."""
    before = lag(CLOSE, 1)
    return larger(larger(HIGH - LOW, absolute(HIGH - before)), absolute(LOW - before))


def _realised_row(bars: int) -> Feature:
    return Feature(
        f"volatility_{bars}",
        Group.VOLATILITY,
        "annual fraction",
        bars,
        f"standard deviation of {bars} log returns, times the root of the bars in a year",
        _ANDERSEN,
        partial(realised, bars=bars),
        step=_realised_step(bars),
    )


def _range_row(bars: int) -> Feature:
    return Feature(
        f"natr_{bars}",
        Group.VOLATILITY,
        "percent of the price",
        bars,
        f"100 ATR({bars}) / close",
        _WILDER,
        lambda inputs: talib.NATR(inputs.high, inputs.low, inputs.close, bars),
        step=wilder(true_range_step(), bars) / CLOSE * 100.0,
    )


def _bar_row(
    name: str, warmup: int, formula: str, source: str, function: Callable[[Inputs], Floats]
) -> Feature:
    return Feature(name, Group.VOLATILITY, "annual fraction", warmup, formula, source, function)


VOLATILITY = (
    Feature(
        "atr_14",
        Group.VOLATILITY,
        "price",
        14,
        "ATR(14)",
        _WILDER,
        lambda inputs: atr(inputs, 14),
        step=wilder(true_range_step(), 14),
        scale_free=False,
    ),
    _range_row(14),
    _realised_row(21),
    _realised_row(63),
    _realised_row(252),
    _realised_row(5),
    _realised_row(10),
    _realised_row(126),
    Feature(
        "volatility_5_63",
        Group.VOLATILITY,
        "ratio",
        63,
        "volatility_5 / volatility_63",
        _ANDERSEN,
        lambda inputs: share_of(realised(inputs, 5), realised(inputs, 63)),
        step=_realised_step(5) / _realised_step(63),
    ),
    Feature(
        "true_range",
        Group.VOLATILITY,
        "fraction of the price",
        1,
        "max(high, close[-1]) - min(low, close[-1]), over the close",
        _WILDER,
        lambda inputs: true_range(inputs) / inputs.close,
        step=true_range_step() / CLOSE,
    ),
    _range_row(7),
    _range_row(28),
    Feature(
        "choppiness_14",
        Group.VOLATILITY,
        "0 to 100",
        14,
        "100 log(sum of true range / (max high - min low)) / log(14), 14 bars",
        _DREISS,
        choppiness,
    ),
    Feature(
        "mass_index_25",
        Group.VOLATILITY,
        "number",
        40,
        "sum over 25 bars of e / EMA(e, 9), e = EMA(high - low, 9)",
        "Dorsey 1992, Technical Analysis of Stocks & Commodities 10",
        mass_index,
    ),
    Feature(
        "ulcer_14",
        Group.VOLATILITY,
        "fraction",
        26,
        "root mean square of close / max(close, 14) - 1 over 14 bars",
        "Martin and McCann 1989, The Investor's Guide to Fidelity Funds",
        ulcer,
    ),
    _bar_row(
        "downside_63",
        63,
        "root mean square of min(log return, 0) over 63 bars, annual",
        "Sortino and Price 1994, Journal of Investing 3",
        downside,
    ),
    _bar_row(
        "parkinson_21",
        20,
        "root of mean log(high / low)^2 / (4 log 2) over 21 bars, annual",
        "Parkinson 1980, Journal of Business 53",
        parkinson,
    ),
    _bar_row(
        "garman_klass_21",
        20,
        "root of mean log(high / low)^2 / 2 - (2 log 2 - 1) log(close / open)^2 over 21 bars, annual",
        "Garman and Klass 1980, Journal of Business 53",
        garman_klass,
    ),
    _bar_row(
        "rogers_satchell_21",
        20,
        "root of mean u (u - c) + d (d - c) over 21 bars, annual; u, d, c logs of high, low, close / open",
        "Rogers and Satchell 1991, Annals of Applied Probability 1",
        rogers_satchell,
    ),
    _bar_row(
        "yang_zhang_21",
        21,
        "root of the variance of gaps + k that of bodies + (1 - k) Rogers-Satchell over 21 bars, annual",
        "Yang and Zhang 2000, Journal of Business 73",
        yang_zhang,
    ),
)
