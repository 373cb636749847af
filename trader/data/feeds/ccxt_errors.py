"""What an error of ccxt proves. Few prove that an order was refused; all the others prove nothing.

The classes do not tell enough: -1016 (maintenance) and -1013 (a filter) are both BadRequest, a revoked key
becomes DDoSProtection after an earlier success, a reply that is cut off is ExchangeError in the async
classes, and pages that are no JSON raise AttributeError or return orders of None.
"""

import re
from collections.abc import Awaitable, Collection
from decimal import localcontext
from typing import TypeVar

from trader.domain.errors import TraderError

Answer = TypeVar("Answer")

REFUSALS = frozenset(
    {
        "InsufficientFunds",
        "InvalidOrder",
        "OrderImmediatelyFillable",
        "OrderNotFillable",
        "BadSymbol",
        "ArgumentsRequired",
        "NotSupported",
        "MarketClosed",
        "PermissionDenied",
        "AccountNotEnabled",
        "AccountSuspended",
        "AuthenticationError",
        "InvalidNonce",
    }
)
"""Classes, exactly these and not their kin, whose meaning is that the venue has not taken the order."""
PAUSES = frozenset({"DDoSProtection", "RateLimitExceeded"})
"""The venue wants to be left alone for a time."""

_CODE = re.compile(r'"code"\s*:\s*"?(-?\d+)')
_QUERY = re.compile(r"\?\S*")
LONGEST = 200
"""Letters of a venue's words that are kept."""


SHORTEST_KEY = 8
"""Anything shorter opens nothing, and stands in ordinary words."""


class Unanswered(TraderError):
    """Nobody knows what came of a request: it may have been carried out."""


class RefusedByVenue(TraderError):
    """The venue has said that it did not do what it was asked."""


class NotThere(TraderError):
    """The venue does not know the order."""


class Silent(RefusedByVenue):
    """Nothing was sent: the venue wants to be left alone for a time."""


class Withheld(TraderError):
    """Nothing was sent: whoever asked did not want it any more when the first byte was due."""


class Throttled(Unanswered):
    """The venue wants fewer requests."""


class Unbelievable(Unanswered):
    """An answer that is none: no id, no number, another order than the one that was asked for."""


async def asked(
    request: Awaitable[Answer], secrets: Collection[str], codes: Collection[int] = frozenset()
) -> Answer:
    """The answer to a request. Raises RefusedByVenue, NotThere, Withheld, Throttled or Unanswered.

    `codes` are those of the venue that prove refusal; `secrets` never appear in an error.
    """
    try:
        with localcontext():  # ccxt sets how decimals are rounded, for all that comes after it
            return await request
    except Withheld:
        raise
    except Exception as error:  # pages that are no JSON raise whatever they raise
        raise judged(error, secrets, codes) from None  # ccxt's own carries addresses with signatures


def judged(error: Exception, secrets: Collection[str], codes: Collection[int]) -> TraderError:
    """What an error of ccxt proves."""
    kind, code, text = type(error).__name__, code_of(error), told(error, secrets)
    if kind == "OrderNotFound":
        return NotThere(text)
    if "duplicate order" in text.lower() or kind == "DuplicateOrderId":
        return Unanswered(text)  # an order of this id is there: what became of it is to be asked
    if kind in REFUSALS or code in codes:
        return RefusedByVenue(text)
    return Throttled(text) if kind in PAUSES else Unanswered(text)


def code_of(error: Exception) -> int | None:
    """The venue's own code in its answer, where ccxt has kept it."""
    found = _CODE.search(str(error))
    return int(found[1]) if found else None


def told(error: Exception, secrets: Collection[str]) -> str:
    """An error for people and the journal: short, and without addresses' queries and keys."""
    text = _QUERY.sub("", " ".join(str(error).split()))
    for secret in secrets:
        if len(secret) >= SHORTEST_KEY:
            text = text.replace(secret, "(a key)")
    return f"{type(error).__name__}: {text}"[:LONGEST]
