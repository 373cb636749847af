"""Value: what is cheap to its earnings and book, or has lost for years, tends to do better than what is dear.

Asness, Moskowitz and Pedersen 2013, "Value and momentum everywhere", Journal of Finance 68: book to price
for stocks, and the negative of the five-year return for whatever has no book. Earnings yield: Basu 1977,
Journal of Finance 32. They rank assets against each other; a desk that judges one at a time has to say
what is neither cheap nor dear.
"""

from collections.abc import Iterator
from math import tanh

from trader.agents.case import Case
from trader.agents.policies.lean import lean, points
from trader.agents.policies.policy import Policy
from trader.domain.instruments import AssetClass
from trader.domain.opinions import Abstention, Opinion

EARNINGS_YIELD, EARNINGS_WIDTH = 0.06, 0.04
"""Neutral: 16 times earnings, the mean of US stocks since 1881 (Shiller). One width away: 10 times, or 50."""
BOOK_TO_PRICE, BOOK_WIDTH = 0.4, 0.4
"""Neutral: two and a half times book, about the median of large US stocks. One width away: 1.25 times, or
no book."""
FIVE_YEARS, REVERSAL_WIDTH = 0.35, 0.7
"""Log return over five years that stocks have on average (7 % a year), and the deviation of one with a
volatility of 30 %. Currencies and coins have no such drift."""
DRIFTING = (AssetClass.EQUITY, AssetClass.INDEX)


def value(agent: str, case: Case) -> Opinion | Abstention:
    """Lean towards the cheap by fundamentals; by the five-year return where there are none."""
    found = list(_fundamentals(case)) or list(_reversal(case))
    if not found:
        lacks = (
            case.lack("fundamentals", "earnings_yield", "book_to_price"),
            case.lack("features", "reversal_60m"),
        )
        return Abstention(agent=agent, reason="; ".join(lacks))
    score = tanh(sum(part for part, _, _ in found) / len(found))
    p_up = lean(case.base_rate, score)
    tool = found[0][2]
    return Opinion(
        agent=agent,
        p_up=p_up,
        reasoning=f"Value moves the base rate {points(case.base_rate)} to {points(p_up)}.",
        factors_for=tuple(sentence for part, sentence, _ in found if part > 0.0),
        factors_against=tuple(sentence for part, sentence, _ in found if part < 0.0),
        evidence=case.digests(tool),
    )


def _fundamentals(case: Case) -> Iterator[tuple[float, str, str]]:
    """(widths from neutral, sentence, tool) of each ratio that is known; cheap is above zero."""
    earnings = case.number("fundamentals", "earnings_yield")
    if earnings is not None:
        widths = (earnings - EARNINGS_YIELD) / EARNINGS_WIDTH
        yield (
            widths,
            f"earnings yield {100.0 * earnings:.1f} %, neutral at {100.0 * EARNINGS_YIELD:.0f} %",
            "fundamentals",
        )
    book = case.number("fundamentals", "book_to_price")
    if book is not None:
        yield (
            (book - BOOK_TO_PRICE) / BOOK_WIDTH,
            f"book to price {book:.2f}, neutral at {BOOK_TO_PRICE}",
            "fundamentals",
        )


def _reversal(case: Case) -> Iterator[tuple[float, str, str]]:
    lost = case.number("features", "values", "reversal_60m")
    if lost is not None:
        usual = FIVE_YEARS if case.asset_class in DRIFTING else 0.0
        sentence = f"log return of five years {-lost:+.2f}, neutral at {usual:+.2f}; no fundamentals"
        yield (lost + usual) / REVERSAL_WIDTH, sentence, "features"


VALUE = Policy(
    "value",
    "towards the cheap: earnings yield and book to price, else the five-year reversal",
    "Asness, Moskowitz and Pedersen 2013; Basu 1977",
    ("fundamentals", "features"),
    value,
)
