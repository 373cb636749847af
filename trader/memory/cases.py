"""How much is known: resolved cases, and what they are worth.

Overlapping horizons and symbols that move together repeat the same news. A case therefore weighs

    min(1, bars since the date before / h) / (1 + (m - 1) rho)

for m symbols on its date with mean correlation rho. Where every bar has a case, the weights add up to
n_eff = n / (h (1 + (m - 1) rho)); where cases are h bars apart they do not overlap, and only correlation
counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trader.data.view import MarketView

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What the event returned for one symbol, where it has resolved. Arrays of shape (n,), oldest first."""

    symbol: str
    decided: NDArray[np.datetime64]
    """When the bar closed at which a decision could have been made."""
    returns: Floats
    """r = C(t+h) / O(t+1) - 1, splits undone, dividends added."""

    @property
    def happened(self) -> Floats:
        """1 where the return was above zero."""
        return (self.returns > 0).astype(np.float64)


def outcomes(view: MarketView, symbol: str, horizon: int) -> Outcomes:
    """All cases of `symbol` that had resolved at the view's moment."""
    known = view.event_returns(symbol, horizon)
    return Outcomes(symbol, known.decided, known.r)


def correlation(histories: tuple[Outcomes, ...]) -> float:
    """Mean pairwise correlation of event returns on common dates, at least 0; 0 for one symbol."""
    pairs = []
    for i, one in enumerate(histories):
        for other in histories[i + 1 :]:
            shared = np.intersect1d(one.decided, other.decided, assume_unique=True, return_indices=True)
            _, mine, theirs = shared
            x, y = one.returns[mine], other.returns[theirs]
            if len(x) > 2 and x.std() > 0 and y.std() > 0:
                pairs.append(float(np.corrcoef(x, y)[0, 1]))
    return max(0.0, float(np.mean(pairs))) if pairs else 0.0


@dataclass(frozen=True, eq=False)
class Forecasts:
    """What one record forecast. Arrays of shape (n,), sorted by time, then symbol."""

    record: str
    decided: NDArray[np.datetime64]
    symbol: NDArray[np.str_]
    p_up: Floats
    base_rate: Floats
    """The base rate known at the time."""

    def __len__(self) -> int:
        return len(self.decided)

    @classmethod
    def empty(cls, record: str) -> Self:
        """A record with no forecast yet."""
        nothing = np.zeros(0)
        return cls(record, np.zeros(0, "datetime64[s]"), np.zeros(0, "U1"), nothing, nothing)

    def joined(self, later: "Forecasts") -> "Forecasts":
        """This record's forecasts and `later` ones."""
        return Forecasts(
            self.record,
            np.concatenate([self.decided, later.decided]),
            np.concatenate([self.symbol, later.symbol]),
            np.concatenate([self.p_up, later.p_up]),
            np.concatenate([self.base_rate, later.base_rate]),
        )


@dataclass(frozen=True, eq=False)
class Resolved:
    """Forecasts of one record whose outcome is known. Arrays of shape (n,)."""

    decided: NDArray[np.datetime64]
    symbol: NDArray[np.str_]
    p_up: Floats
    base_rate: Floats
    """As it was known when the forecast was made: what the forecaster started from."""
    base_now: Floats
    """As it is known at the cut-off: what the forecaster's lean is added to."""
    happened: Floats
    weight: Floats
    """What each case is worth; adds up to n_eff."""

    def __len__(self) -> int:
        return len(self.decided)

    @property
    def n_eff(self) -> float:
        """What all cases together are worth."""
        return float(self.weight.sum())

    def where(self, rows: NDArray[np.bool_]) -> "Resolved":
        """Those of them that `rows` (n,) marks."""
        return Resolved(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})


def resolve(
    forecasts: Forecasts,
    histories: tuple[Outcomes, ...],
    base_rates: Mapping[str, float],
    horizon: int,
    rho: float,
) -> Resolved:
    """The forecasts whose outcome is in `histories`, weighed. Others have not resolved and are left out.

    `base_rates` are the present ones, of each symbol in `histories`.
    """
    happened, base_now = np.full(len(forecasts), np.nan), np.full(len(forecasts), np.nan)
    for history in histories:
        rows = np.flatnonzero(forecasts.symbol == history.symbol)
        base_now[rows] = base_rates[history.symbol]
        at = np.searchsorted(history.decided, forecasts.decided[rows])
        found = at < len(history.decided)
        rows, at = rows[found], at[found]
        exact = history.decided[at] == forecasts.decided[rows]
        happened[rows[exact]] = history.happened[at[exact]]
    known = ~np.isnan(happened)
    decided = forecasts.decided[known]
    clock = np.unique(np.concatenate([history.decided for history in histories])) if histories else decided
    return Resolved(
        decided=decided,
        symbol=forecasts.symbol[known],
        p_up=forecasts.p_up[known],
        base_rate=forecasts.base_rate[known],
        base_now=base_now[known],
        happened=happened[known],
        weight=case_weights(decided, clock, horizon, rho),
    )


def case_weights(
    decided: NDArray[np.datetime64], clock: NDArray[np.datetime64], horizon: int, rho: float
) -> Floats:
    """What each case is worth, shape (n,): see the module's formula. `clock` is every bar's close, sorted."""
    if len(decided) == 0:
        return np.zeros(0)
    dates, row, count = np.unique(decided, return_inverse=True, return_counts=True)
    bars = np.searchsorted(clock, dates)
    gaps = np.diff(bars, prepend=bars[0] - horizon)
    per_date = np.minimum(1.0, gaps / horizon) / (1.0 + (count - 1) * rho)
    weights: Floats = per_date[row]
    return weights
