"""Desks whose skill is known, on the real bars of the sample."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from trader.data.feeds import open_feed
from trader.evals.cases import Cases
from trader.measures.forecasts import expit, logit
from trader.memory.cases import correlation, outcomes

Floats = NDArray[np.float64]
SYMBOLS, HORIZON = ("AAPL", "IBM"), 5


def real_cases(closes: int = 500) -> Cases:
    """Every close of two symbols with a base rate of 0.55, and nobody to forecast yet."""
    market = open_feed("sample", SYMBOLS)
    view = market.view(market.closes(SYMBOLS)[-1])
    histories = tuple(outcomes(view, symbol, HORIZON) for symbol in SYMBOLS)
    clock = histories[0].decided[-closes:]
    decided = np.repeat(clock, 2)
    returns = np.column_stack([history.returns[-closes:] for history in histories]).ravel()
    nobody = np.zeros((0, len(decided)))
    return Cases(
        decided=decided,
        symbol=np.tile(np.array(SYMBOLS), closes),
        happened=(returns > 0).astype(np.float64),
        returns=returns,
        base_rate=np.full(len(decided), 0.55),
        desk=np.full(len(decided), np.nan),
        agents=(),
        said=nobody,
        shift=nobody,
        share=nobody,
        clock=clock,
        horizon=HORIZON,
        correlation=correlation(histories),
    )


def staffed(cases: Cases, said: Mapping[str, Floats]) -> Cases:
    """The same cases with these agents: believed by half, in equal shares, pooled as the desk pools."""
    names = tuple(sorted(said))
    stated = np.array([said[name] for name in names])
    answered = ~np.isnan(stated)
    shift = np.where(answered, 0.5 * (logit(stated) - logit(cases.base_rate)), 0.0)
    count = answered.sum(axis=0)
    share = answered / np.maximum(count, 1)
    desk = np.where(count > 0, expit(logit(cases.base_rate) + (share * shift).sum(axis=0)), np.nan)
    changes = {"agents": names, "said": stated, "shift": shift, "share": share, "desk": desk}
    return Cases(**{**vars(cases), **changes})


def noise(cases: Cases, seed: int) -> Floats:
    """An agent that knows nothing: probabilities around the base rate, drawn anew for each case."""
    return np.asarray(expit(logit(cases.base_rate) + np.random.default_rng(seed).normal(0, 0.3, len(cases))))
