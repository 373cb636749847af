"""What a group of closed trades came to: how many, how many won, the mean, each with its interval."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from trader.measures.intervals import mean_interval, wilson

LEVEL = 0.9
"""Of all intervals that are shown of trades."""


class TradeRecord(NamedTuple):
    """Fractions of what was entered, after costs."""

    trades: int
    won: int
    win_low: float
    win_high: float
    mean: float
    mean_low: float | None
    """None where all were opened on one day: nothing is known of how days differ."""
    mean_high: float | None

    @property
    def win_rate(self) -> float:
        """The share that won."""
        return self.won / self.trades

    @property
    def sentence(self) -> str:
        """For a person or a model: a count, never an instruction."""
        told = f"{self.trades} similar, {self.won} won, mean {self.mean:+.1%}"
        if self.mean_low is None or self.mean_high is None:
            return f"{told} (too few days for an interval)"
        return f"{told} ({LEVEL:.0%} interval {self.mean_low:+.1%} to {self.mean_high:+.1%})"


def record_of(net_returns: Sequence[float], opened: Sequence[datetime]) -> TradeRecord:
    """The record of trades with these returns, opened at these moments. Raises ValueError for none."""
    returns = np.array(net_returns, dtype=np.float64)
    won = int((returns > 0).sum())
    low, high = wilson(won, len(returns), LEVEL)
    days = np.array([moment.toordinal() for moment in opened], dtype=np.int64)
    between = mean_interval(returns, days, LEVEL) or (None, None)
    return TradeRecord(len(returns), won, low, high, float(returns.mean()), *between)
