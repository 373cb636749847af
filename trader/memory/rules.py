"""What a rule says: its record so far, its sentence, and the probability it makes of the next case."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from trader.domain.lessons import Condition, Rule, rule_id
from trader.domain.opinions import P_MAX, P_MIN, Opinion
from trader.domain.value import Moment
from trader.measures.forecasts import expit, logit
from trader.measures.intervals import wilson
from trader.memory.experience import Experience, Floats

PRIOR_CASES = 30.0
"""Effective cases that no effect is worth: as many as a rule needs. What is found is found at its best."""
MEMORY, RECORD = "memory", "memory/rules"
"""Who speaks for the rules in the pool, and the record that it is scored under."""
LEVEL = 0.95
"""Of the interval that a rule carries."""


def stated(condition: Condition, known: Experience, p_value: float, look: int, at: Moment) -> Rule:
    """A new rule, with its record. Raises ValueError where no case speaks for it."""
    record = _record(condition, known)
    if not record:
        raise ValueError(f"no case in which {condition}")
    told: dict[str, Any] = {"sentence": "", "stated_at": at, "look": look, "p_value": p_value}
    of = {"id": rule_id(condition, at), "condition": condition, "stated_rate": record["rate"]}
    return _sentenced(Rule.model_validate(told | of | record))


def renewed(rule: Rule, known: Experience) -> Rule:
    """The rule with its record on all cases that are known now, and the sentence that says it.

    A model's words stay as long as the rule points the way that they say.
    """
    record = _record(rule.condition, known)
    if not record:
        return rule
    fresh = rule.model_copy(update=record)
    kept = rule.wording if fresh.direction == rule.direction else None
    return _sentenced(fresh.model_copy(update={"wording": kept}))


def _sentenced(rule: Rule) -> Rule:
    return rule.model_copy(update={"sentence": template(rule)})


def template(rule: Rule) -> str:
    """The rule in words, without a model."""
    return (
        f"When {rule.condition}, the event came in {rule.rate:.0%} of {rule.support:.0f} cases "
        f"(95 % interval {rule.low:.0%} to {rule.high:.0%}), {rule.direction} often than the "
        f"{rule.base_rate:.0%} expected."
    )


def _record(condition: Condition, known: Experience) -> dict[str, Any]:
    rows = known.holding(condition)
    support = float(known.weight[rows].sum())
    if support <= 0.0:
        return {}
    rate = float(np.average(known.happened[rows], weights=known.weight[rows]))
    low, high = wilson(min(rate * support, support), support, LEVEL)
    return {
        "cases": int(rows.sum()),
        "support": support,
        "rate": rate,
        "low": low,
        "high": high,
        "base_rate": float(np.average(known.base_rate[rows], weights=known.weight[rows])),
        "first": _moment(known.decided[rows][0]),
        "last": _moment(known.decided[rows][-1]),
    }


def _moment(at: np.datetime64) -> datetime:
    return datetime.fromtimestamp(int(at.astype(np.int64)), UTC)


def lean(rule: Rule) -> float:
    """By how much, in log-odds, the rule moves a base rate: its effect, shrunk by its support."""
    trusted = rule.support / (rule.support + PRIOR_CASES)
    shrunk = rule.base_rate + trusted * rule.effect
    return float(logit(shrunk) - logit(rule.base_rate))


def forecast(rules: Sequence[Rule], base_rate: float) -> float:
    """The probability of the event where these rules hold: their mean lean, by support, from the base rate.

    A mean and no sum: rules that overlap say the same twice. At least one rule.
    """
    total = sum(rule.support for rule in rules)
    moved = sum(rule.support * lean(rule) for rule in rules) / total
    return float(np.clip(expit(logit(base_rate) + moved), P_MIN, P_MAX))


def remembered(rules: Sequence[Rule], base_rate: float) -> Opinion:
    """What memory says where these rules hold: a forecast, as everybody's, and no word on size or stop."""
    return Opinion(
        agent=MEMORY,
        p_up=forecast(rules, base_rate),
        reasoning=" ".join(rule.told for rule in rules)[:4000],
        factors_for=tuple(rule.told for rule in rules if rule.effect > 0),
        factors_against=tuple(rule.told for rule in rules if rule.effect <= 0),
    )


def expected(rules: Sequence[Rule], known: Experience) -> Floats:
    """What base rates, and these rules where they hold, lead one to expect of each case, shape (n,).

    The rules' rates count in full: what they account for must not be found a second time.
    """
    total, weight = np.zeros(len(known)), np.zeros(len(known))
    for rule in rules:
        rows = known.holding(rule.condition)
        total[rows] += rule.support * float(logit(rule.rate) - logit(rule.base_rate))
        weight[rows] += rule.support
    moved = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
    p: Floats = expit(logit(known.base_rate) + moved)
    return p
