"""What a model may fill in: one JSON object for its tier, read strictly, or no form at all.

The schemas are flat and every key is required, because that is what native schemas of all providers accept.
Bounds stand in the descriptions: samplers do not enforce them, some providers refuse them, and the parser
checks them anyway.
"""

from typing import Any

from trader.domain.opinions import Abstention, Opinion, Verdict
from trader.domain.reports import Report
from trader.domain.value import Value

Form = Report | Opinion | Abstention | Verdict


class Question(Value):
    """Who is asked, about what, and what the answer may rest on."""

    agent: str
    tier: str
    """`junior`, `senior` or `executive`."""
    symbol: str
    evidence: frozenset[str] = frozenset()
    """Digests that an answer may cite."""


class ParseError(ValueError):
    """Why a text is not the form, in words that the model can mend it by."""


def schema_for(tier: str) -> dict[str, Any]:
    """The JSON schema of the form of a tier. Raises KeyError for a tier that there is not."""
    raise NotImplementedError


def parse(text: str, question: Question) -> Form:
    """The form in `text`. Raises ParseError for anything but exactly one whole form."""
    raise NotImplementedError
