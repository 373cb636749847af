"""Time by part, while the program runs as it is."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from time import perf_counter
from typing import Any, NamedTuple
from unittest.mock import patch


class Place(NamedTuple):
    """A function that belongs to a part, where its callers look it up: a class or a module, and its name."""

    part: str
    owner: Any
    name: str


class Stopwatch:
    """Adds up the time within each part, less that within another part it calls. For one thread."""

    def __init__(self) -> None:
        self.ms: defaultdict[str, float] = defaultdict(float)
        """Milliseconds so far, by part."""
        self._inner: list[float] = []
        """For each call that is open, what those it made have taken."""

    @contextmanager
    def on(self, places: Iterable[Place]) -> Iterator[None]:
        """Time these functions. Raises AttributeError for one that is not there."""
        with ExitStack() as stack:
            for part, owner, name in places:
                stack.enter_context(patch.object(owner, name, self.timed(part, getattr(owner, name))))
            yield

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, which must not be a coroutine's, with its time added to a part."""

        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            began = perf_counter()
            self._inner.append(0.0)
            try:
                return function(*arguments, **named)
            finally:
                took = (perf_counter() - began) * 1000.0
                self.ms[part] += took - self._inner.pop()
                if self._inner:
                    self._inner[-1] += took

        return call
