"""`trader trace replay`: a decision again, from the journal, from the data, or with another model."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType

from trader.clock import SystemClock
from trader.commands import output, words
from trader.commands.arguments import names
from trader.commands.config import loaded
from trader.commands.environment import lend
from trader.commands.session import Session
from trader.commands.trace import decision_named
from trader.commands.trace_tree import ordered
from trader.data.market import Market
from trader.domain.decisions import Decision
from trader.domain.errors import UsageError
from trader.domain.opinions import Abstention, Opinion, Verdict
from trader.domain.value import jsonable
from trader.graph.replay import Replay
from trader.graph.replay import replay as decide_again
from trader.graph.trial import Side, Trial
from trader.journal.reader import JournalReader
from trader.journal.records import FORMS, Step
from trader.prompts.prompt import Tier
from trader.runner.opening import forecaster_of, market_of
from trader.settings import keys, restored
from trader.tools.forecast.forecaster import Forecaster

NONE = "(not asked)"


def replay(
    session: Session, decision: str, *, recompute: bool, model: str | None, agents: Sequence[str]
) -> int:
    """The whole command.

    0 where the decision is the same again, 1 where it is not; with a model 0 where it answered at all.
    """
    if agents and model is None:
        raise UsageError("--agents says who asks another model", hint="--model PROVIDER/NAME")
    with JournalReader(session.workspace.journal) as reader:
        made = decision_named(reader, decision)
        data = market_of(reader, reader.book(made.book)) if recompute else None
        if model is not None:
            return _trial(session, reader, made, model, agents, data)
        forecaster = _forecaster(session, reader, made) if recompute else None
        again = decide_again(reader, made.id, data, forecaster)
    if session.json:
        output.document(_document(again))
    else:
        output.screen(*_told(again))
    return 0 if again.identical else 1


def _forecaster(session: Session, reader: JournalReader, decision: Decision) -> Forecaster:
    """The run's, with the trained models that were in place when it began."""
    run = reader.round_of(decision.id).opened.run
    (began,) = (known.started for known in reader.runs(decision.book) if known.started.run == run)
    return forecaster_of(session.workspace, restored(began.settings), began.at)


def _document(again: Replay) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": again.id,
        "identical": again.identical,
        "differences": list(again.differences),
    }
    if again.data is not None:
        then, now = again.data
        told |= {"tools": list(again.tools), "data": {"recorded": then, "now": now}}
    return told


def _told(again: Replay) -> Iterator[str]:
    how = "from the journal alone" if again.data is None else "with its tools run again"
    yield f"{again.id} decided again {how}: {'identical' if again.identical else 'different'}"
    if again.data is not None and again.data[0] != again.data[1]:
        yield f"the data is not the same file for file: it was {again.data[0]}, and is {again.data[1]} now"
        if not again.tools:
            yield "what had come out by then is: every tool says the same"
    yield from again.differences


def _trial(
    session: Session,
    reader: JournalReader,
    made: Decision,
    model: str,
    agents: Sequence[str],
    data: Market | None,
) -> int:
    from trader.runner.trial import try_model

    settings, _ = loaded(session, {})
    lend(keys(session.workspace.env))
    trial = asyncio.run(
        try_model(
            reader,
            made.id,
            model,
            names=names(agents),
            roles=settings.llm.roles,
            folder=session.workspace.cache,
            note=output.say,
            clock=SystemClock(),
            data=data,
        )
    )
    if session.json:
        output.document(trial_document(trial))
    else:
        output.screen(*trial_told(trial))
    return 0 if trial.tried.answered else 1


def trial_document(trial: Trial) -> dict[str, Any]:
    """Both sides in full."""
    return {
        "id": trial.recorded.decision.id,
        "identical": not trial.differences,
        "differences": list(trial.differences),
        "model": trial.model,
        "agents": list(trial.agents),
        "recorded": _side(trial.recorded),
        "trial": _side(trial.tried),
    }


