"""The models of a run: opened once, where an agent asks any, and closed with it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, time
from decimal import Decimal

from trader.agents.agent import Agent
from trader.clock import Clock
from trader.domain.ids import DecisionId, RunId
from trader.domain.portfolio import Book, sum_exact
from trader.graph.models import LiveModels, Models
from trader.graph.purse import Day, lost
from trader.graph.recorded import answers_of
from trader.journal.reader import JournalReader
from trader.llm.budget import Budget, Cost
from trader.llm.limits import Limit, PacedClient
from trader.llm.litellm_client import LitellmClient
from trader.llm.local_demo import serving
from trader.settings import Settings


@asynccontextmanager
async def asked_models(
    settings: Settings,
    agents: Sequence[Agent],
    reader: JournalReader,
    book: Book,
    run: RunId,
    clock: Clock,
    note: Callable[[str], None] = lambda text: None,
) -> AsyncIterator[Models | None]:
    """Where the agents ask their models; None, and nothing is imported, where none of them has one.

    What was asked in a round that was not closed is not asked again: the journal has the answer. `note` is
    told how long a model of this machine took to load. Raises MissingExtra where litellm is not installed.
    """
    if all(agent.role is None for agent in agents):
        yield None
        return
    async with AsyncExitStack() as opened:
        client = LitellmClient(clock)
        opened.push_async_callback(client.close)
        await client.prepare()
        wanted = settings.llm
        limits = {name: Limit.model_validate(limit.model_dump()) for name, limit in wanted.limits.items()}
        unclosed = reader.open_round(book.id)
        known = answers_of(reader, reader.model_calls(round=unclosed.round)) if unclosed else {}
        names = {model for agent in agents if agent.role for model in agent.role.models}
        spent, gone = _spent_today(reader, clock, unclosed.round if unclosed else "")
        answering = await opened.enter_async_context(serving(client, names, clock, note))
        yield LiveModels(
            PacedClient(answering, limits, clock),
            known,
            clock,
            wanted.budget.deadline_s,
            Day(
                Budget.model_validate(wanted.budget.model_dump(exclude={"deadline_s"})),
                {name: await client.price(name) for name in sorted(names)},
                clock,
                spent,
                gone,
            ),
            run,
        )


def _spent_today(reader: JournalReader, clock: Clock, but: str) -> tuple[Decimal, dict[DecisionId, Cost]]:
    """By all books of the journal since midnight in UTC, and of that what was lost with a process.

    A round that is run again pays again for what was answered, but not for what was lost.
    """
    midnight = datetime.combine(clock.now().date(), time.min, UTC)
    calls = reader.model_calls(since=midnight)
    gone = lost(reader.reservations(since=midnight), calls)
    usd = [call.usd for call in calls if call.round != but] + [cost.usd for cost in gone.values()]
    return sum_exact(usd), gone
