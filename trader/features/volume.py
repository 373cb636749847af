"""Whether trade goes with the price. Where nothing is counted (most currencies), these have no value."""

import numpy as np
import talib

from trader.domain.market import Floats
from trader.features.feature import Feature, Group, Inputs, share_of


def money_flow(inputs: Inputs) -> Floats:
    """Money flow index over 14 bars; no value where none of them had volume."""
    index = talib.MFI(inputs.high, inputs.low, inputs.close, inputs.volume, 14)
    return np.where(talib.MAX(inputs.volume, 14) > 0.0, index, np.nan)


def obv_slope(inputs: Inputs) -> Floats:
    """Slope a bar of on-balance volume over 21 bars, as a fraction of their mean volume."""
    slope = talib.LINEARREG_SLOPE(talib.OBV(inputs.close, inputs.volume), 21)
    return share_of(slope, talib.SMA(inputs.volume, 21))


def volume_ratio(inputs: Inputs) -> Floats:
    """Volume over its mean of 21 bars, the last included."""
    return share_of(inputs.volume, talib.SMA(inputs.volume, 21))


VOLUME = (
    Feature(
        "mfi_14",
        Group.VOLUME,
        "0 to 100",
        14,
        "MFI(14)",
        "Quong and Soudack 1989, Technical Analysis of Stocks & Commodities 7",
        money_flow,
    ),
    Feature(
        "obv_slope_21",
        Group.VOLUME,
        "fraction of the mean volume, a bar",
        20,
        "least-squares slope of OBV, 21 bars / SMA(volume, 21)",
        "Granville 1963, New Key to Stock Market Profits",
        obv_slope,
    ),
    Feature(
        "volume_ratio_21",
        Group.VOLUME,
        "ratio",
        20,
        "volume / SMA(volume, 21)",
        "Gervais, Kaniel and Mingelgrin 2001, Journal of Finance 56",
        volume_ratio,
    ),
)
