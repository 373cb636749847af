"""How much may be held, and where the case is wrong. It says nothing of direction.

Size: Moreira and Muir 2017, "Volatility-managed portfolios", Journal of Finance 72, hold the less, the
more the last month's variance exceeds its usual level; Grossman and Zhou 1993, "Optimal investment
strategies for controlling drawdowns", Mathematical Finance 3, hold the less, the nearer the drawdown
comes to what is bearable. The stop is three average true ranges below the price (Wilder 1978): where
ordinary days do not reach.
"""

from decimal import Decimal

from trader.agents.case import Case
from trader.agents.policies.policy import Policy
from trader.domain.opinions import Abstention, Opinion

BEARABLE = 0.75
"""An instrument this far below its high of 252 bars is not added to. Large stocks lose half in a bad
year, and those that lose three quarters often do not come back."""
STOP_ATR = 3.0
"""Average true ranges to the stop. A day reaches one; three in a row against the case are no noise."""


def risk(agent: str, case: Case) -> Opinion | Abstention:
    """A cap from volatility and drawdown, and a stop where the average true range is known."""
    recent = case.number("features", "values", "volatility_21")
    usual = case.number("features", "values", "volatility_252")
    fallen = case.number("features", "values", "drawdown_252")
    if recent is None or usual is None or fallen is None:
        lack = case.lack("features", "volatility_21", "volatility_252", "drawdown_252")
        return Abstention(agent=agent, reason=lack)
    calm = 1.0 if recent <= max(usual, 0.0) else (max(usual, 0.0) / recent) ** 2
    near = min(max(1.0 - abs(fallen) / BEARABLE, 0.0), 1.0)
    said_calm = f"volatility {100.0 * recent:.0f} % a year in 21 bars, {100.0 * usual:.0f} % in 252"
    said_near = f"{100.0 * abs(fallen):.1f} % below the high of 252 bars"
    return Opinion(
        agent=agent,
        size_cap=calm * near,
        stop=_stop(case),
        reasoning=f"At most {100.0 * calm * near:.0f} % of the position limit: {said_calm}; {said_near}.",
        factors_for=() if calm < 1.0 else (said_calm,),
        factors_against=(said_calm, said_near) if calm < 1.0 else (said_near,) if near < 1.0 else (),
        evidence=case.digests("features"),
    )


def _stop(case: Case) -> Decimal | None:
    """As traded, to six digits: the desk puts it on the tick. None where that would be no price below."""
    atr = case.number("features", "values", "atr_14")
    if atr is None or atr <= 0.0:
        return None
    stop = Decimal(f"{float(case.price) - STOP_ATR * atr:.6g}")
    return stop if 0 < stop < case.price else None


RISK = Policy(
    "risk",
    "a size cap from volatility and drawdown, a stop three average true ranges away, no direction",
    "Moreira and Muir 2017; Grossman and Zhou 1993; Wilder 1978",
    ("features",),
    risk,
)
