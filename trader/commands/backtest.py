"""`trader backtest`: the desk over the past, many books at once; then what came of it."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from trader.backtest.books.folder import Folder, Standing, State, backtests, named
from trader.backtest.books.on_ray import run_on_ray
from trader.backtest.books.pool import Stop, run_in_processes
from trader.backtest.books.work import Ended, Failed, Job
from trader.clock import SystemClock
from trader.commands import output, words
from trader.commands.backtest_plan import Flags, planned, workers_of
from trader.commands.backtest_progress import Progressing, watching
from trader.commands.environment import lend
from trader.commands.failures import INTERRUPTED
from trader.commands.session import Session
from trader.domain.decisions import Outcome
from trader.domain.errors import UnknownName
from trader.settings import Settings, keys

ENGINES = {"process": run_in_processes, "ray": run_on_ray}


@dataclass(frozen=True)
class How:
    """How it is run and shown, which changes nothing of what comes out."""

    workers: int | None = None
    engine: str = "process"
    html: Path | None = None


def backtest(session: Session, flags: Flags, how: How) -> int:
    """The whole command: 0 where every book is finished, 130 where people stopped it.

    1 where a book failed, or where the first one made no decision at all.
    """
    from trader.commands.backtest_show import check_place, show_folder

    if how.engine not in ENGINES:
        raise UnknownName("engine", how.engine, ENGINES)
    check_place(how.html)
    plan, settings = planned(session, flags)
    folder = Folder(session.workspace, plan)
    folder.save()
    if any(one.llm.roles for one in settings):
        lend(keys(session.workspace.env))
    standing = {one.number: folder.standing(one) for one in plan.books}
    ended, stopped = _worked(session, folder, settings, standing, how)
    failed = [one for one in ended if isinstance(one, Failed)]
    if failed or stopped:
        whole = sum(1 for one in plan.books if folder.standing(one).state is State.FINISHED)
        output.say(
            f"{whole:,} of {words.count(len(plan.books), 'book')} finished; this goes on with the rest:"
        )
        output.say(f"  {plan.command}")
        return 1 if failed else INTERRUPTED
    decisions = show_folder(session, folder, None, how.html).book.summary.decisions
    if decisions.get(Outcome.UNDECIDED, 0) == sum(decisions.values()):
        output.say("no decision was made: `trader trace list` says why of each")
        return 1
    return 0


def _worked(
    session: Session, folder: Folder, settings: tuple[Settings, ...], standing: dict[int, Standing], how: How
) -> tuple[tuple[Ended | Failed, ...], bool]:
    """Go on with what is not finished; how that ended, and whether people stopped it."""
    plan, clock = folder.plan, SystemClock()
    jobs = [
        Job(one.number, folder.of(one), own)
        for one, own in zip(plan.books, settings, strict=True)
        if standing[one.number].state is not State.FINISHED
    ]
    workers = workers_of(how.workers, len(jobs))
    done = {number: known.done for number, known in standing.items()}
    stream = sys.stderr if session.json else sys.stdout
    before = f", {sum(done.values()):,} of them done before" if any(done.values()) else ""
    count = f"{words.count(len(plan.books), 'book')}, {words.count(plan.rounds, 'round')}{before}"
    stop = Stop()
    with _interrupts(stop):
        print(
            f"backtest {plan.id}: {', '.join(plan.symbols)} {plan.timeframe}, {count}",
            file=stream,
            flush=True,
        )
        if not jobs:
            return (), False
        with watching(stream, Progressing(plan, done, clock), clock) as watch:
            ended = ENGINES[how.engine](jobs, workers, watch.hear, stop)
    return ended, stop.asked


@contextmanager
def _interrupts(stop: Stop) -> Iterator[None]:
    """The first Ctrl-C, or a polite request to end, lets rounds in hand finish; a second leaves at once."""

    def asked_to_stop(number: int, frame: FrameType | None) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True
        os.write(2, b"\nfinishing the rounds in hand; again leaves at once\n")

    before = {number: signal.signal(number, asked_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def show_list(session: Session) -> None:
    """`backtest list`."""
    known = backtests(session.workspace)
    rows = [(one, [one.standing(book) for book in one.plan.books]) for one in reversed(known)]
    if session.json:
        output.document({"backtests": [_entry(one, standing) for one, standing in rows]})
        return
    table = output.columns(
        "backtest", "symbols", "bars", "from", "to", "books", "rounds", "command", right=("rounds",),
        wraps=("symbols", "command"),
    )  # fmt: skip
    for one, standing in rows:
        plan = one.plan
        table.add_row(
            plan.id,
            ", ".join(plan.symbols),
            plan.timeframe,
            f"{min(book.first for book in plan.books):%Y-%m-%d}",
            f"{max(book.last for book in plan.books):%Y-%m-%d}",
            f"{_finished(standing)} of {len(plan.books)} finished",
            f"{sum(known.done for known in standing):,}",
            plan.command,
        )
    if rows:
        output.screen(table)
    else:
        output.say("no backtest yet: `trader backtest` makes one")


def _finished(standing: list[Standing]) -> int:
    return sum(known.state is State.FINISHED for known in standing)


def _entry(one: Folder, standing: list[Standing]) -> dict[str, object]:
    plan = one.plan
    return {
        "id": plan.id,
        "symbols": plan.symbols,
        "timeframe": plan.timeframe,
        "first": min(book.first for book in plan.books),
        "last": max(book.last for book in plan.books),
        "books": len(plan.books),
        "finished": _finished(standing),
        "rounds": sum(known.done for known in standing),
        "command": plan.command,
        "made_at": plan.made_at,
        "folder": str(one.path),
    }


def show(session: Session, id: str | None, html: Path | None) -> int:
    """`backtest show`."""
    from trader.commands.backtest_show import show_folder

    folder, book = named(session.workspace, id)
    show_folder(session, folder, book, html)
    return 0
