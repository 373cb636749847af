"""The desk's resolved decisions as arrays: what was known, what was expected, what came.

Traded or not, each decision is a case. A trade's profit would need a trade, and a desk that trades little
would wait for years; the event needs none, and is the same for every case.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trader.domain.decisions import Decision, Payoff
from trader.domain.lessons import Condition, Facts, Test
from trader.domain.market import Regime, to_datetime64
from trader.domain.signals import Signal
from trader.domain.trades import AXES, MarketState
from trader.memory.cases import Outcomes, case_weights

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Case(NamedTuple):
    """One decision: what was known, before anything had come of it."""

    as_of: datetime
    symbol: str
    facts: Facts
    base_rate: float
    entry: Mapping[str, float] = MappingProxyType({})
    """Where it could have been an entry: what thresholds measure, by name, and `cost` of the round trip."""


def case_of(made: Decision, state: MarketState, signals: Iterable[Signal] = ()) -> Case | None:
    """A decision in its conditions, with the signals of its round; None for one that pooled nothing."""
    if made.pool is None:
        return None
    entry: dict[str, float] = {}
    if made.held_weight == 0.0 and (made.edge or 0.0) > 0.0:
        entry = _entry(made, state)
        sure = [one.confidence for one in signals if one.symbol == made.symbol and one.confidence is not None]
        if entry and sure:
            entry["signal_confidence"] = max(sure)
    return Case(made.as_of, made.symbol, facts_of(state), made.pool.base_rate, entry)


def reward_to_risk(payoff: Payoff, price: Decimal | None, stop: Decimal | None) -> float | None:
    """The mean gain over the distance to the stop; None without a stop below the price."""
    if price is None or stop is None or stop >= price:
        return None
    return payoff.mean_gain / float((price - stop) / price)


def _entry(made: Decision, state: MarketState) -> dict[str, float]:
    """What the thresholds of an entry would have measured."""
    if made.pool is None or made.payoff is None or made.edge is None or not made.edge_error:
        return {}
    measured = {
        "cost": made.payoff.cost,
        "edge_errors": made.edge / made.edge_error,
        "agreement": made.pool.agreement,
        "adx": state.adx,
        "reward_to_risk": reward_to_risk(made.payoff, made.price, made.stop),
    }
    return {name: value for name, value in measured.items() if value is not None}


def facts_of(state: MarketState) -> Facts:
    """What rules may speak of: the axes of a market's state. Few, because each costs the others power."""
    known = ((axis, getattr(state, axis)) for axis in AXES)
    return {axis: value.value if isinstance(value, Regime) else value for axis, value in known}


@dataclass(frozen=True, eq=False)
class Experience:
    """Resolved decisions. Arrays of shape (n,), sorted by time, then symbol."""

    decided: NDArray[np.datetime64]
    symbol: NDArray[np.str_]
    base_rate: Floats
    """As it was known when it was decided."""
    happened: Floats
    """0 or 1."""
    weight: Floats
    """What each case is worth; adds up to the effective number."""
    returns: Floats
    """What the event returned, a fraction."""
    numbers: Mapping[str, Floats] = field(default_factory=dict)
    """Feature -> value, NaN where it was not known."""
    labels: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)
    """Feature -> word, empty where it was not known."""
    entries: Mapping[str, Floats] = field(default_factory=dict)
    """What thresholds of an entry measure -> value, NaN where the case could have been none; and `cost`."""
    overlap: int = 1
    """Dates with a case within one horizon: how many in a row repeat each other's news."""

    def __len__(self) -> int:
        return len(self.decided)

    @property
    def worth(self) -> float:
        """Effective cases."""
        return float(self.weight.sum())

    def holding(self, condition: Condition) -> Bools:
        """Where the condition was met, shape (n,)."""
        if condition.test is Test.IS:
            words = self.labels.get(condition.feature)
            return np.zeros(len(self), np.bool_) if words is None else words == condition.value
        values = self.numbers.get(condition.feature)
        if values is None or not isinstance(condition.value, int | float):
            return np.zeros(len(self), np.bool_)
        return values <= condition.value if condition.test is Test.AT_MOST else values > condition.value


def experience(
    cases: Iterable[Case], histories: tuple[Outcomes, ...], horizon: int, rho: float
) -> Experience:
    """The cases whose outcome is in `histories`, weighed; others have not resolved and are left out."""
    kept: list[Case] = []
    returns: list[float] = []
    by_symbol = {history.symbol: history for history in histories}
    for case in sorted(cases, key=lambda one: (one.as_of, one.symbol)):
        history, moment = by_symbol.get(case.symbol), to_datetime64(case.as_of)
        if history is None:
            continue
        at = int(np.searchsorted(history.decided, moment))
        if at < len(history.decided) and history.decided[at] == moment:
            kept.append(case)
            returns.append(float(history.returns[at]))
    decided = np.array([to_datetime64(case.as_of) for case in kept], dtype="datetime64[s]")
    clock = np.unique(np.concatenate([history.decided for history in histories])) if histories else decided
    r = np.array(returns, dtype=np.float64)
    return Experience(
        decided=decided,
        symbol=np.array([case.symbol for case in kept], dtype=np.str_),
        base_rate=np.array([case.base_rate for case in kept], dtype=np.float64),
        happened=(r > 0).astype(np.float64),
        weight=case_weights(decided, clock, horizon, rho),
        returns=r,
        numbers={name: _numbers(kept, name) for name in sorted(_of_kind(kept, float))},
        labels={name: _words(kept, name) for name in sorted(_of_kind(kept, str))},
        entries={
            name: np.array([case.entry.get(name, np.nan) for case in kept], dtype=np.float64)
            for name in sorted({name for case in kept for name in case.entry})
        },
        overlap=_overlap(decided, clock, horizon),
    )


def _overlap(decided: NDArray[np.datetime64], clock: NDArray[np.datetime64], horizon: int) -> int:
    """Dates of cases in one horizon, at the pace of the middle one."""
    gaps = np.diff(np.searchsorted(clock, np.unique(decided)))
    return max(1, round(horizon / float(np.median(gaps)))) if len(gaps) else 1


def _of_kind(cases: list[Case], kind: type) -> set[str]:
    return {name for case in cases for name, value in case.facts.items() if isinstance(value, kind)}


def _numbers(cases: list[Case], name: str) -> Floats:
    values = (case.facts.get(name) for case in cases)
    return np.array([value if isinstance(value, float) else np.nan for value in values], dtype=np.float64)


def _words(cases: list[Case], name: str) -> NDArray[np.str_]:
    values = (case.facts.get(name) for case in cases)
    return np.array([value if isinstance(value, str) else "" for value in values], dtype=np.str_)
