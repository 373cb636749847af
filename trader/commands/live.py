"""A run on a terminal: the screen, drawn some times a second, and the keys."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.live import Live

from trader.commands import keys, telling
from trader.commands.output import terminal
from trader.commands.screen import Shown
from trader.commands.telling import Event
from trader.risk.facts import Breaker
from trader.runner import ClosedRound, Control, Opening

FRAMES_A_SECOND = 5.0


class LiveScreen:
    """Keeps what is shown up to date; another thread draws it."""

    def __init__(self, control: Control, speed: float) -> None:
        self.shown = Shown(control, speed)
        self._control = control
        self._told: frozenset[Breaker] = frozenset()

    def preparing(self, what: str, done: int, total: int) -> None:
        """The progress of what comes before the first round."""
        self.shown.doing = (what, done, total)

    def opened(self, opening: Opening) -> None:
        """The book, and the agents to make rows for."""
        self.shown.opening = opening

    def round_closed(self, closed: ClosedRound) -> None:
        """The newest round, and what happened in it."""
        self.shown.happened(*telling.events(closed, self._told))
        self._told |= frozenset(closed.breakers)
        self.shown.went_through(closed)

    def note(self, text: str) -> None:
        """Among the events."""
        self.shown.happened(Event("note", text, "dim"))

    def pressed(self, key: str) -> None:
        """What a key does. Called from the thread that listens."""
        match key:
            case "a":
                self._control.step = True
            case " ":
                self._control.paused = not self._control.paused
            case "h":
                self.shown.help = not self.shown.help
            case "q" if not self._control.stop:
                signal.raise_signal(signal.SIGINT)  # the same as Ctrl-C, in the run's own thread


@contextmanager
def on_screen(stream: TextIO, control: Control, speed: float) -> Iterator[LiveScreen]:
    """The whole terminal until the end of the run; then it is as it was before."""
    watcher = LiveScreen(control, speed)
    live = Live(
        watcher.shown,
        console=terminal(stream),
        screen=True,
        refresh_per_second=FRAMES_A_SECOND,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with live, keys.heard(watcher.pressed):
        yield watcher
