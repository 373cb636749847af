"""The forecaster's probability, taken at its word.

Gradient-boosted trees on standard features, trained on what was resolved at the time; see the tool
`forecast`. Gu, Kelly and Xiu 2020, "Empirical asset pricing via machine learning", Review of Financial
Studies 33, find trees and shallow networks the best of many methods, and all of them weak. How weak is for
the calibration to say, not for this rule.
"""

from trader.agents.case import Case
from trader.agents.policies.lean import Reason, points, stated
from trader.agents.policies.policy import Policy
from trader.domain.opinions import P_MAX, P_MIN, Abstention, Opinion


def quant(agent: str, case: Case) -> Opinion | Abstention:
    """The forecast, kept within [P_MIN, P_MAX]."""
    forecast = case.number("forecast", "p_up")
    if forecast is None:
        return Abstention(agent=agent, reason=case.lack("forecast", "p_up"))
    if not 0.0 <= forecast <= 1.0:
        return Abstention(agent=agent, reason=f"the forecaster's {forecast:g} is not a probability")
    p_up = min(max(forecast, P_MIN), P_MAX)
    sentence = f"the forecaster says {points(p_up)}"
    return stated(agent, case, "The forecaster", p_up, [Reason(p_up - case.base_rate, sentence, "forecast")])


QUANT = Policy("quant", "the forecaster's probability", "Gu, Kelly and Xiu 2020", ("forecast",), quant)
