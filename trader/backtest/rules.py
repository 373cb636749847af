"""The plans of rules that everybody knows, from closes alone: what a desk has to be better than.

Each is decided at the close of a bar from that bar and earlier ones. Indicators are of total-return indices:
splits and dividends are no signals. A symbol that a rule cannot judge yet is left in cash.
"""

import numpy as np
from numpy.typing import NDArray

from trader.backtest.panel import Panel
from trader.backtest.plan import Plan, Wanted
from trader.domain.market import Floats

Marks = NDArray[np.bool_]

FAST, SLOW = 50, 200
"""Bars of the two averages: the golden cross of chart readers."""
MACD_FAST, MACD_SLOW, MACD_SIGNAL = 12, 26, 9
"""Appel's."""


def year(panel: Panel) -> int:
    """Bars."""
    return round(panel.bars_a_year)


def month(panel: Panel) -> int:
    """Bars."""
    return max(1, round(panel.bars_a_year / 12))


def in_cash(panel: Panel) -> Plan:
    """Never anything."""
    return Plan(np.empty(0, dtype=np.int64), np.empty((0, len(panel.symbols))))


def buy_and_hold(panel: Panel, start: int, share: float = 1.0) -> Plan:
    """`share` of the equity once, in equal parts of what has a bar by then; never touched again."""
    there = panel.first_bars <= start
    row = np.where(there, share / max(1, there.sum()), 0.0)
    return Plan(np.array([start]), row[None], Wanted.WEIGHTS_AT_OPEN)


def equal_weight(panel: Panel, start: int) -> Plan:
    """All of the equity in equal parts, restored every month."""
    at = np.arange(start, len(panel) - 1, month(panel))
    there = panel.first_bars <= at[:, None]
    return Plan(at, there / np.maximum(1, there.sum(axis=1))[:, None], Wanted.WEIGHTS_AT_OPEN)


def momentum(panel: Panel, start: int) -> Plan:
    """12-1: a symbol's equal part while the year to a month ago was a gain, looked at every month.

    Jegadeesh and Titman 1993 for the months; each symbol by itself as in Moskowitz, Ooi and Pedersen 2012.
    """
    index = panel.total_return
    past = np.full(index.shape, np.nan)
    ago, until = year(panel), month(panel)
    past[ago:] = index[ago - until : len(index) - until] / index[: len(index) - ago] - 1.0
    at = np.arange(start, len(panel) - 1, until)
    return _parts(at, past[at] > 0.0, ~np.isnan(past[at]))


def average_cross(panel: Panel, start: int, fast: int = FAST, slow: int = SLOW) -> Plan:
    """A symbol's equal part while its fast moving average is above its slow one."""
    above = _mean(panel.total_return, fast) - _mean(panel.total_return, slow)
    return _held_while(above, start)


def macd(panel: Panel, start: int) -> Plan:
    """A symbol's equal part while the difference of two averages is above its own average (Appel 2005)."""
    index = panel.total_return
    line = _exponential(index, MACD_FAST) - _exponential(index, MACD_SLOW)
    above = line - _exponential(line, MACD_SIGNAL)
    settled = np.arange(len(panel))[:, None] - panel.first_bars >= MACD_SLOW + MACD_SIGNAL
    return _held_while(np.where(settled, above, np.nan), start)


def _held_while(above: Floats, start: int) -> Plan:
    """Plans a bar only where a symbol changes sides; `above` (T, S) is NaN where nothing is known."""
    held, known = above > 0.0, ~np.isnan(above)
    changed = (held[start:-1] != held[start - 1 : -2]) | (known[start:-1] != known[start - 1 : -2])
    at = start + np.flatnonzero(changed.any(axis=1))
    if not len(at) or at[0] != start:
        at = np.concatenate([[start], at])
    return _parts(at, held[at], known[at])


def _parts(at: NDArray[np.int64], held: Marks, known: Marks) -> Plan:
    """What is held has the share that every symbol would have that can be judged."""
    return Plan(at, held / np.maximum(1, known.sum(axis=1))[:, None], Wanted.WEIGHTS_AT_OPEN)


def _mean(values: Floats, bars: int) -> Floats:
    """Of the last `bars` values of each column; NaN where one of them is missing."""
    known = ~np.isnan(values)
    sums = np.cumsum(np.where(known, values, 0.0), axis=0)
    count = np.cumsum(known, axis=0)
    sums[bars:], count[bars:] = sums[bars:] - sums[:-bars], count[bars:] - count[:-bars]
    return np.where(count == bars, sums / bars, np.nan)


def _exponential(values: Floats, bars: int) -> Floats:
    """Average of the weight 2 / (bars + 1), from the first value of each column on; NaN before."""
    weight, averages = 2.0 / (bars + 1.0), np.empty(values.shape)
    last = np.full(values.shape[1], np.nan)
    for t, row in enumerate(values):
        last = np.where(np.isnan(last), row, last + weight * (row - last))
        averages[t] = last
    return averages
