"""What a book has to be better than: simpler things done with the same money over the same rounds."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trader.backtest.aligned import panel_of
from trader.backtest.baselines import BaselineResult, baselines
from trader.backtest.loaded import kernel
from trader.backtest.random_portfolios import PORTFOLIOS
from trader.backtest.terms import Terms, TradingCosts
from trader.brokers.costs import CostModel
from trader.data.market import Market
from trader.domain.errors import TraderError
from trader.domain.market import to_datetime64
from trader.domain.portfolio import Book
from trader.evals.curve import LEVEL, Curve, Performance, Resampling, performance
from trader.evals.run_summary import held

Floats = NDArray[np.float64]

DESK = "the desk"
CASH = "cash"
HELD = "buy and hold"
AT_EXPOSURE = "buy and hold at the desk's exposure"
"""The baseline that the first line is about: what the desk's mean exposure earned without a desk."""
FEW_PORTFOLIOS = 50
"""Random portfolios where nothing is compiled: each takes some hundred times longer."""


@dataclass(frozen=True, eq=False)
class Rival:
    """One baseline over the rounds of the book."""

    name: str
    returns: Floats
    """(n - 1,)"""
    exposure: float | None
    note: str = ""


@dataclass(frozen=True)
class Row:
    """The desk, or what it has to be better than."""

    name: str
    performance: Performance
    exposure: float | None
    """Mean, as a share of equity."""
    less: float | None
    """What the desk earned a year beyond this: mean difference of returns, times periods.

    None for itself, and where the span is too short for an interval.
    """
    interval: tuple[float, float] | None
    note: str = ""

    @property
    def decided(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.interval is not None and not self.interval[0] <= 0.0 <= self.interval[1]


def desk_row(curve: Curve, resampling: Resampling) -> Row:
    """The desk itself."""
    told = performance(curve.returns, curve.periods, resampling, LEVEL)
    return Row(DESK, told, float(curve.exposure.mean()), None, None)


def against(one: Rival, curve: Curve, resampling: Resampling) -> Row:
    """A baseline over the same periods, and what the desk earned beyond it."""
    between = curve.returns - one.returns
    interval = resampling.of_mean(between, LEVEL)
    year = curve.periods
    return Row(
        name=one.name,
        performance=performance(one.returns, year, resampling, LEVEL),
        exposure=one.exposure,
        less=None if interval is None else float(between.mean()) * year,
        interval=None if interval is None else (interval[0] * year, interval[1] * year),
        note=one.note,
    )


def rivals(
    market: Market, book: Book, curve: Curve, costs: CostModel, turnover: float, seed: int
) -> tuple[tuple[Rival, ...], tuple[str, ...]]:
    """All of them, the simplest first; and a sentence for each that there is not."""
    view = market.view(curve.as_of[-1])
    moments = np.array([to_datetime64(at) for at in curve.as_of])
    worth = np.mean([held(view, symbol, moments, costs) for symbol in book.symbols], axis=0)
    whole = np.diff(worth) / worth[:-1]
    exposure = float(curve.exposure.mean())
    simple = (
        Rival(CASH, np.zeros(len(curve.returns)), 0.0),
        Rival(HELD, whole, 1.0, "equal amounts, bought once"),
        Rival(AT_EXPOSURE, whole * exposure, exposure, "rebalanced each round without costs"),
    )
    try:
        found = _simulated(market, book, curve, costs, turnover, seed)
    except TraderError as error:
        return simple, (f"rules and random portfolios are not shown beside it: {error.message}",)
    earned = float(curve.equity[-1] / curve.equity[0] - 1.0)
    missing = tuple(f"{one.name} is not shown: it {one.note}" for one in found if one.equity is None)
    return (*simple, *_rivals(found, earned)), missing


def _simulated(
    market: Market, book: Book, curve: Curve, costs: CostModel, turnover: float, seed: int
) -> tuple[BaselineResult, ...]:
    """On the kernel, at the book's costs; beyond what is simple, which is known already."""
    panel = panel_of(market, book.symbols, currency=book.currency, bars_a_year=curve.periods)
    first, last = panel.bar_of(curve.as_of[0]), panel.bar_of(curve.as_of[-1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that nothing is compiled is said in the row's name
        count = PORTFOLIOS if kernel().COMPILED else FEW_PORTFOLIOS
    found = baselines(
        panel[: last + 1],
        TradingCosts.of(costs, [market.instruments[symbol] for symbol in book.symbols]),
        min(1.0, max(0.0, float(curve.exposure.mean()))),
        turnover,
        seed,
        terms=Terms(cash=curve.start, start=first),
        portfolios=count,
    )
    return found[3:]


def _rivals(found: tuple[BaselineResult, ...], earned: float) -> Iterator[Rival]:
    for one in found:
        if one.equity is None:
            continue
        note = ""
        if one.net_returns is not None:
            note = (
                "of the desk's exposure and turnover, the median one; "
                f"{one.share_below(earned):.1%} of them earned less than the desk"
            )
        yield Rival(one.name, np.diff(one.equity) / one.equity[:-1], one.exposure, note)
