"""A thread that computes while its caller waits no longer than a limit.

A thread cannot be stopped from outside: work that ran out of time goes on in the background until it ends,
and its answer is thrown away. The next work gets a new thread, so that one that hangs holds up nobody else.
"""

import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


class OutOfTime(Exception):
    """The work was not done within its limit."""


class _Task(Generic[Answer]):
    """One piece of work, and where its answer goes. A plain lock costs a third of a `Future`."""

    def __init__(self, work: Callable[[], Answer]) -> None:
        self._work = work
        self._undone = threading.Lock()
        self._undone.acquire()
        self._answer: Answer
        self._error: BaseException | None = None

    def do(self) -> None:
        try:
            self._answer = self._work()
        except BaseException as error:
            self._error = error
        finally:
            self._undone.release()

    def answer(self, seconds: float) -> Answer:
        if not self._undone.acquire(timeout=seconds):
            raise OutOfTime
        if self._error is not None:
            raise self._error
        return self._answer


class Worker:
    """One thread, started at the first work and ended with this object. One caller at a time."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[_Task[Any] | None] | None = None

    def within(self, seconds: float, work: Callable[[], Answer]) -> Answer:
        """What `work` returns or raises. Raises OutOfTime where it takes longer than `seconds`."""
        if self._tasks is None:
            self._tasks = SimpleQueue()
            weakref.finalize(self, self._tasks.put, None)
            threading.Thread(target=_serve, args=(self._tasks,), name="tools", daemon=True).start()
        task = _Task(work)
        self._tasks.put(task)
        try:
            return task.answer(seconds)
        except OutOfTime:
            self._tasks.put(None)
            self._tasks = None
            raise


def _serve(tasks: SimpleQueue[_Task[Any] | None]) -> None:
    while (task := tasks.get()) is not None:
        task.do()
        del task  # nothing of it is kept while the next one is waited for