def _side(side: Side) -> dict[str, Any]:
    decision = side.decision
    return {
        "outcome": decision.outcome.value,
        "side": words.side(decision),
        "p": decision.pool.p_up if decision.pool else None,
        "edge": decision.edge,
        "target_weight": decision.target_weight,
        "cause": decision.cause,
        "forms": [
            {"agent": step.agent, "source": step.source, "form": step.form, "output": step.body}
            for step in _forms(side)
        ],
        "orders": jsonable(side.orders),
        "calls": len(side.calls),
        "without_form": len(side.calls) - side.answered,
        "found": side.found,
        "tokens_in": side.tokens_in,
        "tokens_out": side.tokens_out,
        "usd": jsonable(side.usd),
    }


def _forms(side: Side) -> list[Step]:
    return sorted(
        (step for step in side.steps if step.form != "brief"), key=lambda one: (one.stage, one.agent)
    )


def trial_told(trial: Trial) -> Iterator[RenderableType]:
    """Side by side: who said what, what was made of it, and what it took."""
    both = (trial.recorded, trial.tried)
    then, now = ({step.agent: step for step in _forms(side)} for side in both)
    table = output.columns(
        "", "as recorded", f"with {trial.model}", wraps=("as recorded", f"with {trial.model}")
    )
    for agent in dict.fromkeys([*then, *now]):
        steps = then.get(agent), now.get(agent)
        if agent in trial.agents or any(step and step.tier != Tier.JUNIOR for step in steps):
            table.add_row(agent, *(NONE if step is None else _stance(step) for step in steps))
    for name, told in _OUTCOME.items():
        table.add_row(name, *map(told, both))
    made = trial.recorded.decision
    yield f"{made.id}  {made.symbol}  {words.moment(made.as_of)} UTC  on trial: {', '.join(trial.agents)}"
    yield table
    if not trial.tried.answered:
        yield f"{trial.model} answered nothing"
    yield "Nothing of this was traded or written into the decision; its answers are in the workspace's cache."


def _stance(step: Step) -> str:
    match FORMS[step.form].model_validate(step.body):
        case Opinion() as opinion:
            said = [] if opinion.p_up is None else [f"p {words.probability(opinion.p_up)}"]
            said += [f"cap {words.share(opinion.size_cap, 0)}"] if opinion.size_cap < 1.0 else []
            said += [f"stop {words.price(opinion.stop)}"] if opinion.stop is not None else []
            told = ", ".join(said)
        case Abstention() as form:
            told = f"{'broke' if form.failed else 'abstained'}: {form.reason}"
        case Verdict() as form:
            told = f"{form.action} {words.share(form.factor, 0)}: {form.reason}"
        case report:
            told = words.count(len(report.facts), "fact")
    return told if step.source.startswith("model:") else f"{told} ({step.source})"


def _outcome(side: Side) -> str:
    cause = side.decision.cause
    return f"{words.side(side.decision) or side.decision.outcome.value}{f': {cause}' if cause else ''}"


def _calls(side: Side) -> str:
    lacking = len(side.calls) - side.answered
    told = [words.count(len(side.calls), "call")]
    told += [f"{lacking} without a form"] if lacking else []
    told += [f"{number} from the {source}" for source, number in side.found.items()]
    return ", ".join(told)


_OUTCOME: Mapping[str, Callable[[Side], str]] = {
    "p": lambda side: words.probability(side.decision.pool.p_up if side.decision.pool else None),
    "edge": lambda side: words.change(side.decision.edge, 3),
    "decision": _outcome,
    "target": lambda side: words.share(side.decision.target_weight),
    "order": lambda side: "; ".join(map(ordered, side.orders)) or words.NOTHING,
    "asked": _calls,
    "tokens": lambda side: f"{side.tokens_in:,} in, {side.tokens_out:,} out",
    "USD": lambda side: words.amount(side.usd),
}
"""Row -> what a side has in it."""
