"""The sender's pace: so many requests in any minute, and whoever comes beyond that waits for a turn.

Counted on the stopwatch of the process, which is the venue's clock as far as differences go. Protective legs,
cancels and simulated time do not count: whoever sends them does not ask for a turn.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from decimal import Decimal

from trader.clock import Clock

WINDOW_S = 60.0


class Pace:
    """Turns, in the order in which they are asked for."""

    def __init__(
        self, a_minute: Decimal, clock: Clock, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._a_minute, self._clock, self._sleep = int(a_minute), clock, sleep
        self._taken: deque[float] = deque()
        self._line = asyncio.Lock()
        self.waiting = 0
        """Requests that wait for a turn: the limit `order_rate` refuses entries where too many do."""

    @property
    def last_minute(self) -> int:
        """Turns taken within the last minute."""
        self._forget()
        return len(self._taken)

    async def turn(self) -> None:
        """Return when the next request may leave. With none a minute allowed nobody ever has a turn."""
        self.waiting += 1
        try:
            async with self._line:
                while (left := self.wait_s()) > 0:
                    await self._sleep(left)
                self._taken.append(self._clock.monotonic())
        finally:
            self.waiting -= 1

    def wait_s(self) -> float:
        """Seconds until there is a turn; zero where there is one now."""
        self._forget()
        if self._a_minute == 0:
            return WINDOW_S
        if len(self._taken) < self._a_minute:
            return 0.0
        return self._taken[-self._a_minute] + WINDOW_S - self._clock.monotonic()

    def _forget(self) -> None:
        now = self._clock.monotonic()
        while self._taken and now - self._taken[0] >= WINDOW_S:
            self._taken.popleft()
