"""Expectations: what has to be true of what was said. Each says in words what is wrong, or nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trader.domain.decisions import Decision, Outcome
from trader.domain.opinions import P_MAX, P_MIN

BY_MODEL, BY_RULE = 0.05, 1e-9
"""How far apart two probabilities may be that have to be the same: models read digits, rules arithmetic."""


@dataclass(frozen=True)
class Heard:
    """What came of one situation."""

    forms: Mapping[str, tuple[str, Mapping[str, Any]]]
    """Agent -> form and body; without an agent that was not asked."""
    sources: Mapping[str, str]
    decision: Decision | None
    """None where the desk did not listen."""
    base_rate: float | None
    orders: int


Expectation = Callable[[str, Heard, Heard], str]
"""(agent or "desk", what was said here, what was said in the ordinary situation) -> what is wrong, or ""."""


def abstains(agent: str, here: Heard, ordinary: Heard) -> str:
    """No opinion: what it needs is not there."""
    form, body = here.forms.get(agent, ("nothing", {}))
    return "" if form in ("abstention", "nothing") else f"it gave an {form} with p_up {body.get('p_up')}"


def speaks(agent: str, here: Heard, ordinary: Heard) -> str:
    """An opinion: all that it needs is there."""
    form, body = here.forms.get(agent, ("nothing", {}))
    return "" if form == "opinion" else f"{form}: {body.get('reason', 'it was not asked')}"


def same(agent: str, here: Heard, ordinary: Heard) -> str:
    """What has changed is none of its business, or nobody could know it."""
    if agent == "desk":
        mine, theirs = (one.decision and one.decision.canonical() for one in (here, ordinary))
        return "" if mine == theirs else "the decision is another"
    (form, body), (form_then, then) = here.forms.get(agent, ("nothing", {})), ordinary.forms[agent]
    if form != form_then:
        return f"{form} here, {form_then} in the ordinary situation"
    near = BY_MODEL if here.sources.get(agent, "").startswith("model:") else BY_RULE
    for name in ("p_up", "size_cap"):
        if abs((body.get(name) or 0.0) - (then.get(name) or 0.0)) > near:
            return f"{name} is {body.get(name)} here, {then.get(name)} in the ordinary situation"
    return ""


def within(reach: float) -> Expectation:
    """A probability at most `reach` from the base rate, or none."""

    def expectation(agent: str, here: Heard, ordinary: Heard) -> str:
        p_up = _p(agent, here)
        if p_up is None or here.base_rate is None:
            return ""
        far = abs(p_up - here.base_rate)
        return (
            ""
            if far <= reach and P_MIN <= p_up <= P_MAX
            else f"p_up {p_up:.3f} is {far:.3f} from the base rate"
        )

    return expectation


def at_least_base(agent: str, here: Heard, ordinary: Heard) -> str:
    """Not below the base rate."""
    p_up = _p(agent, here)
    if p_up is None or here.base_rate is None:
        return "it states no probability"
    return (
        ""
        if p_up >= here.base_rate - BY_RULE
        else f"p_up {p_up:.3f} is below the base rate {here.base_rate:.3f}"
    )


def at_most_base(agent: str, here: Heard, ordinary: Heard) -> str:
    """Not above the base rate."""
    p_up = _p(agent, here)
    if p_up is None or here.base_rate is None:
        return "it states no probability"
    return (
        ""
        if p_up <= here.base_rate + BY_RULE
        else f"p_up {p_up:.3f} is above the base rate {here.base_rate:.3f}"
    )


def cap_at_most(most: float) -> Expectation:
    """It allows no more than this share of the limit."""

    def expectation(agent: str, here: Heard, ordinary: Heard) -> str:
        form, body = here.forms.get(agent, ("nothing", {}))
        if form != "opinion":
            return f"{form}: {body.get('reason', 'it was not asked')}"
        cap = float(body["size_cap"])
        return "" if cap <= most else f"size_cap {cap:.2f} is above {most:.2f}"

    return expectation


def weight_at_most(most: float) -> Expectation:
    """The desk wants no more than this share of equity, unless it holds more."""

    def expectation(agent: str, here: Heard, ordinary: Heard) -> str:
        made = here.decision
        if made is None or made.target_weight <= max(most, made.held_weight):
            return ""
        return f"the target is {made.target_weight:.2%}"

    return expectation


def no_increase(agent: str, here: Heard, ordinary: Heard) -> str:
    """The desk wants no more than it holds."""
    made = here.decision
    if made is None or made.target_weight <= made.held_weight:
        return ""
    return f"from {made.held_weight:.2%} to {made.target_weight:.2%}"


def undecided(agent: str, here: Heard, ordinary: Heard) -> str:
    """The desk says that it did not judge, and keeps what it holds."""
    made = here.decision
    if made is None or made.outcome is Outcome.UNDECIDED:
        return ""
    return f"{made.outcome}: {made.cause}"


def not_heard(agent: str, here: Heard, ordinary: Heard) -> str:
    """The desk does not even look."""
    return "" if here.decision is None else f"{here.decision.outcome}: {here.decision.cause}"


def nothing_sent(agent: str, here: Heard, ordinary: Heard) -> str:
    """No order comes of it."""
    return "" if here.orders == 0 else f"{here.orders} orders"


def _p(agent: str, heard: Heard) -> float | None:
    if agent == "desk":
        return heard.decision.pool.p_up if heard.decision and heard.decision.pool else None
    form, body = heard.forms.get(agent, ("nothing", {}))
    p_up = body.get("p_up") if form == "opinion" else None
    return None if p_up is None else float(p_up)
