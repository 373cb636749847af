"""How far a backtest is, as a terminal and as a pipe see it."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from tests.backtest.planned import book, plan
from trader.backtest.books.work import Ended, Failed, Going, News, Preparing, Said
from trader.clock import SetClock
from trader.commands.backtest_progress import EVERY_S, Progressing, watching

START = datetime(2012, 3, 2, 21, tzinfo=UTC)


class Watch(SetClock):
    """Its stopwatch is its moment."""

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def on(self, seconds: float) -> None:
        self.set(self.moment + timedelta(seconds=seconds))


class Terminal(io.StringIO):
    """Takes whatever a terminal takes."""

    def isatty(self) -> bool:
        return True


PLAN = plan([book(number, START, 100, varied={"seed": str(number)}) for number in (1, 2)])
STORY: tuple[News, ...] = (
    Preparing(1, "scoring the rules", 1, 4),
    Going(1, 0, 100),
    Said(1, "a model is cached"),
    Going(1, 50, 100),
    Failed(2, "its worker was killed by SIGKILL", "the same command goes on with it"),
    Going(1, 100, 100),
    Ended(1, True, 61.0),
)


def told(stream: io.StringIO) -> str:
    clock = Watch(START)
    with watching(stream, Progressing(PLAN, {1: 0, 2: 40}, clock), clock) as watch:
        for news in STORY:
            clock.on(EVERY_S + 1)
            watch.hear(news)
    return stream.getvalue()


def test_a_pipe_gets_a_line_for_what_is_worth_one() -> None:
    assert told(io.StringIO()).splitlines() == [
        "40 of 200 rounds, 0 of 2 books, scoring the rules: 25%",
        "40 of 200 rounds, 0 of 2 books",
        "note: book 1 (seed=1): a model is cached",
        "90 of 200 rounds, 0 of 2 books, about 3 min 5 s left",
        "book 2 (seed=2) failed: its worker was killed by SIGKILL (the same command goes on with it)",
        "140 of 200 rounds, 0 of 2 books, about 1 min 16 s left",
        "book 1 (seed=1) is finished, in 1 min 1 s: 140 of 200 rounds, 1 of 2 books, about 1 min 28 s left",
    ]


@pytest.mark.parametrize("colour", [True, False])
def test_a_terminal_gets_a_bar_and_no_colour_where_none_is_wanted(
    colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    shown = told(Terminal())
    assert "140 of 200 rounds, 1 of 2 books" in shown
    assert "book 2 (seed=2) failed: its worker was killed by SIGKILL" in shown
    assert ("\x1b[38;5;" in shown or "\x1b[3" in shown) == colour
