"""The common indicators one bar at a time: what they would be over all bars, at the cost of one."""

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from trader.domain.errors import ToolError
from trader.domain.market import Bars, Floats
from trader.features.expression import BARS_A_YEAR, LEAST_VARIANCE, UNIT, ZERO
from trader.features.feature import DAYS_A_YEAR, Feature, standing, unit_of
from trader.features.program import program


class Stream:
    """Indicators of one history. Values are those of `compute` over the same bars, to 1e-12.

    A split or dividend rescales every bar before it: that is another history, and begins anew. `follow` sees
    to it; who calls `add` must call `start` then. With numba (the extra `compiled`) a bar of all hundred
    costs some microseconds, and the first one the compiling, which is kept on disk; without, far more.
    """

    def __init__(self, rows: Sequence[Feature], *, bars_a_year: float = DAYS_A_YEAR) -> None:
        """Raises ToolError for an indicator that can only be computed over all bars."""
        steps = []
        for row in rows:
            if row.step is None:
                raise ToolError(f"{row.name} has no way to add one bar", hint="compute it over all bars")
            steps.append((row.step, row.warmup))
        self.names = tuple(row.name for row in rows)
        self._program = program(steps)
        self._bars_a_year = bars_a_year
        # Imported here: numba takes longer to import than most commands to answer.
        from trader.features.kernel import advance, advance_through

        self._advance: Callable[..., bool] = advance
        self._advance_through: Callable[..., int] = advance_through
        self._moving = np.array([row.moving or sys.maxsize for row in rows])
        self._least_moving = int(self._moving.min(initial=sys.maxsize))
        self._layout = self._blank()
        self._count = 0
        self._stood, self._price = 0, math.nan
        """Bars, up to the last, that were all at one price; and that price."""
        self._known: Bars | None = None

    def __len__(self) -> int:
        """Bars since the first."""
        return self._count

    def start(self, bars: Bars) -> Floats:
        """Forget everything, and read a history of n bars: shape (n, indicators), a column for each name.

        Raises ToolError for a bar that is none, and then knows no bars.
        """
        self._layout, self._count, self._known = self._blank(), 0, None
        out = np.empty((len(bars), len(self.names)))
        columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
        if len(bars):
            self._begin(bars.close[0])
        fit = self._advance_through(*self._layout, *columns, out)
        if fit < len(bars):
            self._layout = self._blank()
            raise _unfit(*(column[fit] for column in columns))
        self._count = fit
        stood = standing(bars.high, bars.low)
        if fit:
            self._stood, self._price = int(stood[-1]), float(bars.high[-1])
        if stood.max(initial=0) >= self._least_moving:
            out[stood[:, None] >= self._moving] = np.nan
        return out

    def add(self, open: float, high: float, low: float, close: float, volume: float) -> Floats:
        """The indicators after one bar more, in the order of `names`; NaN where there is no value yet.

        Raises ToolError, and stays as it was, where a number is not finite or a price not above zero.
        """
        out = np.empty(len(self.names))
        if not self._count:
            self._begin(close)
        if not self._advance(*self._layout, self._count, out, open, high, low, close, volume):
            raise _unfit(open, high, low, close, volume)
        self._count += 1
        self._stood = 0 if high != low else self._stood + 1 if high == self._price else 1
        self._price = high
        if self._stood >= self._least_moving:
            out[self._stood >= self._moving] = np.nan
        return out

    def follow(self, bars: Bars) -> Floats:
        """The indicators at the last of these bars, reading only what is new.

        Begins anew where the first bar, or the last one read, is no longer what it was: another symbol, or
        the same adjusted for a split or dividend since. Raises ToolError for no bars.
        """
        if not len(bars):
            raise ToolError("there is no bar to follow")
        if self._continues(bars):
            for row in range(self._count, len(bars)):
                self._last = self.add(
                    bars.open[row], bars.high[row], bars.low[row], bars.close[row], bars.volume[row]
                )
        else:
            self._last = self.start(bars)[-1]
        self._known = bars
        return self._last

    def _continues(self, bars: Bars) -> bool:
        known = self._known
        if known is None or known.symbol != bars.symbol or not len(known) == self._count <= len(bars):
            return False
        return all(
            getattr(known, name)[row] == getattr(bars, name)[row]
            for row in (0, len(known) - 1)
            for name in ("opened", "open", "high", "low", "close", "volume")
        )

    def _blank(self) -> tuple[Any, ...]:
        """The program, and its memory as it is before the first bar."""
        memory = self._program.memory.copy()
        memory[BARS_A_YEAR.bars] = self._bars_a_year
        return self._program.code, memory

    def _begin(self, close: float) -> None:
        """State the unit of prices, which the first of them decides."""
        unit = unit_of(close)
        self._layout[1][UNIT.bars] = unit
        self._layout[1][LEAST_VARIANCE.bars] = ZERO / (unit * unit)
        self._stood, self._price = 0, math.nan


def _unfit(*bar: float) -> ToolError:
    named = zip(("open", "high", "low", "close", "volume"), bar, strict=True)
    return ToolError(f"a number of the bar is none: {', '.join(f'{name} {value}' for name, value in named)}")
