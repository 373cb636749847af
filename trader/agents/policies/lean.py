"""From reasons to a stated probability: how far a rule leans away from the base rate, and how it says so."""

from collections.abc import Sequence
from math import exp, log
from typing import NamedTuple

from trader.agents.case import Case
from trader.domain.opinions import P_MAX, P_MIN, Opinion

STRENGTH = 0.2
"""How far a full score moves the log-odds: from 50 % to 55 %, or from 55 % to 60 %.

Published single-instrument effects are smaller: a Sharpe ratio of 0.4 is about 52 % over five days. But what
a rule states is halved before it has a record (the prior slope of calibration is 0.5), and its record then
says how much of it stays. A rule that whispered could not be told from the base rate by any record.
"""


class Reason(NamedTuple):
    """One thing that a rule saw."""

    score: float
    """Above zero for the event, below zero against it."""
    sentence: str
    tool: str
    """Where it was read."""


def logit(p: float) -> float:
    """log(p / (1 - p)), of `p` kept within [P_MIN, P_MAX]."""
    p = min(max(p, P_MIN), P_MAX)
    return log(p / (1.0 - p))


def lean(base_rate: float, score: float, strength: float = STRENGTH) -> float:
    """The base rate moved by `score` (kept within [-1, 1]) times `strength` in log-odds."""
    shifted = logit(base_rate) + strength * min(max(score, -1.0), 1.0)
    return min(max(1.0 / (1.0 + exp(-shifted)), P_MIN), P_MAX)


def stated(agent: str, case: Case, rule: str, p_up: float, reasons: Sequence[Reason]) -> Opinion:
    """The form of a rule that forecasts."""
    return Opinion(
        agent=agent,
        p_up=p_up,
        reasoning=f"{rule} moves the base rate of {points(case.base_rate)} to {points(p_up)}.",
        factors_for=tuple(reason.sentence for reason in reasons if reason.score > 0.0),
        factors_against=tuple(reason.sentence for reason in reasons if reason.score < 0.0),
        evidence=case.digests(*dict.fromkeys(reason.tool for reason in reasons)),
    )


def points(p: float) -> str:
    """A probability as a sentence has it: 54.9 %."""
    return f"{100.0 * p:.1f} %"
