"""How far the close is from where the price turned before, and how long ago it was at its extremes."""

from collections.abc import Callable

import numpy as np
import talib
from numpy.typing import NDArray

from trader.domain.market import Floats
from trader.features.feature import Feature, Group, Inputs, remembered, shifted
from trader.features.quantities import typical

_SIDE = 5
_PIVOTS = 8
_YEAR = 252
_OSLER = "Osler 2000, FRBNY Economic Policy Review 6"
_FLOOR = "Person 2004, A Complete Guide to Technical Trading Tactics"


@remembered
def pivots(inputs: Inputs) -> Floats:
    """The last eight prices at which the market turned, shape (n, 8), as they were known at each bar.

    A pivot is a high (or low) that no bar within five on either side passed, so it is known five bars later.
    NaN where there were fewer.
    """
    window = 2 * _SIDE + 1
    high, low = shifted(inputs.high, _SIDE), shifted(inputs.low, _SIDE)
    tops = np.where(high == talib.MAX(inputs.high, window), high, np.nan)
    bottoms = np.where(low == talib.MIN(inputs.low, window), low, np.nan)
    both = np.column_stack((tops, bottoms)).ravel()
    turned = np.concatenate((np.full(_PIVOTS, np.nan), both[~np.isnan(both)]))
    known = np.cumsum(~np.isnan(both))[1::2]
    return turned[known[:, np.newaxis] + np.arange(_PIVOTS)]


def support_gap(inputs: Inputs) -> Floats:
    """How far the close is above the nearest pivot at or below it; no value where there is none."""
    below = np.where(pivots(inputs) <= inputs.close[:, np.newaxis], pivots(inputs), -np.inf).max(axis=1)
    return inputs.close / np.where(np.isinf(below), np.nan, below) - 1.0


def resistance_gap(inputs: Inputs) -> Floats:
    """How far the close is below the nearest pivot above it: at most zero; no value where there is none."""
    above = np.where(pivots(inputs) > inputs.close[:, np.newaxis], pivots(inputs), np.inf).min(axis=1)
    return inputs.close / np.where(np.isinf(above), np.nan, above) - 1.0


def floor_gap(inputs: Inputs, level: Callable[[Floats, Floats, Floats], Floats]) -> Floats:
    """How far the close is above a level made of the last bar's middle, high and low."""
    before = (shifted(values, 1) for values in (typical(inputs), inputs.high, inputs.low))
    return inputs.close / level(*before) - 1.0


def since_high(inputs: Inputs) -> Floats:
    """Bars since the highest high of 252 as a share of a year."""
    return _age(talib.MAXINDEX(inputs.high, _YEAR))


def since_low(inputs: Inputs) -> Floats:
    """Bars since the lowest low of 252 as a share of a year."""
    return _age(talib.MININDEX(inputs.low, _YEAR))


def _age(place: NDArray[np.int32]) -> Floats:
    age: Floats = (np.arange(len(place)) - place) / (_YEAR - 1.0)
    age[: _YEAR - 1] = np.nan  # where talib gives the place 0
    return age


def _floor_row(name: str, formula: str, level: Callable[[Floats, Floats, Floats], Floats]) -> Feature:
    return Feature(
        name,
        Group.LEVEL,
        "fraction",
        1,
        f"close / {formula} - 1, p = (high + low + close)[-1] / 3",
        _FLOOR,
        lambda inputs: floor_gap(inputs, level),
    )


LEVELS = (
    Feature(
        "support_gap",
        Group.LEVEL,
        "fraction",
        10,
        "close / nearest at or below it of the last 8 confirmed pivots - 1",
        _OSLER,
        support_gap,
    ),
    Feature(
        "resistance_gap",
        Group.LEVEL,
        "fraction",
        10,
        "close / nearest above it of the last 8 confirmed pivots - 1",
        _OSLER,
        resistance_gap,
    ),
    _floor_row("pivot_gap", "p", lambda middle, high, low: middle),
    _floor_row("pivot_resistance_gap", "(2 p - low[-1])", lambda middle, high, low: 2.0 * middle - low),
    _floor_row("pivot_support_gap", "(2 p - high[-1])", lambda middle, high, low: 2.0 * middle - high),
    Feature(
        "since_high_252",
        Group.LEVEL,
        "share of the year",
        251,
        "bars since the highest high of 252 / 251",
        "George and Hwang 2004, Journal of Finance 59",
        since_high,
    ),
    Feature(
        "since_low_252",
        Group.LEVEL,
        "share of the year",
        251,
        "bars since the lowest low of 252 / 251",
        "George and Hwang 2004, Journal of Finance 59",
        since_low,
    ),
)
