"""The same work a few times: the middle of them, of one way or of two by turns."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

Work = Callable[[], object]
Clock = Callable[[], float]
"""Seconds: `perf_counter`, or `process_time` where other programs must not count."""


def middle(work: Work, turns: int, clock: Clock = perf_counter) -> float:
    """Median seconds of `work`."""
    return median(_once(work, clock) for _ in range(turns))


def by_turns(here: Work, there: Work, turns: int, clock: Clock = perf_counter) -> tuple[float, float]:
    """Median seconds of both: what else the machine does meets the one as it meets the other."""
    pairs = [(_once(here, clock), _once(there, clock)) for _ in range(turns)]
    return median(one for one, _ in pairs), median(other for _, other in pairs)


def _once(work: Work, clock: Clock) -> float:
    began = clock()
    work()
    return clock() - began
