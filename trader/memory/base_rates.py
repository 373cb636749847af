"""What the event has done so far, by symbol, shrunk to the pool of symbols."""

import numpy as np

from trader.data.view import MarketView
from trader.domain.learned import SymbolEvidence
from trader.measures.paths import annual_volatility
from trader.memory.cases import Outcomes, correlation, outcomes

POOL_STRENGTH = 100.0
"""Effective cases that the pool of symbols is worth against a symbol's own record."""
VOLATILITY_BARS = 63
"""Bars that volatility is measured over: a quarter of trading days, steady enough and quick enough."""
SMALLEST_PAYOFF = 1e-4
"""One basis point: a mean gain or loss below it is rounding of the price."""


def symbol_evidence(
    view: MarketView, symbols: tuple[str, ...], horizon: int
) -> tuple[tuple[SymbolEvidence, ...], float, tuple[Outcomes, ...]]:
    """Base rate, mean gain, mean loss, volatility of each symbol; their mean correlation; the outcomes.

    With nothing resolved at all the base rate is one half and gains equal losses: no edge, hence no trade.
    """
    histories = tuple(outcomes(view, symbol, horizon) for symbol in symbols)
    rho = correlation(histories)
    everything = np.concatenate([history.returns for history in histories]) if histories else np.zeros(0)
    pool = _means(everything, (0.5, SMALLEST_PAYOFF, SMALLEST_PAYOFF))
    rows = []
    for history in histories:
        n = len(history.returns)
        n_eff = n / horizon
        own = _means(history.returns, pool)
        base, gain, loss = (
            (n_eff * mine + POOL_STRENGTH * shared) / (n_eff + POOL_STRENGTH)
            for mine, shared in zip(own, pool, strict=True)
        )
        rows.append(
            SymbolEvidence(
                symbol=history.symbol,
                base_rate=base,
                mean_gain=gain,
                mean_loss=loss,
                volatility=volatility(view, history.symbol),
                n=n,
                n_eff=n_eff,
            )
        )
    return tuple(rows), rho, histories


def volatility(view: MarketView, symbol: str) -> float:
    """Annual volatility of returns over the last VOLATILITY_BARS; 0 for fewer than three bars."""
    bars = view.bars(symbol, VOLATILITY_BARS + 1)
    if len(bars) < 3:
        return 0.0
    span = (bars.available[-1] - bars.available[0]).astype("timedelta64[s]").astype(float)
    per_year = (len(bars) - 1) / (span / (365.25 * 86400.0))
    return annual_volatility(np.diff(np.log(bars.close)), per_year)


def _means(returns: np.ndarray, otherwise: tuple[float, float, float]) -> tuple[float, float, float]:
    """Share above zero, mean gain, mean loss; each from `otherwise` where there is no case of its kind."""
    if len(returns) == 0:
        return otherwise
    gains, losses = returns[returns > 0], -returns[returns <= 0]
    return (
        float(np.mean(returns > 0)),
        max(float(gains.mean()), SMALLEST_PAYOFF) if len(gains) else otherwise[1],
        max(float(losses.mean()), SMALLEST_PAYOFF) if len(losses) else otherwise[2],
    )
