"""One bar through a program: the recurrences behind `expression.py`, compiled where numba is installed.

Each operation has its state in `memory` from `at` on; `k` counts its own inputs from 0. What is summed and
divided, and in which order, is as in TA-Lib's C, so that results are the same to the last bits. Importing
this module imports numba: `stream.py` does so when the first bar comes.
"""

from collections.abc import Callable
from math import inf, log, nan, sqrt
from typing import Any, TypeVar, cast

from trader.domain.market import Floats
from trader.features.expression import ZERO
from trader.features.program import Table

Function = TypeVar("Function", bound=Callable[..., Any])

try:
    from numba import njit

    COMPILED = True
except ImportError:
    COMPILED = False


ADD, SUBTRACT, MULTIPLY, DIVIDE = 3, 4, 5, 6
OVER, ABSOLUTE, LOG, ROOT = 7, 8, 9, 10
LARGER, SMALLER, WHERE, LAG = 11, 12, 13, 15
TOTAL, MEAN, CUMULATED, EMA = 16, 17, 18, 19
BLEND, WILDER, WILDER_TOTAL, EXTREME = 20, 21, 22, 23
EXTREME_AGE, SLOPE, CCI, WMA = 24, 25, 26, 27
KAMA, CARRIED, ON_BALANCE = 28, 29, 30
"""`Operation`, in numbers of this file's own: what is compiled is kept on disk until this file changes, and
would not notice that another has. A test compares them.
"""


def compiled(function: Function) -> Function:
    """The function as machine code, kept on disk; as it is where there is no numba."""
    if not COMPILED:
        return function
    return cast(Function, njit(cache=True, error_model="numpy", nogil=True)(function))


def inlined(function: Function) -> Function:
    """The function as part of each that calls it: to hand it an array costs more than most operations do."""
    if not COMPILED:
        return function
    return cast(Function, njit(inline="always", error_model="numpy", nogil=True)(function))


@inlined
def _ema(memory: Floats, at: int, k: int, bars: int, x: float) -> float:
    """The weight, then the average."""
    if k < bars:
        memory[at + 1] += x
        if k == bars - 1:
            memory[at + 1] /= bars
    else:
        memory[at + 1] = (x - memory[at + 1]) * memory[at] + memory[at + 1]
    return memory[at + 1]


@compiled
def _blend(memory: Floats, at: int, k: int, x: float) -> float:
    """The weight, then the average."""
    memory[at + 1] = x if k == 0 else memory[at] * x + (1.0 - memory[at]) * memory[at + 1]
    return memory[at + 1]


@inlined
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


@inlined
def _extreme(memory: Floats, at: int, past: int, mask: int, t: int, k: int, bars: int, x: float) -> float:
    """The sign, the highest of what is signed, the bar it stood at; looked for anew only when it has left."""
    sign = memory[at]
    x *= sign
    if k == 0 or x >= memory[at + 1]:
        memory[at + 1], memory[at + 2] = x, t
    elif memory[at + 2] <= t - bars:
        memory[at + 1], memory[at + 2] = x, t
        for i in range(1, bars):
            y = sign * memory[past + ((t - i) & mask)]
            if y > memory[at + 1]:
                memory[at + 1], memory[at + 2] = y, t - i
    return sign * memory[at + 1]


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


@inlined
def _of_now(  # noqa: C901  # one loop for each operation
    operation: int, rows: Table, first: int, last: int, fixed: int, memory: Floats
) -> None:
    """Rows that need nothing of the past; row j has its value at fixed + j.

    They are not kept from running before their inputs have begun: what they give then, nobody reads.
    """
    if operation == ADD:
        for j in range(first, last):
            memory[fixed + j] = memory[rows[j, 1]] + memory[rows[j, 2]]
    elif operation == SUBTRACT:
        for j in range(first, last):
            memory[fixed + j] = memory[rows[j, 1]] - memory[rows[j, 2]]
    elif operation == MULTIPLY:
        for j in range(first, last):
            memory[fixed + j] = memory[rows[j, 1]] * memory[rows[j, 2]]
    elif operation == DIVIDE:
        for j in range(first, last):
            below = memory[rows[j, 2]]
            memory[fixed + j] = memory[rows[j, 1]] / below if below != 0.0 else memory[rows[j, 5]]
    elif operation == OVER:
        for j in range(first, last):
            memory[fixed + j] = memory[rows[j, 1]] / memory[rows[j, 2]] - 1.0
    elif operation == ABSOLUTE:
        for j in range(first, last):
            memory[fixed + j] = abs(memory[rows[j, 1]])
    elif operation == LOG:
        for j in range(first, last):
            memory[fixed + j] = log(memory[rows[j, 1]])
    elif operation == ROOT:
        for j in range(first, last):
            a = memory[rows[j, 1]]
            memory[fixed + j] = 0.0 if a < memory[rows[j, 2]] else sqrt(a)
    elif operation == LARGER:
        for j in range(first, last):
            memory[fixed + j] = max(memory[rows[j, 1]], memory[rows[j, 2]])
    elif operation == SMALLER:
        for j in range(first, last):
            memory[fixed + j] = min(memory[rows[j, 1]], memory[rows[j, 2]])
    elif operation == WHERE:
        for j in range(first, last):
            memory[fixed + j] = memory[rows[j, 2]] if memory[rows[j, 1]] > memory[rows[j, 5]] else 0.0
    else:  # DELAY
        for j in range(first, last):
            memory[fixed + j] = memory[rows[j, 1]]


