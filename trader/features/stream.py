"""The common indicators one bar at a time: what they would be over all bars, at the cost of one."""

from collections.abc import Sequence
from math import inf

import numpy as np

from trader.domain.errors import ToolError
from trader.domain.market import Bars, Floats
from trader.features.feature import DAYS_A_YEAR, Feature
from trader.features.program import FIELDS, program


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

        self._advance, self._advance_through = advance, advance_through
        self._forget()

    def __len__(self) -> int:
        """Bars since the first."""
        return self._count

    def start(self, bars: Bars) -> Floats:
        """Forget everything, and read a history of n bars: shape (n, indicators), a column for each name."""
        self._forget()
        columns = (bars.open, bars.high, bars.low, bars.close, bars.volume, np.log(bars.close))
        table = np.empty((len(bars), FIELDS))
        for place, column in enumerate(columns):
            table[:, place] = column
        table[:, FIELDS - 1] = self._bars_a_year
        _check(table)
        out = np.empty((len(bars), len(self.names)))
        self._advance_through(*self._layout, table, out)
        self._count = len(bars)
        return out

    def add(self, open: float, high: float, low: float, close: float, volume: float) -> Floats:
        """The indicators after one bar more, in the order of `names`; NaN where there is no value yet.

        Raises ToolError, and stays as it was, where a number is not finite or a price not above zero.
        """
        if not (0.0 < open < inf and 0.0 < high < inf and 0.0 < low < inf and 0.0 < close < inf):
            raise ToolError(f"a price of the bar is none: {open}, {high}, {low}, {close}")
        if not -inf < volume < inf:
            raise ToolError(f"the volume of the bar is {volume}")
        memory = self._memory
        memory[0], memory[1], memory[2], memory[3], memory[4] = open, high, low, close, volume
        np.log(self._close, self._log_close)  # numpy's, as the batch takes it: another's may differ by a bit
        out = np.empty(len(self.names))
        self._advance(*self._layout, self._count, out)
        self._count += 1
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

    def _forget(self) -> None:
        self._count = 0
        self._known: Bars | None = None
        memory = self._program.memory.copy()
        memory[FIELDS - 1] = self._bars_a_year
        self._memory, self._close, self._log_close = memory, memory[3:4], memory[5:6]
        of = self._program
        self._layout = (of.rows, of.kept, of.outputs, of.fixed, memory)


def _check(table: Floats) -> None:
    fit = np.isfinite(table).all(axis=1) & (table[:, :4] > 0.0).all(axis=1)
    if not fit.all():
        row = int(np.argmin(fit))
        raise ToolError(f"bar {row + 1} of {len(table)} has a number that is none: {table[row, :5].tolist()}")
