"""`trader run`: replay bars through the desk, watched; then what came of it."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from trader.clock import SystemClock
from trader.commands import output, words
from trader.commands.arguments import day, names
from trader.commands.config import loaded
from trader.commands.environment import lend
from trader.commands.halt import by_signal
from trader.commands.output import terminal
from trader.commands.plain import PlainLines
from trader.commands.session import Session
from trader.commands.venue import run_on_venue
from trader.domain.decisions import Decision, Outcome
from trader.domain.errors import Refused, TraderError, UnknownName, UsageError
from trader.domain.portfolio import Mode
from trader.graph.assembly import cost_model
from trader.journal.reader import JournalReader
from trader.llm import local_demo
from trader.llm.cassette import Cassette
from trader.risk import killswitch
from trader.runner import ClosedRound, Control, Observer, Opening, Ran
from trader.runner import run as run_desk
from trader.settings import Settings, Sources, keys
from trader.settings.llm import EVERYONE

NOT_LIVE = "live trading is not part of this version: nothing here can reach a broker's account"
STOPPING = b"finishing the round in hand; again leaves at once\n"


@dataclass(frozen=True)
class Flags:
    """The command line's own options, as they were typed."""

    mode: str
    feed: str | None
    broker: str | None
    symbols: list[str] | None
    start: str | None
    end: str | None
    timeframe: str | None
    cycles: int | None
    speed: float | None
    seed: int | None
    model: str | None
    approval: str | None
    wait_for_approval: bool
    new: bool
    cassette: Path | None = None
    replay_only: bool = False

    def settings(self) -> dict[str, Any]:
        """Dotted setting -> value; None where the flag was not given."""
        return {
            "run.feed": self.feed,
            "run.broker": self.broker,
            "run.symbols": chosen_symbols(self.symbols),
            "run.timeframe": self.timeframe,
            "run.start": day(self.start, "--start") if self.start is not None else None,
            "run.end": day(self.end, "--end") if self.end is not None else None,
            "run.cycles": self.cycles,
            "run.speed": self.speed,
            "run.seed": self.seed,
            "run.approval": self.approval,
            **model_flags(self.model),
        }


def model_flags(name: str | None) -> dict[str, Any]:
    """A model for everybody; the one of this machine needs time, and few words will do."""
    if name is None:
        return {}
    everyone = f"llm.roles.{EVERYONE}"
    if name != local_demo.MODEL:
        return {f"{everyone}.models": (name,)}
    return {
        f"{everyone}.models": (name,),
        f"{everyone}.timeout_s": local_demo.TIMEOUT_S,
        f"{everyone}.max_output_tokens": local_demo.OUTPUT_TOKENS,
        "llm.budget.deadline_s": local_demo.DEADLINE_S,
    }


def chosen_symbols(texts: list[str] | None) -> tuple[str, ...] | None:
    """What `--symbols` names; None where it was not given."""
    if not texts:
        return None
    found = names(texts)
    if not found:
        raise UsageError("--symbols: no symbol is named", hint="for example --symbols AAPL,IBM")
    return found


def run(session: Session, flags: Flags) -> int:
    """The whole command: 1 where decisions are undecided because models failed.

    Raises TraderError for whatever keeps it from working.
    """
    _check_mode(flags.mode)
    settings, sources = loaded(session, flags.settings())
    if settings.llm.roles:
        lend(keys(session.workspace.env))
    with _cassette(flags) as cassette:
        ran, halted = _ran(session, flags, settings, sources, cassette)
    unjudged = _tell(session, settings, ran)
    if cassette is not None:
        played, recorded = words.count(cassette.played, "call"), words.count(cassette.recorded, "call")
        output.say(f"cassette {cassette.path}: {played} answered from it, {recorded} recorded")
    if halted:
        output.say(f"{halted}; nothing is sent until `trader resume`")
    if settings.run.dry_run:
        output.say(f"{killswitch.DRY_RUN}, and nothing was sent: `trader orders --all` has them")
    if unjudged:
        count = words.count(len(unjudged), "decision")
        output.say(f"undecided because models failed: {count}, the last with {unjudged[0].cause}")
        output.say("`trader doctor` asks each model once, and says how to mend what does not answer")
    return 1 if unjudged else 0


