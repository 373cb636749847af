"""`trader halt` and `trader resume`: the kill switch, which is people's alone."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from trader.clock import SystemClock
from trader.commands import output
from trader.commands.session import Session
from trader.domain.errors import WorkspaceInUse
from trader.risk import killswitch


def halt(session: Session, reason: str) -> None:
    """`halt`: from this moment nothing more is sent, whatever else hangs."""
    workspace = session.workspace
    before = killswitch.halted(workspace.halt)
    killswitch.engage(workspace.halt, reason or "by hand", SystemClock().now())
    if not workspace.journal.exists():
        output.say(f"nothing has run in {workspace.root} yet: --workspace DIR halts another folder")
    if session.json:
        output.document({"halted": True, "reason": killswitch.halted(workspace.halt)})
        return
    output.screen(
        f"{workspace.root}: {before or killswitch.halted(workspace.halt)}" + (" (already)" if before else ""),
        "No order is sent until `trader resume`. Protective stops stay where they are.",
    )


@contextmanager
def by_signal(halt: Path) -> Iterator[None]:
    """The halt by a signal, where the system has one for it: SIGUSR1 is `trader halt`."""
    if not hasattr(signal, "SIGUSR1"):
        yield
        return

    def pulled(number: int, frame: FrameType | None) -> None:
        killswitch.engage(halt, f"SIGUSR1 to process {os.getpid()}", SystemClock().now())

    before = signal.signal(signal.SIGUSR1, pulled)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


def resume(session: Session) -> None:
    """`resume`: the halt is lifted, and what breakers bar in the newest book, unless a run works on it."""
    from trader.runner.resuming import lift_breakers

    workspace = session.workspace
    lifted = killswitch.lift(workspace.halt)
    try:
        book, breakers = lift_breakers(workspace)
        reasons = [one.reason for one in breakers]
        said = f"lifted: {', '.join(reasons)}" if reasons else "nothing was barred"
        about = f"breakers of book {book.id}: {said}" if book else "there is no book with breakers yet"
    except WorkspaceInUse:
        reasons, about = _asked_of_the_run(session)
    if session.json:
        output.document({"halted": False, "lifted": lifted, "breakers_lifted": reasons})
        return
    output.screen(f"{workspace.root}: {'orders are sent again' if lifted else 'it was not halted'}", about)


def _asked_of_the_run(session: Session) -> tuple[list[str], str]:
    """A run works on the newest book: it lifts its breakers itself, between two rounds."""
    from trader.commands.books import book_named
    from trader.commands.ordering import ask
    from trader.journal.reader import JournalReader

    with JournalReader(session.workspace.journal) as reader:
        book = book_named(reader, None)
    answer = ask(session.workspace, "resume", {"book": book.id})
    if answer is None:
        return [], f"breakers of book {book.id}: the run lifts them before its next round"
    return answer.text.removeprefix("lifted: ").split(", ") if answer.text.startswith("lifted") else [], (
        f"breakers of book {book.id}: {answer.text}"
    )
