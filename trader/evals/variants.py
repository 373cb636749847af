"""One agent asked in other ways, each way against what it is compared with, on the same cases."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from trader.domain.decisions import Decision, Outcome
from trader.domain.errors import UnknownName
from trader.domain.ids import DecisionId
from trader.domain.portfolio import sum_exact
from trader.evals.cases import Cases, Recorded
from trader.evals.choosing import Choice, choice
from trader.evals.findings import headline
from trader.evals.knowledge import NOTHING, SEEN, known_to, warnings
from trader.evals.paired import Difference, difference
from trader.evals.profit import Stakes, stakes
from trader.evals.scorers.registry import FORECASTS, scores
from trader.evals.scorers.scorer import Score
from trader.evals.scorers.use import valid_forms
from trader.evals.subject import Subject
from trader.runner.variants import Anew

Floats = NDArray[np.float64]

RECORDED = "as recorded"
SAME = 1e-9
"""Probabilities nearer than this are the same answer."""


@dataclass(frozen=True)
class Tried:
    """What one way of asking came to."""

    variant: str
    against: str
    answered: int
    """Decisions in which it stated a probability."""
    silent: int
    scores: Mapping[str, Score]
    """On the cases that both answered."""
    scores_against: Mapping[str, Score]
    difference: Difference | None
    """Of log losses: below zero this way is the better one."""
    changed: int
    """Decisions in which it said something else, or of the two only one said anything."""
    flipped: float | None
    """Of those that both answered, the share on the other side of the base rate."""
    moved: float | None
    """Mean distance of the probabilities."""
    decisions: int
    """Decisions of the desk that came out otherwise than recorded: outcome or weight."""
    trades: int
    trades_recorded: int
    profit: float | None
    """What the pool earns a case before the gate, sized from flat (`profit.py`)."""
    profit_recorded: float | None
    valid_forms: float | None
    tokens_in: int
    tokens_out: int
    usd: Decimal
    p50_ms: float | None
    p95_ms: float | None
    seen: int | None
    """Cases dated before its models' knowledge cut-off; None where a cut-off is unknown, or a rule spoke."""


@dataclass(frozen=True)
class Trials:
    """All ways, on the decisions of one book."""

    finding: str
    findings: tuple[str, ...]
    agent: str
    decisions: int
    variants: tuple[Tried, ...]
    choice: Choice
    """What choosing the best of them is worth, against what is recorded; asking again is no choice."""


def forecasting(recorded: Recorded, name: str) -> str:
    """The name, if it is of an agent that stated a probability. Raises UnknownName."""
    known = sorted({turn.agent for turn in recorded.turns if turn.p_up is not None})
    if name not in known:
        raise UnknownName("agent that stated a probability", name, known)
    return name


def compare(
    recorded: Recorded,
    agent: str,
    tried: Sequence[Anew],
    against: Mapping[str, str],
    cut_offs: Mapping[str, date] = NOTHING,
    seed: int = 0,
) -> Trials:
    """Each of `tried` against another of them, or against what is recorded where `against` names none.

    `cut_offs` are the knowledge cut-offs of models.
    """
    mine = (turn for turn in recorded.turns if turn.agent == agent)
    spoken: dict[str, Mapping[DecisionId, float]] = {
        RECORDED: {turn.decision: turn.p_up for turn in mine if turn.p_up is not None},
        **{one.variant.name: one.said for one in tried},
    }
    staked = stakes(recorded.decisions, recorded.cases)
    found = tuple(
        _tried(recorded, one, against.get(one.variant.name, RECORDED), spoken, staked, cut_offs, seed)
        for one in tried
    )
    first, ids = found[0], _ids(recorded, recorded.cases)
    asked = sorted({call.model for one in tried for call in one.calls})
    labels = known_to(recorded.cases, asked, cut_offs)
    rivals = {one.variant: _array(ids, spoken[one.variant]) for one in found if one.against == RECORDED}
    return Trials(
        finding=headline(f"{agent}, {first.variant}", first.difference, f"answers {_whose(first.against)}"),
        findings=(*warnings(asked, cut_offs, labels), *_findings(agent, found, tried)),
        agent=agent,
        decisions=len(recorded.decisions),
        variants=found,
        choice=choice(recorded.cases, rivals, _array(ids, spoken[RECORDED]), seed),
    )


def _whose(against: str) -> str:
    return against if against == RECORDED else f"of {against}"


