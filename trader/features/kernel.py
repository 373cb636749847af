"""One bar through a program: the recurrences behind `expression.py`, compiled where numba is installed.

Each operation keeps its past in `state` from `at` on; `k` counts its own inputs from 0. What is divided,
summed and in which order is as in TA-Lib's C, so that results are the same to the last bits. Importing this
module imports numba: `stream.py` does so when the first bar comes.
"""

from collections.abc import Callable
from math import log, nan, sqrt
from typing import Any, TypeVar

from trader.domain.market import Floats
from trader.features.expression import Operation
from trader.features.program import Table

Function = TypeVar("Function", bound=Callable[..., Any])

try:
    from numba import njit

    COMPILED = True
except ImportError:
    COMPILED = False

ZERO = 1e-14
"""What TA-Lib takes for zero."""

FIELD, CONSTANT = int(Operation.FIELD), int(Operation.CONSTANT)
ADD, SUBTRACT = int(Operation.ADD), int(Operation.SUBTRACT)
MULTIPLY, DIVIDE = int(Operation.MULTIPLY), int(Operation.DIVIDE)
ABSOLUTE, LOG, ROOT = int(Operation.ABSOLUTE), int(Operation.LOG), int(Operation.ROOT)
LARGER, SMALLER, WHERE = int(Operation.LARGER), int(Operation.SMALLER), int(Operation.WHERE)
LAG, DELAY, TOTAL = int(Operation.LAG), int(Operation.DELAY), int(Operation.TOTAL)
CUMULATED, EMA, BLEND = int(Operation.CUMULATED), int(Operation.EMA), int(Operation.BLEND)
WILDER, WILDER_TOTAL = int(Operation.WILDER), int(Operation.WILDER_TOTAL)
HIGHEST, HIGHEST_AGE = int(Operation.HIGHEST), int(Operation.HIGHEST_AGE)
SLOPE, CCI, WMA = int(Operation.SLOPE), int(Operation.CCI), int(Operation.WMA)
KAMA = int(Operation.KAMA)


def compiled(function: Function) -> Function:
    """The function as machine code, kept on disk; as it is where there is no numba."""
    if not COMPILED:
        return function
    made: Function = njit(cache=True, error_model="numpy", nogil=True)(function)
    return made


@compiled
def _past(state: Floats, at: int, bars: int, x: float) -> float:
    """Put x into the ring of `bars` values and give what leaves it; zero until it is full."""
    slot = int(state[at + bars])
    left = state[at + slot]
    state[at + slot] = x
    state[at + bars] = slot + 1 if slot + 1 < bars else 0
    return left


@compiled
def _total(state: Floats, at: int, k: int, bars: int, x: float) -> float:
    state[at + bars + 1] = (state[at + bars + 1] - _past(state, at, bars, x)) + x
    return state[at + bars + 1]


@compiled
def _ema(state: Floats, at: int, k: int, bars: int, weight: float, x: float) -> float:
    if k < bars:
        state[at] += x
        if k == bars - 1:
            state[at] /= bars
    else:
        state[at] = (x - state[at]) * weight + state[at]
    return state[at]


@compiled
def _blend(state: Floats, at: int, k: int, weight: float, x: float) -> float:
    state[at] = x if k == 0 else weight * x + (1.0 - weight) * state[at]
    return state[at]


@compiled
def _wilder(state: Floats, at: int, k: int, bars: int, x: float) -> float:
    if k < bars:
        if x == x:
            state[at] += x
        if k == bars - 1:
            state[at] /= bars
    elif x == x:
        state[at] = (state[at] * (bars - 1) + x) / bars
    return state[at]


@compiled
def _wilder_total(state: Floats, at: int, k: int, bars: int, x: float) -> float:
    if k < bars - 1:
        state[at] += x
    else:
        state[at] = state[at] - state[at] / bars + x
    return state[at]


@compiled
def _highest(state: Floats, at: int, k: int, bars: int, x: float) -> int:
    """Keep the values that may yet be the highest, falling from the oldest on; where the highest stands.

    The values are a ring at `at`, the counts at which they came one at `at + bars`; then start, length.
    """
    start, length = int(state[at + 2 * bars]), int(state[at + 2 * bars + 1])
    if length and state[at + bars + start] <= k - bars:
        start = start + 1 if start + 1 < bars else 0
        length -= 1
    while length:
        last = start + length - 1
        last = last if last < bars else last - bars
        if state[at + last] > x:
            break
        length -= 1
    end = start + length
    end = end if end < bars else end - bars
    state[at + end], state[at + bars + end] = x, k
    state[at + 2 * bars], state[at + 2 * bars + 1] = start, length + 1
    return at + start


@compiled
def _slope(state: Floats, at: int, bars: int, x: float) -> float:
    _past(state, at, bars, x)
    oldest = int(state[at + bars])
    sum_y = sum_xy = 0.0
    for i in range(bars):
        place = oldest + i
        y = state[at + (place if place < bars else place - bars)]
        sum_y += y
        sum_xy += (bars - 1 - i) * y
    sum_x = bars * (bars - 1) * 0.5
    sum_xx = bars * (bars - 1) * (2 * bars - 1) / 6.0
    return (bars * sum_xy - sum_x * sum_y) / (sum_x * sum_x - bars * sum_xx)


@compiled
def _cci(state: Floats, at: int, bars: int, x: float) -> float:
    _past(state, at, bars, x)
    mean = apart = 0.0
    for i in range(bars):
        mean += state[at + i]
    mean /= bars
    for i in range(bars):
        apart += abs(state[at + i] - mean)
    if x == mean or apart == 0.0:
        return 0.0
    return (x - mean) / (0.015 * (apart / bars))


