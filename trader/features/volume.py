"""Whether trade goes with the price. Where nothing is counted (most currencies), these have no value."""

import numpy as np
import talib

from trader.domain.market import Floats
from trader.features import expression
from trader.features.expression import (
    CLOSE,
    HIGH,
    LOW,
    UNIT,
    VOLUME,
    Expression,
    blend,
    cumulated,
    deviation,
    highest,
    lag,
    on_balance,
    share,
    slope,
    total,
    where,
)
from trader.features.feature import Feature, Group, Inputs, share_of
from trader.features.quantities import close_location, mean_volume, returns, typical
from trader.features.windows import after_first, rolling_sum

_CHAIKIN = "Chaikin 1996, Bomar Securities: money flow and the accumulation oscillator"
_GERVAIS = "Gervais, Kaniel and Mingelgrin 2001, Journal of Finance 56"
_MONTH = 21


def money_flow(inputs: Inputs) -> Floats:
    """Money flow index over 14 bars; no value where none of them had volume."""
    high, low, close = (price * inputs.unit for price in (inputs.high, inputs.low, inputs.close))
    index = talib.MFI(high, low, close, inputs.volume, 14)
    return _traded(inputs, index, 14)


def obv_slope(inputs: Inputs) -> Floats:
    """Slope a bar of on-balance volume over 21 bars, as a fraction of their mean volume."""
    line = talib.LINEARREG_SLOPE(talib.OBV(inputs.close, inputs.volume), _MONTH)
    return share_of(line, mean_volume(inputs, _MONTH))


def volume_ratio(inputs: Inputs, bars: int) -> Floats:
    """Volume over its mean, the last included."""
    return share_of(inputs.volume, mean_volume(inputs, bars))


def volume_z(inputs: Inputs) -> Floats:
    """Deviations of the volume from its mean of 21 bars."""
    return share_of(inputs.volume - mean_volume(inputs, _MONTH), talib.STDDEV(inputs.volume, _MONTH))


def accumulation(inputs: Inputs) -> Floats:
    """Chaikin's oscillator of 3 and 10 bars, in mean volumes of 21."""
    line = talib.ADOSC(inputs.high, inputs.low, inputs.close, inputs.volume, 3, 10)
    return share_of(line, mean_volume(inputs, _MONTH))


def chaikin_flow(inputs: Inputs) -> Floats:
    """Volume signed by where its bar closed, over the volume, 21 bars."""
    flow = talib.SUM(close_location(inputs) * inputs.volume, _MONTH)
    return _traded(inputs, share_of(flow, talib.SUM(inputs.volume, _MONTH)), _MONTH)


def vwap_gap(inputs: Inputs) -> Floats:
    """How far the close is above the mean price of 21 bars by volume."""
    paid = talib.SUM(typical(inputs) * inputs.volume, _MONTH)
    return _traded(inputs, inputs.close / share_of(paid, talib.SUM(inputs.volume, _MONTH)) - 1.0, _MONTH)


def force(inputs: Inputs) -> Floats:
    """Average change of price times volume, over the price and its mean volume."""
    pushed = talib.EMA(after_first(np.diff(inputs.close)) * inputs.volume, 13)
    return share_of(pushed, inputs.close * mean_volume(inputs, _MONTH))


def ease_of_movement(inputs: Inputs) -> Floats:
    """How far the middle moved for the volume it took: mean of 14 bars, in mean volumes of 21."""
    middle = (inputs.high + inputs.low) / 2.0
    moved = after_first(np.diff(middle)) * (inputs.high - inputs.low) / (inputs.close * inputs.close)
    eased = share_of(moved * mean_volume(inputs, _MONTH), inputs.volume)
    return rolling_sum(eased, 14) / 14.0


def rising_share(inputs: Inputs) -> Floats:
    """The share of 21 bars' volume that rising bars had."""
    rose = np.concatenate(([np.nan], np.diff(inputs.close) > 0.0))
    return share_of(rolling_sum(rose * inputs.volume, _MONTH), rolling_sum(inputs.volume, _MONTH))


def price_volume_trend(inputs: Inputs) -> Floats:
    """Sum of return times volume over 21 bars, in mean volumes."""
    return share_of(rolling_sum(returns(inputs) * inputs.volume, _MONTH), mean_volume(inputs, _MONTH))


def _traded(inputs: Inputs, values: Floats, bars: int) -> Floats:
    """`values` where any of the last `bars` bars had volume, else NaN."""
    return np.where(talib.MAX(inputs.volume, bars) > 0.0, values, np.nan)


def _if_traded(values: Expression, bars: int) -> Expression:
    most = highest(VOLUME, bars)
    return values * (most / most)


