"""A run as plain lines: for pipes, files and terminals that cannot do more."""

from datetime import datetime
from typing import TextIO

from trader.clock import Clock
from trader.commands import telling, words
from trader.risk.facts import Breaker
from trader.runner import ClosedRound, Control, Opening

SILENCE_S = 20.0
"""A line of progress after so long without one, however little time went by in the replay."""


class PlainLines:
    """A line for each trade, refusal, dividend, split and breaker; and one of progress a month."""

    def __init__(self, stream: TextIO, control: Control, clock: Clock) -> None:
        self._stream, self._control, self._clock = stream, control, clock
        self._doing = ""
        self._month: tuple[int, int] | None = None
        self._spoke = clock.monotonic()
        self._told: frozenset[Breaker] = frozenset()
        self._unheard = False

    def preparing(self, what: str, done: int, total: int) -> None:
        """Once at the start of work that has parts, and in between when it takes long."""
        if total < 2:
            return
        if what != self._doing:
            self._doing = what
            self._line(what)
        elif self._clock.monotonic() - self._spoke > SILENCE_S:
            self._line(f"{what}: {words.share(done / total, 0)}")

    def opened(self, opening: Opening) -> None:
        """The book and where it stands."""
        book = opening.book
        done = f", {opening.done} of them done before" if opening.done else ""
        self._line(
            f"{'going on with' if opening.resumed else 'new'} book {book.id}: {', '.join(book.symbols)} "
            f"{book.timeframe}, {words.count(opening.rounds, 'round')}{done}"
        )
        for note in opening.notes:
            self._line(f"note: {note}")

    def round_closed(self, closed: ClosedRound) -> None:
        """What happened, and now and then how far it is."""
        for event in telling.events(closed, self._told):
            self._line(f"{event.when}  {event.text}")
        self._told |= frozenset(closed.breakers)
        if self._progress_is_due(closed.as_of) or closed.index == closed.total:
            progress = f"round {closed.index} of {closed.total}"
            self._line(f"{words.moment(closed.as_of)}  {progress}, {telling.standing(closed)}")

    def note(self, text: str) -> None:
        """As it is."""
        self._line(f"note: {text}")

    def _progress_is_due(self, as_of: datetime) -> bool:
        month, before = (as_of.year, as_of.month), self._month
        self._month = month
        return (before is not None and month != before) or self._clock.monotonic() - self._spoke > SILENCE_S

    def _line(self, text: str) -> None:
        """Print at once. Where nobody reads any more the run ends in good order, after the round in hand."""
        self._spoke = self._clock.monotonic()
        if self._unheard:
            return
        try:
            print(text, file=self._stream, flush=True)
        except BrokenPipeError:
            self._unheard = self._control.stop = True
