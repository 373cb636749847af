"""Expressions laid out as rows of numbers, each sub-expression once: what `kernel.py` runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from trader.domain.market import Floats
from trader.features.expression import Expression, Operation

Table = NDArray[np.int64]
FIELDS = 7
"""Open, high, low, close, volume, log close, bars a year."""


@dataclass(frozen=True, eq=False)
class Program:
    """k rows, each after those it reads, and where the answers stand."""

    rows: Table
    """(k, 6): operation, input a, input b, bars, the bar at which the inputs begin, place in the state."""
    numbers: Floats
    """(k,): each row's constant."""
    state: int
    """Numbers that are kept from bar to bar."""
    outputs: Table
    """(m, 2): each answer's row, and the bar at which it has its first value."""


def program(answers: Sequence[tuple[Expression, int]]) -> Program:
    """Lay out expressions, each with the first bar at which it is to have a value."""
    order: dict[str, Expression] = {}
    for answer, _ in answers:
        _add(answer, order)
    place = {key: row for row, key in enumerate(order)}
    starts = [0, *accumulate(_kept(one) for one in order.values())]
    rows = [_row(one, place, start) for one, start in zip(order.values(), starts, strict=False)]
    return Program(
        np.array(rows, np.int64),
        np.array([one.number for one in order.values()]),
        starts[-1],
        np.array([(place[answer.key], max(first, answer.first)) for answer, first in answers], np.int64),
    )


def _add(one: Expression, order: dict[str, Expression]) -> None:
    if one.key not in order:
        for inner in one.inputs:
            _add(inner, order)
        order[one.key] = one


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
