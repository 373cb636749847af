"""What trading costs and who trades, as far as bars tell: estimates of spread, impact and informed trade."""

from dataclasses import replace
from math import erf, sqrt

import numpy as np

from trader.domain.market import Floats
from trader.features.feature import Feature, Group, Inputs, remembered, share_of, shifted
from trader.features.quantities import close_location, returns
from trader.features.windows import over_windows, rolling_mean, rolling_sum

_MONTH = 21
_MILLION = 1e6
_VPIN_BARS = 50


def roll_spread(inputs: Inputs) -> Floats:
    """2 root(-covariance) of returns with those before; negative where the covariance is positive."""

    def covariance(now: Floats, before: Floats) -> Floats:
        apart = (now - now.mean(axis=1, keepdims=True)) * (before - before.mean(axis=1, keepdims=True))
        return apart.sum(axis=1) / (now.shape[1] - 1)

    change = returns(inputs)
    together = over_windows(covariance, _MONTH, change, shifted(change, 1))
    return -2.0 * np.sign(together) * np.sqrt(np.abs(together))


def corwin_schultz(inputs: Inputs) -> Floats:
    """Mean over 21 bars of the spread that two bars' highs and lows imply; what is below zero counts as zero.

    As its authors do, today's range is moved by the gap where yesterday's close lies outside of it.
    """
    before = shifted(inputs.close, 1)
    gap = np.maximum(before - inputs.high, 0.0) - np.maximum(inputs.low - before, 0.0)
    high, low = inputs.high + gap, inputs.low + gap
    high_before, low_before = shifted(inputs.high, 1), shifted(inputs.low, 1)
    each = np.log(high / low) ** 2 + np.log(high_before / low_before) ** 2
    both = np.log(np.maximum(high, high_before) / np.minimum(low, low_before)) ** 2
    scale = 3.0 - 2.0 * sqrt(2.0)
    alpha = (np.sqrt(2.0 * each) - np.sqrt(each)) / scale - np.sqrt(both / scale)
    spread = 2.0 * np.expm1(alpha) / (1.0 + np.exp(alpha))
    return rolling_mean(np.maximum(spread, 0.0), _MONTH)


def abdi_ranaldo(inputs: Inputs) -> Floats:
    """Mean over 21 bars of what the close before and the middles around it imply; below zero as zero."""
    middle = (np.log(inputs.high) + np.log(inputs.low)) / 2.0
    close = shifted(np.log(inputs.close), 1)
    squared = 4.0 * (close - shifted(middle, 1)) * (close - middle)
    return rolling_mean(np.sqrt(np.maximum(squared, 0.0)), _MONTH)


def amihud(inputs: Inputs) -> Floats:
    """Mean of |return| for a million traded; no value where a bar of the window had no volume."""
    return rolling_mean(share_of(np.abs(returns(inputs)), _money(inputs) / _MILLION), _MONTH)


def price_impact(inputs: Inputs) -> Floats:
    """Slope of the return on the signed root of what was traded, 63 bars; a return for a thousand."""

    def line(change: Floats, flow: Floats) -> Floats:
        apart = flow - flow.mean(axis=1, keepdims=True)
        return share_of((change * apart).sum(axis=1), (apart * apart).sum(axis=1))

    change = returns(inputs)
    return 1000.0 * over_windows(line, 63, change, np.sign(change) * np.sqrt(np.maximum(_money(inputs), 0.0)))


def vpin(inputs: Inputs) -> Floats:
    """|bought - sold| over the volume of 50 bars; each bar's volume is split by its change of price.

    The share bought is the normal distribution's at the change over the deviation of 50 changes.
    """
    change = np.concatenate(([np.nan], np.diff(inputs.close)))
    deviation = over_windows(lambda windows: windows.std(axis=1, ddof=1), _VPIN_BARS, change)
    tilt = share_of(change, deviation)
    # 2 Phi(z) - 1 = erf(z / root 2): bought less sold, as a share.
    imbalance = np.abs(np.array([erf(z) for z in (tilt / sqrt(2.0)).tolist()]))
    return share_of(
        rolling_sum(imbalance * inputs.volume, _VPIN_BARS), rolling_sum(inputs.volume, _VPIN_BARS)
    )


