"""The conditions of one instrument at its last close: what trades are remembered by, and compared by."""

import math

from trader.data.view import MarketView
from trader.domain.trades import MarketState
from trader.features.plain_regime import FEWEST, READ, plain_regime
from trader.tools.indicators import indicators


def market_state(view: MarketView, symbol: str) -> MarketState:
    """From the bars that were available at the view's moment; what they are too few for is None."""
    bars = view.bars(symbol)
    if not len(bars):
        return MarketState()
    columns = indicators(view, symbol)

    def last(name: str) -> float | None:
        value = float(columns[name][-1])
        return value if math.isfinite(value) else None

    natr, atr, macd = last("natr_14"), last("atr_14"), last("macd_hist")
    closes = bars.close[-READ:]
    return MarketState(
        rsi=last("rsi_14"),
        adx=last("adx_14"),
        atr=None if natr is None else natr / 100.0,
        macd=None if macd is None or not atr else macd / atr,
        bollinger=last("bollinger_position"),
        volume_ratio=last("volume_ratio_21"),
        trend=last("sma_200_gap"),
        volatility=last("volatility_21"),
        regime=plain_regime(closes).regime if len(closes) >= FEWEST else None,
    )
