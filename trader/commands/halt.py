"""`trader halt` and `trader resume`: the kill switch, which is people's alone."""

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
    if session.json:
        output.document({"halted": True, "reason": killswitch.halted(workspace.halt)})
        return
    output.screen(
        f"{workspace.root}: {before or killswitch.halted(workspace.halt)}" + (" (already)" if before else ""),
        "No order is sent until `trader resume`. Protective stops stay where they are.",
    )


def resume(session: Session) -> None:
    """`resume`: the halt is lifted, and what breakers bar in the newest book, unless a run works on it."""
    from trader.runner.resuming import lift_breakers

    workspace = session.workspace
    lifted = killswitch.lift(workspace.halt)
    try:
        book, breakers = lift_breakers(workspace)
        said = f"lifted: {', '.join(one.reason for one in breakers)}" if breakers else "nothing was barred"
        about = f"breakers of book {book.id}: {said}" if book else "there is no book with breakers yet"
    except WorkspaceInUse as running:
        breakers, about = (), f"breakers are as they were: {running.message}; resume again when it has ended"
    if session.json:
        reasons = [one.reason for one in breakers]
        output.document({"halted": False, "lifted": lifted, "breakers_lifted": reasons})
        return
    output.screen(f"{workspace.root}: {'orders are sent again' if lifted else 'it was not halted'}", about)
