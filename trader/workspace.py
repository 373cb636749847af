"""Where files live on disk, and who may write them."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from trader.domain.errors import TraderError, WorkspaceInUse

CONFIG_NAME = "trader.toml"
STATE = ".trader"
TURN_S = 0.1
"""How often who waits for another process looks again."""

if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE = 1 << 30
    """Windows forbids others to read a locked byte, so the one that is locked is far behind the pid."""

    def _try_lock(file: IO[str]) -> bool:
        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _unlock(file: IO[str]) -> None:
        file.seek(_LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def taking_turns(path: Path) -> Iterator[None]:
    """One process at a time is inside; the others wait. Nobody waits where `path` cannot be made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="ascii")
    except OSError:
        yield
        return
    with file:
        while not _try_lock(file):
            time.sleep(TURN_S)
        try:
            yield
        finally:
            _unlock(file)


@dataclass(frozen=True)
class Workspace:
    """One folder: what the user wrote at its top, what the program keeps under `.trader`.

    Asking for a path creates nothing.
    """

    root: Path
    lender: Path | None = None
    """The workspace whose prompts, models and cache this one uses: that of a backtest, for its books."""

    @classmethod
    def find(cls, start: Path | None = None) -> Self:
        """The nearest folder at or above `start` (the current folder) with a trader.toml, else `start`."""
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / CONFIG_NAME).is_file():
                return cls(folder)
        return cls(here)

    @property
    def config(self) -> Path:
        """What the user wrote."""
        return self.root / CONFIG_NAME

    @property
    def env(self) -> Path:
        """Keys; never read into a trace."""
        return self.root / ".env"

    @property
    def prompts(self) -> Path:
        """Prompt files that override the packaged ones, and new agents."""
        return (self.lender or self.root) / "prompts"

    @property
    def state(self) -> Path:
        """What the program keeps."""
        return self.root / STATE

    @property
    def journal(self) -> Path:
        """The SQLite journal."""
        return self.state / "journal.sqlite3"

    @property
    def lock_file(self) -> Path:
        """Locked by the one process that may send orders; its text is that process's pid."""
        return self.state / "lock"

    @property
    def halt(self) -> Path:
        """The kill switch: while this exists, nothing is sent."""
        return self.state / "HALT"

    @property
    def cache(self) -> Path:
        """What can be made again."""
        return (self.lender or self.root) / STATE / "cache"

    @property
    def models(self) -> Path:
        """Trained models."""
        return (self.lender or self.root) / STATE / "models"

    @property
    def index(self) -> Path:
        """What is remembered, as Chroma has it; can be made again from the journal."""
        return self.state / "chroma"

    @property
    def runs(self) -> Path:
        """Evaluations and backtests, each with a journal of its own."""
        return self.state / "runs"

    @property
    def backtests(self) -> Path:
        """A folder for each backtest: its plan, and a workspace for each of its books."""
        return self.state / "backtests"

    @property
    def logs(self) -> Path:
        """Log files."""
        return self.state / "logs"

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be the one process that works here. The system lets go of the lock when the process dies.

        Raises:
            WorkspaceInUse: another process holds it; the message names its pid.
            TraderError: the folder cannot be written.
        """
        with self._locked() as file:
            try:
                yield
            finally:
                _unlock(file)

    def _locked(self) -> IO[str]:
        """The lock file, locked, with this process's pid in it."""
        try:
            self.state.mkdir(parents=True, exist_ok=True)
            file = self.lock_file.open("a+", encoding="ascii")
            if _try_lock(file):
                file.truncate(0)
                file.write(f"{os.getpid()}\n")
                file.flush()
                return file
            file.close()
        except OSError as error:
            raise TraderError(
                f"the workspace {self.root} cannot be written: {error.strerror}",
                hint="use another folder with --workspace DIR",
            ) from error
        pid = self.lock_file.read_text(encoding="ascii").strip()
        raise WorkspaceInUse(
            f"the workspace {self.root} is in use by process {pid or '(just starting)'}",
            hint="stop that process, or use another folder with --workspace DIR",
        )
