"""What a book was worth, round by round, and what can be said of a series of returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from trader.domain.portfolio import Book
from trader.journal.records import Marked
from trader.measures.bootstrap import DRAWS, drawn_dates, resampled_means
from trader.measures.paths import annual_volatility, max_drawdown
from trader.measures.performance import (
    annual_return,
    annual_sharpe,
    resampled_interval,
    resampled_sharpes,
    sortino,
)
from trader.measures.sharpe import probabilistic_sharpe

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

LEVEL = 0.95
"""Of an interval that stands alone, and of several that hold together (Bonferroni)."""
FEWEST_DATES = 20
"""Rounds a horizon apart below which no interval is given: with fewer blocks it would be too narrow."""
YEAR_S = 365.25 * 86_400


@dataclass(frozen=True, eq=False)
class Curve:
    """One book from its first mark to its last, n of them."""

    as_of: tuple[datetime, ...]
    equity: Floats
    exposure: Floats
    """(n,) gross exposure as a share of equity."""
    start: float
    """The opening balance."""
    horizon: int

    @classmethod
    def of(cls, book: Book, marks: Sequence[Marked]) -> "Curve":
        """The curve of a book with at least one mark."""
        equity = np.array([float(mark.equity) for mark in marks])
        gross = np.array([float(mark.gross) for mark in marks])
        exposure = np.divide(gross, equity, out=np.zeros_like(gross), where=equity > 0)
        return cls(tuple(mark.as_of for mark in marks), equity, exposure, float(book.cash), book.horizon)

    @property
    def returns(self) -> Floats:
        """(n - 1,) from each mark to the next, as fractions."""
        return np.diff(self.equity) / self.equity[:-1]

    @property
    def drawdown(self) -> Floats:
        """(n,) below the highest equity so far, as a share of it."""
        return 1.0 - self.equity / np.maximum.accumulate(np.maximum(self.equity, self.start))

    @property
    def periods(self) -> float:
        """Rounds in a year, at the pace of this book."""
        seconds = (self.as_of[-1] - self.as_of[0]).total_seconds()
        return (len(self.as_of) - 1) * YEAR_S / seconds if seconds > 0 else 1.0

    @property
    def separate(self) -> float:
        """Rounds a horizon apart."""
        return len(self.returns) / self.horizon

    def turnover(self, notional: Decimal) -> float:
        """What was traded in a year, as a multiple of mean equity; both sides count."""
        years = len(self.returns) / self.periods
        return float(notional) / float(self.equity.mean()) / years if years else 0.0

    def months(self) -> dict[tuple[int, int], float]:
        """(year, month) -> return of that month, the first from the opening balance on."""
        last: dict[tuple[int, int], float] = {
            (at.year, at.month): worth for at, worth in zip(self.as_of, self.equity.tolist(), strict=True)
        }
        before = [self.start, *last.values()]
        return {month: worth / was - 1.0 for (month, worth), was in zip(last.items(), before, strict=False)}


class Resampling:
    """The same resamples of a curve's periods for everything that is compared on them."""

    def __init__(self, curve: Curve, seed: int = 0) -> None:
        self.horizon, self.count = curve.horizon, len(curve.returns)
        self.enough = curve.separate >= FEWEST_DATES
        """Whether intervals are given at all."""
        self._date = np.arange(self.count)
        self.picks = drawn_dates(self.count, self.horizon, DRAWS, seed) if self.enough else None
        """(draws, count): which periods each resample has; None where there are too few."""

    def of_mean(self, values: Floats, level: float) -> tuple[float, float] | None:
        """The interval of the mean of `values` (count,)."""
        if self.picks is None:
            return None
        resampled = resampled_means(values, self._date, self.picks)
        return resampled_interval(float(values.mean()), resampled, self.count, self.horizon, level)

    def of_sharpe(self, returns: Floats, level: float) -> tuple[float, float] | None:
        """The interval of the ratio per period of `returns` (count,)."""
        if self.picks is None or np.ptp(returns) == 0:
            return None
        ratio = float(returns.mean() / returns.std(ddof=1))
        resampled = resampled_sharpes(returns, self.picks)
        return resampled_interval(ratio, resampled, self.count, self.horizon, level)


@dataclass(frozen=True)
class Performance:
    """What a series of returns came to; None where it says nothing."""

    net_return: float
    annual_return: float | None
    """None where the span is too short for an interval: a fortnight says nothing of a year."""
    volatility: float
    """Annual."""
    sharpe: float | None
    """Annual."""
    sharpe_interval: tuple[float, float] | None
    sortino: float | None
    max_drawdown: float
    probabilistic_sharpe: float | None
    """Probability that the true ratio is above zero."""


def performance(returns: Floats, periods: float, resampling: Resampling, level: float) -> Performance:
    """Of `returns` (n,), a year having `periods` of them."""
    interval = resampling.of_sharpe(returns, level)
    root = float(np.sqrt(periods))
    return Performance(
        net_return=float(np.prod(1.0 + returns) - 1.0),
        annual_return=_known(annual_return(returns, periods)) if resampling.enough else None,
        volatility=annual_volatility(returns, periods),
        sharpe=_known(annual_sharpe(returns, periods)),
        sharpe_interval=None if interval is None else (interval[0] * root, interval[1] * root),
        sortino=_known(sortino(returns, periods)),
        max_drawdown=max_drawdown(np.cumprod(np.concatenate([[1.0], 1.0 + returns]))),
        probabilistic_sharpe=_known(probabilistic_sharpe(returns)),
    )


def _known(number: float) -> float | None:
    return None if np.isnan(number) else number
