"""From a view to the table that a model is trained on, and to the row that it forecasts from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trader.data.view import MarketView
from trader.domain.errors import ToolError
from trader.domain.market import Floats, Times
from trader.memory.cases import case_weights, correlation, outcomes
from trader.tools.indicators import indicators

Matrix = NDArray[np.float32]

INPUTS = (
    "return_1",
    "return_5",
    "return_21",
    "return_63",
    "return_126",
    "momentum_12_1",
    "reversal_60m",
    "sma_50_gap",
    "sma_200_gap",
    "macd_hist",
    "rsi_14",
    "stoch_k",
    "natr_14",
    "bollinger_position",
    "bollinger_width",
    "obv_slope_21",
    "volume_ratio_21",
    "volatility_21",
    "volatility_63",
    "volatility_252",
    "high_252_gap",
)
"""Scale-free indicators, so that symbols, splits and decades can be pooled; near copies are left out.

So are ADX and MFI, which ask whether two differences of prices are equal: the last bits of an adjusted price
would answer, and a row would change with each dividend after it.
"""

DECIMALS = 7
"""Of each input: the last bits of a price that a dividend has rescaled must not pick another leaf."""

WARM_UP = 252
"""Bars of a symbol before its first row: a year, so that all but the five-year reversal have a value."""


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """n rows of all symbols, k inputs."""

    inputs: Matrix
    """(n, k) float32, NaN where an input has no value."""
    happened: NDArray[np.float32]
    """(n,): 1 where the event's return was above zero."""
    weight: NDArray[np.float32]
    """(n,): what each row is worth as a case; adds up to n_eff."""

    @property
    def n_eff(self) -> float:
        """Effective cases."""
        return float(self.weight.sum(dtype=np.float64))

    @property
    def base_rate(self) -> float:
        """How often the event happened, by weight."""
        return float(np.average(self.happened.astype(np.float64), weights=self.weight))


def input_table(view: MarketView, symbol: str) -> Matrix:
    """The inputs at every bar of `symbol`, shape (bars, k), adjusted as of the view's moment."""
    columns = indicators(view, symbol)
    return _rounded(np.column_stack([columns[name] for name in INPUTS]))


def last_row(view: MarketView, symbol: str) -> Matrix:
    """The inputs at the last bar of `symbol`, shape (1, k). Raises ToolError where there is none."""
    if not len(view.bars(symbol)):
        raise ToolError(f"needs a bar of {symbol}, has none")
    columns = indicators(view, symbol)
    return _rounded(np.array([[columns[name][-1] for name in INPUTS]]))


def training_rows(view: MarketView, horizon: int) -> TrainingRows:
    """Every bar of every symbol whose event had resolved at the view's moment. Raises ToolError for none."""
    symbols = [symbol for symbol in sorted(view.symbols) if len(view.bars(symbol)) > WARM_UP + horizon]
    if not symbols:
        raise ToolError(f"needs {WARM_UP + horizon + 1} bars of at least one symbol")
    histories = tuple(outcomes(view, symbol, horizon) for symbol in symbols)
    tables = []
    for symbol, history in zip(symbols, histories, strict=True):
        rows = np.searchsorted(view.bars(symbol).available, history.decided)
        tables.append(input_table(view, symbol)[rows][WARM_UP:])
    decided = np.concatenate([history.decided[WARM_UP:] for history in histories])
    happened = np.concatenate([history.happened[WARM_UP:] for history in histories])
    weight = case_weights(decided, closes(view, symbols), horizon, correlation(histories))
    return TrainingRows(np.concatenate(tables), happened.astype(np.float32), weight.astype(np.float32))


def _rounded(table: Floats) -> Matrix:
    return np.round(table, DECIMALS).astype(np.float32)


def closes(view: MarketView, symbols: Sequence[str]) -> Times:
    """The distinct moments at which a bar of `symbols` became available, in order."""
    first, *others = sorted((view.bars(symbol).available for symbol in symbols), key=len, reverse=True)
    distinct: Times = first
    for moments in others:
        if len(moments):
            row = np.minimum(np.searchsorted(distinct, moments), len(distinct) - 1)
            if not (distinct[row] == moments).all():  # mostly the longest history has them all
                distinct = np.union1d(distinct, moments)
    return distinct
