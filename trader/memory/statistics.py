"""What trades came to, by what was known when they were decided; how far stated confidence can be believed.

Win rates have Wilson's interval, means one from resampled days, both at 90 %. Trades that overlap share their
market, which resampling days takes into account and Wilson's formula does not. Forecasts overlap by their
horizon: h of them one bar apart count as one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

import numpy as np

from trader.domain.errors import UnknownName
from trader.domain.portfolio import sum_exact
from trader.domain.signals import Direction
from trader.domain.trades import ClosedTrade
from trader.domain.value import Amount, Number, Value
from trader.journal.memories import Prediction
from trader.measures.intervals import wilson
from trader.memory.record import LEVEL, record_of

UNKNOWN = "unknown"
ADX_EDGES = (15.0, 20.0, 25.0, 30.0, 40.0)
CONFIDENCE_EDGES = (0.5, 0.52, 0.54, 0.56, 0.6, 0.7)
"""Pooled forecasts are close to one half: the bins are narrow there."""
STATED_EDGES = (0.4, 0.45, 0.5, 0.55, 0.6, 0.7)

Keys = Callable[[ClosedTrade], Iterable[str]]
"""The buckets that a trade counts in."""


class Bucket(Value):
    """Trades that share something."""

    name: str
    trades: int
    won: int
    win_rate: Number
    win_low: Number
    win_high: Number
    mean_return: Number
    """After costs, a fraction of what was entered."""
    mean_low: Number | None
    mean_high: Number | None
    profit: Amount
    """In the book's currency."""


class CalibrationBin(Value):
    """Forecasts of one record that stated about the same."""

    record: str
    stated: str
    """The bin."""
    forecasts: int
    n_eff: Number
    """What they are worth, overlaps taken out."""
    mean_stated: Number
    happened: Number
    """How often the event was so."""
    low: Number
    high: Number


def buckets(trades: Sequence[ClosedTrade], by: str) -> tuple[Bucket, ...]:
    """The trades by one of BY, in the order of the bins. Raises UnknownName."""
    if by not in BY:
        raise UnknownName("way to group trades", by, BY)
    grouped: dict[str, list[ClosedTrade]] = {}
    for trade in trades:
        for name in BY[by](trade):
            grouped.setdefault(name, []).append(trade)
    return tuple(_bucket(name, grouped[name]) for name in sorted(grouped, key=_in_order))


def total(trades: Sequence[ClosedTrade]) -> Bucket | None:
    """All of them as one; None where there are none."""
    return _bucket("all", trades) if trades else None


def calibration(predictions: Iterable[Prediction], horizon: int) -> tuple[CalibrationBin, ...]:
    """What each record's forecasts came to, by what they stated."""
    rows = sorted(predictions, key=lambda one: (one.record, one.p_up))
    found: list[CalibrationBin] = []
    for (record, stated), group in groupby(rows, lambda one: (one.record, _bin(one.p_up, STATED_EDGES))):
        cases = list(group)
        happened = sum(one.happened for one in cases)
        low, high = wilson(happened / horizon, len(cases) / horizon, LEVEL)
        found.append(
            CalibrationBin(
                record=record,
                stated=stated,
                forecasts=len(cases),
                n_eff=len(cases) / horizon,
                mean_stated=float(np.mean([one.p_up for one in cases])),
                happened=happened / len(cases),
                low=low,
                high=high,
            )
        )
    return tuple(found)


def _bucket(name: str, trades: Sequence[ClosedTrade]) -> Bucket:
    came = record_of([trade.net_return for trade in trades], [trade.opened_at for trade in trades])
    won = sum(trade.won for trade in trades)
    return Bucket(
        name=name,
        trades=came.trades,
        won=won,
        win_rate=won / came.trades,
        win_low=came.win_low,
        win_high=came.win_high,
        mean_return=came.mean,
        mean_low=came.mean_low,
        mean_high=came.mean_high,
        profit=sum_exact(trade.profit for trade in trades),
    )


def _bin(number: float | None, edges: Sequence[float]) -> str:
    if number is None:
        return UNKNOWN
    at = int(np.searchsorted(edges, number, side="right"))
    if at == 0:
        return f"below {edges[0]:g}"
    return f"{edges[at - 1]:g} to {edges[at]:g}" if at < len(edges) else f"{edges[-1]:g} and above"


def _in_order(name: str) -> tuple[int, float, str]:
    """Bins from low to high, names by the alphabet, what is not known last."""
    first, _, rest = name.partition(" ")
    if first == "below":
        return 0, float(rest), ""
    try:
        return 1, float(first), ""
    except ValueError:
        return 3 if name == UNKNOWN else 2, 0.0, name


def _factors(trade: ClosedTrade) -> Iterable[str]:
    """Each factor with the way it pointed."""
    for name, score in trade.confluence.items():
        yield f"{name} {'for' if score > 0 else 'against' if score < 0 else 'neither'}"


def _agents(trade: ClosedTrade) -> Iterable[str]:
    """Each agent with the way it leaned from the base rate."""
    for one in trade.stated:
        lean = one.p_up - (0.5 if trade.base_rate is None else trade.base_rate)
        for_it = lean if trade.side is Direction.LONG else -lean
        yield f"{one.agent} {'for' if for_it > 0 else 'against' if for_it < 0 else 'neither'}"


BY: Mapping[str, Keys] = {
    "symbol": lambda trade: (trade.symbol,),
    "side": lambda trade: (trade.side,),
    "regime": lambda trade: (trade.state.regime or UNKNOWN,),
    "adx": lambda trade: (_bin(trade.state.adx, ADX_EDGES),),
    "confidence": lambda trade: (_bin(trade.confidence, CONFIDENCE_EDGES),),
    "confluence": _factors,
    "agent": _agents,
    "exit": lambda trade: (trade.exit_reason,),
    "hour": lambda trade: (f"{trade.opened_at.hour:02} UTC",),
}
"""What trades can be grouped by; the hour is that of the entry."""
