"""Prices at which the market has turned before: support below the last close, resistance above.

A pivot is a high (or low) that no bar within `side` bars passed. It is known only when those bars have
closed, so the last `side` bars never hold one. Pivots within a part of the average true range are one level.
Source: Osler 2000, "Support for resistance", FRBNY Economic Policy Review 6.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from trader.domain.errors import ToolError
from trader.domain.market import Bars, Floats
from trader.domain.value import Number
from trader.tools.tool import Schema, Tool, ToolContext

_ATR_BARS = 14


class Arguments(Schema):
    """Where to look."""

    bars: int = Field(default=252, ge=30, le=5000)
    """How far back, in bars."""
    side: int = Field(default=5, ge=1, le=50)
    """Bars on either side that must not pass a pivot."""
    within: float = Field(default=0.5, gt=0.0, le=5.0)
    """Pivots nearer to each other than this part of the average true range are one level."""
    count: int = Field(default=4, ge=1, le=20)
    """Levels to give on each side of the price, the nearest first."""


class Level(Schema):
    """One price at which the market turned."""

    price: Number
    """Mean of its pivots, adjusted as of the view's moment."""
    touches: int
    """Pivots in it."""
    age: int
    """Bars since the last of them."""


class Result(Schema):
    """The levels around the last close."""

    close: Number
    """The last close."""
    atr: Number
    """Average true range over 14 bars, in price."""
    supports: tuple[Level, ...]
    """At or below the close, the nearest first."""
    resistances: tuple[Level, ...]
    """Above the close, the nearest first."""
    nearest_support: Number | None
    """Its price."""
    nearest_resistance: Number | None
    """Its price."""


@dataclass(frozen=True)
class Pivot:
    """A turn at row `row`."""

    row: int
    price: float


def run(context: ToolContext, arguments: Arguments) -> Result:
    """Find pivots, join them, and sort them around the close."""
    needed = max(2 * arguments.side + 1, _ATR_BARS + 1)
    bars = context.view.bars(context.symbol, arguments.bars + _ATR_BARS)
    if len(bars) < needed:
        raise ToolError(f"levels need {needed} bars, has {len(bars)}")
    atr = average_true_range(bars[-_ATR_BARS - 1 :])
    bars = bars[-arguments.bars :]
    found = levels(pivots(bars, arguments.side), arguments.within * atr, len(bars))
    close = float(bars.close[-1])
    supports = tuple(level for level in reversed(found) if level.price <= close)[: arguments.count]
    resistances = tuple(level for level in found if level.price > close)[: arguments.count]
    return Result(
        close=close,
        atr=atr,
        supports=supports,
        resistances=resistances,
        nearest_support=supports[0].price if supports else None,
        nearest_resistance=resistances[0].price if resistances else None,
    )


def average_true_range(bars: Bars) -> float:
    """Plain mean of the true range over all bars but the first (which only lends its close)."""
    before = bars.close[:-1]
    return float(np.mean(np.maximum(bars.high[1:], before) - np.minimum(bars.low[1:], before)))


def pivots(bars: Bars, side: int) -> tuple[Pivot, ...]:
    """Confirmed turns, highs then lows."""
    highs = ((row, bars.high[row]) for row in turns(bars.high, side))
    lows = ((row, bars.low[row]) for row in turns(-bars.low, side))
    return tuple(Pivot(int(row), float(price)) for row, price in (*highs, *lows))


def turns(values: Floats, side: int) -> NDArray[np.intp]:
    """Rows above the `side` values before and not below the `side` values after: the first of equals."""
    if len(values) < 2 * side + 1:
        return np.array([], np.intp)
    around = np.lib.stride_tricks.sliding_window_view(values, 2 * side + 1)
    middle = around[:, side]
    turned = (middle > around[:, :side].max(axis=1)) & (middle >= around[:, side + 1 :].max(axis=1))
    return np.flatnonzero(turned) + side


def levels(found: Iterable[Pivot], width: float, bars: int) -> tuple[Level, ...]:
    """Pivots joined from the lowest price up, each level at most `width` from first to last; by price."""
    groups: list[list[Pivot]] = []
    for pivot in sorted(found, key=lambda pivot: (pivot.price, pivot.row)):
        if groups and pivot.price - groups[-1][0].price <= width:
            groups[-1].append(pivot)
        else:
            groups.append([pivot])
    return tuple(
        Level(
            price=sum(pivot.price for pivot in group) / len(group),
            touches=len(group),
            age=bars - 1 - max(pivot.row for pivot in group),
        )
        for group in groups
    )


LEVELS = Tool("levels", "Support and resistance from confirmed turns of the price", Arguments, Result, run)