def _ran(
    session: Session, flags: Flags, settings: Settings, sources: Sources, cassette: Cassette | None
) -> tuple[Ran, str | None]:
    """The run, watched; and why nothing may be sent any more, where people have halted it meanwhile."""
    somebody = sys.stdout.isatty() and sys.stdin.isatty() and not session.json
    control, clock = Control(wait_for_approval=flags.wait_for_approval or somebody), SystemClock()
    with _watching(session, control, clock, settings.run.speed) as watcher:
        if halted := killswitch.halted(session.workspace.halt):
            watcher.note(f"{halted}; nothing is sent until `trader resume`")
        if settings.run.dry_run:
            watcher.note(f"{killswitch.DRY_RUN}, and none is sent")
        for note in cassette.notes if cassette else ():
            watcher.note(note)
        began = Began(watcher)
        with _interrupts(control, began), by_signal(session.workspace.halt):
            go = partial(run_desk, session.workspace)
            if settings.run.broker != "paper":
                go = partial(run_on_venue, session)
            ran = asyncio.run(
                go(
                    settings,
                    new=flags.new,
                    observer=began,
                    control=control,
                    clock=clock,
                    sources=sources,
                    cassette=cassette,
                )
            )
    return ran, killswitch.halted(session.workspace.halt)


@contextmanager
def _cassette(flags: Flags) -> Iterator[Cassette | None]:
    """The cassette that the flags name. Raises UsageError."""
    if flags.cassette is None:
        if flags.replay_only:
            raise UsageError("--replay-only needs a cassette", hint="--cassette FILE")
        yield None
        return
    with closing(Cassette.open(flags.cassette, replay_only=flags.replay_only)) as cassette:
        yield cassette


def _tell(session: Session, settings: Settings, ran: Ran) -> list[Decision]:
    """The summary of the whole book, earlier runs included; what is undecided because models failed."""
    from trader.commands.run_report import document, report
    from trader.evals.run_summary import summarise

    with JournalReader(ran.journal) as reader:
        if not reader.marks(ran.book.id):
            raise TraderError(
                "stopped before the first bar closed: nothing was decided",
                hint="the same command goes on with the book",
            )
        summary = summarise(reader, ran.market, ran.book, cost_model(settings))
        decisions = reader.decisions(ran.book.id)
        failed = {call.decision for call in reader.model_calls(ran.book.id) if call.error_kind}
    if session.json:
        output.document(document(ran, summary))
    else:
        output.screen(*report(ran, summary, decisions))
    return [made for made in decisions if made.outcome is Outcome.UNDECIDED and made.id in failed]


def _check_mode(mode: str) -> None:
    if mode == Mode.LIVE:
        raise Refused(NOT_LIVE, hint="trader run --mode paper")
    if mode != Mode.PAPER:
        raise UnknownName("mode", mode, (Mode.PAPER,))


def _watching(
    session: Session, control: Control, clock: SystemClock, speed: float
) -> AbstractContextManager[Observer]:
    """A screen on a terminal that can have one; lines elsewhere, beside the document for `--json`."""
    if session.json:
        return nullcontext(PlainLines(sys.stderr, control, clock))
    if sys.stdout.isatty() and not terminal(sys.stdout).is_dumb_terminal:
        from trader.commands.live import on_screen

        return on_screen(sys.stdout, control, speed)
    return nullcontext(PlainLines(sys.stdout, control, clock))


class Began:
    """Passes on what an observer is told; knows whether the first round has come near, and what is spent."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.rounds = self._spent = False
        self.preparing, self.note = observer.preparing, observer.note

    def opened(self, opening: Opening) -> None:
        """From now on there is a round to finish."""
        self.rounds = True
        self._observer.opened(opening)

    def round_closed(self, closed: ClosedRound) -> None:
        """Where the budget for models has begun not to hold, who goes on without one."""
        self._observer.round_closed(closed)
        if closed.over_budget and not self._spent:
            self.note(closed.over_budget)
        self._spent = bool(closed.unpaid)


@contextmanager
def _interrupts(control: Control, began: Began) -> Iterator[None]:
    """The first Ctrl-C, or a polite request to end, finishes the round in hand; a second leaves at once."""

    def asked_to_stop(number: int, frame: FrameType | None) -> None:
        if control.stop or not began.rounds:
            raise KeyboardInterrupt
        control.stop = True
        control.paused = False
        if not sys.stdout.isatty():  # a screen says so itself; and nothing that buffers may be used here
            with suppress(OSError):
                os.write(2, STOPPING)

    before = {number: signal.signal(number, asked_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
