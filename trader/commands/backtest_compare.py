"""`trader backtest compare`: one book beside another, paired."""

from collections.abc import Iterator
from dataclasses import asdict

from rich.console import RenderableType
from rich.text import Text

from trader.backtest.books.folder import Folder, named
from trader.backtest.books.plan import PlannedBook
from trader.commands import output, words
from trader.commands.output import pairs
from trader.commands.session import Session
from trader.domain.errors import UsageError
from trader.evals.backtest_compare import Comparison, compare_books

SMALL = 1e4
"""Log loss is shown in ten-thousandths of a nat."""


def compare(session: Session, one: str, other: str) -> int:
    """The whole command: always 0, whatever is found. Raises UsageError, UnknownName."""
    first, second = _named(session, one), _named(session, other)
    if (first[0].plan.id, first[1].number) == (second[0].plan.id, second[1].number):
        raise UsageError(f"{one} and {other} are the same book", hint="trader backtest compare ID/1 ID/2")
    found = compare_books(first, second)
    if session.json:
        output.document(asdict(found))
    else:
        output.screen(*_screen(found))
    return 0


def _named(session: Session, text: str) -> tuple[Folder, PlannedBook]:
    folder, book = named(session.workspace, text)
    return folder, book or folder.plan.books[0]


def _screen(found: Comparison) -> Iterator[RenderableType]:
    yield Text(found.finding, "bold")
    yield Text("")
    decided = found.decided
    span = f"{words.day(found.first)} to {words.day(found.last)}"
    yield pairs(
        ("rounds of both", f"{found.rounds:,}, {span}"),
        (found.one, f"{words.change(found.one_return)} net"),
        (found.other, f"{words.change(found.other_return)} net"),
        (
            "decisions of both",
            f"{decided.both:,}, {decided.same_outcome:,} with the same outcome; only the first trades in "
            f"{decided.one_trades:,}, only the other in {decided.other_trades:,}; targets "
            f"{words.share(decided.mean_weight_apart)} of equity apart in the mean",
        ),
        ("forecasts", _forecasts(found)),
        *((key, f"{a} -> {b}") for key, (a, b) in found.differ.items()),
    )


def _forecasts(found: Comparison) -> str:
    one = found.forecasts
    if one is None:
        return "not of the same events"
    said = f"log loss {one.log_loss * SMALL:+.1f} ten-thousandths on {words.count(one.cases, 'case')}"
    if one.low == one.high == 0.0:
        return f"the same on {words.count(one.cases, 'case')}"
    if one.low is None or one.high is None:
        return f"{said}, too little for an interval"
    verdict = "" if one.decided else ", INSUFFICIENT EVIDENCE"
    return f"{said}, interval {one.low * SMALL:+.1f} to {one.high * SMALL:+.1f}{verdict}"
