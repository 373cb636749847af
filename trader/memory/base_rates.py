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
SECONDS_A_YEAR = 365.25 * 86400.0
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
        pace = bars_a_year(view, history.symbol)
        rows.append(
            SymbolEvidence(
                symbol=history.symbol,
                base_rate=base,
                mean_gain=gain,
                mean_loss=loss,
                volatility=annual_volatility(recent_returns(view, history.symbol), pace),
                bars_a_year=pace,
                n=n,
                n_eff=n_eff,
            )
        )
    return tuple(rows), rho, histories


def recent_returns(view: MarketView, symbol: str) -> np.ndarray:
    """Logarithmic returns of the last VOLATILITY_BARS bars, shape (n,); dividends and splits undone."""
    return np.diff(np.log(view.bars(symbol, VOLATILITY_BARS + 1).close))


def bars_a_year(view: MarketView, symbol: str) -> float:
    """Bars a year at the pace of the last ones; 252, an exchange's days, where there are too few."""
    available = view.bars(symbol, VOLATILITY_BARS + 1).available
    if len(available) < 3:
        return 252.0
    years = (available[-1] - available[0]).astype("timedelta64[s]").astype(float) / SECONDS_A_YEAR
    return float((len(available) - 1) / years)


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
