"""What every result is shown beside: the same bars and costs, and no judgement."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trader.backtest.many import Outcomes
from trader.backtest.panel import Panel
from trader.backtest.plan import Plan, check_start
from trader.backtest.random_portfolios import PORTFOLIOS, random_portfolios
from trader.backtest.rules import (
    FAST,
    MACD_SIGNAL,
    MACD_SLOW,
    SLOW,
    average_cross,
    buy_and_hold,
    equal_weight,
    in_cash,
    macd,
    momentum,
    year,
)
from trader.backtest.simulate import simulate
from trader.backtest.terms import Terms, TradingCosts
from trader.domain.market import Floats


@dataclass(frozen=True, eq=False)
class BaselineResult:
    """One row of the table, over the n bars from the start on. Without an equity its `note` says why."""

    name: str
    equity: Floats | None
    """(n,), at each close, after costs; of many portfolios that with the median net return."""
    exposure: float = 0.0
    """Mean of gross over equity; of many portfolios their mean."""
    turnover: float = 0.0
    """Bought and sold over mean equity, a year; of many portfolios their mean."""
    cost: float = 0.0
    """All that was paid; of many portfolios their mean."""
    trades: int = 0
    """Of many portfolios those of the median one."""
    net_returns: Floats | None = None
    """(portfolios,), ascending; None for what is one portfolio."""
    note: str = ""

    @property
    def net_return(self) -> float:
        """NaN where there is no equity."""
        return float("nan") if self.equity is None else float(self.equity[-1] / self.equity[0] - 1.0)

    def share_below(self, net_return: float) -> float:
        """The share of the portfolios that earned less; those that earned the same count for a half."""
        returns = np.array([self.net_return]) if self.net_returns is None else self.net_returns
        return float(np.mean(returns < net_return) + 0.5 * np.mean(returns == net_return))


def baselines(
    panel: Panel,
    costs: TradingCosts,
    exposure: float,
    turnover: float,
    seed: int,
    *,
    terms: Terms | None = None,
    portfolios: int = PORTFOLIOS,
    threads: int | None = None,
) -> tuple[BaselineResult, ...]:
    """All of them, in the order of the table.

    `exposure` (0 to 1) and `turnover` (bought and sold over mean equity, a year) are those of what is
    compared. Bars before `terms.start` are history for the rules; a rule with too little of it has a note
    instead of numbers. Raises UsageError or DataError for what fits no rule.
    """
    terms = terms or Terms()
    check_start(panel, terms)
    start = terms.start
    rules: tuple[tuple[str, int, Callable[[], Plan]], ...] = (
        ("cash", 0, lambda: in_cash(panel)),
        ("buy and hold", 0, lambda: buy_and_hold(panel, start)),
        (f"buy and hold at {exposure:.1%}", 0, lambda: buy_and_hold(panel, start, exposure)),
        ("equal weight", 0, lambda: equal_weight(panel, start)),
        ("12-1 momentum", year(panel), lambda: momentum(panel, start)),
        (f"moving averages {FAST} and {SLOW}", SLOW, lambda: average_cross(panel, start)),
        ("MACD", MACD_SLOW + MACD_SIGNAL, lambda: macd(panel, start)),
    )
    found = [_one(panel, costs, terms, *rule) for rule in rules]
    drawn = random_portfolios(
        panel, costs, exposure, turnover, seed, terms=terms, portfolios=portfolios, threads=threads
    )
    return (*found, _many(f"{portfolios:,} random portfolios", drawn))


def _one(
    panel: Panel, costs: TradingCosts, terms: Terms, name: str, warmup: int, plan: Callable[[], Plan]
) -> BaselineResult:
    if terms.start < warmup:
        return BaselineResult(
            name, None, note=f"needs {warmup} bars before the start, there are {terms.start}"
        )
    outcome = simulate(panel, plan(), costs, terms)
    return BaselineResult(
        name,
        outcome.equity,
        exposure=float(outcome.exposure.mean()),
        turnover=outcome.turnover,
        cost=sum(outcome.costs.values()),
        trades=len(outcome.trades),
    )


def _many(name: str, drawn: Outcomes) -> BaselineResult:
    order = np.argsort(drawn.net_returns, kind="stable")
    median = order[(len(order) - 1) // 2]
    return BaselineResult(
        name,
        drawn.equity[median],
        exposure=float(drawn.exposure.mean()),
        turnover=float(drawn.turnovers.mean()),
        cost=float(drawn.cost.mean()),
        trades=int(drawn.fills[median]),
        net_returns=drawn.net_returns[order],
    )