def _tried(
    recorded: Recorded,
    one: Anew,
    against: str,
    spoken: Mapping[str, Mapping[DecisionId, float]],
    staked: Stakes,
    cut_offs: Mapping[str, date],
    seed: int,
) -> Tried:
    cases, before = recorded.cases, spoken[against]
    ids = _ids(recorded, cases)
    mine, theirs = (_array(ids, said) for said in (one.said, before))
    both = ~np.isnan(mine) & ~np.isnan(theirs)
    shared = [id for id in one.said if id in before]
    moved = np.array([one.said[id] - before[id] for id in shared], dtype=np.float64)
    base = _array(ids, {made.id: made.pool.base_rate for made in recorded.decisions if made.pool})
    known = both & ~np.isnan(base)
    then = {made.id: made for made in recorded.decisions}
    pool = _array(ids, {id: made.pool.p_up for id, made in one.decisions.items() if made.pool})
    ms = np.array(one.ms)
    models = {call.model for call in one.calls}
    seen = int((known_to(cases, models, cut_offs) == SEEN).sum())
    return Tried(
        variant=one.variant.name,
        against=against,
        answered=len(one.said),
        silent=len(one.silent),
        scores=_scores(cases, mine, both),
        scores_against=_scores(cases, theirs, both),
        difference=difference(cases, mine, theirs, against, seed=seed),
        changed=int((np.abs(moved) > SAME).sum()) + len(one.said.keys() ^ before.keys()),
        flipped=float(((mine > base) != (theirs > base))[known].mean()) if known.any() else None,
        moved=float(np.abs(moved).mean()) if len(moved) else None,
        decisions=sum(_otherwise(made, then[id]) for id, made in one.decisions.items()),
        trades=sum(made.outcome is Outcome.TRADE for made in one.decisions.values()),
        trades_recorded=sum(then[id].outcome is Outcome.TRADE for id in one.decisions),
        profit=_mean(staked.profits(pool, cases.returns)),
        profit_recorded=_mean(staked.profits(np.where(np.isnan(pool), np.nan, cases.desk), cases.returns)),
        valid_forms=valid_forms(Subject(one.variant.name, cases, mine, calls=one.calls)),
        tokens_in=sum(call.tokens_in for call in one.calls),
        tokens_out=sum(call.tokens_out for call in one.calls),
        usd=sum_exact(call.usd for call in one.calls),
        p50_ms=float(np.median(ms)) if len(ms) else None,
        p95_ms=float(np.quantile(ms, 0.95)) if len(ms) else None,
        seen=seen if models and models <= cut_offs.keys() else None,
    )


def _findings(agent: str, found: Sequence[Tried], tried: Sequence[Anew]) -> Iterator[str]:
    for how, rows in (
        ("again", [row for row, one in zip(found, tried, strict=True) if one.variant.asking > 1]),
        ("in other words", [row for row, one in zip(found, tried, strict=True) if one.variant.reworded]),
    ):
        flips = [row.flipped for row in rows if row.flipped is not None]
        if flips:
            share = f"{float(np.mean(flips)):.1%}"
            yield f"asked {how}, {agent} is on the other side of the base rate in {share} of cases"
    for row, one in zip(found, tried, strict=True):
        if one.variant.permuted and not row.changed:
            yield f"{row.variant}: every answer is the same, so {agent} makes no use of it"
        if not row.answered:
            why = next(iter(one.silent.values()), "it was not asked")
            yield f"{row.variant}: {agent} never answered; the first reason is: {why}"


def _ids(recorded: Recorded, cases: Cases) -> list[DecisionId]:
    place = {(made.symbol, made.as_of.replace(tzinfo=None)): made.id for made in recorded.decisions}
    return [place[key] for key in zip(cases.symbol.tolist(), cases.decided.tolist(), strict=True)]


def _array(ids: Sequence[DecisionId], said: Mapping[DecisionId, float]) -> Floats:
    """(n,) over the cases; NaN where nothing was said."""
    return np.array([said.get(id, np.nan) for id in ids], dtype=np.float64)


def _scores(cases: Cases, p: Floats, rows: NDArray[np.bool_]) -> dict[str, Score]:
    subject = Subject("one way", cases, np.where(rows, p, np.nan))
    return scores(subject, FORECASTS) if rows.any() else dict.fromkeys(FORECASTS)


def _mean(earned: Floats) -> float | None:
    known = earned[~np.isnan(earned)]
    return float(known.mean()) if len(known) else None


def _otherwise(now: Decision, then: Decision) -> bool:
    return (now.outcome, now.target_weight) != (then.outcome, then.target_weight)
