"""`trader eval`: is any of them any good? Read from the journal and the data; what is found is kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from trader.clock import SystemClock
from trader.commands import output
from trader.commands.arguments import names
from trader.commands.books import book_named
from trader.commands.environment import lend
from trader.commands.eval_kept import keep
from trader.commands.eval_report import document, report
from trader.commands.eval_variants import Asked, tried
from trader.commands.session import Session
from trader.data.market import Market
from trader.domain.decisions import Decision
from trader.domain.errors import UnknownName, UsageError
from trader.domain.portfolio import Book
from trader.evals.bounds import Bounds
from trader.evals.cases import gather
from trader.evals.evaluation import ALL, evaluate, seniors_named
from trader.evals.keeping import forecasts
from trader.evals.knowledge import MODEL, stated
from trader.evals.other_desks import Beside, OtherDesk, one_agent_again, rules_again, why_not
from trader.evals.ways import Ways
from trader.graph.again import Scene
from trader.journal.reader import JournalReader
from trader.runner.opening import market_of
from trader.runner.trial import role_of
from trader.settings import Settings, keys, load


@dataclass(frozen=True)
class Flags:
    """What the command line says."""

    agents: Sequence[str]
    book: str | None
    on: str
    bounds: Bounds
    feed: str | None = None
    ways: Ways = field(default_factory=Ways)
    """Other ways of asking the one agent."""
    one_agent: str | None = None
    """The model, or role, that answers every case alone: a baseline."""


def evaluated(session: Session, flags: Flags) -> int:
    """The whole command: 0, or 1 where a bound is broken."""
    if not flags.on.startswith("journal"):
        return _elsewhere(session, flags)
    last = newest(flags.on)
    with JournalReader(session.workspace.journal) as reader:
        book = book_named(reader, flags.book)
        market = feed_of(reader, book, flags.feed)
        if flags.ways.any:
            _no_one_agent(flags)
            recorded = gather(reader, book, market, last)
            return tried(session, reader, recorded, _one(flags), Asked(flags.ways, flags.on))
        settings, _ = load(session.workspace.config, session.workspace.env)
        found = evaluate(
            reader,
            book,
            market,
            names(flags.agents),
            last=last,
            beside=_beside(session, reader, reader.decisions(book.id, limit=last), market, flags, settings),
            cut_offs=stated(settings),
        )
    broken = tuple(flags.bounds.broken_by(found))
    told = document(found, broken)
    if session.json:
        output.document(told)
    else:
        output.screen(*report(found))
    keep(
        session,
        "decisions",
        {**told, "forecasts": forecasts(found.cases)},
        agents=found.provenance.named,
        source=flags.on,
        book=book.id,
    )
    for sentence in broken:
        output.say(sentence)
    return 1 if broken else 0


def _beside(
    session: Session,
    reader: JournalReader,
    decisions: Sequence[Decision],
    market: Market,
    flags: Flags,
    settings: Settings,
) -> Beside:
    """The desk with no model, and one agent with all tools where it is asked for."""
    if not decisions:
        return Beside()
    turns = reader.turns(decisions[0].book)
    seniors_named(turns, names(flags.agents))  # a wrong name is said before anything is asked and paid for
    asked = any(turn.source.startswith(MODEL) for turn in turns)
    desks: list[OtherDesk] = []
    if asked:
        desks.append(asyncio.run(rules_again(reader, decisions)))
    if flags.one_agent:
        place = session.workspace
        lend(keys(place.env))
        agents = Scene.of(reader, decisions[0].id).agents
        had = next((agent.role for agent in agents if agent.role), None)
        role = role_of(flags.one_agent, had, settings.llm.roles)
        alone = one_agent_again(
            reader, decisions, market, role, folder=place.cache, note=output.say, clock=SystemClock()
        )
        desks.append(asyncio.run(alone))
    return Beside(tuple(desks), why_not(asked, asked_alone=flags.one_agent is not None))


def _no_one_agent(flags: Flags) -> None:
    """Raises UsageError."""
    if flags.one_agent:
        raise UsageError(
            "--one-agent is a baseline of the desk; --prompt, --model and the like are about one agent",
            hint="trader eval all --one-agent MODEL",
        )


def _elsewhere(session: Session, flags: Flags) -> int:
    """Cases that no journal has."""
    from trader.commands.eval_datasets import BEHAVIOUR, on_behaviour, on_dataset

    if flags.book or flags.feed or flags.ways != Ways(models=flags.ways.models):
        raise UsageError(
            "--book, --feed, --prompt, --repeat, --paraphrase and --permute are for decisions of the journal",
            hint="--on journal:500",
        )
    chosen = tuple(name for name in names(flags.agents) if name != ALL)
    if flags.on == BEHAVIOUR:
        if flags.one_agent:
            raise UsageError("behaviour cases have no baselines", hint="--on journal --one-agent MODEL")
        if flags.bounds != Bounds():
            raise UsageError("behaviour cases have no bounds: one that fails is exit code 1")
        return on_behaviour(session, chosen, flags.ways.models)
    return on_dataset(session, chosen, flags.on, flags.ways.models, flags.bounds, flags.one_agent)


def _one(flags: Flags) -> str:
    """The one agent that is to be asked in other ways. Raises UsageError."""
    chosen = names(flags.agents)
    if len(chosen) != 1 or chosen == (ALL,) or flags.bounds != Bounds():
        raise UsageError(
            "--prompt, --model, --repeat, --paraphrase and --permute are about one agent, and have no bounds",
            hint="trader eval momentum --prompt FILE",
        )
    return chosen[0]


def feed_of(reader: JournalReader, book: Book, feed: str | None) -> Market:
    """Where outcomes are: `feed`, else the book's own. Raises UsageError for one that keeps no bars."""
    if feed is None and book.feed.startswith("ccxt:"):
        raise UsageError(
            f"book {book.id} decided on {book.feed}, which is read bar by bar and not kept",
            hint="save its bars in a folder (docs/data.md) and name it: --feed files:DIR",
        )
    return market_of(reader, book, feed)


def dollars(text: str | None) -> Decimal | None:
    """An amount of at least zero. Raises UsageError."""
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except ArithmeticError:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise UsageError(
            f"--max-cost: {text} is not an amount of US dollars", hint="for example --max-cost 0.50"
        )
    return amount


def newest(on: str) -> int | None:
    """How many decisions: `journal` is all, `journal:500` the newest 500. Raises UsageError."""
    kind, colon, number = on.partition(":")
    if kind != "journal":
        raise UnknownName("set of cases", on, ("journal", "journal:500"))
    if not colon:
        return None
    if not number.isascii() or not number.isdigit() or int(number) == 0:
        raise UsageError(
            f"--on {on}: {number or 'nothing'} is no number of decisions", hint="--on journal:500"
        )
    return int(number)