def unchanged_share(inputs: Inputs) -> Floats:
    """The share of 63 bars that closed where the one before did."""
    change = returns(inputs)
    return rolling_mean(np.where(np.isnan(change), np.nan, change == 0.0), 63)


def overnight(inputs: Inputs) -> Floats:
    """The open over the close before, less one."""
    return inputs.open / shifted(inputs.close, 1) - 1.0


@remembered
def _money(inputs: Inputs) -> Floats:
    return inputs.close * inputs.volume


_WINDOWS = (
    Feature(
        "roll_spread_21",
        Group.MICROSTRUCTURE,
        "fraction of the price",
        22,
        "-2 sign(c) root |c|, c the covariance of 21 returns with those before",
        "Roll 1984, Journal of Finance 39; signed as Harris 1990, Journal of Finance 45",
        roll_spread,
    ),
    Feature(
        "corwin_schultz_21",
        Group.MICROSTRUCTURE,
        "fraction of the price",
        21,
        "mean over 21 bars of max(0, 2 (exp(a) - 1) / (1 + exp(a))), a from two bars' high and low",
        "Corwin and Schultz 2012, Journal of Finance 67",
        corwin_schultz,
    ),
    Feature(
        "abdi_ranaldo_21",
        Group.MICROSTRUCTURE,
        "fraction of the price",
        21,
        "mean over 21 bars of root max(0, 4 (c[-1] - m[-1]) (c[-1] - m)), logs of close and middle",
        "Abdi and Ranaldo 2017, Review of Financial Studies 30",
        abdi_ranaldo,
    ),
    Feature(
        "amihud_21",
        Group.MICROSTRUCTURE,
        "return for a million traded",
        21,
        "mean over 21 bars of |return| / (close volume / 1,000,000)",
        "Amihud 2002, Journal of Financial Markets 5",
        amihud,
    ),
    Feature(
        "price_impact_63",
        Group.MICROSTRUCTURE,
        "return, thousand roots of money",
        63,
        "1000 times the slope of the return on sign(return) root(close volume), 63 bars",
        "Hasbrouck 2009, Journal of Finance 64",
        price_impact,
    ),
    Feature(
        "vpin_50",
        Group.MICROSTRUCTURE,
        "0 to 1",
        99,
        "sum of volume |2 Phi(change / deviation) - 1| / sum of volume, 50 bars",
        "Easley, Lopez de Prado and O'Hara 2012, Review of Financial Studies 25: bulk volume",
        vpin,
    ),
    Feature(
        "unchanged_share_63",
        Group.MICROSTRUCTURE,
        "0 to 1",
        63,
        "share of 63 bars with close = close[-1]",
        "Lesmond, Ogden and Trzcinka 1999, Review of Financial Studies 12",
        unchanged_share,
    ),
    Feature(
        "overnight_gap",
        Group.MICROSTRUCTURE,
        "fraction",
        1,
        "open / close[-1] - 1",
        "Lou, Polk and Skouras 2019, Journal of Financial Economics 134",
        overnight,
    ),
    Feature(
        "body",
        Group.MICROSTRUCTURE,
        "fraction",
        0,
        "close / open - 1",
        "Lou, Polk and Skouras 2019, Journal of Financial Economics 134",
        lambda inputs: inputs.close / inputs.open - 1.0,
    ),
    Feature(
        "close_location",
        Group.MICROSTRUCTURE,
        "-1 to 1",
        0,
        "((close - low) - (high - close)) / (high - low), 0 where the bar has no range",
        "Chaikin 1996, Bomar Securities: money flow and the accumulation oscillator",
        close_location,
    ),
)

MICROSTRUCTURE = tuple(replace(row, windowed=True) for row in _WINDOWS)
