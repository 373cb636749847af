"""`trader eval --on DIR`: a desk on a set of cases; `trader eval make-dataset`: such a set."""

import asyncio
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from trader.agents.agent import Agent
from trader.agents.roster import roster
from trader.clock import SystemClock
from trader.commands import output
from trader.commands.books import book_named
from trader.commands.environment import lend
from trader.commands.eval_kept import keep
from trader.commands.eval_report import document, report
from trader.commands.session import Session
from trader.data.feeds import open_feed
from trader.domain.errors import UnknownName, UsageError
from trader.domain.portfolio import sum_exact
from trader.domain.value import jsonable
from trader.evals.behaviour.table import cases
from trader.evals.behaviour.trying import Behaviour, try_behaviour
from trader.evals.bounds import Bounds
from trader.evals.datasets.card import Card
from trader.evals.datasets.deciding import Decided, decide_cases
from trader.evals.datasets.loading import Dataset, dataset_named, load_dataset
from trader.evals.datasets.making import Wanted, make_dataset
from trader.evals.evaluation import ALL, scored
from trader.evals.keeping import forecasts
from trader.evals.subject import DESK
from trader.journal.reader import JournalReader
from trader.prompts.prompt import Tier
from trader.runner.asking import models_beside, spent_today
from trader.runner.sitting import Sitting
from trader.runner.trial import role_of
from trader.settings import Settings, keys, load
from trader.tools.forecast.forecaster import Forecaster

BEHAVIOUR = "behaviour"
"""What `--on` says for the packaged behaviour cases."""
FEWEST = 20
"""Cases below which a set is hardly one; `trader eval` scores it all the same, and says what it is worth."""


def on_dataset(
    session: Session, chosen: tuple[str, ...], place: str, models: tuple[str, ...], bounds: Bounds
) -> int:
    """0, or 1 where a bound is broken."""
    dataset = load_dataset(dataset_named(place))
    workspace = session.workspace
    lend(keys(workspace.env))
    flags = {"desk.horizon": dataset.card.horizon}
    settings, sources = load(workspace.config, workspace.env, flags=flags)
    agents = roster(workspace.prompts, settings.agents, sources, roles=settings.llm.roles)
    _check_named(chosen, models)
    broken: list[str] = []
    for model in models or ("",):
        staffed = _with_model(agents, chosen, model, settings) if model else agents
        decided = asyncio.run(_decide(session, dataset, settings, staffed))
        found = scored(decided.recorded, decided.book, dataset.market, (), chosen)
        few = len(decided.recorded.cases)
        if few < FEWEST:
            found = replace(found, findings=(f"{few} cases are too few to say anything", *found.findings))
        missed = tuple(bounds.broken_by(found))
        told = {**document(found, missed), "dataset": jsonable(dataset.card), "model": model}
        keep(
            session,
            "decisions",
            {**told, "forecasts": forecasts(found.cases)},
            agents=found.provenance.named,
            source=f"{place}, {model}" if model else place,
        )
        if session.json:
            output.document(told)
        else:
            if model:
                output.screen(f"{model}:")
            output.screen(*report(found))
        broken += missed
    for sentence in broken:
        output.say(sentence)
    return 1 if broken else 0


def on_behaviour(session: Session, chosen: tuple[str, ...], models: tuple[str, ...]) -> int:
    """0 where every case is as it must be, else 1. Raises UnknownName for somebody that no case is about."""
    workspace = session.workspace
    lend(keys(workspace.env))
    settings, sources = load(workspace.config, workspace.env)
    agents = roster(workspace.prompts, settings.agents, sources, roles=settings.llm.roles)
    known = sorted({case.who for case in cases()} | {one.name for one in agents if one.tier is Tier.SENIOR})
    for name in chosen:
        if name not in known:
            raise UnknownName("subject of behaviour cases", name, [*known, ALL])
    _check_named(chosen, models)
    tried = []
    for model in models or ("",):
        asked = tuple(name for name in chosen if name != DESK)
        staffed = _with_model(agents, asked, model, settings) if model else agents
        found = asyncio.run(_behave(session, settings, staffed, chosen))
        tried.append(found)
        told = {
            "finding": found.finding,
            "model": model,
            "cases": [
                {
                    "who": one.case.who,
                    "situation": one.case.situation,
                    "must": one.case.must,
                    "wrong": one.wrong,
                }
                for one in found.verdicts
            ],
            "calls": len(found.calls),
            "usd": sum_exact(call.usd for call in found.calls),
        }
        keep(session, "behaviour", told, agents=chosen, source=BEHAVIOUR)
        if session.json:
            output.document(told)
        else:
            output.screen(f"{model}: {found.finding}" if model else found.finding)
            output.screen(*(f"{one.case.id}: {one.wrong}" for one in found.failed))
    return 1 if any(found.failed or not found.verdicts for found in tried) else 0