@inlined
def _of_past(  # noqa: C901  # one case for each operation
    operation: int, rows: Table, j: int, memory: Floats, t: int
) -> float:
    """Row j, which looks back."""
    bars, k, at, past, mask = rows[j, 3], t - rows[j, 4], rows[j, 5], rows[j, 6], rows[j, 7]
    a = memory[rows[j, 1]]
    left = memory[past + ((t - bars) & mask)] if k >= bars else 0.0
    if operation == LAG:
        return left if k >= bars else nan
    if operation == TOTAL:
        memory[at] = (memory[at] - left) + a
        return memory[at]
    if operation == MEAN:
        memory[at] = (memory[at] - left) + a
        return memory[at] / bars
    if operation == CUMULATED:
        memory[at] += a
        return memory[at]
    if operation == EMA:
        return _ema(memory, at, k, bars, a)
    if operation == BLEND:
        return _blend(memory, at, k, a)
    if operation == WILDER:
        return _wilder(memory, at, k, bars, a)
    if operation == WILDER_TOTAL:
        return _wilder_total(memory, at, k, bars, a)
    if operation == EXTREME:
        return _extreme(memory, at, past, mask, t, k, bars, a)
    if operation == EXTREME_AGE:
        _extreme(memory, at, past, mask, t, k, bars, a)
        return t - memory[at + 2]
    if operation == CARRIED:
        memory[at] = a if a == a else memory[at]
        return memory[at]
    if operation == SLOPE:
        return _slope(memory, past, mask, t, bars, a)
    if operation == CCI:
        return _cci(memory, at, bars, a)
    if operation == WMA:
        return _wma(memory, at, k, bars, left, a)
    if operation == KAMA:
        return _kama(memory, at, k, bars, memory[past + ((t - 1) & mask)], left, a)
    return _on_balance(memory, at, k, a, memory[rows[j, 2]])


@compiled
def advance(
    code: Table,
    memory: Floats,
    t: int,
    out: Floats,
    open: float,
    high: float,
    low: float,
    close: float,
    volume: float,
) -> bool:
    """Bar number t (from 0) through the program; `out` is the answers.

    Nothing changes, and the answer is False, where a number is not finite or a price not above zero.
    """
    if not (0.0 < open < inf and 0.0 < high < inf and 0.0 < low < inf and 0.0 < close < inf):
        return False
    if not abs(volume) < inf:
        return False
    memory[0], memory[1], memory[2], memory[3], memory[4] = open, high, low, close, volume
    memory[5] = log(close)
    rows, kept, outputs, end, fixed = code[0, 0], code[0, 1], code[0, 2], code[0, 3], code[0, 4]
    for i in range(1, rows):
        operation, first, last = code[i, 0], code[i, 1], code[i, 2]
        if operation < LAG:
            _of_now(operation, code, first, last, fixed, memory)
        else:
            for j in range(first, last):
                if t >= code[j, 4]:
                    memory[fixed + j] = _of_past(operation, code, j, memory, t)
    for i in range(kept, outputs):
        memory[code[i, 1] + (t & code[i, 2])] = memory[code[i, 0]]
    for i in range(outputs, end):
        out[i - outputs] = memory[code[i, 0]] if t >= code[i, 1] else nan
    return True


@compiled
def advance_through(
    code: Table,
    memory: Floats,
    open: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    volume: Floats,
    out: Floats,
) -> int:
    """Bars number 0 to n - 1 through the program; `out` has the shape (n, answers). How many were fit."""
    for t in range(len(close)):
        if not advance(code, memory, t, out[t], open[t], high[t], low[t], close[t], volume[t]):
            return t
    return len(close)
