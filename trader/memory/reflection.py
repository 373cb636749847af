"""A look back: rules that hold are renewed, those contradicted retire, and now and then a new one is stated.

Ten closed trades trigger a look. A look tests only where half as much again is known as at the last, and
the j-th test may be wrong with a chance of ALPHA / (j (j + 1)): over a whole life these add up to ALPHA, so
that looking often finds nothing that is not there (alpha spending after Lan and DeMets 1983, on a schedule
that needs no end).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from trader.domain.lessons import Change, LearnedThresholds, Lessons, Looks, Rule, Standing
from trader.domain.market import to_datetime64
from trader.memory.discovery import SUPPORT, strongest
from trader.memory.experience import Experience
from trader.memory.retiring import LIMIT, contradiction
from trader.memory.rules import expected, renewed, stated
from trader.memory.thresholds import learn_thresholds

TRADES = 10
"""Closed trades from one look to the next."""
ALPHA = 0.05
"""Chance, over a book's whole life, of stating a rule where there is none."""
GROWTH = 1.5
"""A test is worth its error once so many times as much is known as at the last one."""


@dataclass(frozen=True)
class Reflected:
    """What is known now, and what changed on the way."""

    lessons: Lessons
    changes: tuple[Change, ...]


def reflect(
    lessons: Lessons,
    known: Experience,
    trades: int,
    as_of: datetime,
    wishes: Mapping[str, Standing] | None = None,
    thresholds: LearnedThresholds | None = None,
    seed: int = 0,
) -> Reflected:
    """What is known at `as_of` from `known`, with `trades` closed by then.

    `wishes` are people's: rule -> where it is to stand. `thresholds` are where an entry's were set; None
    where they are fixed. The same arguments give the same bytes.
    """
    changes: list[Change] = []
    rules = []
    for rule in lessons.rules:
        now, changed = _standing(_watched(rule, known), (wishes or {}).get(rule.id))
        rules.append(now)
        changes += changed
    looks, placed = lessons.looks, lessons.thresholds
    if trades - looks.trades >= TRADES:
        looks, found = _look(looks, tuple(rules), known, trades, as_of, seed)
        rules += found.rules
        changes += found.changes
        if thresholds is not None:
            placed, moved = learn_thresholds(known, thresholds, placed)
            changes += moved
    return Reflected(Lessons(rules=tuple(rules), looks=looks, thresholds=placed), tuple(changes))


def _watched(rule: Rule, known: Experience) -> Rule:
    """The rule's record now, and how far its later cases contradict it. What has retired stays."""
    if rule.standing is Standing.RETIRED:
        return rule
    later = known.holding(rule.condition) & (known.decided > to_datetime64(rule.stated_at))
    against = contradiction(
        known.happened[later], known.weight[later], rule.stated_rate, _base_when_stated(rule, known)
    )
    return renewed(rule, known).model_copy(update={"contradiction": against})


def _base_when_stated(rule: Rule, known: Experience) -> float:
    """The mean base rate of the cases that it was stated on."""
    then = known.holding(rule.condition) & (known.decided <= to_datetime64(rule.stated_at))
    if not then.any():
        return rule.base_rate
    return float(np.average(known.base_rate[then], weights=known.weight[then]))


def _standing(rule: Rule, wish: Standing | None) -> tuple[Rule, Iterator[Change] | tuple[Change, ...]]:
    """Where the rule stands now: by a person's wish, else by what contradicts it."""
    if rule.standing is Standing.RETIRED:
        return rule, ()
    if wish is not None and wish is not rule.standing:
        kind = {Standing.PINNED: "pinned", Standing.MUTED: "muted"}.get(wish, "released")
        now = rule.model_copy(update={"standing": wish, "reason": f"{kind} by a person"})
        return now, (_moved(rule, now, kind),)
    if rule.standing is not Standing.PINNED and rule.contradiction >= LIMIT:
        reason = f"contradicted by its later cases: {rule.contradiction:.1f}, limit {LIMIT:g}"
        now = rule.model_copy(update={"standing": Standing.RETIRED, "reason": reason})
        return now, (_moved(rule, now, "retired"),)
    return rule, ()


def _moved(before: Rule, after: Rule, kind: str) -> Change:
    return Change.model_validate(
        {
            "kind": kind,
            "subject": before.id,
            "before": {"standing": before.standing},
            "after": {"standing": after.standing, "reason": after.reason},
            "evidence": _evidence(after),
            "text": f"{kind}: {after.sentence}",
        }
    )


def _evidence(rule: Rule) -> dict[str, object]:
    return {
        "support": rule.support,
        "rate": rule.rate,
        "base_rate": rule.base_rate,
        "contradiction": rule.contradiction,
        "p_value": rule.p_value,
    }


@dataclass(frozen=True)
class _Found:
    rules: tuple[Rule, ...]
    changes: tuple[Change, ...]


def _look(
    looks: Looks, rules: tuple[Rule, ...], known: Experience, trades: int, as_of: datetime, seed: int
) -> tuple[Looks, _Found]:
    """One look: a test, where enough is new to be worth its error."""
    number = looks.looks + 1
    now = looks.model_copy(update={"looks": number, "trades": trades})
    if known.worth < max(2 * SUPPORT, GROWTH * looks.worth):
        return now, _Found((), ())
    tests = looks.tests + 1
    level = ALPHA / (tests * (tests + 1))
    now = now.model_copy(update={"tests": tests, "worth": known.worth})
    held = tuple(rule for rule in rules if rule.standing is not Standing.RETIRED)
    found = strongest(known, expected(held, known), level, seed + tests)
    said = {"cases": len(known), "worth": known.worth, "trades": trades, "level": level}
    if found is None or found.p_value > level:
        tested = {} if found is None else {"strongest": str(found.condition), "p_value": found.p_value}
        text = f"look {number}: nothing stands out of {known.worth:.0f} cases"
        return now, _Found((), (Change(kind="look", subject=str(number), evidence=said | tested, text=text),))
    rule = stated(found.condition, known, found.p_value, number, as_of)
    change = Change(
        kind="stated",
        subject=rule.id,
        after=rule.model_dump(mode="json"),
        evidence=said | {"p_value": rule.p_value},
        text=f"look {number}: {rule.sentence}",
    )
    return now, _Found((rule,), (change,))
