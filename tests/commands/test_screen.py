import signal
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tests.commands import example
from trader.commands.live import LiveScreen
from trader.commands.screen import Shown
from trader.runner import Control

Compare = Callable[[str, str], None]


def drawn(shown: Shown, width: int, height: int) -> str:
    """The screen as text, as a terminal of this size would have it."""
    console = Console(file=StringIO(), width=width, height=height, color_system=None, legacy_windows=False)
    lines = console.render_lines(shown, console.options.update(width=width, height=height), pad=False)
    return "".join("".join(piece.text for piece in line).rstrip() + "\n" for line in lines)


@pytest.fixture
def screen(tmp_path: Path) -> LiveScreen:
    """A screen in the middle of a run."""
    watcher = LiveScreen(Control(), speed=0.0)
    watcher.opened(example.opening(tmp_path))
    watcher.round_closed(example.closed_round(127))
    watcher.round_closed(example.closed_round(128))
    return watcher


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 24), (200, 40), (80, 12)])
def test_the_screen_fits_every_terminal(
    width: int, height: int, screen: LiveScreen, same_as_snapshot: Compare
) -> None:
    text = drawn(screen.shown, width, height)
    lines = text.splitlines()
    assert len(lines) == height
    assert max(len(line) for line in lines) <= width
    assert lines[-1].startswith(" a  look now")
    same_as_snapshot(f"screen_{width}x{height}", text)


@pytest.mark.parametrize("width", [1, 5, 20, 40])
@pytest.mark.parametrize("height", [1, 2, 5, 8])
def test_a_tiny_terminal_breaks_nothing(width: int, height: int, screen: LiveScreen) -> None:
    lines = drawn(screen.shown, width, height).splitlines()
    assert len(lines) == height
    assert max(len(line) for line in lines) <= width


def test_before_the_first_round_the_preparation_is_shown(same_as_snapshot: Compare) -> None:
    watcher = LiveScreen(Control(), speed=0.0)
    watcher.preparing("scoring the rules over their history", 120, 604)
    same_as_snapshot("screen_preparing", drawn(watcher.shown, 80, 24))


def test_the_help_says_what_each_key_does(screen: LiveScreen, same_as_snapshot: Compare) -> None:
    screen.pressed("h")
    same_as_snapshot("screen_help", drawn(screen.shown, 80, 24))
    screen.pressed("h")
    assert "momentum" in drawn(screen.shown, 80, 24)


def test_keys_ask_the_run_for_what_they_say(tmp_path: Path) -> None:
    control = Control()
    watcher = LiveScreen(control, speed=0.0)
    watcher.pressed(" ")
    assert control.paused
    assert "paused" in drawn(watcher.shown, 80, 24)
    watcher.pressed("a")
    assert control.step
    watcher.pressed(" ")
    assert not control.paused
    watcher.pressed("x")
    assert not control.stop


def test_q_is_an_interrupt_once() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a worker of the tests ignores it
    try:
        q_is_an_interrupt_once()
    finally:
        signal.signal(signal.SIGINT, before)


def q_is_an_interrupt_once() -> None:
    control = Control()
    watcher = LiveScreen(control, speed=0.0)
    with pytest.raises(KeyboardInterrupt):
        watcher.pressed("q")
    control.stop = True
    watcher.pressed("q")
    assert "stopping" in drawn(watcher.shown, 80, 24)


def test_the_time_left_is_that_of_the_last_rounds_and_no_faster_than_the_speed(screen: LiveScreen) -> None:
    assert screen.shown.seconds_left() == pytest.approx(122 * 0.08)
    screen.shown.speed = 2.0
    assert screen.shown.seconds_left() == pytest.approx(122 * 0.5)


def test_more_symbols_than_fit_are_counted(tmp_path: Path, screen: LiveScreen) -> None:
    many = tuple(
        example.undecided().model_copy(update={"symbol": f"SYM{number:03}", "target_weight": 0.0})
        for number in range(40)
    )
    closed = example.closed_round(129)
    screen.shown.closed = type(closed)(**{**vars(closed), "decisions": many})
    lines = drawn(screen.shown, 80, 24).splitlines()
    heading = next(line for line in lines if "SYM000" in line)
    assert heading.endswith("+35")
    assert max(len(line) for line in lines) <= 80


def test_an_account_that_has_lost_everything_is_still_drawn(screen: LiveScreen) -> None:
    closed = screen.shown.closed
    assert closed is not None
    broke = closed.account.model_copy(update={"cash": Decimal(-1891), "positions": closed.account.positions})
    screen.shown.closed = type(closed)(**{**vars(closed), "account": broke})
    assert "invested" in drawn(screen.shown, 80, 24)


def test_old_events_make_room_for_new_ones(screen: LiveScreen) -> None:
    for number in range(200):
        screen.note(f"event {number}")
    assert len(screen.shown.events) == 60
    assert "event 199" in drawn(screen.shown, 80, 40)
