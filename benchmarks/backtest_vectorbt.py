"""The moving-average cross by vectorbt: signals of all pairs at once, filled at the next open, all cash."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import vectorbt as vbt

from trader.backtest.panel import Panel
from trader.domain.market import Floats


def by_vectorbt(
    panel: Panel, fast: Sequence[int], slow: Sequence[int], cash: float, commission: float, slippage: float
) -> Floats:
    """Equity at each close, shape (pairs, bars), of one symbol."""
    close, open = (pd.Series(one[:, 0]) for one in (panel.close, panel.open))
    averages = [
        vbt.MA.run(close, list(windows)).ma.to_numpy().reshape(len(close), -1) for windows in (fast, slow)
    ]
    above, below = averages[0] > averages[1], averages[0] < averages[1]
    entries, exits = (np.zeros_like(above) for _ in range(2))
    first = max(slow)
    # A bar's signal is traded in the next.
    entries[first + 1 :], exits[first + 1 :] = above[first:-1], below[first:-1]
    columns = range(len(fast))
    book = vbt.Portfolio.from_signals(
        pd.concat([close] * len(fast), axis=1, keys=columns),
        pd.DataFrame(entries),
        pd.DataFrame(exits),
        price=pd.concat([open] * len(fast), axis=1, keys=columns),
        fees=commission,
        slippage=slippage,
        init_cash=cash,
        freq="1min",
    )
    equity: Floats = book.value().to_numpy().T
    return equity[:, first:]
