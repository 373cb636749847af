"""`trader eval`: is any of them any good? Read from the journal and the data; what is found is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from trader.commands import output
from trader.commands.arguments import names
from trader.commands.books import book_named
from trader.commands.eval_kept import keep
from trader.commands.eval_report import document, report
from trader.commands.eval_variants import Asked, tried
from trader.commands.session import Session
from trader.data.market import Market
from trader.domain.errors import UnknownName, UsageError
from trader.domain.portfolio import Book
from trader.evals.bounds import Bounds
from trader.evals.cases import gather
from trader.evals.evaluation import ALL, evaluate
from trader.evals.keeping import forecasts
from trader.evals.ways import Ways
from trader.journal.reader import JournalReader
from trader.runner.opening import market_of


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


def evaluated(session: Session, flags: Flags) -> int:
    """The whole command: 0, or 1 where a bound is broken."""
    if not flags.on.startswith("journal"):
        return _elsewhere(session, flags)
    last = newest(flags.on)
    with JournalReader(session.workspace.journal) as reader:
        book = book_named(reader, flags.book)
        market = feed_of(reader, book, flags.feed)
        if flags.ways.any:
            recorded = gather(reader, book, market, last)
            return tried(session, reader, recorded, _one(flags), Asked(flags.ways, flags.on))
        found = evaluate(reader, book, market, names(flags.agents), last=last)
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
        if flags.bounds != Bounds():
            raise UsageError("behaviour cases have no bounds: one that fails is exit code 1")
        return on_behaviour(session, chosen, flags.ways.models)
    return on_dataset(session, chosen, flags.on, flags.ways.models, flags.bounds)


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
