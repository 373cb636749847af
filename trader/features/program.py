"""Expressions laid out as tables of numbers, each sub-expression once: what `kernel.py` runs."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import accumulate, groupby

import numpy as np
from numpy.typing import NDArray

from trader.domain.market import Floats
from trader.features.expression import Expression, Operation

Table = NDArray[np.int32]
FIELDS = 9
"""Open, high, low, close, volume, log close, bars a year, unit, least variance: the memory's first places."""

_LOOKS_BACK = {
    Operation.LAG,
    Operation.TOTAL,
    Operation.MEAN,
    Operation.EXTREME,
    Operation.EXTREME_AGE,
    Operation.SLOPE,
    Operation.WMA,
    Operation.KAMA,
}
"""Operations that read what their input was; each input's past is kept once for all of them."""

_NUMBERED = {
    Operation.DIVIDE,
    Operation.WHERE,
    Operation.EMA,
    Operation.BLEND,
    Operation.EXTREME,
    Operation.EXTREME_AGE,
}
"""Operations with a number of their own, at the start of their state."""


@dataclass(frozen=True, eq=False)
class Program:
    """What to do with a bar, and the memory it needs."""

    code: Table
    """(c, 8): one table, because each array that is handed to the kernel costs as much as ten operations.

    First where the parts after it begin: rows, kept, outputs, the end; and the place of a row's value less
    the row's number. Then the parts:

    - runs, rows of one operation that follow each other: the operation, the first, that after the last;
    - rows, each after those it reads: operation, places of inputs a and b, bars, the bar at which inputs
      begin, the place of its own state, the place of its input's past, and that one's length less one;
    - kept, values whose past is kept: the place of the value, that of its past, and the length less one;
    - outputs: the place of each answer, and the bar at which it is first given.
    """
    memory: Floats
    """As it is before the first bar: fields, constants, values, states (first the row's number), pasts."""


def program(answers: Sequence[tuple[Expression, int]]) -> Program:
    """Lay out expressions, each with the first bar at which it is to have a value."""
    found: dict[str, Expression] = {}
    for answer, _ in answers:
        _add(answer, found)
    constants = [one for one in found.values() if one.operation is Operation.CONSTANT]
    place = {key: one.bars for key, one in found.items() if one.operation is Operation.FIELD}
    place |= {one.key: row for row, one in enumerate(constants, FIELDS)}
    moving = _ordered([one for key, one in found.items() if key not in place], set(place))
    fixed = FIELDS + len(constants)
    place |= {one.key: row for row, one in enumerate(moving, fixed)}
    *states, end = accumulate((_state(one) for one in moving), initial=fixed + len(moving))
    pasts, size = _pasts(moving, place, end)
    memory = np.zeros(size)
    memory[FIELDS:fixed] = [one.number for one in constants]
    memory[fixed : fixed + len(moving)] = np.nan
    for one, state in zip(moving, states, strict=True):
        if one.operation in _NUMBERED:
            memory[state] = one.number
    rows = [_row(*entry, place, pasts) for entry in zip(moving, states, strict=True)]
    kept = [(value, *past) for value, past in pasts.items()]
    outputs = [(place[one.key], max(first, one.first)) for one, first in answers]
    return Program(_code(_runs(moving), rows, kept, outputs, fixed), memory)


def _code(
    runs: Sequence[tuple[int, ...]],
    rows: Sequence[tuple[int, ...]],
    kept: Sequence[tuple[int, ...]],
    outputs: Sequence[tuple[int, ...]],
    fixed: int,
) -> Table:
    _, *ends = accumulate(map(len, (runs, rows, kept, outputs)), initial=1)
    first = ends[0]
    moved = [(operation, start + first, stop + first) for operation, start, stop in runs]
    lines = [(*ends, fixed - first), *moved, *rows, *kept, *outputs]
    code = np.zeros((len(lines), 8), np.int32)
    for line, numbers in zip(code, lines, strict=True):
        line[: len(numbers)] = numbers
    return code


def _add(one: Expression, found: dict[str, Expression]) -> None:
    if one.key not in found:
        for inner in one.inputs:
            _add(inner, found)
        found[one.key] = one


def _ordered(rows: Sequence[Expression], known: Set[str]) -> list[Expression]:
    """Each after what it reads, and as many of one operation after each other as can be.

    A change of operation costs the processor more than most operations do. Next comes the one of which the
    greatest share of what is left can be done.
    """
    waiting: dict[Operation, list[Expression]] = {}
    for one in rows:
        waiting.setdefault(one.operation, []).append(one)
    order: list[Expression] = []
    while waiting:
        done = {*known, *(one.key for one in order)}
        ready = {operation: _ready(left, done) for operation, left in waiting.items()}
        operation = max(ready, key=lambda operation: len(ready[operation]) / len(waiting[operation]))
        order += ready[operation]
        taken = {one.key for one in ready[operation]}
        waiting[operation] = [one for one in waiting[operation] if one.key not in taken]
        waiting = {operation: left for operation, left in waiting.items() if left}
    return order


def _ready(waiting: Sequence[Expression], done: Set[str]) -> list[Expression]:
    """Those that can be computed now, or after others of the same operation."""
    order: list[Expression] = []
    known = set(done)
    for one in waiting:  # which stand in an order in which each could be computed
        if all(inner.key in known for inner in one.inputs):
            order.append(one)
            known.add(one.key)
    return order


def _runs(rows: Sequence[Expression]) -> list[tuple[int, int, int]]:
    """The stretches of one operation."""
    runs, first = [], 0
    for operation, alike in groupby(rows, key=lambda one: one.operation):
        last = first + len(list(alike))
        runs.append((int(operation), first, last))
        first = last
    return runs


def _pasts(
    rows: Sequence[Expression], place: Mapping[str, int], end: int
) -> tuple[dict[int, tuple[int, int]], int]:
    """Place of a value -> (place of its past, length less one), a power of two long; and where they end."""
    bars: dict[int, int] = {}
    for one in rows:
        if one.operation in _LOOKS_BACK:
            value = place[one.inputs[0].key]
            bars[value] = max(bars.get(value, 1), one.bars)
    pasts = {}
    for value, longest in bars.items():
        length = 1 << (longest - 1).bit_length()
        pasts[value] = end, length - 1
        end += length
    return pasts, end


def _row(
    one: Expression, state: int, place: Mapping[str, int], pasts: Mapping[int, tuple[int, int]]
) -> tuple[int, ...]:
    a, b = (*(place[inner.key] for inner in one.inputs), 0, 0)[:2]
    past = pasts[a] if one.operation in _LOOKS_BACK else (0, 0)
    return one.operation, a, b, one.bars, one.begin, state, *past


def _state(one: Expression) -> int:
    """Numbers that the operation keeps for itself."""
    match one.operation:
        case Operation.CCI:
            return one.bars + 1
        case Operation.WMA | Operation.KAMA | Operation.EXTREME | Operation.EXTREME_AGE:
            return 3
        case Operation.ON_BALANCE | Operation.EMA | Operation.BLEND:
            return 2
        case operation:
            return int(operation > Operation.LAG or operation in _NUMBERED)
