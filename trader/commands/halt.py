"""`trader halt` and `trader resume`: the kill switch, which is people's alone."""

from trader.clock import SystemClock
from trader.commands import output
from trader.commands.session import Session
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
    """`resume`: what was halted by hand goes on; what a breaker bars stays barred."""
    workspace = session.workspace
    lifted = killswitch.lift(workspace.halt)
    if session.json:
        output.document({"halted": False, "lifted": lifted})
        return
    output.screen(
        f"{workspace.root}: {'orders are sent again' if lifted else 'it was not halted'}",
        "Breakers are not reset: each ends when its time is over.",
    )
