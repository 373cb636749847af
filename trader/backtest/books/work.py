"""What a worker does and says: one book from where it stands to its end, through the same loop as a run."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from trader.clock import SystemClock
from trader.domain.errors import TraderError
from trader.runner import ClosedRound, Control, Opening, run
from trader.settings import Settings
from trader.workspace import Workspace

TELL_S = 0.2
"""How often a worker says how far it is."""


@dataclass(frozen=True)
class Job:
    """One book to be worked on."""

    number: int
    workspace: Workspace
    settings: Settings


@dataclass(frozen=True)
class Preparing:
    """Work before the first round, `done` of `total`."""

    number: int
    what: str
    done: int
    total: int


@dataclass(frozen=True)
class Going:
    """Rounds that are closed, of all."""

    number: int
    done: int
    total: int


@dataclass(frozen=True)
class Said:
    """Something worth telling that stopped nothing."""

    number: int
    text: str


@dataclass(frozen=True)
class Ended:
    """The work on a book is over; `finished` where nothing of it is left."""

    number: int
    finished: bool
    seconds: float


@dataclass(frozen=True)
class Failed:
    """The work on a book broke off; what was closed before is kept."""

    number: int
    message: str
    hint: str = ""


News: TypeAlias = Preparing | Going | Said | Ended | Failed


class Teller:
    """The observer of a book's run that passes on how far it is, not too often."""

    def __init__(self, number: int, tell: Callable[[News], None]) -> None:
        self._number, self._tell, self._clock = number, tell, SystemClock()
        self._told, self._spent = 0.0, False

    def preparing(self, what: str, done: int, total: int) -> None:
        """Long work before the first round."""
        if total > 1 and self._due():
            self._tell(Preparing(self._number, what, done, total))

    def opened(self, opening: Opening) -> None:
        """The book is open."""
        self._tell(Going(self._number, opening.done, opening.rounds))

    def round_closed(self, closed: ClosedRound) -> None:
        """A round is on disk. Where the budget for models has begun not to hold, that is said."""
        if closed.over_budget and not self._spent:
            self.note(closed.over_budget)
        self._spent = bool(closed.unpaid)
        if closed.index == closed.total or self._due():
            self._tell(Going(self._number, closed.index, closed.total))

    def note(self, text: str) -> None:
        """As it is."""
        self._tell(Said(self._number, text))

    def _due(self) -> bool:
        now = self._clock.monotonic()
        if now - self._told < TELL_S:
            return False
        self._told = now
        return True


def work(job: Job, control: Control, tell: Callable[[News], None]) -> Ended | Failed:
    """Go on with a book until it is done or `control.stop` is set; what came of it."""
    clock = SystemClock()
    began = clock.monotonic()
    observer = Teller(job.number, tell)
    try:
        ran = asyncio.run(
            run(
                job.workspace,
                job.settings,
                new=False,
                observer=observer,
                control=control,
                clock=clock,
                insist=True,
            )
        )
    except TraderError as error:
        return Failed(job.number, error.message, error.hint)
    except Exception as error:  # one book's defect does not take the others with it
        return Failed(job.number, f"this is a bug: {type(error).__name__}: {error}")
    return Ended(job.number, ran.finished, clock.monotonic() - began)
