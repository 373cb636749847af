"""One bar through a program: the recurrences behind `expression.py`, compiled where numba is installed.

Each operation has its state in `memory` from `at` on; `k` counts its own inputs from 0. What is summed and
divided, and in which order, is as in TA-Lib's C, so that results are the same to the last bits. Importing
this module imports numba: `stream.py` does so when the first bar comes.
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

ADD, SUBTRACT = int(Operation.ADD), int(Operation.SUBTRACT)
MULTIPLY, DIVIDE = int(Operation.MULTIPLY), int(Operation.DIVIDE)
ABSOLUTE, LOG, ROOT = int(Operation.ABSOLUTE), int(Operation.LOG), int(Operation.ROOT)
LARGER, SMALLER, WHERE = int(Operation.LARGER), int(Operation.SMALLER), int(Operation.WHERE)
LAG, TOTAL = int(Operation.LAG), int(Operation.TOTAL)
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
def _ema(memory: Floats, at: int, k: int, bars: int, weight: float, x: float) -> float:
    if k < bars:
        memory[at] += x
        if k == bars - 1:
            memory[at] /= bars
    else:
        memory[at] = (x - memory[at]) * weight + memory[at]
    return memory[at]


@compiled
def _blend(memory: Floats, at: int, k: int, weight: float, x: float) -> float:
    memory[at] = x if k == 0 else weight * x + (1.0 - weight) * memory[at]
    return memory[at]


@compiled
def _wilder(memory: Floats, at: int, k: int, bars: int, x: float) -> float:
    if k < bars:
        if x == x:
            memory[at] += x
        if k == bars - 1:
            memory[at] /= bars
    elif x == x:
        memory[at] = (memory[at] * (bars - 1) + x) / bars
    return memory[at]


@compiled
def _wilder_total(memory: Floats, at: int, k: int, bars: int, x: float) -> float:
    if k < bars - 1:
        memory[at] += x
    else:
        memory[at] = memory[at] - memory[at] / bars + x
    return memory[at]


@compiled
def _highest(memory: Floats, at: int, k: int, bars: int, x: float) -> int:
    """Keep the values that may yet be the highest, falling from the oldest on; where the highest stands.

    The values are a ring at `at`, the counts at which they came one at `at + bars`; then start, length.
    """
    start, length = int(memory[at + 2 * bars]), int(memory[at + 2 * bars + 1])
    if length and memory[at + bars + start] <= k - bars:
        start = start + 1 if start + 1 < bars else 0
        length -= 1
    while length:
        last = start + length - 1
        last = last if last < bars else last - bars
        if memory[at + last] > x:
            break
        length -= 1
    end = start + length
    end = end if end < bars else end - bars
    memory[at + end], memory[at + bars + end] = x, k
    memory[at + 2 * bars], memory[at + 2 * bars + 1] = start, length + 1
    return at + start


@compiled
def _slope(memory: Floats, past: int, mask: int, t: int, bars: int, x: float) -> float:
    sum_y = sum_xy = 0.0
    for i in range(bars - 1, 0, -1):
        y = memory[past + ((t - i) & mask)]
        sum_y += y
        sum_xy += i * y
    sum_y += x
    sum_x = bars * (bars - 1) * 0.5
    sum_xx = bars * (bars - 1) * (2 * bars - 1) / 6.0
    return (bars * sum_xy - sum_x * sum_y) / (sum_x * sum_x - bars * sum_xx)


@compiled
def _cci(memory: Floats, at: int, bars: int, x: float) -> float:
    """The inputs go round in a ring, and are summed from its start: so does TA-Lib."""
    slot = int(memory[at + bars])
    memory[at + slot] = x
    memory[at + bars] = slot + 1 if slot + 1 < bars else 0
    mean = apart = 0.0
    for i in range(bars):
        mean += memory[at + i]
    mean /= bars
    for i in range(bars):
        apart += abs(memory[at + i] - mean)
    if x == mean or apart == 0.0:
        return 0.0
    return (x - mean) / (0.015 * (apart / bars))


@compiled
def _wma(memory: Floats, at: int, k: int, bars: int, left: float, x: float) -> float:
    """Plain sum, then weighted sum."""
    memory[at] += x
    if k < bars - 1:
        memory[at + 1] += x * (k + 1)
        return nan
    memory[at] -= left
    memory[at + 1] += x * bars
    mean = memory[at + 1] / (bars * (bars + 1) / 2)
    memory[at + 1] -= memory[at]
    return mean


@compiled
def _kama(memory: Floats, at: int, k: int, bars: int, before: float, left: float, x: float) -> float:
    """The way gone, the average, what left last time."""
    if k == 0:
        return nan
    if k > bars:
        memory[at] -= abs(memory[at + 2] - left)
    memory[at] += abs(x - before)
    if k < bars:
        return nan
    if k == bars:
        memory[at + 1] = before
    memory[at + 2] = left
    gone, made = memory[at], x - left
    efficiency = 1.0 if gone <= made or abs(gone) < ZERO else abs(made / gone)
    slow = 2.0 / (30.0 + 1.0)
    speed = efficiency * (2.0 / (2.0 + 1.0) - slow) + slow
    memory[at + 1] = (x - memory[at + 1]) * (speed * speed) + memory[at + 1]
    return memory[at + 1]


@compiled
def _on_balance(memory: Floats, at: int, k: int, price: float, volume: float) -> float:
    if k == 0 or price > memory[at]:
        memory[at + 1] += volume
    elif price < memory[at]:
        memory[at + 1] -= volume
    memory[at] = price
    return memory[at + 1]


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
    return a


@compiled
def _of_past(  # noqa: C901  # one case for each operation
    row: Table, number: float, memory: Floats, t: int
) -> float:
    """What looks back."""
    operation, bars, k, at = row[0], row[3], t - row[4], row[5]
    past, mask = row[6], row[7]
    a = memory[row[1]]
    left = memory[past + ((t - bars) & mask)] if k >= bars else 0.0
    if operation == LAG:
        return left
    if operation == TOTAL:
        memory[at] = (memory[at] - left) + a
        return memory[at]
    if operation == CUMULATED:
        memory[at] += a
        return memory[at]
    if operation == EMA:
        return _ema(memory, at, k, bars, number, a)
    if operation == BLEND:
        return _blend(memory, at, k, number, a)
    if operation == WILDER:
        return _wilder(memory, at, k, bars, a)
    if operation == WILDER_TOTAL:
        return _wilder_total(memory, at, k, bars, a)
    if operation == HIGHEST:
        return memory[_highest(memory, at, k, bars, a)]
    if operation == HIGHEST_AGE:
        return k - memory[_highest(memory, at, k, bars, a) + bars]
    if operation == SLOPE:
        return _slope(memory, past, mask, t, bars, a)
    if operation == CCI:
        return _cci(memory, at, bars, a)
    if operation == WMA:
        return _wma(memory, at, k, bars, left, a)
    if operation == KAMA:
        return _kama(memory, at, k, bars, memory[past + ((t - 1) & mask)], left, a)
    return _on_balance(memory, at, k, a, memory[row[2]])


@compiled
def advance(
    rows: Table, kept: Table, outputs: Table, fixed: int, memory: Floats, t: int, out: Floats
) -> None:
    """Bar number t (from 0), whose fields stand in `memory`, through the program; `out` is the answers."""
    numbers = fixed + len(rows)
    for j in range(len(rows)):
        row = rows[j]
        if t >= row[4]:
            if row[0] < LAG:
                value = _of_now(row[0], memory[numbers + j], memory[row[1]], memory[row[2]])
            else:
                value = _of_past(row, memory[numbers + j], memory, t)
            memory[fixed + j] = value
    for i in range(len(kept)):
        memory[kept[i, 1] + (t & kept[i, 2])] = memory[kept[i, 0]]
    for i in range(len(outputs)):
        out[i] = memory[outputs[i, 0]] if t >= outputs[i, 1] else nan


@compiled
def advance_through(
    rows: Table, kept: Table, outputs: Table, fixed: int, memory: Floats, bars: Floats, out: Floats
) -> None:
    """Bars number 0 to n - 1, shape (n, fields), through the program; `out` has the shape (n, answers)."""
    for t in range(len(bars)):
        memory[: bars.shape[1]] = bars[t]
        advance(rows, kept, outputs, fixed, memory, t, out[t])