@compiled
def _wma(state: Floats, at: int, k: int, bars: int, x: float) -> float:
    """Plain sum at `at + bars + 1`, weighted sum at + 2, what left last time at + 3."""
    left = _past(state, at, bars, x)
    if k < bars - 1:
        state[at + bars + 1] += x
        state[at + bars + 2] += x * (k + 1)
        return nan
    state[at + bars + 1] += x
    state[at + bars + 1] -= left
    state[at + bars + 2] += x * bars
    mean = state[at + bars + 2] / (bars * (bars + 1) / 2)
    state[at + bars + 2] -= state[at + bars + 1]
    return mean


@compiled
def _kama(state: Floats, at: int, k: int, bars: int, x: float) -> float:
    """The way gone at `at + bars + 1`, the average at + 2, what left last time at + 3."""
    newest = int(state[at + bars]) - 1
    before = state[at + (newest if newest >= 0 else bars - 1)]
    left = _past(state, at, bars, x)
    if k == 0:
        return nan
    if k > bars:
        state[at + bars + 1] -= abs(state[at + bars + 3] - left)
    state[at + bars + 1] += abs(x - before)
    if k < bars:
        return nan
    if k == bars:
        state[at + bars + 2] = before
    state[at + bars + 3] = left
    gone, made = state[at + bars + 1], x - left
    efficiency = 1.0 if gone <= made or abs(gone) < ZERO else abs(made / gone)
    slow = 2.0 / (30.0 + 1.0)
    speed = efficiency * (2.0 / (2.0 + 1.0) - slow) + slow
    state[at + bars + 2] = (x - state[at + bars + 2]) * (speed * speed) + state[at + bars + 2]
    return state[at + bars + 2]


@compiled
def _on_balance(state: Floats, at: int, k: int, price: float, volume: float) -> float:
    if k == 0 or price > state[at]:
        state[at + 1] += volume
    elif price < state[at]:
        state[at + 1] -= volume
    state[at] = price
    return state[at + 1]


@compiled
def _of_now(  # noqa: C901  # one case for each operation
    operation: int, number: float, a: float, b: float
) -> float:
    """What needs nothing of the past."""
    if operation == ADD:
        return a + b
    if operation == SUBTRACT:
        return a - b
    if operation == MULTIPLY:
        return a * b
    if operation == DIVIDE:
        return number if b == 0.0 else a / b
    if operation == ABSOLUTE:
        return abs(a)
    if operation == LOG:
        return log(a)
    if operation == ROOT:
        return 0.0 if a < ZERO else sqrt(a)
    if operation == LARGER:
        return a if a > b else b
    if operation == SMALLER:
        return a if a < b else b
    if operation == WHERE:
        return b if a > number else 0.0
    return a if operation == DELAY else number


@compiled
def _of_past(  # noqa: C901  # one case for each operation
    operation: int, number: float, a: float, b: float, state: Floats, at: int, k: int, bars: int
) -> float:
    """What looks back."""
    if operation == LAG:
        return _past(state, at, bars, a)
    if operation == TOTAL:
        return _total(state, at, k, bars, a)
    if operation == CUMULATED:
        state[at] += a
        return state[at]
    if operation == EMA:
        return _ema(state, at, k, bars, number, a)
    if operation == BLEND:
        return _blend(state, at, k, number, a)
    if operation == WILDER:
        return _wilder(state, at, k, bars, a)
    if operation == WILDER_TOTAL:
        return _wilder_total(state, at, k, bars, a)
    if operation == HIGHEST:
        return state[_highest(state, at, k, bars, a)]
    if operation == HIGHEST_AGE:
        return k - state[_highest(state, at, k, bars, a) + bars]
    if operation == SLOPE:
        return _slope(state, at, bars, a)
    if operation == CCI:
        return _cci(state, at, bars, a)
    if operation == WMA:
        return _wma(state, at, k, bars, a)
    if operation == KAMA:
        return _kama(state, at, k, bars, a)
    return _on_balance(state, at, k, a, b)


@compiled
def advance(
    rows: Table,
    numbers: Floats,
    outputs: Table,
    state: Floats,
    values: Floats,
    bar: Floats,
    t: int,
    out: Floats,
) -> None:
    """Bar number t (from 0) through the program; `state` moves on, `values` is scratch, `out` the answers."""
    constants = len(values) - len(rows)
    for j in range(len(rows)):
        operation, begin = rows[j, 0], rows[j, 4]
        if operation == FIELD:
            values[constants + j] = bar[rows[j, 3]]
        elif t >= begin:
            a, b = values[rows[j, 1]], values[rows[j, 2]]
            if operation <= DELAY:
                values[constants + j] = _of_now(operation, numbers[j], a, b)
            else:
                values[constants + j] = _of_past(
                    operation, numbers[j], a, b, state, rows[j, 5], t - begin, rows[j, 3]
                )
    for i in range(len(outputs)):
        out[i] = values[outputs[i, 0]] if t >= outputs[i, 1] else nan


@compiled
def advance_through(
    rows: Table,
    numbers: Floats,
    outputs: Table,
    state: Floats,
    values: Floats,
    bars: Floats,
    out: Floats,
) -> None:
    """Bars number 0 to n - 1, shape (n, 7), through the program; `out` has the shape (n, answers)."""
    for t in range(len(bars)):
        advance(rows, numbers, outputs, state, values, bars[t], t, out[t])
