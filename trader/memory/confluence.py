"""How many of the usual reasons pointed the way that a trade went. Each is a sign, not a strength.

The readings are the textbook ones (Murphy 1999, "Technical Analysis of the Financial Markets"; Wilder 1978
for the relative strength and the directional index): what they are worth is for the statistics to say.
"""

from collections.abc import Mapping

from trader.domain.market import Regime
from trader.domain.signals import Direction
from trader.domain.trades import MarketState

STRONG_TREND = 25.0
"""Wilder's threshold of the average directional index."""
OVERSOLD, OVERBOUGHT = 30.0, 70.0
_REGIME = {Regime.BULL: 1.0, Regime.SIDEWAYS: 0.0, Regime.BEAR: -1.0}


def confluence(state: MarketState, side: Direction, leans: Mapping[str, float]) -> dict[str, float]:
    """Factor -> 1 for the side, -1 against it, 0 neither; factors that are not known are left out.

    `leans` has each agent's probability less the base rate: their factor is the balance of their signs.
    """
    up: dict[str, float | None] = {
        "trend": _sign(state.trend),
        "momentum": _sign(state.macd),
        "strong trend": _strong(state),
        "oscillator": _turning(state.rsi, OVERSOLD, OVERBOUGHT),
        "bands": _turning(state.bollinger, 0.0, 1.0),
        "regime": None if state.regime is None else _REGIME[state.regime],
        "agents": sum(_sign(lean) or 0.0 for lean in leans.values()) / len(leans) if leans else None,
    }
    way = 1.0 if side is Direction.LONG else -1.0
    return {name: way * value + 0.0 for name, value in up.items() if value is not None}


def _sign(number: float | None) -> float | None:
    return None if number is None else float((number > 0) - (number < 0))


def _strong(state: MarketState) -> float | None:
    """The trend's sign where it is strong, else nothing."""
    if state.adx is None or state.trend is None:
        return None
    return _sign(state.trend) if state.adx >= STRONG_TREND else 0.0


def _turning(number: float | None, low: float, high: float) -> float | None:
    """Up from below `low`, down from above `high`."""
    return None if number is None else float((number < low) - (number > high))
