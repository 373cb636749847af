"""What is wanted at which bar's close."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np

from trader.backtest.panel import Indices, Panel
from trader.backtest.terms import Terms
from trader.domain.errors import DataError, UsageError
from trader.domain.market import Floats

ROUNDING = 1e-9
"""By how much a sum of weights may miss what was promised."""


class Wanted(IntEnum):
    """What the numbers of a plan are; the kernel has the same numbers."""

    WEIGHTS = 0
    """Shares of the equity, made into units at the prices of the close at which they were decided."""
    WEIGHTS_AT_OPEN = 1
    """Shares of the equity, made into units at the open that fills them."""
    UNITS = 2
    """Units to be held."""
    ORDERS = 3
    """Units to be bought, or sold where below zero; one for one session."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Instructions for all S symbols at the closes of some bars. Raises DataError for what does not fit."""

    at: Indices
    """(n,): numbers of bars, ascending."""
    rows: Floats
    """(n, S): a number for each symbol."""
    wanted: Wanted = Wanted.WEIGHTS

    def __post_init__(self) -> None:
        at = np.array(self.at, dtype=np.int64)
        rows = np.array(self.rows, dtype=np.float64, order="C")
        if at.ndim != 1 or rows.ndim != 2 or len(at) != len(rows):
            raise DataError(f"{at.shape} bars do not fit instructions of the shape {rows.shape}")
        if len(at) and (at[0] < 0 or (np.diff(at) <= 0).any()):
            raise DataError("the bars of a plan must be ascending")
        object.__setattr__(self, "at", at)
        object.__setattr__(self, "rows", rows)

    @classmethod
    def dense(cls, table: Floats, wanted: Wanted = Wanted.WEIGHTS) -> Self:
        """From one row a bar, (T, S); a row of nothing but NaN is no instruction."""
        table = np.asarray(table, dtype=np.float64)
        if table.ndim != 2:
            raise DataError(f"a table of instructions has bars and symbols, not the shape {table.shape}")
        at = np.flatnonzero(~np.isnan(table).all(axis=1))
        return cls(at, table[at], wanted)


def check(plan: Plan, panel: Panel, terms: Terms, total: float | None = None) -> None:
    """Raise unless the plan fits: finite, within the bars, of symbols that have one, and of the sum promised.

    `total` is what the weights of each row are to sum to. Without margin no weight is below zero and no sum
    above one. DataError names the bar and the symbol.
    """
    if plan.rows.shape[1] != len(panel.symbols):
        raise DataError(f"{plan.rows.shape[1]} instructions a bar for {len(panel.symbols)} symbols")
    if len(plan.at) and plan.at[-1] >= len(panel):
        raise DataError(f"an instruction at bar {plan.at[-1]} of {len(panel)}")
    if len(plan.at) and plan.at[0] < terms.start:
        raise DataError(f"an instruction at bar {plan.at[0]}, before the start at {terms.start}")
    _refuse(~np.isfinite(plan.rows), "not a number", plan, panel)
    unknown = (plan.at[:, None] < panel.first_bars) & (plan.rows != 0.0)
    _refuse(unknown, "wanted before its first bar", plan, panel)
    if plan.wanted in (Wanted.WEIGHTS, Wanted.WEIGHTS_AT_OPEN):
        _check_weights(plan, panel, terms, total)
    elif total is not None:
        raise UsageError("units and orders have no sum that could be promised")


def check_start(panel: Panel, terms: Terms, warmup: int = 0, what: str = "the plan") -> None:
    """Raise UsageError where there is no bar after the start to fill in, or too few before it."""
    if not 0 <= terms.start < len(panel) - 1:
        raise UsageError(
            f"a start at bar {terms.start} of {len(panel)} leaves no bar to trade in",
            hint="start earlier, or give more bars",
        )
    if terms.start < warmup:
        raise UsageError(
            f"{what} needs {warmup} bars before its first decision, there are {terms.start}",
            hint="start later, or give more bars before the start",
        )


def _check_weights(plan: Plan, panel: Panel, terms: Terms, total: float | None) -> None:
    sums = plan.rows.sum(axis=1)
    if not terms.margin:
        _refuse(plan.rows < 0.0, "a weight below zero needs margin", plan, panel)
    wrong = np.zeros(len(sums), dtype=np.bool_)
    if total is not None:
        wrong = np.abs(sums - total) > ROUNDING
        promised = f"{total:g} was promised"
    elif not terms.margin:
        wrong = sums > 1.0 + ROUNDING
        promised = "more than 1 needs margin"
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(f"the weights at {panel.times[plan.at[row]]} sum to {sums[row]:g}: {promised}")


def _refuse(wrong: np.ndarray, why: str, plan: Plan, panel: Panel) -> None:
    if wrong.any():
        row, s = np.argwhere(wrong)[0]
        raise DataError(f"{panel.symbols[s]} at {panel.times[plan.at[row]]}: {plan.rows[row, s]:g}, {why}")
