"""Portfolios drawn at random, with the exposure and the turnover of the one that they are compared with."""

import numpy as np

from trader.backtest.many import Outcomes, follow
from trader.backtest.panel import Indices, Panel
from trader.backtest.plan import Wanted, check_start
from trader.backtest.terms import Terms, TradingCosts
from trader.domain.errors import DataError, UsageError
from trader.domain.market import Floats

PORTFOLIOS = 1000
_TOGETHER = 100
"""Books drawn before they are simulated: what they want takes memory."""


def random_portfolios(
    panel: Panel,
    costs: TradingCosts,
    exposure: float,
    turnover: float,
    seed: int,
    *,
    terms: Terms | None = None,
    portfolios: int = PORTFOLIOS,
    threads: int | None = None,
) -> Outcomes:
    """Long-only portfolios of what has a bar at the start, invested `exposure` (0 to 1) on average.

    At each close a portfolio is drawn anew with a probability that makes `turnover`: purchases and sales over
    mean equity, a year. As often as every bar is the most; where that is too little, or the first purchase
    alone too much, `Outcomes.turnovers` says what came of it. Weights have a Dirichlet distribution, all
    symbols alike and cash beside them. Raises UsageError for what no such portfolio has.
    """
    terms = terms or Terms()
    check_start(panel, terms)
    if not 0.0 <= exposure <= 1.0:
        raise UsageError(
            f"random portfolios are long only and unlevered: their exposure cannot be {exposure:g}"
        )
    if not (np.isfinite(turnover) and turnover >= 0.0 and portfolios > 0):
        raise UsageError(f"{portfolios} random portfolios with a turnover of {turnover:g} cannot be drawn")
    there = np.flatnonzero(panel.first_bars <= terms.start)
    if not len(there):
        raise DataError(f"no symbol has a bar by the start at bar {terms.start}")
    random, bars = np.random.default_rng(seed), len(panel) - 1 - terms.start
    chance = _chance(exposure, turnover * bars / panel.bars_a_year, len(there), bars)
    parts = []
    for first in range(0, portfolios, _TOGETHER):
        books = min(_TOGETHER, portfolios - first)
        drawn = random.random((books, bars)) < chance
        drawn[:, 0] = exposure > 0.0
        rows = np.zeros((int(drawn.sum()), len(panel.symbols)))
        rows[:, there] = _weights(random, len(rows), len(there), exposure)
        at: list[Indices] = [terms.start + np.flatnonzero(book) for book in drawn]
        parts.append(follow(panel, at, rows, Wanted.WEIGHTS_AT_OPEN, costs, terms, threads))
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("equity", "cost", "traded", "exposure", "fills")
    }
    return Outcomes(**joined, bars_a_year=panel.bars_a_year)


def _chance(exposure: float, turnover: float, symbols: int, bars: int) -> float:
    """Of a drawing at a bar, for `turnover` in all. The first purchase is `exposure` of it.

    A weight has the distribution Beta(1, b) with b = S / e - 1, and two of them are 2 (1 / (b + 1) - 1 /
    (2 b + 1)) apart on average: over all symbols 2 e (S - e) / (2 S - e).
    """
    if bars < 2 or exposure == 0.0:
        return 0.0
    apart = 2.0 * exposure * (symbols - exposure) / (2.0 * symbols - exposure)
    return min(1.0, max(0.0, turnover - exposure) / ((bars - 1) * apart)) if apart > 0.0 else 0.0


def _weights(random: np.random.Generator, rows: int, symbols: int, exposure: float) -> Floats:
    """(rows, symbols), rows of the Dirichlet distribution with 1 for a symbol, S (1 - e) / e for cash."""
    if exposure == 0.0:
        return np.zeros((rows, symbols))
    parts = random.standard_exponential((rows, symbols))
    cash = random.standard_gamma(symbols * (1.0 - exposure) / exposure, rows)
    weights: Floats = parts / (parts.sum(axis=1) + cash)[:, None]
    return weights
