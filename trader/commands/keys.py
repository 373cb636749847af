"""Single keys from a terminal, without Return and without echo."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

POLL_S = 0.1
"""How long a key may go unseen."""

if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def _unbuffered() -> Iterator[None]:
        yield

    def _key() -> str:
        """A key if one comes within POLL_S, else nothing. Arrows come as two, and are dropped."""
        if not msvcrt.kbhit():
            threading.Event().wait(POLL_S)
            return ""
        key = msvcrt.getwch()
        if key in ("\x00", "\xe0"):
            msvcrt.getwch()
            return ""
        return key

else:
    import os
    import select
    import termios
    import tty

    @contextmanager
    def _unbuffered() -> Iterator[None]:
        """Single keys until the end; Ctrl-C stays a signal."""
        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        tty.setcbreak(terminal)
        try:
            yield
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)

    def _key() -> str:
        """A key if one comes within POLL_S, else nothing. Arrows come as several, and are dropped."""
        terminal = sys.stdin.fileno()
        if not select.select([terminal], [], [], POLL_S)[0]:
            return ""
        pressed = os.read(terminal, 32).decode(errors="replace")
        return "" if pressed.startswith("\x1b") else pressed[-1:]


@contextmanager
def heard(on_key: Callable[[str], None]) -> Iterator[None]:
    """Call `on_key` for each key pressed, from a thread of its own; nothing where stdin is no terminal."""
    if not sys.stdin.isatty():
        yield
        return
    over = threading.Event()

    def listen() -> None:
        while not over.is_set():
            if key := _key():
                on_key(key)

    listener = threading.Thread(target=listen, name="keys", daemon=True)
    with _unbuffered():
        listener.start()
        try:
            yield
        finally:
            over.set()
            listener.join(timeout=1.0)
