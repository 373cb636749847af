"""Kelly's stakes for several symbols at once: what each would get beside the others.

Means m are of the event's returns that had resolved, less the costs of a round trip; the covariance S is
theirs on the dates that all of them share. Of two that move together each gets less than alone, and what the
others make superfluous gets nothing. The weights f >= 0 are those of most growth, f'm - f'S f / 2; of them
k = theta / (theta + N / n_eff) is believed, theta = f'm, for not knowing N means; and of that the fraction is
taken. Sources: Thorp 2006, "The Kelly criterion in blackjack, sports betting and the stock market"; Kan and
Zhou 2007, Journal of Financial and Quantitative Analysis 42.
"""

import numpy as np
from pydantic import Field

from trader.domain.errors import ToolError
from trader.domain.market import Floats
from trader.domain.value import Number
from trader.memory.cases import Outcomes, outcomes
from trader.tools.kelly_portfolio import kelly_portfolio
from trader.tools.tool import Schema, Tool, ToolContext

_FEWEST_DATES = 250
"""Common dates: at a horizon of five, fifty effective cases."""


class Arguments(Schema):
    """What is held together."""

    symbols: tuple[str, ...] = ()
    """Beside the symbol asked about; empty for all that are loaded."""
    dates: int = Field(default=1260, ge=_FEWEST_DATES, le=5000)
    """The last so many common dates, or all where there are fewer."""
    fraction: float = Field(default=0.25, gt=0.0, le=1.0)
    """Part of Kelly's stakes."""


class Stake(Schema):
    """One symbol's part. Weights are shares of equity."""

    symbol: str
    """Whose."""
    mean: Number
    """Of the event's returns, less costs; a fraction over the horizon."""
    deviation: Number
    """Of the same returns, a fraction over the horizon."""
    full: Number
    """Full Kelly beside the others, were the means known."""
    weight: Number
    """fraction * k * full."""


class Result(Schema):
    """The stakes, the symbol asked about first."""

    stakes: tuple[Stake, ...]
    """None is below zero."""
    k: Number
    """What uncertainty leaves of full Kelly, 0 to 1."""
    gross: Number
    """All weights together, a share of equity."""
    dates: int
    """Common dates read."""
    n_eff: Number
    """Effective cases: dates over the horizon."""
    missing: tuple[str, ...]
    """Symbols that share too few dates with the one asked about, or never moved on them."""


def run(context: ToolContext, arguments: Arguments) -> Result:
    """Size all symbols that have a history together."""
    view, horizon = context.view, context.horizon
    own = outcomes(view, context.symbol, horizon)
    if len(own.decided) < _FEWEST_DATES:
        raise ToolError(f"needs {_FEWEST_DATES} resolved events of {context.symbol}, has {len(own.decided)}")
    if not own.returns[-arguments.dates :].std() > 0.0:
        raise ToolError(f"{context.symbol} never moves, so there is nothing to stake on")
    together, missing = [own], list[str]()
    for symbol in sorted({*(arguments.symbols or view.symbols)} - {context.symbol}):
        other = outcomes(view, symbol, horizon)
        shared = np.isin(other.decided, own.decided)
        if shared.sum() < _FEWEST_DATES or not other.returns[shared][-arguments.dates :].std() > 0.0:
            missing.append(symbol)
        else:
            together.append(other)
    returns = _common(together)[-arguments.dates :]
    if len(returns) < _FEWEST_DATES:
        raise ToolError(f"needs {_FEWEST_DATES} dates that all {len(together)} share, has {len(returns)}")
    mean, covariance = returns.mean(axis=0) - context.costs, np.atleast_2d(np.cov(returns, rowvar=False))
    n_eff = len(returns) / horizon
    try:
        sized = kelly_portfolio(mean, covariance, n_eff, fraction=arguments.fraction)
    except ValueError as error:
        raise ToolError(f"no stakes for {', '.join(one.symbol for one in together)}: {error}") from None
    return Result(
        stakes=tuple(
            Stake(
                symbol=one.symbol,
                mean=float(mean[place]),
                deviation=float(np.sqrt(covariance[place, place])),
                full=float(sized.full[place]),
                weight=float(sized.weights[place]),
            )
            for place, one in enumerate(together)
        ),
        k=sized.k,
        gross=float(sized.weights.sum()),
        dates=len(returns),
        n_eff=n_eff,
        missing=tuple(missing),
    )


def _common(histories: list[Outcomes]) -> Floats:
    """The returns on the dates that all have, (dates, symbols), oldest first."""
    dates = histories[0].decided
    for one in histories[1:]:
        dates = np.intersect1d(dates, one.decided)
    return np.column_stack([one.returns[np.searchsorted(one.decided, dates)] for one in histories])


KELLY_PORTFOLIO = Tool(
    "kelly_portfolio", "Kelly's stakes for several symbols, with their covariance", Arguments, Result, run
)