def _check_named(chosen: tuple[str, ...], models: tuple[str, ...]) -> None:
    """Raises UsageError where it is not said who asks the models."""
    if models and not chosen:
        raise UsageError("--model: who is to ask it?", hint="trader eval momentum --on sample --model NAME")


async def _behave(
    session: Session, settings: Settings, agents: tuple[Agent, ...], who: tuple[str, ...]
) -> Behaviour:
    workspace, clock = session.workspace, SystemClock()
    async with models_beside(
        settings, agents, clock, folder=workspace.cache, note=output.say, spent=_spent(workspace.journal)
    ) as models:
        return await try_behaviour(settings, agents, who, models=models)


async def _decide(
    session: Session, dataset: Dataset, settings: Settings, agents: tuple[Agent, ...]
) -> Decided:
    workspace, clock = session.workspace, SystemClock()
    forecaster = Forecaster(
        workspace.cache / "forecast", seed=settings.run.seed, refit_bars=settings.desk.refit_forecaster
    )
    async with models_beside(
        settings, agents, clock, folder=workspace.cache, note=output.say, spent=_spent(workspace.journal)
    ) as models:
        sitting = Sitting.of(
            dataset.market, settings, agents, forecaster=forecaster, models=models, clock=clock
        )
        return await decide_cases(dataset, sitting)


def _spent(journal: Path) -> Decimal:
    """By runs of today; nothing where there is no journal yet."""
    if not journal.is_file():
        return Decimal(0)
    with JournalReader(journal) as reader:
        return spent_today(reader, SystemClock(), "")[0]


def _with_model(
    agents: tuple[Agent, ...], chosen: tuple[str, ...], model: str, settings: Settings
) -> tuple[Agent, ...]:
    """The desk with this model behind the agents that are named."""
    known = [agent.name for agent in agents]
    for name in chosen:
        if name not in known:
            raise UnknownName("agent", name, [*known, ALL])
    return tuple(
        replace(agent, role=role_of(model, agent.role, settings.llm.roles)) if agent.name in chosen else agent
        for agent in agents
    )


@dataclass(frozen=True)
class Making:
    """What `make-dataset` was asked for."""

    folder: Path
    source: str
    feed: str | None
    symbols: tuple[str, ...]
    start: date | None
    end: date | None
    split: date | None
    horizon: int | None
    overlapping: bool
    licence: str


def made(session: Session, asked: Making) -> None:
    """`trader eval make-dataset`."""
    card = _from_journal(session, asked) if asked.source.startswith("journal") else _from_data(asked)
    if session.json:
        output.document(card)
    else:
        output.say(
            f"{card.cases:,} cases of {', '.join(card.symbols)} from {card.first} to {card.last}; "
            f"{card.purged:,} purged; digest {card.digest}"
        )
        output.say(f"next: trader eval --on {asked.folder}")


def _from_data(asked: Making) -> Card:
    if asked.source != "data":
        raise UnknownName("source of cases", asked.source, ("data", "journal", "journal:500"))
    feed = asked.feed or "sample"
    market = open_feed(feed, asked.symbols)
    horizon = asked.horizon or market.timeframe.default_horizon
    return make_dataset(asked.folder, market, market.symbols, _wanted(asked, horizon, f"the feed {feed}"))


def _from_journal(session: Session, asked: Making) -> Card:
    from trader.commands.eval import feed_of, newest

    last = newest(asked.source)
    with JournalReader(session.workspace.journal) as reader:
        book = book_named(reader, None)
        if asked.horizon not in (None, book.horizon):
            raise UsageError(f"--horizon {asked.horizon}: the book decided with {book.horizon}")
        decided = frozenset((made.symbol, made.as_of) for made in reader.decisions(book.id, limit=last))
        market = feed_of(reader, book, asked.feed)
    wanted = _wanted(asked, book.horizon, f"{asked.source}: book {book.id} on {book.feed}")
    return make_dataset(asked.folder, market, book.symbols, replace(wanted, decided=decided))


def _wanted(asked: Making, horizon: int, source: str) -> Wanted:
    return Wanted(
        horizon=horizon,
        name=asked.folder.name,
        source=source,
        licence=asked.licence,
        start=asked.start,
        end=asked.end,
        split=asked.split,
        overlapping=asked.overlapping,
    )
