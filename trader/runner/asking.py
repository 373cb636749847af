"""The models of a run: opened once, where an agent asks any, and closed with it."""

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from trader.agents.agent import Agent
from trader.agents.roster import roster
from trader.clock import Clock
from trader.domain.errors import NoModelAnswers
from trader.domain.ids import BookId, DecisionId, RunId
from trader.domain.portfolio import Book, sum_exact
from trader.graph.models import LiveModels
from trader.graph.purse import Day, lost
from trader.graph.recorded import Known, answers_of
from trader.journal.reader import JournalReader
from trader.llm.budget import Budget, Cost, Price
from trader.llm.cache import FILE, AnswerCache
from trader.llm.cassette import Cassette, CassetteClient
from trader.llm.client import ModelClient
from trader.llm.limits import Limit, PacedClient
from trader.llm.litellm_client import LitellmClient
from trader.llm.local_demo import serving
from trader.settings import Settings, Sources
from trader.workspace import Workspace

BESIDE = RunId("beside")
"""Asks for decisions of no book."""
NOTHING_LOST: Mapping[DecisionId, Cost] = MappingProxyType({})


@asynccontextmanager
async def asked_models(
    settings: Settings,
    agents: Sequence[Agent],
    reader: JournalReader,
    book: Book,
    run: RunId,
    clock: Clock,
    *,
    folder: Path,
    note: Callable[[str], None],
    cassette: Cassette | None = None,
) -> AsyncIterator[LiveModels | None]:
    """Where the agents ask their models; None, and nothing is imported, where none of them has one.

    What was asked in a round that was not closed is not asked again: the journal has the answer. What was
    asked in any other is in the cache in `folder`, except with a cassette, which is to be whole. `note` is
    told what was survived, and how long a model of this machine took to load. Raises MissingExtra where
    litellm is not installed.
    """
    if all(agent.role is None for agent in agents):
        yield None
        return
    names = {model for agent in agents if agent.role for model in agent.role.models}
    unclosed = reader.open_round(book.id)
    known = answers_of(reader, reader.model_calls(round=unclosed.round)) if unclosed else {}
    spent, gone = spent_today(reader, clock, unclosed.round if unclosed else "")
    async with live_models(
        settings,
        names,
        clock,
        folder=folder,
        note=note,
        spent=spent,
        run=run,
        known=known,
        gone=gone,
        cassette=cassette,
    ) as models:
        yield models


@asynccontextmanager
async def models_beside(
    settings: Settings,
    agents: Sequence[Agent],
    clock: Clock,
    *,
    folder: Path,
    note: Callable[[str], None],
    spent: Decimal,
) -> AsyncIterator[LiveModels | None]:
    """Where the agents ask their models for decisions of no book; None where none of them has one.

    The budget of a run applies, with what is left of today after `spent`. Nothing is written but answers, to
    the cache in `folder`.
    """
    names = {model for agent in agents if agent.role for model in agent.role.models}
    if not names:
        yield None
        return
    async with live_models(settings, names, clock, folder=folder, note=note, spent=spent) as models:
        yield models


@asynccontextmanager
async def live_models(
    settings: Settings,
    names: Collection[str],
    clock: Clock,
    *,
    folder: Path,
    note: Callable[[str], None],
    spent: Decimal,
    run: RunId = BESIDE,
    known: Known | None = None,
    gone: Mapping[DecisionId, Cost] = NOTHING_LOST,
    cassette: Cassette | None = None,
) -> AsyncIterator[LiveModels]:
    """The models with these names, within the budget of settings and what of today is left after `spent`.

    `known` is not asked again; `gone` counts for its decisions.
    """
    async with answering(settings, names, clock, note, cassette) as (client, prices):
        with nullcontext() if cassette else kept_answers(settings, folder, note) as cache:
            day = Day(_budget(settings), prices, clock, spent, gone)
            yield LiveModels(client, known or {}, clock, settings.llm.budget.deadline_s, day, run, cache)


