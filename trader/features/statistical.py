"""The shape of the last returns: moments, memory, disorder; each over its own window and nothing before."""

from dataclasses import replace
from math import factorial, log

import numpy as np

from trader.domain.market import Floats
from trader.features.feature import Feature, Group, Inputs, share_of
from trader.features.quantities import returns
from trader.features.windows import after_first, over_windows

_BINS = 8
_ORDER = 3
_DIFFERENCED = 100
"""Weights of the fractional difference; the last is below a thousandth."""


def z_score(windows: Floats) -> Floats:
    """The last value's deviations (n - 1) from the mean; no value where all are one."""
    deviation = np.where(np.ptp(windows, axis=1) > 0.0, windows.std(axis=1, ddof=1), 0.0)
    return share_of(windows[:, -1] - windows.mean(axis=1), deviation)


def skewness(windows: Floats) -> Floats:
    """Mean of the cubed deviations, in standard deviations (n)."""
    apart = windows - windows.mean(axis=1, keepdims=True)
    squared = apart * apart
    return share_of((squared * apart).mean(axis=1), squared.mean(axis=1) ** 1.5)


def excess_kurtosis(windows: Floats) -> Floats:
    """Mean of the deviations to the fourth, in standard deviations (n), less the normal distribution's 3."""
    apart = windows - windows.mean(axis=1, keepdims=True)
    squared = apart * apart
    return share_of((squared * squared).mean(axis=1), squared.mean(axis=1) ** 2) - 3.0


def autocorrelation(windows: Floats, bars: int) -> Floats:
    """Correlation with the values `bars` before, both about the mean of the whole window."""
    apart = windows - windows.mean(axis=1, keepdims=True)
    return share_of((apart[:, bars:] * apart[:, :-bars]).sum(axis=1), (apart * apart).sum(axis=1))


def entropy(windows: Floats) -> Floats:
    """Of a histogram of eight equal bins from the least to the greatest, over log 8."""
    low, high = windows.min(axis=1, keepdims=True), windows.max(axis=1, keepdims=True)
    width = np.where(high > low, high - low, np.nan)
    bins = np.minimum(np.floor((windows - low) / width * _BINS), _BINS - 1)
    return _disorder(np.stack([(bins == one).mean(axis=1) for one in range(_BINS)]), width[:, 0])


def permutation_entropy(windows: Floats) -> Floats:
    """Of the orders of three values in a row, over log 6. Equal values count in the order they came."""
    a, b, c = (windows[:, start : windows.shape[1] - 2 + start] for start in range(_ORDER))
    code = 4 * (a > b) + 2 * (b > c) + (a > c)
    known = np.where(np.isfinite(windows).all(axis=1), 1.0, np.nan)
    return _disorder(np.stack([(code == one).mean(axis=1) for one in range(8)]), known, factorial(_ORDER))


def _disorder(shares: Floats, defined: Floats, kinds: int = _BINS) -> Floats:
    """-sum p log p / log kinds; no value where `defined` is none."""
    terms = np.where(shares > 0.0, shares * np.log(np.where(shares > 0.0, shares, 1.0)), 0.0)
    return np.where(np.isnan(defined), np.nan, -terms.sum(axis=0) / log(kinds))


def variance_ratio(windows: Floats) -> Floats:
    """Variance of overlapping five-bar returns over five times that of one-bar returns."""
    apart = windows - windows.mean(axis=1, keepdims=True)
    five = apart[:, 4:] + apart[:, 3:-1] + apart[:, 2:-2] + apart[:, 1:-3] + apart[:, :-4]
    return share_of((five * five).mean(axis=1), 5.0 * (apart * apart).mean(axis=1))


def rescaled_range(windows: Floats) -> Floats:
    """log(R / S) / log n: above 0.5 by a few hundredths for independent returns, more where they persist."""
    path = np.cumsum(windows - windows.mean(axis=1, keepdims=True), axis=1)
    reach = share_of(path.max(axis=1) - path.min(axis=1), windows.std(axis=1))
    return np.log(reach) / log(windows.shape[1])


