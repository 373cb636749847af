"""Sums and statistics over a moving window that do not drift: each window's value is its own bars' alone.

A running sum keeps the rounding errors of everything that has left it; on long series they are what is seen
(pandas' rolling deviation is wrong in the seventh digit). Here no error is older than two windows.
"""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from trader.domain.market import Floats

_ROWS = 4096
"""Windows held at once: of 252 bars, eight megabytes."""


def rolling_sum(values: Floats, window: int) -> Floats:
    """The sum of the last `window` of n values, n of them; NaN before, and where a window has a gap (NaN).

    Blocks of one window's length are summed from their start and from their end; a window is the end of one
    block and the start of the next (van Herk 1992, Pattern Recognition Letters 13, with sums for maxima).
    """
    n = len(values)
    out = np.full(n, np.nan)
    if n < window:
        return out
    blocks = np.concatenate((values, np.zeros(-n % window))).reshape(-1, window)
    head = np.cumsum(blocks, axis=1).ravel()
    tail = np.cumsum(blocks[:, ::-1], axis=1)[:, ::-1].ravel()
    out[window - 1 :] = tail[: n - window + 1] + head[window - 1 : n]
    out[window - 1 :: window] = head[window - 1 : n : window]
    return out


def rolling_mean(values: Floats, window: int) -> Floats:
    """`rolling_sum` / window."""
    return rolling_sum(values, window) / window


def over_windows(function: Callable[..., Floats], window: int, *arrays: Floats) -> Floats:
    """`function` of the last `window` of n values of each array, n results; NaN before the first window.

    `function` is given arrays of shape (k, window) and answers k values; each row by itself.
    """
    n = len(arrays[0])
    out = np.full(n, np.nan)
    for first in range(0, n - window + 1, _ROWS):
        last = min(first + _ROWS, n - window + 1)
        # Copied to rows of their own: along overlapping ones, numpy's order of sums depends on their number.
        rows = (
            np.ascontiguousarray(sliding_window_view(array[first : last + window - 1], window))
            for array in arrays
        )
        out[first + window - 1 : last + window - 1] = function(*rows)
    return out


def after_first(values: Floats) -> Floats:
    """N - 1 differences as n values, NaN at the first bar."""
    return np.concatenate(([np.nan], values))


def trailing(function: Callable[[Floats], Floats], values: Floats) -> Floats:
    """`function` of what follows the leading NaNs of `values`, with these put back before it."""
    start = int(np.isnan(values).argmin()) if len(values) and np.isnan(values[0]) else 0
    return np.concatenate((values[:start], function(values[start:])))
