"""Can it be relied on, and what does it cost? From the turns and the models' calls as recorded."""

from decimal import Decimal

import numpy as np

from trader.domain.portfolio import sum_exact
from trader.evals.subject import Subject


def valid_forms(subject: Subject) -> float | None:
    """Of the models' first answers, the share that was the form; None where none answered."""
    first = [call for call in subject.calls if call.answer and not call.repair]
    return sum(not call.error_kind for call in first) / len(first) if first else None


def abstained(subject: Subject) -> int:
    """Turns without an opinion; of the desk, decisions without a pool."""
    return subject.abstained


def tokens_in(subject: Subject) -> int:
    """Read by its models."""
    return sum(call.tokens_in for call in subject.calls)


def tokens_out(subject: Subject) -> int:
    """Written by its models."""
    return sum(call.tokens_out for call in subject.calls)


def usd(subject: Subject) -> Decimal:
    """US dollars that its models took; answers that were found cost nothing."""
    return sum_exact(call.usd for call in subject.calls)


def p50_ms(subject: Subject) -> float | None:
    """Median milliseconds of a turn; of the desk, of a decision."""
    return float(np.median(subject.ms)) if len(subject.ms) else None
