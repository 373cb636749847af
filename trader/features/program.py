"""Expressions laid out as rows of numbers, each sub-expression once: what `kernel.py` runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from trader.domain.market import Floats
from trader.features.expression import Expression, Operation

Table = NDArray[np.int32]
FIELDS = 7
"""Open, high, low, close, volume, log close, bars a year."""


@dataclass(frozen=True, eq=False)
class Program:
    """Constants first, then k rows, each after those it reads; and where the answers stand."""

    rows: Table
    """(k, 6): operation, input a, input b, bars, the bar at which the inputs begin, place in the state."""
    numbers: Floats
    """(k,): each row's own number."""
    constants: Floats
    """(c,): the first values, which no bar changes; row j gives value c + j."""
    state: int
    """Numbers that are kept from bar to bar."""
    outputs: Table
    """(m, 2): the value that is each answer, and the bar at which it is first given."""


def program(answers: Sequence[tuple[Expression, int]]) -> Program:
    """Lay out expressions, each with the first bar at which it is to have a value."""
    depths: dict[str, tuple[int, Expression]] = {}
    for answer, _ in answers:
        _add(answer, depths)
    # What is alike stands together: the processor guesses the next operation right.
    order = sorted(depths.values(), key=lambda entry: (entry[0], entry[1].operation, entry[1].bars))
    constants = [one for _, one in order if one.operation is Operation.CONSTANT]
    moving = [one for _, one in order if one.operation is not Operation.CONSTANT]
    place = {one.key: value for value, one in enumerate((*constants, *moving))}
    starts = [0, *accumulate(_kept(one) for one in moving)]
    rows = [_row(one, place, start) for one, start in zip(moving, starts, strict=False)]
    return Program(
        np.array(rows, np.int32),
        np.array([one.number for one in moving]),
        np.array([one.number for one in constants]),
        starts[-1],
        np.array([(place[answer.key], max(first, answer.first)) for answer, first in answers], np.int32),
    )


def _add(one: Expression, depths: dict[str, tuple[int, Expression]]) -> int:
    """Enter an expression and what it reads; the steps from a bar to it."""
    if one.key not in depths:
        depth = max((_add(inner, depths) + 1 for inner in one.inputs), default=0)
        depths[one.key] = depth, one
    return depths[one.key][0]


def _row(one: Expression, place: Mapping[str, int], start: int) -> tuple[int, ...]:
    a, b = (*(place[inner.key] for inner in one.inputs), 0, 0)[:2]
    return one.operation, a, b, one.bars, one.begin, start


def _kept(one: Expression) -> int:
    """Numbers of state: a ring of past values and what runs beside it."""
    match one.operation:
        case Operation.LAG | Operation.SLOPE | Operation.CCI | Operation.TOTAL:
            return one.bars + 2
        case Operation.WMA | Operation.KAMA:
            return one.bars + 4
        case Operation.HIGHEST | Operation.HIGHEST_AGE:
            return 2 * one.bars + 2
        case _:
            return 2
