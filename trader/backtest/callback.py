"""A book whose decisions a function makes, bar by bar, from nothing but the bars so far."""

from collections.abc import Callable
from math import isfinite
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from trader.backtest.loaded import given, kernel
from trader.backtest.panel import Panel
from trader.backtest.plan import Plan, Wanted, check, check_start
from trader.backtest.simulate import Outcome, outcome
from trader.backtest.terms import Terms, TradingCosts
from trader.domain.errors import DataError
from trader.domain.market import Floats


class Now:
    """What is known when bar t has closed. Arrays are read-only, and end at the bar.

    They are views of a history into which each bar is copied when it closes: a later one is nowhere in it.
    """

    __slots__ = ("_close", "_fields", "_first", "_path", "_units", "symbols", "t")

    def __init__(self, panel: Panel, first: int, seen: Floats, path: Floats, units: Floats) -> None:
        self.symbols = panel.symbols
        self.t = first
        """The bar's number."""
        self._first = first
        self._fields, self._path, self._units = (_read_only(one) for one in (seen, path, units))
        self._close = self._fields[3]

    @property
    def open(self) -> Floats:
        """(t + 1, S), as traded; NaN where a symbol has no bar."""
        return self._fields[0, : self.t + 1]

    @property
    def high(self) -> Floats:
        """(t + 1, S)."""
        return self._fields[1, : self.t + 1]

    @property
    def low(self) -> Floats:
        """(t + 1, S)."""
        return self._fields[2, : self.t + 1]

    @property
    def close(self) -> Floats:
        """(t + 1, S)."""
        return self._close[: self.t + 1]

    @property
    def volume(self) -> Floats:
        """(t + 1, S); NaN where the feed has none."""
        return self._fields[4, : self.t + 1]

    @property
    def equity(self) -> float:
        """At the close."""
        return float(self._path[0, self.t - self._first])

    @property
    def cash(self) -> float:
        """At the close."""
        return float(self._path[1, self.t - self._first])

    @property
    def units(self) -> Floats:
        """(S,): held at the close."""
        return self._units[self.t - self._first]


Decide: TypeAlias = Callable[[Now], ArrayLike | None]
"""Gives a number for each symbol, (S,), or None where everything is to stay as it is."""


def simulate_with(
    panel: Panel,
    decide: Decide,
    costs: TradingCosts | None = None,
    terms: Terms | None = None,
    *,
    wanted: Wanted = Wanted.WEIGHTS,
    warmup: int = 0,
) -> Outcome:
    """Ask `decide` at each close from the start on; what it answers is filled as a plan's row is.

    `warmup` is how many bars it needs before its first decision. Raises what `decide` raises; DataError where
    it answers what a plan could not say; UsageError for a start that is too early or too late.
    """
    costs, terms = costs or TradingCosts(), terms or Terms()
    check_start(panel, terms, warmup, "the callback")
    module, first, symbols = kernel(), terms.start, len(panel.symbols)
    book, hold = module.new_book(symbols, terms.cash)
    bars = np.stack([panel.open, panel.high, panel.low, panel.close, panel.volume])
    seen = np.full(bars.shape, np.nan)
    seen[:, :first] = bars[:, :first]
    # Zeros, not what was in memory before: nothing here is from a bar to come.
    path, units = np.zeros((3, len(panel) - first)), np.zeros((len(panel) - first, symbols))
    trades, told = np.empty((len(panel) * symbols, module.COLUMNS)), np.zeros(1 + symbols)
    now = Now(panel, first, seen, path, units)
    fixed = given(panel, costs, terms, wanted)
    for t in module.bar_by_bar(first, len(panel), told, bars, seen, *fixed, book, hold, trades, path, units):
        now.t = t
        answer = decide(now)
        if answer is not None:
            told[1:] = _row(answer, t, panel, terms, wanted)
            told[0] = 1.0
    return outcome(panel, terms, book, trades, path, units)


def _row(answer: ArrayLike, t: int, panel: Panel, terms: Terms, wanted: Wanted) -> Floats:
    row = np.asarray(answer, dtype=np.float64)
    if row.shape != (len(panel.symbols),):
        raise DataError(f"the callback answered the shape {row.shape} for {len(panel.symbols)} symbols")
    if not _plain(row.tolist(), t, panel, terms, wanted):
        check(Plan(np.array([t]), row[None], wanted), panel, terms)
    return row


def _plain(row: list[float], t: int, panel: Panel, terms: Terms, wanted: Wanted) -> bool:
    """Whether `check` need not be asked, which takes longer than the bar."""
    if t < panel.last_to_begin or not isfinite(sum(row)):
        return False
    bound = not terms.margin and wanted in (Wanted.WEIGHTS, Wanted.WEIGHTS_AT_OPEN)
    return not bound or (min(row) >= 0.0 and sum(row) <= 1.0)


def _read_only(array: Floats) -> Floats:
    view = array.view()
    view.flags.writeable = False
    return view
