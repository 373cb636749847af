"""`trader agents`: the desk, with what has been learned of each agent."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from statistics import fmean
from typing import Any, TypeAlias

from trader.agents.agent import Agent
from trader.agents.roster import roster
from trader.agents.speaking import record_of
from trader.commands import output, words
from trader.commands.config import loaded
from trader.commands.session import Session
from trader.domain.errors import UnknownName
from trader.domain.learned import POOL, ByRegime, Calibration, LearnedState, RegimeTrial
from trader.journal.reader import JournalReader

GRAPHS = ("decide", "desk")
"""What one instrument goes through, and what a round does."""
SHOWN = 12
"""Fits in the table of an agent's past."""
Past: TypeAlias = list[tuple[datetime, Calibration]]
"""What was learned of one record, and when."""


def show_list(session: Session) -> None:
    """`agents list`."""
    agents, (learned, agreed) = _agents(session), _known(session)
    entries = [_entry(agent, _record(agent, learned), agreed) for agent in agents]
    if session.json:
        output.document({"agents": entries})
        return
    headings = ("name", "tier", "follows", "weight", "slope", "forecasts", "Brier", "mandate")
    output.screen(output.listing(*headings, rows=map(_row, entries), right=headings[3:7]))
    if learned is None:
        output.say("nothing has been learned here yet: `trader run --mode paper` begins")


def _row(entry: Mapping[str, Any]) -> tuple[str, ...]:
    def known(key: str, written: Callable[[Any], str]) -> str:
        return "" if entry[key] is None else written(entry[key])

    return (
        entry["name"],
        entry["tier"],
        entry["source"],
        known("weight", lambda weight: words.share(weight, 1)),
        known("slope", lambda slope: f"{slope:.2f}"),
        known("forecasts", lambda count: f"{count:,}"),
        known("brier", words.probability),
        entry["mandate"],
    )


def show(session: Session, name: str) -> None:
    """`agents show`."""
    agents = {agent.name: agent for agent in _agents(session)}
    if name not in agents:
        raise UnknownName("agent", name, agents)
    agent = agents[name]
    learned, agreed = _known(session)
    record, past = _record(agent, learned), _past(session, agent)
    apart = learned.by_regime if learned else None
    trials = _trials(apart, record)
    if session.json:
        entry = _entry(agent, record, agreed)
        by_regime = {
            "trials": [one.model_dump(mode="json") for one in trials],
            "records": [one.model_dump(mode="json") for one in _apart(apart, record)],
        }
        history = [_past_entry(at, one) for at, one in past]
        output.document({"agent": {**entry, "by_regime": by_regime, "history": history}})
        return
    prompt = agent.prompt
    own = agreed.get(name, [])
    rows = {
        "name": name,
        "tier": prompt.tier,
        "mandate": prompt.mandate,
        "consulted on": ", ".join(prompt.asset_classes),
        "reads": ", ".join(prompt.reads) or "whatever is filed",
        "tools": ", ".join(call.name for call in agent.calls) or "none",
        "asks": ", ".join(agent.role.models) if agent.role else "",
        "asked": f"{prompt.samples} times each time" if prompt.samples > 1 else "",
        "may ask for tools": f"up to {prompt.tool_rounds} times" if prompt.tool_rounds else "",
        "persona": prompt.persona or "",
        "follows": agent.source,
        "which is": agent.policy.summary if agent.policy else "",
        "published in": agent.policy.source if agent.policy else "",
        "family": prompt.family,
        "prompt": f"{prompt.path} ({prompt.digest}{', overridden' if prompt.overridden else ''})",
        **_learned_rows(record),
        **{
            f"{what} by regime": f"{'yes' if one.better else 'no'}: {one.sentence}"
            for what, one in zip(("calibrated", "weighed"), trials, strict=False)
        },
        "agrees with itself": f"in {words.share(fmean(own), 0)} of its samples, over "
        f"{words.count(len(own), 'opinion')}"
        if own
        else "",
    }
    output.screen(output.pairs(*((label, value) for label, value in rows.items() if value)))
    if regimes := _apart(apart, record):
        headings = ("in", "weight", "slope", "forecasts", "Brier", "base rate's")
        fitted = ((one.record.rpartition("#")[2], *_fitted(one)) for one in regimes)
        output.screen("", output.listing(*headings, rows=fitted, right=headings[1:]))
    if past:
        headings = ("learned at", "weight", "slope", "forecasts", "Brier", "base rate's")
        output.screen("", output.listing(*headings, rows=map(_past_row, _spread(past)), right=headings[1:]))


def graph(session: Session, name: str | None) -> None:
    """`agents graph`: Mermaid, from the compiled graphs; both as Markdown, or one as it is."""
    from trader.graph.decide import build_decide
    from trader.graph.desk import build_desk

    if name not in (None, *GRAPHS):
        raise UnknownName("graph", name, GRAPHS)
    agents = _agents(session)
    drawn = {
        "decide": build_decide(agents).get_graph().draw_mermaid(),
        "desk": build_desk(agents).get_graph(xray=1).draw_mermaid(),
    }
    if session.json:
        output.document(drawn)
    elif name is not None:
        output.screen(drawn[name].rstrip())
    else:
        output.screen(*(f"## {one}\n\n```mermaid\n{text.rstrip()}\n```\n" for one, text in drawn.items()))


