"""Can it be relied on, and what does it cost? From the turns and the models' calls as recorded."""

from decimal import Decimal

import numpy as np

from trader.domain.portfolio import sum_exact
from trader.evals.subject import Subject
from trader.measures.forecasts import hit_rate


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


def p95_ms(subject: Subject) -> float | None:
    """Milliseconds that nineteen of twenty turns stay within; of the desk, decisions."""
    return float(np.quantile(subject.ms, 0.95)) if len(subject.ms) else None


def tool_errors(subject: Subject) -> int:
    """Calls of its tools that gave no result; of the desk, of everybody's."""
    return subject.tool_errors


def usd_per_hit(subject: Subject) -> Decimal | None:
    """What its models took for each case on the right side of one half, to a hundredth of a cent.

    None without such a case.
    """
    hits = hit_rate(subject.forecast, subject.happened) * len(subject) if len(subject) else 0.0
    return (usd(subject) / Decimal(repr(hits))).quantize(Decimal("0.0001")) if hits > 0 else None