def _money_flow() -> Expression:
    price = (HIGH + LOW + CLOSE) / 3.0
    change = price - lag(price, 1)
    flow = price * VOLUME * UNIT
    up = total(where(change, flow), 14)
    both = up + total(where(-change, flow), 14)
    # TA-Lib gives 0 below a flow of 1.
    return _if_traded(where(both, 100.0 * share(up, both, where_zero=0.0), above=1.0 - 2.0**-53), 14)


_MEAN = expression.sma(VOLUME, _MONTH)
_LOCATION = share((CLOSE - LOW) - (HIGH - CLOSE), HIGH - LOW, where_zero=0.0)
_ACCUMULATED = cumulated(_LOCATION * VOLUME)
_PAID = total((HIGH + LOW + CLOSE) / 3.0 * VOLUME, _MONTH)


def _ratio_row(bars: int) -> Feature:
    return Feature(
        f"volume_ratio_{bars}",
        Group.VOLUME,
        "ratio",
        bars - 1,
        f"volume / SMA(volume, {bars})",
        _GERVAIS,
        lambda inputs: volume_ratio(inputs, bars),
        step=VOLUME / expression.sma(VOLUME, bars),
    )


VOLUME_FEATURES = (
    Feature(
        "mfi_14",
        Group.VOLUME,
        "0 to 100",
        14,
        "MFI(14)",
        "Quong and Soudack 1989, Technical Analysis of Stocks & Commodities 7",
        money_flow,
        step=_money_flow(),
        moving=14,
    ),
    Feature(
        "obv_slope_21",
        Group.VOLUME,
        "fraction of the mean volume, a bar",
        20,
        "least-squares slope of OBV, 21 bars / SMA(volume, 21)",
        "Granville 1963, New Key to Stock Market Profits",
        obv_slope,
        step=slope(on_balance(CLOSE, VOLUME), _MONTH) / _MEAN,
    ),
    _ratio_row(21),
    _ratio_row(5),
    _ratio_row(63),
    Feature(
        "volume_z_21",
        Group.VOLUME,
        "deviations",
        20,
        "(volume - SMA(volume, 21)) / deviation of 21 volumes",
        _GERVAIS,
        volume_z,
        step=(VOLUME - _MEAN) / deviation(VOLUME, _MONTH),
    ),
    Feature(
        "accumulation_3_10",
        Group.VOLUME,
        "mean volumes",
        20,
        "ADOSC(3, 10) / SMA(volume, 21)",
        _CHAIKIN,
        accumulation,
        step=(blend(_ACCUMULATED, 3) - blend(_ACCUMULATED, 10)) / _MEAN,
    ),
    Feature(
        "chaikin_flow_21",
        Group.VOLUME,
        "-1 to 1",
        20,
        "sum of ((close - low) - (high - close)) / (high - low) volume / sum of volume, 21 bars",
        _CHAIKIN,
        chaikin_flow,
        step=_if_traded(total(_LOCATION * VOLUME, _MONTH) / total(VOLUME, _MONTH), _MONTH),
    ),
    Feature(
        "vwap_21_gap",
        Group.VOLUME,
        "fraction",
        20,
        "close / (sum of typical price volume / sum of volume, 21 bars) - 1",
        "Berkowitz, Logue and Noser 1988, Journal of Finance 43",
        vwap_gap,
        step=_if_traded(CLOSE / (_PAID / total(VOLUME, _MONTH)) - 1.0, _MONTH),
    ),
    Feature(
        "force_13",
        Group.VOLUME,
        "fraction of price times mean volume",
        20,
        "EMA((close - close[-1]) volume, 13) / (close SMA(volume, 21))",
        "Elder 1993, Trading for a Living",
        force,
        step=expression.ema((CLOSE - lag(CLOSE, 1)) * VOLUME, 13) / (CLOSE * _MEAN),
    ),
    Feature(
        "ease_of_movement_14",
        Group.VOLUME,
        "number",
        33,
        "mean over 14 bars of (m - m[-1]) (high - low) / close^2 SMA(volume, 21) / volume, m the middle",
        "Arms 1989, The Arms Index",
        ease_of_movement,
    ),
    Feature(
        "rising_volume_21",
        Group.VOLUME,
        "0 to 1",
        21,
        "sum of the volume of bars that rose / sum of volume, 21 bars",
        "Arms 1989, The Arms Index",
        rising_share,
    ),
    Feature(
        "price_volume_trend_21",
        Group.VOLUME,
        "mean volumes",
        21,
        "sum of return volume, 21 bars / SMA(volume, 21)",
        "Markstein 1966, How to Chart Your Way to Stock Market Profits",
        price_volume_trend,
    ),
)
