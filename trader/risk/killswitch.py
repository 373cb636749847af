"""The kill switch: while the file is there, nothing is sent. People's alone, for the whole workspace.

Looked at just before each send: it works while a model, the network or a screen hangs, and after a restart.
"""

import os
from datetime import datetime
from pathlib import Path

DRY_RUN = "dry run: orders are written down"
"""Why nothing is sent where `run.dry_run` is set."""


def halted(halt: Path) -> str | None:
    """Why nothing may be sent, or None. A file that is there and cannot be read still halts."""
    try:
        os.lstat(halt)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"halted: whether {halt.name} is there cannot be seen ({error.strerror})"
    try:
        text = halt.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        return f"halted: {halt.name} is there and cannot be read ({type(error).__name__})"
    return f"halted {text}" if text else f"halted: {halt.name} is there and gives no reason"


def withheld(halt: Path, *, dry_run: bool) -> str | None:
    """Why no order may leave, or None: people have halted, or only want to see what would be sent."""
    return halted(halt) or (DRY_RUN if dry_run else None)


def engage(halt: Path, reason: str, at: datetime) -> None:
    """Halt: from the moment the file exists, before anything is in it. One that is there stays as it is."""
    halt.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(halt, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"since {at.isoformat(timespec='seconds')}: {reason}\n")
        file.flush()
        os.fsync(file.fileno())


def lift(halt: Path) -> bool:
    """Take the halt away; False where there was none. What breakers bar stays barred."""
    try:
        halt.unlink()
    except FileNotFoundError:
        return False
    return True