def one_in_twenty(windows: Floats) -> Floats:
    """The value that a twentieth of the window is not above."""
    lowest = np.partition(windows, windows.shape[1] // 20, axis=1)[:, windows.shape[1] // 20]
    return np.where(np.isfinite(windows).all(axis=1), lowest, np.nan)


def rank(windows: Floats) -> Floats:
    """The share of the values before it that the last one is above."""
    above = (windows[:, :-1] < windows[:, -1:]).mean(axis=1)
    return np.where(np.isfinite(windows).all(axis=1), above, np.nan)


def difference_weights(order: float, count: int) -> Floats:
    """The weights of (1 - lag)^order, the last bar's first."""
    k = np.arange(1.0, count)
    return np.concatenate(([1.0], np.cumprod((k - 1.0 - order) / k)))


def fractional_difference(inputs: Inputs) -> Floats:
    """Of the log close by 0.4, over 100 bars, against the first of them: the unit does not matter."""
    weights = difference_weights(0.4, _DIFFERENCED)[::-1]
    return over_windows(
        lambda windows: ((windows - windows[:, :1]) * weights).sum(axis=1), _DIFFERENCED, np.log(inputs.close)
    )


def streak(inputs: Inputs) -> Floats:
    """Closes in a row above (below: negative) the one before; 0 at an unchanged close."""
    way = np.sign(np.diff(inputs.close))
    place = np.arange(1, len(way) + 1)
    turned = np.concatenate(([True], way[1:] != way[:-1])) if len(way) else np.zeros(0, dtype=bool)
    return after_first(way * (place - np.maximum.accumulate(np.where(turned, place, 0)) + 1))


def _log_returns(inputs: Inputs) -> Floats:
    return after_first(inputs.log_returns)


_PEARSON = "Pearson 1905, Biometrika 4"
_BOX = "Box and Jenkins 1970, Time Series Analysis"

_WINDOWS = (
    Feature(
        "z_score_21",
        Group.STATISTICAL,
        "deviations",
        20,
        "(close - mean) / standard deviation of 21 closes",
        "Gatev, Goetzmann and Rouwenhorst 2006, Review of Financial Studies 19",
        lambda inputs: over_windows(z_score, 21, inputs.close),
    ),
    Feature(
        "z_score_63",
        Group.STATISTICAL,
        "deviations",
        62,
        "(close - mean) / standard deviation of 63 closes",
        "Gatev, Goetzmann and Rouwenhorst 2006, Review of Financial Studies 19",
        lambda inputs: over_windows(z_score, 63, inputs.close),
    ),
    Feature(
        "skewness_63",
        Group.STATISTICAL,
        "number",
        63,
        "mean of ((r - mean) / deviation)^3, 63 log returns",
        _PEARSON,
        lambda inputs: over_windows(skewness, 63, _log_returns(inputs)),
    ),
    Feature(
        "kurtosis_63",
        Group.STATISTICAL,
        "number",
        63,
        "mean of ((r - mean) / deviation)^4 - 3, 63 log returns",
        _PEARSON,
        lambda inputs: over_windows(excess_kurtosis, 63, _log_returns(inputs)),
    ),
    Feature(
        "skewness_252",
        Group.STATISTICAL,
        "number",
        252,
        "mean of ((r - mean) / deviation)^3, 252 log returns",
        "Harvey and Siddique 2000, Journal of Finance 55",
        lambda inputs: over_windows(skewness, 252, _log_returns(inputs)),
    ),
    Feature(
        "autocorrelation_1",
        Group.STATISTICAL,
        "-1 to 1",
        63,
        "of 63 log returns with the one before",
        _BOX,
        lambda inputs: over_windows(lambda windows: autocorrelation(windows, 1), 63, _log_returns(inputs)),
    ),
    Feature(
        "autocorrelation_5",
        Group.STATISTICAL,
        "-1 to 1",
        63,
        "of 63 log returns with those five bars before",
        _BOX,
        lambda inputs: over_windows(lambda windows: autocorrelation(windows, 5), 63, _log_returns(inputs)),
    ),
    Feature(
        "autocorrelation_size",
        Group.STATISTICAL,
        "-1 to 1",
        63,
        "of 63 absolute log returns with the one before",
        "Ding, Granger and Engle 1993, Journal of Empirical Finance 1",
        lambda inputs: over_windows(
            lambda windows: autocorrelation(windows, 1), 63, np.abs(_log_returns(inputs))
        ),
    ),
    Feature(
        "entropy_63",
        Group.STATISTICAL,
        "0 to 1",
        63,
        "-sum p log p / log 8 of 63 log returns in 8 equal bins from least to greatest",
        "Shannon 1948, Bell System Technical Journal 27",
        lambda inputs: over_windows(entropy, 63, _log_returns(inputs)),
    ),
    Feature(
        "permutation_entropy_63",
        Group.STATISTICAL,
        "0 to 1",
        63,
        "-sum p log p / log 6 of the orders of 3 in 63 log returns",
        "Bandt and Pompe 2002, Physical Review Letters 88",
        lambda inputs: over_windows(permutation_entropy, 63, _log_returns(inputs)),
    ),
    Feature(
        "variance_ratio_5",
        Group.STATISTICAL,
        "ratio",
        126,
        "variance of 5-bar / (5 variance of 1-bar log returns), 126 bars",
        "Lo and MacKinlay 1988, Review of Financial Studies 1",
        lambda inputs: over_windows(variance_ratio, 126, _log_returns(inputs)),
    ),
    Feature(
        "rescaled_range_126",
        Group.STATISTICAL,
        "exponent",
        126,
        "log(R / S) / log(126) of 126 log returns",
        "Hurst 1951, Transactions of the American Society of Civil Engineers 116",
        lambda inputs: over_windows(rescaled_range, 126, _log_returns(inputs)),
    ),
    Feature(
        "fractional_difference",
        Group.STATISTICAL,
        "log price",
        _DIFFERENCED - 1,
        "sum of w (log close[-k] - log close[-99]), w the first 100 weights of (1 - lag)^0.4",
        "Hosking 1981, Biometrika 68; Lopez de Prado 2018, Advances in Financial Machine Learning",
        fractional_difference,
    ),
    Feature(
        "best_return_21",
        Group.STATISTICAL,
        "fraction",
        21,
        "the highest of 21 returns",
        "Bali, Cakici and Whitelaw 2011, Journal of Financial Economics 99",
        lambda inputs: over_windows(lambda windows: windows.max(axis=1), 21, returns(inputs)),
    ),
    Feature(
        "value_at_risk_252",
        Group.STATISTICAL,
        "fraction",
        252,
        "the 13th lowest of 252 returns: one in twenty is as low",
        "Jorion 2006, Value at Risk",
        lambda inputs: over_windows(one_in_twenty, 252, returns(inputs)),
    ),
    Feature(
        "return_rank_252",
        Group.STATISTICAL,
        "0 to 1",
        253,
        "share of the 252 returns before that the last is above",
        "Conover 1971, Practical Nonparametric Statistics",
        lambda inputs: over_windows(rank, 253, returns(inputs)),
    ),
    Feature(
        "rising_share_21",
        Group.STATISTICAL,
        "0 to 1",
        21,
        "share of 21 bars that closed above the one before",
        "Da, Gurun and Warachka 2014, Review of Financial Studies 27",
        lambda inputs: over_windows(
            lambda windows: np.where(np.isnan(windows[:, 0]), np.nan, (windows > 0.0).mean(axis=1)),
            21,
            returns(inputs),
        ),
    ),
)

_STREAK = Feature(
    "streak",
    Group.STATISTICAL,
    "bars",
    1,
    "closes in a row above the one before; negative below",
    "Connors and Alvarez 2012, An Introduction to ConnorsRSI",
    streak,
)

STATISTICAL = (*(replace(row, windowed=True) for row in _WINDOWS), _STREAK)
