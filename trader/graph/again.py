"""A recorded round once more through the same graphs: the account, prompts and settings that it had then.

The whole round is run, because the orders of one decision depend on those of the others. Nothing is sent.
Tools answer from the journal, or compute anew where the data is at hand; who speaks for the agents is up to
the caller.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Self

from trader.agents.agent import Agent
from trader.agents.roster import agents_of
from trader.clock import SetClock
from trader.data.market import Market
from trader.domain.errors import TraderError
from trader.domain.ids import ClientOrderId, DecisionId
from trader.domain.learned import LearnedState
from trader.domain.orders import Order, OrderEvent, OrderState
from trader.domain.portfolio import Account, Book
from trader.domain.reports import Evidence
from trader.graph.assembly import assemble
from trader.graph.desk import build_desk
from trader.graph.models import Models
from trader.graph.recorded import RecordedModels
from trader.graph.state import opened_round
from trader.journal.reader import JournalReader, RoundRecord
from trader.journal.records import RunStarted
from trader.journal.writer import Memorandum
from trader.memory.recall import Memory
from trader.prompts.frontmatter import parse_prompt
from trader.risk.facts import Facts
from trader.settings import Settings, restored
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.toolbox import LiveToolbox, RecordedToolbox, Toolbox
from trader.tools.validator import NAME as VALIDATOR


@dataclass(frozen=True)
class Scene:
    """Everything of one round but who speaks: as it was when it was decided."""

    record: RoundRecord
    book: Book
    run: RunStarted
    settings: Settings
    agents: tuple[Agent, ...]
    learned: LearnedState

    @classmethod
    def of(cls, reader: JournalReader, decision: DecisionId) -> Self:
        """The round of a decision. Raises TraderError where the journal lacks a part of it."""
        record = reader.round_of(decision)
        opened = record.opened
        book = reader.book(opened.book)
        (run,) = (known.started for known in reader.runs(book.id) if known.started.run == opened.run)
        if record.learned is None:
            raise TraderError(f"the journal lacks what the desk had learned at {opened.as_of:%Y-%m-%d %H:%M}")
        settings = restored(run.settings)
        return cls(record, book, run, settings, _agents(reader, run.prompts, settings), record.learned)


class Deaf:
    """A broker that knows every order already, so that nothing is sent to it."""

    name = "replay"

    async def submit(self, *orders: Order) -> tuple[OrderEvent, ...]:
        """Never reached: every order is known."""
        raise AssertionError(f"a replay sent {', '.join(order.client_id for order in orders)}")

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


async def decide_again(
    reader: JournalReader,
    scene: Scene,
    models: Models | None,
    data: Market | None = None,
    forecaster: Forecaster | None = None,
    toolbox: Toolbox | None = None,
) -> Memorandum:
    """Everything that the round comes to now. With `data` the tools run again, at the round's moment.

    Else `toolbox` answers for them, or what was recorded of the round.
    """
    opened, settings = scene.record.opened, scene.settings
    facts, memorandum = Facts.model_validate(opened.facts), Memorandum()
    instruments = {one.symbol: one for one in facts.instruments}
    memory = None
    if data is None:
        data = Market(timeframe=scene.book.timeframe, instruments=instruments, bars={})
        toolbox = toolbox or RecordedToolbox.of(evidence_of(reader, scene.record))
    else:  # of the trades none is looked at that closed after the round
        toolbox = LiveToolbox()
        memory = Memory.of(reader.memories.remembered(scene.book.id))
    conditions = {
        symbol: state
        for symbol in scene.book.symbols
        if (state := reader.memories.state(scene.book.id, symbol, opened.as_of)) is not None
    }
    desk = assemble(
        scene.book,
        settings,
        scene.agents,
        data,
        toolbox,
        forecaster or Forecaster(seed=settings.run.seed, refit_bars=settings.desk.refit_forecaster),
        memorandum,
        Deaf(),
        lambda: None,
        SetClock(opened.as_of),
        models,
        memory,
    )
    if any(step.agent == VALIDATOR for step in scene.record.steps):
        desk = replace(desk, validator=settings.forecast.validator)
    await build_desk(scene.agents).ainvoke(
        opened_round(opened, facts, scene.learned, conditions), context=desk
    )
    return memorandum


def recorded_models(reader: JournalReader, scene: Scene) -> RecordedModels | None:
    """What models answered in the round; None where no agent had one."""
    if all(agent.role is None for agent in scene.agents):
        return None
    opened = scene.record.opened
    return RecordedModels(reader, reader.model_calls(round=opened.round), opened.as_of)


def _agents(reader: JournalReader, prompts: Mapping[str, str], settings: Settings) -> tuple[Agent, ...]:
    """The agents as they were: from the exact texts that the run had."""
    texts = {name: reader.blob(digest) for name, digest in prompts.items()}
    return agents_of(
        (parse_prompt(text, Path(f"{name}.md")).prompt for name, text in texts.items()),
        {name: table for name, table in settings.agents.items() if name in texts},  # the others were disabled
        roles=settings.llm.roles,
    )


def evidence_of(reader: JournalReader, recorded: RoundRecord) -> Iterator[tuple[str, Evidence]]:
    """What tools said in the round, each with the symbol that it was about."""
    for step in recorded.steps:
        for digest in step.evidence:
            yield step.symbol, reader.evidence(digest)
