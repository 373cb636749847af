"""Sentiment: the fear of the market read as contrarian, the tone of the news as it is.

Fear: Baker and Wurgler 2006, "Investor sentiment and the cross-section of stock returns", Journal of Finance
61, find higher returns after low sentiment; Giot 2005, Journal of Portfolio Management 31, finds stock
indices up after peaks of the VIX. Tone: Tetlock, Saar-Tsechansky and Macskassy 2008, "More than words",
Journal of Finance 63, find that the words of a firm's news forecast its next days' return in their own
direction.
"""

from math import tanh

from trader.agents.case import Case
from trader.agents.policies.lean import Reason, lean, stated
from trader.agents.policies.policy import Policy
from trader.domain.instruments import AssetClass
from trader.domain.opinions import Abstention, Opinion

FEARS = {
    "credit_spread_z": "credit spread",
    "market_volatility_z": "volatility of the market",
    "vix_z": "VIX",
}
"""Fields of the tool `macro`: deviations from their own history."""
FEAR_WIDTH = 2.0
"""Deviations that count as fear or as ease: one month in twenty is as far from its history."""
TONE_WIDTH = 0.6
"""Mean tone, towards their label, of headlines that are plainly good or bad: a property of the scale of
`tools/tone`, measured on the written headlines (tests/agents/test_tone_width.py), and of no price."""
FEW = 3.0
"""Headlines that the assumption of no tone is worth: a single one is believed by a quarter."""
FEARED = (AssetClass.EQUITY, AssetClass.INDEX)
"""Where fear was studied: credit and the volatility of stocks say little of a currency or a coin."""


def sentiment(agent: str, case: Case) -> Opinion | Abstention:
    """Lean against the market's mood and with the news; the mean of both where both are known."""
    reasons = [reason for reason in (_fear(case), _tone(case)) if reason is not None]
    if not reasons:
        lacks = [case.lack("macro", *FEARS)] if case.asset_class in FEARED else []
        return Abstention(agent=agent, reason="; ".join([*lacks, case.lack("news", "mean_sentiment")]))
    score = sum(reason.score for reason in reasons) / len(reasons)
    return stated(agent, case, "Sentiment", lean(case.base_rate, score), reasons)


def _fear(case: Case) -> Reason | None:
    """Above zero where the market is more afraid than usual."""
    if case.asset_class not in FEARED:
        return None
    known = [(name, case.number("macro", field)) for field, name in FEARS.items()]
    found = [(name, deviation) for name, deviation in known if deviation is not None]
    if not found:
        return None
    mean = sum(deviation for _, deviation in found) / len(found)
    said = ", ".join(f"{name} {deviation:+.1f}" for name, deviation in found)
    mood = "fear" if mean > 0.0 else "ease"
    return Reason(tanh(mean / FEAR_WIDTH), f"{mood}, read as contrarian: {said} deviations", "macro")


def _tone(case: Case) -> Reason | None:
    """Above zero where the news are good."""
    tone, count = case.number("news", "mean_sentiment"), case.number("news", "count")
    if tone is None or count is None or count <= 0.0:
        return None
    believed = tone * count / (count + FEW)
    return Reason(tanh(believed / TONE_WIDTH), f"tone {tone:+.2f} of {count:.0f} news items", "news")


SENTIMENT = Policy(
    "sentiment",
    "against the market's fear or ease, with the tone of the news",
    "Baker and Wurgler 2006; Giot 2005; Tetlock, Saar-Tsechansky and Macskassy 2008",
    ("macro", "news"),
    sentiment,
)
