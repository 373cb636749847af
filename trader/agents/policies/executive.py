"""The executive's word: pass what the seniors agree on, shrink what they dispute, stop what risk forbids.

Dissent: how much of the forecasting seniors' movement away from the base rate goes against the larger
side. Nought is unanimous, one half is evenly split. Disagreement of forecasters goes with larger errors
of their mean: Zarnowitz and Lambros 1987, "Consensus and uncertainty in economic prediction", Journal of
Political Economy 95. Which way the larger side points is not for the executive: pooling and costs decide
that.
"""

from collections.abc import Mapping

from trader.agents.case import Case
from trader.agents.policies.lean import logit
from trader.agents.policies.policy import ExecutivePolicy
from trader.domain.opinions import Opinion, Verdict, VerdictAction

TOLERATED = 1 / 3
"""Dissent up to a third changes nothing: of three equally loud seniors, one may always disagree."""
SPLIT = 0.5
"""Evenly split: nothing grows on such a vote. In between, the factor falls in a straight line."""
LEAST_FACTOR = 0.1
"""An increase shrunk below a tenth would hardly cover its costs, so it is vetoed."""
LEAST_CAP = 0.1
"""A senior who allows less than a tenth of the limit is saying no."""
STIR = 0.02
"""Log-odds (half a percentage point) that all seniors together must move before their sides mean anything."""


def rule(agent: str, case: Case) -> Verdict:
    """Veto where a cap is close to nothing or the vote is split; shrink by the dissent; else approve."""
    opinions = [opinion for opinion in case.opinions if isinstance(opinion, Opinion)]
    tightest = min(opinions, key=lambda opinion: opinion.size_cap, default=None)
    if tightest is not None and tightest.size_cap < LEAST_CAP:
        cap = f"{tightest.agent} allows {100.0 * tightest.size_cap:.0f} % of the limit"
        return Verdict(agent=agent, action=VerdictAction.VETO, factor=0.0, reason=cap)
    dissent, sides = _dissent(case, opinions)
    factor = min(1.0, (SPLIT - dissent) / (SPLIT - TOLERATED))
    said = f"{sides}; dissent {100.0 * dissent:.0f} %, {100.0 * TOLERATED:.0f} % tolerated"
    if factor >= 1.0:
        return Verdict(agent=agent, action=VerdictAction.APPROVE, reason=said)
    if factor < LEAST_FACTOR:
        return Verdict(agent=agent, action=VerdictAction.VETO, factor=0.0, reason=f"an even split: {said}")
    return Verdict(agent=agent, action=VerdictAction.SHRINK, factor=factor, reason=said)


def _dissent(case: Case, opinions: list[Opinion]) -> tuple[float, str]:
    """The smaller side's share of all movement from the base rate, and who stands where, in words."""
    base = logit(case.base_rate)
    shifts = {opinion.agent: logit(opinion.p_up) - base for opinion in opinions if opinion.p_up is not None}
    up = {name: shift for name, shift in shifts.items() if shift > 0.0}
    down = {name: -shift for name, shift in shifts.items() if shift < 0.0}
    sides = f"above the base rate: {_names(up)}; below: {_names(down)}"
    total = sum(sorted(up.values())) + sum(sorted(down.values()))
    if total < STIR:
        return 0.0, sides
    return min(sum(sorted(up.values())), sum(sorted(down.values()))) / total, sides


def _names(side: Mapping[str, float]) -> str:
    return ", ".join(sorted(side)) or "nobody"


EXECUTIVE = ExecutivePolicy(
    "executive",
    "shrinks by the seniors' dissent, vetoes an even split or a cap close to nothing",
    "Zarnowitz and Lambros 1987",
    rule,
)
