"""How a price moves with its market: an index beside it, as it was known when each bar closed."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from trader.domain.market import Floats, Series, Times
from trader.features.feature import Feature, Group, Inputs, remembered, share_of, shifted
from trader.features.windows import after_first, over_windows

_FRESH = timedelta(days=10)
"""Longer than any holiday: an index that has been silent for more has ended."""
_SHARPE = "Sharpe 1964, Journal of Finance 19"
_LEVY = "Levy 1967, Journal of Finance 22"


def aligned(index: Series, moments: Times) -> Floats:
    """The last value published by each moment; NaN where there was none, or none for ten days."""
    place = np.searchsorted(index.published, moments, side="right") - 1
    if not len(index):
        return np.full(len(moments), np.nan)
    old = moments - index.published[place] > np.timedelta64(int(_FRESH.total_seconds()), "s")
    return np.where((place < 0) | old, np.nan, index.value[place])


@remembered
def index_returns(inputs: Inputs) -> Floats:
    """log(index / index before); NaN at the first bar and where the index has a gap."""
    if inputs.index is None:
        return np.full(len(inputs), np.nan)
    return after_first(np.diff(np.log(inputs.index)))


def relative_strength(inputs: Inputs, bars: int) -> Floats:
    """The return less the index's."""
    if inputs.index is None:
        return np.full(len(inputs), np.nan)
    return inputs.close / shifted(inputs.close, bars) - inputs.index / shifted(inputs.index, bars)


def beta(own: Floats, market: Floats) -> Floats:
    """Slope of own returns on the market's, along the second axis."""
    apart = market - market.mean(axis=1, keepdims=True)
    return share_of((own * apart).sum(axis=1), (apart * apart).sum(axis=1))


def correlation(own: Floats, market: Floats) -> Floats:
    """Of own returns with the market's, along the second axis."""
    a, b = (values - values.mean(axis=1, keepdims=True) for values in (own, market))
    return share_of((a * b).sum(axis=1), np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1)))


def own_deviation(own: Floats, market: Floats) -> Floats:
    """Standard deviation (n - 2) of what the market does not explain, along the second axis."""
    a, b = (values - values.mean(axis=1, keepdims=True) for values in (own, market))
    rest = a - beta(own, market)[:, np.newaxis] * b
    return np.sqrt((rest * rest).sum(axis=1) / (own.shape[1] - 2))


def _strength_row(bars: int) -> Feature:
    return Feature(
        f"relative_strength_{bars}",
        Group.MARKET,
        "fraction",
        bars,
        f"return_{bars} less that of the index",
        _LEVY,
        lambda inputs: relative_strength(inputs, bars),
    )


def _beta_row(bars: int) -> Feature:
    return Feature(
        f"beta_{bars}",
        Group.MARKET,
        "ratio",
        bars,
        f"covariance with / variance of the index, {bars} log returns",
        _SHARPE,
        lambda inputs: over_windows(beta, bars, after_first(inputs.log_returns), index_returns(inputs)),
    )


def _correlation_row(bars: int) -> Feature:
    return Feature(
        f"correlation_{bars}",
        Group.MARKET,
        "-1 to 1",
        bars,
        f"with the index, {bars} log returns",
        _SHARPE,
        lambda inputs: over_windows(
            correlation, bars, after_first(inputs.log_returns), index_returns(inputs)
        ),
    )


def own_volatility(inputs: Inputs) -> Floats:
    """Annual deviation of 63 log returns from what beta and the index's returns give."""
    rest = over_windows(own_deviation, 63, after_first(inputs.log_returns), index_returns(inputs))
    return rest * np.sqrt(inputs.bars_a_year)


_WINDOWS = (
    _strength_row(21),
    _strength_row(63),
    _strength_row(252),
    _beta_row(63),
    _beta_row(252),
    _correlation_row(63),
    _correlation_row(252),
    Feature(
        "own_volatility_63",
        Group.MARKET,
        "annual fraction",
        63,
        "standard deviation of 63 log returns less beta times the index's, annual",
        "Ang, Hodrick, Xing and Zhang 2006, Journal of Finance 61",
        own_volatility,
    ),
)

MARKET = tuple(replace(row, windowed=True) for row in _WINDOWS)
