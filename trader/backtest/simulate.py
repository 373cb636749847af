"""One book over the past: a panel, a plan, costs and terms in; its path, trades and costs out."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from trader.backtest.loaded import given, kernel
from trader.backtest.panel import Indices, Panel
from trader.backtest.plan import Plan, check, check_start
from trader.backtest.terms import Terms, TradingCosts
from trader.domain.market import Floats, Times

COSTS = ("commission", "spread", "slippage", "funding", "borrow", "interest")
"""Kinds, in the kernel's order."""


class Reason(StrEnum):
    """Why units changed hands; in the order of the kernel's numbers."""

    ORDERED = "ordered"
    DELISTED = "delisted"
    WRITTEN_OFF = "written off"


@dataclass(frozen=True, eq=False)
class Trades:
    """n trades in the order in which they happened, as arrays (n,). Money is in the book's currency."""

    bar: Indices
    """Of the panel; filled at its open."""
    symbol: Indices
    """Column of the panel."""
    units: Floats
    """Below zero where sold."""
    price: Floats
    """Paid or got, in the symbol's currency."""
    market: Floats
    """The open, or the last close of what was delisted."""
    commission: Floats
    spread: Floats
    slippage: Floats
    reason: tuple[Reason, ...]

    def __len__(self) -> int:
        return len(self.bar)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a book from the close of `terms.start` on: n bars, S symbols."""

    symbols: tuple[str, ...]
    times: Times
    """(n,)."""
    equity: Floats
    """(n,), at each close, after all costs so far."""
    cash: Floats
    """(n,)."""
    gross: Floats
    """(n,): the sum of the positions' values, shorts counted as positive."""
    units: Floats
    """(n, S), at each close."""
    trades: Trades
    costs: Mapping[str, float]
    """Paid in all, by kind: see COSTS. Funding that was got is below zero."""
    dividends: float
    """Got in all; paid by shorts."""
    traded: float
    """Value of all that was bought and sold."""
    bars_a_year: float

    @property
    def net_return(self) -> float:
        """Last over first equity, less one."""
        return float(self.equity[-1] / self.equity[0] - 1.0)

    @property
    def exposure(self) -> Floats:
        """(n,): gross over equity; 0 where nothing is left."""
        return np.divide(self.gross, self.equity, out=np.zeros(len(self.equity)), where=self.equity > 0.0)

    @property
    def turnover(self) -> float:
        """Bought and sold over the mean equity, a year."""
        return turnover(self.traded, self.equity, self.bars_a_year)


def turnover(traded: float, equity: Floats, bars_a_year: float) -> float:
    """`traded`, purchases and sales, over the mean of `equity` (n,), a year of n - 1 bars."""
    mean = float(equity.mean())
    return traded / mean * bars_a_year / max(len(equity) - 1, 1) if mean > 0.0 else 0.0


def simulate(
    panel: Panel,
    plan: Plan,
    costs: TradingCosts | None = None,
    terms: Terms | None = None,
    *,
    total: float | None = None,
) -> Outcome:
    """Follow `plan` over `panel`: decided at a close, filled at the symbol's next open.

    `total` is what weights are promised to sum to. Raises DataError or UsageError, before anything is
    simulated, for what does not fit or is not a number.
    """
    costs, terms = costs or TradingCosts(), terms or Terms()
    check_start(panel, terms)
    check(plan, panel, terms, total)
    fixed = given(panel, costs, terms, plan.wanted)
    symbols, bars = len(panel.symbols), len(panel) - terms.start
    book, hold = kernel().new_book(symbols, terms.cash)
    # A plan's row fills once a symbol at most, and so does the end of a symbol.
    trades = np.empty(((len(plan.at) + 1) * symbols, kernel().COLUMNS))
    path, units = np.empty((3, bars)), np.empty((bars, symbols))
    kernel().run(terms.start, len(panel), plan.at, plan.rows, *fixed, book, hold, trades, path, units)
    return outcome(panel, terms, book, trades, path, units)


def outcome(panel: Panel, terms: Terms, book: Floats, trades: Floats, path: Floats, units: Floats) -> Outcome:
    """What the kernel has filled in, by name."""
    module = kernel()
    rows = trades[: int(book[module.FILLS])].copy()
    paid = book[module.PAID :].tolist()
    return Outcome(
        symbols=panel.symbols,
        times=panel.times[terms.start :],
        equity=path[0],
        cash=path[1],
        gross=path[2],
        units=units,
        trades=Trades(
            bar=rows[:, 0].astype(np.int64),
            symbol=rows[:, 1].astype(np.int64),
            units=rows[:, 2],
            price=rows[:, 3],
            market=rows[:, 4],
            commission=rows[:, 5],
            spread=rows[:, 6],
            slippage=rows[:, 7],
            reason=tuple(list(Reason)[int(reason)] for reason in rows[:, 8]),
        ),
        costs=MappingProxyType(dict(zip(COSTS, paid, strict=True))),
        dividends=float(book[module.DIVIDENDS]),
        traded=float(book[module.TRADED]),
        bars_a_year=panel.bars_a_year,
    )
