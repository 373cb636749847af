import os
import sys
import time
from pathlib import Path

import pytest

from trader.commands import keys

if sys.platform == "win32":
    pytest.skip("a terminal of POSIX", allow_module_level=True)
else:
    import termios


def until(condition: object, heard: list[str]) -> None:
    end = time.monotonic() + 5.0
    while heard != condition:
        assert time.monotonic() < end, heard
        time.sleep(0.01)


def test_keys_come_one_by_one_without_return_and_the_terminal_is_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parent, child = os.openpty()
    with os.fdopen(child) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        before = termios.tcgetattr(child)
        pressed: list[str] = []
        with keys.heard(pressed.append):
            os.write(parent, b"h")
            until(["h"], pressed)
            os.write(parent, b"\x1b[A")  # an arrow is no key of ours
            time.sleep(2 * keys.POLL_S)
            os.write(parent, b" ")
            until(["h", " "], pressed)
        assert termios.tcgetattr(child) == before
    os.close(parent)


def test_what_is_no_terminal_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "input").write_text("q")
    pressed: list[str] = []
    with (tmp_path / "input").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with keys.heard(pressed.append):
            time.sleep(2 * keys.POLL_S)
        assert stdin.read() == "q"
    assert pressed == []
