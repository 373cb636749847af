"""How far a backtest is: a bar on a terminal, lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from trader.backtest.books.plan import Plan
from trader.backtest.books.work import Ended, Failed, Going, News, Preparing, Said
from trader.clock import Clock
from trader.commands import words
from trader.commands.output import terminal

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

FEWEST = 20
"""Rounds before the time that is left is told: the first ones train the forecaster."""
EVERY_S = 20.0
"""A line of progress at most so often."""


class Progressing:
    """Adds up what workers say: rounds, books, and the time that is left."""

    def __init__(self, plan: Plan, done: dict[int, int], clock: Clock) -> None:
        self.plan, self._clock, self._done = plan, clock, dict(done)
        self._began, self._at_first = clock.monotonic(), sum(done.values())
        self.books = sum(1 for one in plan.books if done.get(one.number, 0) == one.rounds)
        self.preparing = ""

    def hear(self, news: News) -> None:
        """Take note."""
        match news:
            case Going():
                self._done[news.number] = news.done
                self.preparing = ""
            case Preparing():
                self.preparing = f"{news.what}: {words.share(news.done / news.total, 0)}"
            case Ended():
                self.books += news.finished
                if news.finished:
                    self._done[news.number] = self.plan.books[news.number - 1].rounds

    @property
    def rounds(self) -> int:
        """Closed, of all books."""
        return sum(self._done.values())

    @property
    def text(self) -> str:
        """`312 of 1,000 rounds, 1 of 4 books, about 2 min left`."""
        plan, gone = self.plan, self._clock.monotonic() - self._began
        worked = self.rounds - self._at_first
        said = f"{self.rounds:,} of {words.count(plan.rounds, 'round')}, "
        said += f"{self.books:,} of {words.count(len(plan.books), 'book')}"
        if worked >= FEWEST and self.rounds < plan.rounds:
            said += f", about {words.duration(gone / worked * (plan.rounds - self.rounds))} left"
        elif self.preparing:
            said += f", {self.preparing}"
        return said


class Watch(Protocol):
    """Whoever shows how far it is."""

    def hear(self, news: News) -> None:
        """What a worker says."""
        ...


class Lines:
    """A line for each book that ends, and one of progress now and then."""

    def __init__(self, stream: TextIO, progress: Progressing, clock: Clock) -> None:
        self._stream, self._progress, self._clock = stream, progress, clock
        self._spoke = clock.monotonic()

    def hear(self, news: News) -> None:
        """Tell what is worth a line."""
        self._progress.hear(news)
        told = told_of(news, self._progress.plan)
        if told:
            self._line(f"{told}: {self._progress.text}" if isinstance(news, Ended) else told)
        elif self._clock.monotonic() - self._spoke > EVERY_S:
            self._line(self._progress.text)

    def _line(self, text: str) -> None:
        self._spoke = self._clock.monotonic()
        print(text, file=self._stream, flush=True)


class Bar:
    """One bar for all rounds; what is worth a line stands above it."""

    def __init__(self, shown: "Progress", task: "TaskID", progress: Progressing) -> None:
        self._shown, self._task, self._progress = shown, task, progress

    def hear(self, news: News) -> None:
        """Move the bar."""
        self._progress.hear(news)
        told = told_of(news, self._progress.plan)
        if told and not (isinstance(news, Ended) and len(self._progress.plan.books) == 1):
            self._shown.console.print(told)
        self._shown.update(self._task, completed=self._progress.rounds, text=self._progress.text)


def told_of(news: News, plan: Plan) -> str:
    """What a worker says as a line; nothing where it is not worth one."""
    book = plan.books[news.number - 1]
    name = f"book {news.number} ({book.label})"
    match news:
        case Ended():
            return (
                f"{name} is {'finished' if news.finished else 'stopped'}, in {words.duration(news.seconds)}"
            )
        case Failed():
            return f"{name} failed: {news.message}" + (f" ({news.hint})" if news.hint else "")
        case Said():
            return f"note: {name}: {news.text}"
    return ""


@contextmanager
def watching(stream: TextIO, progress: Progressing, clock: Clock) -> Iterator[Watch]:
    """A bar where `stream` is a terminal that can have one, else lines."""
    if not stream.isatty() or terminal(stream).is_dumb_terminal:
        yield Lines(stream, progress, clock)
        return
    from rich.progress import BarColumn, Progress, TextColumn

    with Progress(BarColumn(), TextColumn("{task.fields[text]}"), console=terminal(stream)) as shown:
        task = shown.add_task("", total=progress.plan.rounds, completed=progress.rounds, text=progress.text)
        yield Bar(shown, task, progress)