def _agents(session: Session) -> tuple[Agent, ...]:
    settings, sources = loaded(session)
    return roster(session.workspace.prompts, settings.agents, sources, roles=settings.llm.roles)


def _known(session: Session) -> tuple[LearnedState | None, dict[str, list[float]]]:
    """What the newest book has learned last, and how far each agent agrees with itself."""
    journal = session.workspace.journal
    agreed: dict[str, list[float]] = {}
    if not journal.is_file():
        return None, agreed
    with JournalReader(journal) as reader:
        books = reader.books()
        if not books:
            return None, agreed
        for one in reader.self_agreements(books[-1].id):
            agreed.setdefault(one.agent, []).append(one.share)
        return reader.last_learned(books[-1].id), agreed


def _record(agent: Agent, learned: LearnedState | None) -> Calibration | None:
    if learned is None or not agent.record:
        return None
    return learned.of_record(_own_record(agent))


def _past(session: Session, agent: Agent) -> Past:
    """What each fit of the newest book has learned of the agent, oldest first."""
    journal = session.workspace.journal
    if not agent.record or not journal.is_file():
        return []
    with JournalReader(journal) as reader:
        books = reader.books()
        states = reader.lessons.states(books[-1].id) if books else []
    found = ((state.cut_off, state.of_record(_own_record(agent))) for state in states)
    return [(at, record) for at, record in found if record is not None]


def _spread(past: Past) -> Past:
    """At most so many of them as a screen has room for, evenly, with the first and the last."""
    if len(past) <= SHOWN:
        return past
    return [past[round(place * (len(past) - 1) / (SHOWN - 1))] for place in range(SHOWN)]


def _past_row(one: tuple[datetime, Calibration]) -> tuple[str, ...]:
    at, record = one
    return (words.moment(at), *_fitted(record))


def _fitted(record: Calibration) -> tuple[str, ...]:
    return (
        words.share(record.weight, 1),
        f"{record.slope:.3f}",
        f"{record.n:,}",
        words.probability(record.brier),
        words.probability(record.brier_base),
    )


def _trials(apart: ByRegime | None, record: Calibration | None) -> tuple[RegimeTrial, ...]:
    """Whether its calibration, and the weights of all, were better by regime; none where it was not tried."""
    own = apart.trial(record.record) if apart and record else None
    pool = apart.trial(POOL) if apart else None
    return (own, pool) if own and pool else ()


def _apart(apart: ByRegime | None, record: Calibration | None) -> tuple[Calibration, ...]:
    """What is known of it in each regime, where that is kept apart."""
    rows = apart.records if apart and record else ()
    return tuple(row for row in rows if record and row.record.startswith(f"{record.record}#"))


def _past_entry(at: datetime, record: Calibration) -> dict[str, Any]:
    fields = ("weight", "slope", "intercept", "n", "n_eff", "brier", "brier_base")
    return {"at": at.isoformat(), **{name: getattr(record, name) for name in fields}}


def _own_record(agent: Agent) -> str:
    """The record under which it is scored: its first model's, else its rule's."""
    return agent.record if agent.role is None else record_of(agent, agent.role.models[0])


def _entry(agent: Agent, record: Calibration | None, agreed: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    prompt, own = agent.prompt, agreed.get(agent.name, ())
    return {
        "name": agent.name,
        "tier": prompt.tier.value,
        "mandate": prompt.mandate,
        "tools": [call.name for call in agent.calls],
        "model": list(agent.role.models) if agent.role else None,
        "policy": agent.policy.name if agent.policy else None,
        "source": f"model:{agent.role.models[0]}" if agent.role else agent.source,
        "family": prompt.family,
        "persona": prompt.persona,
        "samples": prompt.samples,
        "tool_rounds": prompt.tool_rounds,
        "self_agreement": fmean(own) if own else None,
        "digest": prompt.digest,
        "weight": record.weight if record else None,
        "prior_weight": record.prior_weight if record else None,
        "slope": record.slope if record else None,
        "intercept": record.intercept if record else None,
        "forecasts": record.n if record else None,
        "n_eff": record.n_eff if record else None,
        "brier": record.brier if record else None,
        "brier_base": record.brier_base if record else None,
    }


def _learned_rows(record: Calibration | None) -> dict[str, str]:
    if record is None:
        return {}
    return {
        "forecasts": f"{record.n:,} resolved, worth {record.n_eff:.0f} independent ones",
        "weight": f"{words.share(record.weight, 1)} now, {words.share(record.prior_weight, 1)} at first",
        "slope": f"{record.slope:.3f} now, 0.5 at first; intercept {record.intercept:+.4f}",
        "Brier": f"{words.probability(record.brier)}, the base rate {words.probability(record.brier_base)}",
    }
