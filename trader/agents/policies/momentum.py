"""Time-series momentum: what rose over the last year, for how much it moves, tends to go on rising.

Moskowitz, Ooi and Pedersen 2012, "Time series momentum", Journal of Financial Economics 104: the sign of the
past twelve months' return forecasts the next month's in each of 58 liquid futures, with positions scaled by
volatility. Here the return over its own volatility is squashed: a year that went nowhere says nothing.
"""

from math import sqrt, tanh

from trader.agents.case import Case
from trader.agents.policies.lean import Reason, lean, stated
from trader.agents.policies.policy import Policy
from trader.domain.opinions import Abstention, Opinion

YEAR = 252
"""Bars of the look-back, and of the volatility it is measured by."""


def momentum(agent: str, case: Case) -> Opinion | Abstention:
    """Lean with the last 252 bars' return, in units of what a random walk of this volatility would move."""
    past = case.number("features", "values", "return_252")
    volatility = case.number("features", "values", "volatility_252")
    if past is None or volatility is None:
        return Abstention(agent=agent, reason=case.lack("features", "return_252", "volatility_252"))
    if volatility <= 0.0:
        return Abstention(agent=agent, reason="the price has not moved in 252 bars")
    ratio = past / (volatility * sqrt(YEAR / case.bars_a_year))
    sentence = f"the last 252 bars returned {100.0 * past:+.1f} %, {ratio:+.2f} of their volatility"
    p_up = lean(case.base_rate, tanh(ratio))
    return stated(agent, case, "Time-series momentum", p_up, [Reason(ratio, sentence, "features")])


MOMENTUM = Policy(
    "momentum",
    "with the trend of the last 252 bars, measured by its volatility",
    "Moskowitz, Ooi and Pedersen 2012",
    ("features",),
    momentum,
)
