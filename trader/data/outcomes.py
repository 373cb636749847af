"""What the event paid: `r = C(t+h) / O(t+1) - 1`, splits undone, dividends of (t+1, t+h] added."""

from dataclasses import dataclass

import numpy as np

from trader.data.adjust import ActionTable
from trader.domain.market import Bars, Floats, Times


@dataclass(frozen=True, eq=False)
class EventReturns:
    """One row for each resolved decision moment, oldest first."""

    decided: Times
    """Close of bar t, datetime64[s]."""
    resolved: Times
    """Close of bar t + h."""
    r: Floats
    """A fraction: 0.01 is one per cent."""

    def __post_init__(self) -> None:
        for array in (self.decided, self.resolved, self.r):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.r)


def event_returns(bars: Bars, actions: ActionTable, horizon: int) -> EventReturns:
    """The event's return for every bar t of `bars` (as traded) that has a bar t + `horizon`.

    One unit is bought at the open of t+1. Splits after that open multiply the units held; a dividend is
    paid on the units held when its ex-date opens, kept as cash, and not reinvested. An action whose first
    bar is t+1 is already in the price paid, and counts for nothing.
    """
    if horizon < 1:
        raise ValueError(f"a horizon of {horizon} bars")
    units, cash = _owned(bars, actions)
    count = max(0, len(bars) - horizon)
    bought, sold = slice(1, 1 + count), slice(horizon, horizon + count)
    worth = bars.close[sold] * units[sold] + cash[sold] - cash[bought]
    return EventReturns(
        decided=bars.available[:count].copy(),
        resolved=bars.available[sold].copy(),
        r=worth / (bars.open[bought] * units[bought]) - 1.0,
    )


def _owned(bars: Bars, actions: ActionTable) -> tuple[Floats, Floats]:
    """For the holder of one unit before the first bar: units held, and cash received so far, at each bar."""
    first = actions.first_bars(bars)
    ratios, payments = np.ones(len(bars) + 1), np.zeros(len(bars) + 1)  # the last is for those yet to come
    np.multiply.at(ratios, first[actions.split], actions.amount[actions.split])
    np.add.at(payments, first[~actions.split], actions.amount[~actions.split])
    units = np.cumprod(ratios[:-1], dtype=np.float64)
    return units, np.cumsum(payments[:-1] * units, dtype=np.float64)