@asynccontextmanager
async def answering(
    settings: Settings,
    names: Collection[str],
    clock: Clock,
    note: Callable[[str], None],
    cassette: Cassette | None = None,
) -> AsyncIterator[tuple[ModelClient, dict[str, Price]]]:
    """Who answers calls of the models with these names, as fast as settings allow, and their prices.

    With a cassette that is only replayed litellm is imported for the prices alone, where a budget asks for
    them.
    """
    played = cassette is not None and cassette.replay_only
    async with AsyncExitStack() as opened:
        client = LitellmClient(clock)
        opened.push_async_callback(client.close)
        here: ModelClient = client
        if not played:
            await client.prepare()
            here = await opened.enter_async_context(serving(client, names, clock, note))
        limits = {name: Limit.model_validate(one.model_dump()) for name, one in settings.llm.limits.items()}
        paced = PacedClient(here, limits, clock)
        unpriced = played and not any(
            bound is not None for name, bound in _budget(settings) if name.endswith("usd")
        )
        yield (
            CassetteClient(cassette, paced, clock) if cassette else paced,
            {} if unpriced else {name: await client.price(name) for name in sorted(names)},
        )


async def staffed(
    workspace: Workspace, settings: Settings, sources: Sources | None, clock: Clock
) -> tuple[tuple[Agent, ...], Settings]:
    """The agents of a run, and the settings that it writes down: with what their models can hold."""
    agents = roster(workspace.prompts, settings.agents, sources, roles=settings.llm.roles)
    used = await contexts_known(settings, agents, clock)
    if used is not settings:
        agents = roster(workspace.prompts, used.agents, sources, roles=used.llm.roles)
    return agents, used


async def contexts_known(settings: Settings, agents: Sequence[Agent], clock: Clock) -> Settings:
    """The settings in which each role says what its models hold, as far as it is known.

    They are what a run writes down: a replay cuts the same prompts by the same lengths, without litellm,
    whose table may be another by then.
    """
    unsaid = {
        name: role
        for name, role in settings.llm.roles.items()
        if role.context_tokens is None
        and role.api_base is None
        and any(agent.role == role for agent in agents)
    }
    if not unsaid:
        return settings
    client = LitellmClient(clock)
    await client.prepare()
    try:
        known = {
            name: [await client.context_tokens(one) for one in role.models] for name, role in unsaid.items()
        }
    finally:
        await client.close()
    said = {
        name: role.model_copy(update={"context_tokens": min(filter(None, known[name]))})
        for name, role in unsaid.items()
        if any(known[name])
    }
    llm = settings.llm.model_copy(update={"roles": {**settings.llm.roles, **said}})
    return settings.model_copy(update={"llm": llm})


@contextmanager
def kept_answers(
    settings: Settings, folder: Path, note: Callable[[str], None]
) -> Iterator[AnswerCache | None]:
    """The cache of answers in `folder`; None where settings want none."""
    if not settings.llm.cache.answers:
        yield None
        return
    cache = AnswerCache(folder / FILE, settings.llm.cache.answers, note)
    try:
        yield cache
    finally:
        cache.close()


def _budget(settings: Settings) -> Budget:
    """What asking may cost."""
    return Budget.model_validate(settings.llm.budget.model_dump(exclude={"deadline_s"}))


def spent_today(reader: JournalReader, clock: Clock, but: str) -> tuple[Decimal, dict[DecisionId, Cost]]:
    """By all books of the journal since midnight in UTC, and of that what was lost with a process.

    A round that is run again pays again for what was answered, but not for what was lost. Of a run that ended
    because no model answered nothing was lost.
    """
    midnight = datetime.combine(clock.now().date(), time.min, UTC)
    calls = reader.model_calls(since=midnight)
    reserved = reader.reservations(since=midnight)
    in_vain = {run for book in {call.book for call in reserved} for run in _ended_in_silence(reader, book)}
    gone = lost((call for call in reserved if call.run not in in_vain), calls)
    usd = [call.usd for call in calls if call.round != but] + [cost.usd for cost in gone.values()]
    return sum_exact(usd), gone


def _ended_in_silence(reader: JournalReader, book: BookId) -> Iterator[RunId]:
    """The runs of a book that ended because no model answered."""
    for run in reader.runs(book):
        if run.ended is not None and NoModelAnswers.__name__ in run.ended.reason:
            yield run.started.run
