"""Value: what is cheap to its earnings and book, or has lost for years, tends to do better than what is dear.

Asness, Moskowitz and Pedersen 2013, "Value and momentum everywhere", Journal of Finance 68: book to price
for stocks, and the negative of the five-year return for whatever has no book. Earnings yield: Basu 1977,
Journal of Finance 32. They rank assets against each other; a desk that judges one at a time has to say what
is neither cheap nor dear.
"""

from collections.abc import Iterator
from math import tanh

from trader.agents.case import Case
from trader.agents.policies.lean import Reason, lean, stated
from trader.agents.policies.policy import Policy
from trader.domain.instruments import AssetClass
from trader.domain.opinions import Abstention, Opinion

EARNINGS_YIELD, EARNINGS_WIDTH = 0.06, 0.04
"""Neutral: 16 times earnings, the mean of US stocks since 1881 (Shiller). A width away: 10 times, or 50."""
BOOK_TO_PRICE, BOOK_WIDTH = 0.4, 0.4
"""Neutral: 2.5 times book, about the median of large US stocks. A width away: 1.25 times, or no book."""
FIVE_YEARS, REVERSAL_WIDTH = 0.35, 0.7
"""Neutral: the log return of stocks over five years at 7 % a year. A width: what one with a volatility of
30 % deviates in that time."""
DRIFTING = (AssetClass.EQUITY, AssetClass.INDEX)
"""What has such a drift; currencies and coins have none that could be relied on."""
STALE_DAYS = 400.0
"""A year and the weeks that a yearly report takes: older filings describe another company."""


def value(agent: str, case: Case) -> Opinion | Abstention:
    """Lean towards the cheap by fundamentals; by the five-year return where there are none."""
    reasons = list(_fundamentals(case)) or list(_reversal(case))
    if not reasons:
        filed = case.lack(
            "fundamentals", "earnings_yield", f"book_to_price of the last {STALE_DAYS:.0f} days"
        )
        return Abstention(agent=agent, reason=f"{filed}; {case.lack('features', 'reversal_60m')}")
    score = tanh(sum(reason.score for reason in reasons) / len(reasons))
    return stated(agent, case, "Value", lean(case.base_rate, score), reasons)


def _fundamentals(case: Case) -> Iterator[Reason]:
    """In widths from neutral; cheap is above zero."""
    age = case.number("fundamentals", "age_days")
    if age is None or age > STALE_DAYS:
        return
    earnings = case.number("fundamentals", "earnings_yield")
    if earnings is not None:
        sentence = f"earnings yield {100.0 * earnings:.1f} %, neutral at {100.0 * EARNINGS_YIELD:.0f} %"
        yield Reason((earnings - EARNINGS_YIELD) / EARNINGS_WIDTH, sentence, "fundamentals")
    book = case.number("fundamentals", "book_to_price")
    if book is not None:
        sentence = f"book to price {book:.2f}, neutral at {BOOK_TO_PRICE}"
        yield Reason((book - BOOK_TO_PRICE) / BOOK_WIDTH, sentence, "fundamentals")


def _reversal(case: Case) -> Iterator[Reason]:
    lost = case.number("features", "values", "reversal_60m")
    if lost is not None:
        usual = FIVE_YEARS if case.asset_class in DRIFTING else 0.0
        sentence = f"log return of five years {-lost:+.2f}, neutral at {usual:+.2f}; no fundamentals"
        yield Reason((lost + usual) / REVERSAL_WIDTH, sentence, "features")


VALUE = Policy(
    "value",
    "towards the cheap: earnings yield and book to price, else the five-year reversal",
    "Asness, Moskowitz and Pedersen 2013; Basu 1977",
    ("fundamentals", "features"),
    value,
)
