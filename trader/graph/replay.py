"""A decision again, from the journal alone: recorded tools, account and prompts, through the same graphs.

The whole round is run, because the orders of one decision depend on those of the others. Nothing is sent,
nothing is read from the market, and the result is compared byte for byte with what was recorded.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from trader.agents.agent import Agent
from trader.agents.roster import agents_of
from trader.clock import SetClock
from trader.data.market import Market
from trader.domain.errors import TraderError
from trader.domain.ids import ClientOrderId, DecisionId
from trader.domain.orders import Order, OrderEvent, OrderState
from trader.domain.portfolio import Account
from trader.domain.reports import Evidence
from trader.domain.value import canonical_json, jsonable
from trader.graph.assembly import assemble
from trader.graph.desk import build_desk
from trader.graph.recorded import RecordedModels
from trader.graph.state import opened_round
from trader.journal.reader import JournalReader, RoundRecord
from trader.journal.records import FORMS, DecisionMade, OrderIntended, RulingMade, Step
from trader.journal.writer import Memorandum
from trader.prompts.frontmatter import parse_prompt
from trader.risk.facts import Facts
from trader.settings import Settings, restored
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.toolbox import RecordedToolbox


@dataclass(frozen=True)
class Replay:
    """Whether the same came out, and what did not."""

    id: DecisionId
    identical: bool
    differences: tuple[str, ...]
    """One line each: what, as recorded, as it came out now."""


class _Deaf:
    """A broker that knows every order already, so that nothing is sent to it."""

    name = "replay"

    async def submit(self, order: Order) -> tuple[OrderEvent, ...]:
        """Never reached: every order is known."""
        raise AssertionError(f"a replay sent {order.client_id}")

    async def cancel(self, client_id: ClientOrderId) -> tuple[OrderEvent, ...]:
        """Nothing to cancel."""
        return ()

    async def find(self, client_id: ClientOrderId) -> OrderState | None:
        """Known."""
        return OrderState.ACKNOWLEDGED

    def account(
        self, as_of: datetime, marks: Mapping[str, Decimal], peak: Decimal, day_open: Decimal
    ) -> Account:
        """Never asked: the account is in the round's state."""
        raise AssertionError("a replay asked for an account")


def replay(reader: JournalReader, decision: str) -> Replay:
    """Run the decision's round again and compare. Raises UsageError where there is no such decision."""
    wanted = reader.decision(decision)
    recorded = reader.round_of(wanted.id)
    again = asyncio.run(_again(reader, recorded))
    differences = tuple(_differences(wanted.id, _told(recorded), _retold(again)))
    return Replay(wanted.id, not differences, differences)


async def _again(reader: JournalReader, recorded: RoundRecord) -> Memorandum:
    opened = recorded.opened
    book = reader.book(opened.book)
    (run,) = (known.started for known in reader.runs(book.id) if known.started.run == opened.run)
    if recorded.learned is None:
        raise TraderError(f"the journal lacks what the desk had learned at {opened.as_of:%Y-%m-%d %H:%M}")
    settings, facts = restored(run.settings), Facts.model_validate(opened.facts)
    memorandum = Memorandum()
    agents = _agents(reader, run.prompts, settings)
    desk = assemble(
        book,
        settings,
        agents,
        Market(timeframe=book.timeframe, instruments={one.symbol: one for one in facts.instruments}, bars={}),
        RecordedToolbox.of(_evidence(reader, recorded)),
        Forecaster(),
        memorandum,
        _Deaf(),
        lambda: None,
        SetClock(opened.as_of),
        RecordedModels(reader, reader.model_calls(round=opened.round), opened.as_of)
        if any(agent.role for agent in agents)
        else None,
    )
    state = opened_round(opened, facts, recorded.learned)
    await build_desk(agents).ainvoke(state, context=desk)
    return memorandum


def _agents(reader: JournalReader, prompts: Mapping[str, str], settings: Settings) -> tuple[Agent, ...]:
    """The agents as they were: from the exact texts that the run had."""
    texts = {name: reader.blob(digest) for name, digest in prompts.items()}
    return agents_of(
        (parse_prompt(text, Path(f"{name}.md")).prompt for name, text in texts.items()),
        settings.agents,
        roles=settings.llm.roles,
    )


def _evidence(reader: JournalReader, recorded: RoundRecord) -> Iterator[tuple[str, Evidence]]:
    for step in recorded.steps:
        for digest in step.evidence:
            yield step.symbol, reader.evidence(digest)


Told = dict[str, dict[str, Any]]
"""What a round came to, by decision and part, as plain JSON."""


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
