"""A decision again, from the journal alone: recorded tools, account and prompts, through the same graphs.

Nothing is sent, nothing is read from the market, and the result is compared byte for byte with what was
recorded. With the data at hand the tools run again too, and are compared as well.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from trader.data.market import Market
from trader.domain.ids import DecisionId
from trader.domain.reports import Evidence
from trader.domain.value import canonical_json, jsonable
from trader.graph.again import Scene, decide_again, recorded_models
from trader.journal.reader import JournalReader, RoundRecord
from trader.journal.records import FORMS, DecisionMade, OrderIntended, RulingMade, Step
from trader.journal.writer import Memorandum
from trader.tools.forecast.forecaster import Forecaster


@dataclass(frozen=True)
class Replay:
    """Whether the same came out, and what did not."""

    id: DecisionId
    identical: bool
    differences: tuple[str, ...]
    """One line each: what, as recorded, as it came out now."""
    tools: tuple[str, ...] = ()
    """Of these, what tools said otherwise when they ran again."""
    data: tuple[str, str] | None = None
    """Digests of the data that the run had, and of that which the tools ran on again."""


def replay(
    reader: JournalReader,
    decision: str,
    data: Market | None = None,
    forecaster: Forecaster | None = None,
) -> Replay:
    """Run the decision's round again and compare; with `data`, the tools too, with the run's `forecaster`.

    Raises UsageError where there is no such decision.
    """
    wanted = reader.decision(decision)
    scene = Scene.of(reader, wanted.id)
    again = asyncio.run(decide_again(reader, scene, recorded_models(reader, scene), data, forecaster))
    forms = tuple(differences(wanted.id, scene.record, again))
    if data is None:
        return Replay(wanted.id, not forms, forms)
    then = _tools(scene.record.steps, reader.evidence)
    now = _tools(_steps(again), lambda digest: Evidence.model_validate_json(again.blobs[digest]))
    tools = tuple(_differences(wanted.id, then, now))
    found = tuple(dict.fromkeys(tools + forms))
    return Replay(wanted.id, not found, found, tools, (scene.run.data_digest, data.digest))


def differences(decision: DecisionId, recorded: RoundRecord, again: Memorandum) -> Iterator[str]:
    """A line for each part of a decision that came out otherwise, and one for each other one of its round."""
    yield from _differences(decision, _told(recorded), _retold(again))


Told = dict[str, dict[str, Any]]
"""What a round came to, by decision and part, as plain JSON."""


def _steps(again: Memorandum) -> Iterator[Step]:
    return (record for record in again.records if isinstance(record, Step))


def _tools(steps: Iterable[Step], evidence: Callable[[str], Evidence]) -> Told:
    """What each agent's tools said, by decision."""
    told: Told = {}
    for step in steps:
        for found in map(evidence, step.evidence):
            given = ", ".join(f"{name}={value}" for name, value in found.arguments.items())
            said = {"result": found.result, "error": found.error}
            told.setdefault(step.decision, {})[f"{found.tool}({given}) of {step.agent}"] = said
    return told


def _told(recorded: RoundRecord) -> Told:
    return _parts(
        *(DecisionMade(decision=decision) for decision in recorded.decisions),
        *recorded.steps,
        *recorded.rulings,
        *recorded.orders,
    )


def _retold(again: Memorandum) -> Told:
    return _parts(*again.records)


def _parts(*records: object) -> Told:
    """The forms, the decision, the rulings and the orders of each decision; times and durations left out."""
    told: Told = {}
    for record in records:
        match record:
            case Step():
                told.setdefault(record.decision, {})[f"{record.form} of {record.agent}"] = _body(record)
            case DecisionMade(decision=decision):
                told.setdefault(decision.id, {})["decision"] = decision.canonical()
            case RulingMade(stage="approval"):
                pass  # a person's word came after the round, and is no part of the decision
            case RulingMade(ruling=ruling):
                told.setdefault(record.decision, {})[f"{record.stage}'s ruling"] = jsonable(ruling)
            case OrderIntended(order=order):
                told.setdefault(order.decision, {})[f"order {order.client_id}"] = jsonable(order)
            case _:
                pass
    return told


def _body(step: Step) -> Any:
    """The form as it reads today: what an older program did not know of has its default."""
    if step.form == "brief":
        return step.body
    return jsonable(FORMS[step.form].model_validate(step.body))


def _differences(decision: DecisionId, recorded: Told, now: Told) -> Iterator[str]:
    """Of this decision first and of the rest of its round only that there are some."""
    before, after = recorded.get(decision, {}), now.get(decision, {})
    for part in sorted(before.keys() | after.keys()):
        yield from _leaves(part, before.get(part), after.get(part))
    for other in sorted((recorded.keys() | now.keys()) - {decision}):
        if canonical_json(recorded.get(other)) != canonical_json(now.get(other)):
            yield f"decision {other} of the same round differs too"


def _leaves(place: str, recorded: Any, now: Any) -> Iterator[str]:
    if isinstance(recorded, dict) and isinstance(now, dict):
        for key in sorted(recorded.keys() | now.keys()):
            yield from _leaves(f"{place}: {key}", recorded.get(key), now.get(key))
    elif canonical_json(recorded) != canonical_json(now):
        yield f"{place}: recorded {canonical_json(recorded)}, now {canonical_json(now)}"
