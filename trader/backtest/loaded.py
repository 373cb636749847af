"""The kernel, and what it reads, laid out as it reads it."""

import warnings
from functools import cache
from types import ModuleType
from typing import NamedTuple

import numpy as np

from trader.backtest.panel import NEVER, Indices, Panel
from trader.backtest.terms import Rate, Terms, TradingCosts
from trader.domain.errors import DataError
from trader.domain.market import Floats

PLAIN = "numba is not installed: simulations run as plain Python, some hundred times slower"


@cache
def kernel() -> ModuleType:
    """The kernel, compiled or plain; warns once, with how to install numba, where it is plain."""
    # Imported here: numba takes longer to import than most commands to answer.
    from trader.backtest import kernel as found

    if not found.COMPILED:
        warnings.warn(f"{PLAIN}; pip install 'trader[compiled]'", RuntimeWarning, stacklevel=2)
    return found


class Given(NamedTuple):
    """What does not change during a simulation, in the order in which the kernel takes it."""

    prices: Floats
    events: Floats
    moments: Indices
    terms: Floats
    rules: Floats


def given(panel: Panel, costs: TradingCosts, terms: Terms, wanted: int) -> Given:
    """The arrays of the kernel. Raises DataError for costs that do not fit the panel."""
    symbols = len(panel.symbols)
    table = np.empty((9, symbols))
    for row, name in enumerate(("commission", "per_unit", "half_spread", "slippage", "impact")):
        table[row] = _by_symbol(name, getattr(costs, name), symbols)
    table[5:8] = panel.lot, panel.tick, panel.multiplier
    table[8] = np.where(panel.delisted == NEVER, np.inf, panel.delisted)
    rules = np.array(
        [wanted, terms.margin, terms.participation, costs.power, costs.interest, terms.write_off],
        dtype=np.float64,
    )
    events = _events(panel, costs)
    return Given(panel.prices, events, _moments(panel, events, terms.start), table, rules)


def _moments(panel: Panel, events: Floats, start: int) -> Indices:
    """The bars at whose open something happens to what is held, ascending."""
    busy = np.zeros(len(panel), dtype=np.bool_)
    if len(events):
        busy[start] = True
        busy[1:] = (events[1:, 0] != events[:-1, 0]).any(axis=1)
        for row, nothing in ((1, 1.0), (2, 0.0), (3, 0.0), (4, 0.0)):
            busy |= (events[:, row] != nothing).any(axis=1)
    busy[panel.delisted[panel.delisted < len(panel)]] = True
    return np.flatnonzero(busy)


def _events(panel: Panel, costs: TradingCosts) -> Floats:
    """(T, 5, S); (0, 5, S) where nothing happens, so that the kernel need not look."""
    shape = panel.close.shape
    happens = [panel.rate, panel.split, panel.dividend]
    if all(one is None for one in happens) and not np.any(costs.funding) and not np.any(costs.borrow):
        return np.empty((0, 5, shape[1]))
    events = np.empty((shape[0], 5, shape[1]))
    for row, (one, nothing) in enumerate(zip(happens, (1.0, 1.0, 0.0), strict=True)):
        events[:, row] = nothing if one is None else one
    for row, name in ((3, "funding"), (4, "borrow")):
        rate = np.asarray(getattr(costs, name), dtype=np.float64)
        events[:, row] = rate if rate.shape == shape else _by_symbol(name, rate, shape[1])
    return events


def _by_symbol(name: str, rate: Rate, symbols: int) -> Floats:
    try:
        return np.broadcast_to(np.asarray(rate, dtype=np.float64), (symbols,))
    except ValueError:
        raise DataError(f"{name} has the shape {np.shape(rate)} for {symbols} symbols") from None
