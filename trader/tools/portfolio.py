"""How the book is exposed, and how much of the symbol's risk it already carries."""

import numpy as np

from trader.data.view import MarketView
from trader.domain.value import Amount, Number
from trader.tools.account import snapshot
from trader.tools.tool import NoArguments, Schema, Tool, ToolContext

CORRELATION_BARS = 252
_FEWEST_RETURNS = 20


class Result(Schema):
    """Weights are shares of equity, signed."""

    equity: Amount
    """In the account's currency."""
    gross: Number
    """The sizes of all positions over equity."""
    drawdown: Number
    """How far equity is below its peak, as a share of the peak."""
    weight: Number
    """Of the symbol."""
    positions: dict[str, Number]
    """Weight by symbol held."""
    correlations: dict[str, Number]
    """Of the symbol's daily returns with those of each other symbol held, over the last 252 common bars."""


def run(context: ToolContext, _: NoArguments) -> Result:
    """Read the snapshot and the held symbols' bars."""
    account = snapshot(context)
    weights = {held.symbol: float(account.weight(held.symbol)) for held in account.positions}
    pairs = (
        (symbol, correlation(context.view, context.symbol, symbol))
        for symbol in sorted(weights)
        if symbol != context.symbol
    )
    return Result(
        equity=account.equity,
        gross=sum(abs(weight) for weight in weights.values()),
        drawdown=float(account.drawdown),
        weight=weights.get(context.symbol, 0.0),
        positions=weights,
        correlations={symbol: value for symbol, value in pairs if value is not None},
    )


def correlation(view: MarketView, one: str, other: str) -> float | None:
    """Correlation of log returns over common closes; None for too few, or where one never moves."""
    mine, theirs = view.bars(one, CORRELATION_BARS + 1), view.bars(other, CORRELATION_BARS + 1)
    _, left, right = np.intersect1d(mine.available, theirs.available, assume_unique=True, return_indices=True)
    if len(left) <= _FEWEST_RETURNS:
        return None
    x, y = np.diff(np.log(mine.close[left])), np.diff(np.log(theirs.close[right]))
    if not (x.std() > 0.0 and y.std() > 0.0):
        return None
    return float(np.corrcoef(x, y)[0, 1])


PORTFOLIO = Tool(
    "portfolio",
    "Exposure of the book, and correlation with what it holds",
    NoArguments,
    Result,
    run,
    reads_account=True,
)
