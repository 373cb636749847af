"""Did it make money? The account of the book over the scored decisions, after costs and after its models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import isnan, sqrt

import numpy as np
from numpy.typing import NDArray

from trader.brokers.ledger import fold
from trader.brokers.present import rows_of
from trader.data.market import Market
from trader.domain.orders import Fill
from trader.domain.portfolio import Book, sum_exact
from trader.evals.run_summary import worse_than_market
from trader.journal.reader import JournalReader
from trader.measures.bootstrap import drawn_dates
from trader.measures.paths import max_drawdown
from trader.measures.performance import annual_sharpe, resampled_interval, resampled_sharpes, sortino

Floats = NDArray[np.float64]
BPS = (0, 5, 10, 25)
"""Costs a side at which the same fills are stated again, in ten-thousandths of what was traded."""
DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class Money:
    """From the mark of the first scored decision to that of the last. Ratios are annual."""

    net_return: float
    """After fees, spread, slippage and what the models took."""
    before_models: float
    sharpe: float | None
    sharpe_low: float | None
    sharpe_high: float | None
    """95 %, from days drawn in blocks."""
    sortino: float | None
    max_drawdown: float
    profit_factor: float | None
    """Of the trades that were closed; none where none lost."""
    trades: int
    turnover: float
    """What was traded in a year, both sides, over the mean equity."""
    exposure: float
    """Mean gross exposure, as a share of equity."""
    buy_and_hold: float
    """Equal amounts of the symbols, bought at the first open, without costs."""
    buy_and_hold_at_exposure: float
    at_bps: Mapping[str, float]
    """The return of the same fills at these costs a side, in basis points; before models."""


def money(
    reader: JournalReader, book: Book, market: Market, first: datetime, last: datetime, usd: Decimal
) -> Money | None:
    """None where fewer than two marks lie between the first and the last scored decision."""
    marks = [mark for mark in reader.marks(book.id) if first <= mark.as_of <= last]
    if len(marks) < 2:
        return None
    equity = np.array([float(mark.equity) for mark in marks])
    returns = np.diff(equity) / equity[:-1]
    span = (marks[-1].as_of - marks[0].as_of).total_seconds() / 86_400 / DAYS_A_YEAR
    a_year = len(returns) / span
    fills = [fill for fill in reader.fills(book.id) if marks[0].as_of < fill.at <= marks[-1].as_of]
    traded = sum(_notional(fill, market) for fill in fills)
    instruments = (market.instruments[symbol] for symbol in book.symbols)
    closed = fold(book, instruments, rows_of(reader.movements(book.id))).closed
    realised = np.array(
        [float(one.realised) for one in closed if marks[0].as_of < one.closed_at <= marks[-1].as_of]
    )
    exposure = np.array([float(mark.gross / mark.equity) for mark in marks if mark.equity > 0])
    held = _held(market, book, [mark.as_of for mark in marks])
    ratio = annual_sharpe(returns, a_year)
    low, high = _interval(returns, book.horizon, a_year)
    gained = equity[-1] / equity[0] - 1.0
    return Money(
        net_return=gained - float(usd) / equity[0],
        before_models=gained,
        sharpe=_known(ratio),
        sharpe_low=_known(low),
        sharpe_high=_known(high),
        sortino=_known(sortino(returns, a_year)),
        max_drawdown=max_drawdown(equity),
        profit_factor=_profit_factor(realised),
        trades=len(realised),
        turnover=traded / float(equity.mean()) / span,
        exposure=float(exposure.mean()),
        buy_and_hold=float(np.prod(1.0 + held) - 1.0),
        buy_and_hold_at_exposure=float(np.prod(1.0 + float(exposure.mean()) * held) - 1.0),
        at_bps=restated(gained, fills, market, equity[0]),
    )


def restated(gained: float, fills: Sequence[Fill], market: Market, start: float) -> dict[str, float]:
    """The return of a fixed list of fills at each of BPS a side: it never rises with the cost."""
    traded = sum(_notional(fill, market) for fill in fills)
    paid = float(sum_exact(fill.fee + worse_than_market(fill, market) for fill in fills))
    return {str(bps): gained + (paid - traded * bps / 1e4) / start for bps in BPS}


def _notional(fill: Fill, market: Market) -> float:
    """What changed hands, at the market's price where the venue says it."""
    price = fill.price if fill.market is None else fill.market
    return float(price * fill.quantity * market.instruments[fill.symbol].multiplier)


def _held(market: Market, book: Book, moments: Sequence[datetime]) -> Floats:
    """Returns between the moments of equal amounts of the book's symbols, bought first, dividends in."""
    view = market.view(moments[-1])
    at = np.array([moment.replace(tzinfo=None) for moment in moments], dtype="datetime64[s]")
    worth = np.zeros(len(at))
    for symbol in book.symbols:
        bars = view.bars(symbol)
        row = np.searchsorted(bars.available, at, side="right") - 1
        bought = int(row[0]) + 1
        if row[0] < 0 or bought >= len(bars):
            worth += 1.0
            continue
        path = bars.close[row] / bars.open[bought]
        worth += np.where(row >= bought, path, 1.0)
    worth /= len(book.symbols)
    returns: Floats = np.diff(worth) / worth[:-1]
    return returns


def _interval(returns: Floats, shortest: int, a_year: float) -> tuple[float, float]:
    """95 % of the annual Sharpe ratio, from periods drawn in blocks; NaN twice where it has no value."""
    ratio = annual_sharpe(returns, 1.0)
    if isnan(ratio):
        return ratio, ratio
    block = min(shortest, len(returns))
    drawn = resampled_sharpes(returns, drawn_dates(len(returns), block))
    low, high = resampled_interval(ratio, drawn, len(returns), block, 0.95)
    return low * sqrt(a_year), high * sqrt(a_year)


def _profit_factor(profits: Floats) -> float | None:
    """What winning trades earned over what losing ones lost; None without a loss."""
    lost = -profits[profits < 0].sum()
    return float(profits[profits > 0].sum() / lost) if lost > 0 else None


def _known(number: float) -> float | None:
    return None if isnan(number) else number
