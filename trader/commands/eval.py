"""`trader eval`: is any of them any good? Reads the journal and the data, and changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trader.commands import output
from trader.commands.arguments import names
from trader.commands.books import book_named
from trader.commands.eval_report import document, report
from trader.commands.session import Session
from trader.data.feeds import open_feed
from trader.domain.errors import UnknownName, UsageError
from trader.evals.bounds import Bounds
from trader.evals.evaluation import evaluate
from trader.journal.reader import JournalReader


@dataclass(frozen=True)
class Flags:
    """What the command line says."""

    agents: Sequence[str]
    book: str | None
    on: str
    bounds: Bounds


def evaluated(session: Session, flags: Flags) -> int:
    """The whole command: 0, or 1 where a bound is broken."""
    last = _last(flags.on)
    with JournalReader(session.workspace.journal) as reader:
        book = book_named(reader, flags.book)
        market = open_feed(book.feed, book.symbols, book.timeframe)
        found = evaluate(reader, book, market, names(flags.agents), last=last)
    broken = tuple(flags.bounds.broken_by(found))
    if session.json:
        output.document(document(found, broken))
    else:
        output.screen(*report(found))
    for sentence in broken:
        output.say(sentence)
    return 1 if broken else 0


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


def _last(on: str) -> int | None:
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
