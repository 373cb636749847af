"""The moving-average cross by backtesting.py: a method asked at every bar, filled at the next open."""

import warnings

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy, backtesting

from trader.backtest.panel import Panel
from trader.domain.market import Floats

backtesting._tqdm = lambda bars, **_: bars  # its progress bar takes a tenth of its time


def rolling_mean(values: Floats, bars: int) -> pd.Series:
    """As its own examples do it."""
    return pd.Series(values).rolling(bars).mean()


class Cross(Strategy):  # type: ignore[misc]
    """Buys when the fast average is above the slow one, and sells when it is below."""

    fast, slow, units = 50, 200, 100

    def init(self) -> None:
        """Both averages are computed before the first bar, and revealed with the bars."""
        self.short = self.I(rolling_mean, self.data.Close, self.fast)
        self.long = self.I(rolling_mean, self.data.Close, self.slow)

    def next(self) -> None:
        """At each close."""
        if not self.position and self.short[-1] > self.long[-1]:
            self.buy(size=self.units)
        elif self.position and self.short[-1] < self.long[-1]:
            self.position.close()


def prepared(panel: Panel, cash: float, commission: float) -> Backtest:
    """The bars of one symbol as it wants them."""
    frame = pd.DataFrame(
        {
            "Open": panel.open[:, 0],
            "High": panel.high[:, 0],
            "Low": panel.low[:, 0],
            "Close": panel.close[:, 0],
            "Volume": np.zeros(len(panel)),
        },
        index=pd.DatetimeIndex(panel.times),
    )
    return Backtest(frame, Cross, cash=cash, commission=commission)


def by_backtesting(book: Backtest, fast: int, slow: int, units: int) -> Floats:
    """Equity at each close from the first decision on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a trade that is open at the end
        found = book.run(fast=fast, slow=slow, units=units)
    equity: Floats = found["_equity_curve"]["Equity"].to_numpy()
    return equity[slow:]
