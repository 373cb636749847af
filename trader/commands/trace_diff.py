"""What differs between two decisions, from what they saw to what came of it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.text import Text

from trader.commands import words
from trader.commands.output import columns
from trader.commands.story import Story
from trader.commands.trace_tree import ordered
from trader.domain.opinions import Abstention, Opinion, Verdict

MISSING = "(not there)"


class Difference(NamedTuple):
    """One thing that is not the same in both."""

    part: str
    """inputs, reports, opinions, pool, sizing or outcome."""
    name: str
    one: str
    other: str


def differences(one: Story, other: Story) -> tuple[Difference, ...]:
    """Everything that is not the same, in the order in which a decision is made."""
    return tuple(
        Difference(part, name, before.get(name, MISSING), after.get(name, MISSING))
        for part, told in PARTS.items()
        for before, after in [(dict(told(one)), dict(told(other)))]
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    )


def table(one: Story, other: Story) -> RenderableType:
    """The differences side by side."""
    found = differences(one, other)
    if not found:
        return Text(f"{one.decision.id} and {other.decision.id} say the same")
    ids = (one.decision.id, other.decision.id)
    rows = columns("", "what", *ids, wraps=("what", *ids))
    part = ""
    for difference in found:
        rows.add_row(
            Text(difference.part if difference.part != part else "", "cyan"),
            difference.name,
            difference.one,
            difference.other,
        )
        part = difference.part
    return Group(rows)


Told = Iterator[tuple[str, str]]


def _inputs(story: Story) -> Told:
    decision = story.decision
    yield "symbol", decision.symbol
    yield "as of (UTC)", words.moment(decision.as_of)
    yield "horizon", words.count(decision.horizon, "bar")
    yield "price", words.amount(decision.price)
    yield "held", words.share(decision.held_weight)
    yield "equity", words.money(story.account.equity, story.account.currency)
    yield "learned state", decision.learned
    for turn in story.turns:
        yield f"prompt of {turn.step.agent}", turn.step.prompt
        yield f"answered by {turn.step.agent}", turn.step.source


def _reports(story: Story) -> Told:
    for turn in story.of_form("report"):
        for fact in turn.step.body.get("facts", []):
            name = fact["name"].removeprefix(f"{turn.step.agent}.")
            yield f"{turn.step.agent}: {name}", words.fact(fact["value"])
        for number, missing in enumerate(turn.step.body.get("missing", []), 1):
            yield f"{turn.step.agent}: missing {number}", missing


def _opinions(story: Story) -> Told:
    for turn in story.of_form("opinion", "abstention", "verdict"):
        agent, body = turn.step.agent, turn.step.body
        match turn.step.form:
            case "opinion":
                yield from _opinion(agent, Opinion.model_validate(body))
            case "abstention":
                yield agent, "abstained: " + Abstention.model_validate(body).reason
            case _:
                verdict = Verdict.model_validate(body)
                yield agent, f"{verdict.action} {words.share(verdict.factor, 0)}: {verdict.reason}"


def _opinion(agent: str, opinion: Opinion) -> Told:
    yield f"{agent}: p", words.probability(opinion.p_up)
    yield f"{agent}: cap", words.share(opinion.size_cap, 0)
    yield f"{agent}: stop", words.amount(opinion.stop)
    yield f"{agent}: reason", opinion.reasoning


def _pool(story: Story) -> Told:
    pool = story.decision.pool
    if pool is None:
        return
    yield "base rate", words.probability(pool.base_rate)
    for row in pool.contributions:
        yield f"weight of {row.agent}", f"{row.weight:.4f}"
        yield f"shift of {row.agent}", f"{row.shift:+.4f}"
    yield "p", words.probability(pool.p_up)
    yield "agreement", words.share(pool.agreement, 0)
    yield "effective cases", f"{pool.n_eff:.0f}"


def _sizing(story: Story) -> Told:
    decision = story.decision
    yield "edge", words.change(decision.edge, 3)
    yield "error of the edge", words.share(decision.edge_error, 3)
    for step in decision.sizing:
        yield step.name, f"{step.value:.4f} -> {words.share(step.weight)}"
    for cut in decision.cuts:
        yield f"cut by {cut.by}", f"{words.share(cut.before)} -> {words.share(cut.after)}: {cut.reason}"


def _outcome(story: Story) -> Told:
    decision = story.decision
    yield "outcome", decision.outcome.value
    yield "cause", decision.cause
    yield "target", words.share(decision.target_weight)
    for made in story.rulings:
        yield f"{made.stage} ruled", f"{made.ruling.outcome.value} {made.ruling.sentence}".rstrip()
    for order in story.orders:
        leg = order.client_id.rpartition("-")[2]
        yield f"order {leg}", f"{ordered(order)}: {story.state(order)}"
    for number, fill in enumerate(story.fills, 1):
        yield f"fill {number}", f"{fill.side} {words.amount(fill.quantity)} at {words.amount(fill.price)}"


PARTS: Mapping[str, Callable[[Story], Told]] = {
    "inputs": _inputs,
    "reports": _reports,
    "opinions": _opinions,
    "pool": _pool,
    "sizing": _sizing,
    "outcome": _outcome,
}


def document(one: Story, other: Story) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "a": one.decision.id,
        "b": other.decision.id,
        "differences": [difference._asdict() for difference in differences(one, other)],
    }
