"""Requests as fast as a provider allows and no faster, and none to a server that is dead."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pydantic import Field

from trader.clock import Clock
from trader.domain.errors import ModelError, ModelTimeout, ModelUnavailable, RateLimited
from trader.domain.value import Value
from trader.llm.client import Answer, Call, ModelClient

MINUTE_S = 60.0
FAILURES = 3
"""As many in a row, and a server counts as dead."""
COOLDOWN_S = 60.0


class Limit(Value):
    """What one provider allows; None is no limit."""

    concurrency: int | None = Field(default=None, gt=0)
    requests_per_minute: int | None = Field(default=None, gt=0)


class Pace:
    """One provider's turns, in the order in which they are asked for. Belongs to one event loop."""

    def __init__(self, name: str, limit: Limit, clock: Clock) -> None:
        self._name, self._limit, self._clock = name, limit, clock
        self._slots = asyncio.Semaphore(limit.concurrency) if limit.concurrency else None
        self._starts: deque[float] = deque(maxlen=limit.requests_per_minute or 1)
        self._paused_until = 0.0

    def pause(self, seconds: float) -> None:
        """Nobody starts before `seconds` have gone by."""
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)

    def opens_in(self) -> float:
        """Seconds until the next request may start; not below 0."""
        now = self._clock.monotonic()
        full = self._limit.requests_per_minute and len(self._starts) == self._limit.requests_per_minute
        opens = self._starts[0] + MINUTE_S if full else now
        return max(opens, self._paused_until, now) - now

    @asynccontextmanager
    async def turn(self, deadline: float) -> AsyncIterator[None]:
        """A turn of one's own. Raises RateLimited, before anything is sent, where none comes in time."""
        try:
            async with asyncio.timeout(max(0.0, deadline - self._clock.monotonic())):
                await self._enter()
        except TimeoutError:
            raise RateLimited(f"{self._name}: no turn in time, too many calls wait") from None
        try:
            await self._start(deadline)
            yield
        finally:
            if self._slots:
                self._slots.release()

    async def _enter(self) -> None:
        if self._slots:
            await self._slots.acquire()

    async def _start(self, deadline: float) -> None:
        """Takes the next start in the minute, then waits for it; a pause meanwhile is waited out too."""
        start = self._clock.monotonic() + self.opens_in()
        self._in_time(start, deadline)
        if self._limit.requests_per_minute:
            self._starts.append(start)
        while (left := max(start, self._paused_until) - self._clock.monotonic()) > 0.0:
            self._in_time(self._clock.monotonic() + left, deadline)
            await asyncio.sleep(left)

    def _in_time(self, start: float, deadline: float) -> None:
        if start >= deadline:
            wait = start - self._clock.monotonic()
            raise RateLimited(f"{self._name}: the next turn is in {wait:.1f} s, too late", retry_after=wait)


class Breaker:
    """Leaves one server alone for `cooldown_s` after FAILURES in a row; then one call may try it."""

    def __init__(self, clock: Clock, cooldown_s: float = COOLDOWN_S) -> None:
        self._clock, self._cooldown_s = clock, cooldown_s
        self._failures = 0
        self._closed_until = 0.0

    def check(self, name: str) -> None:
        """Raises ModelUnavailable while the server is left alone."""
        left = self._closed_until - self._clock.monotonic()
        if self._failures >= FAILURES and left > 0.0:
            failed = f"{name}: failed {self._failures} times in a row"
            raise ModelUnavailable(f"{failed}, left alone for another {left:.0f} s")
        if self._failures >= FAILURES:  # the others wait for what the first one finds
            self._closed_until = self._clock.monotonic() + self._cooldown_s

    def heard(self, error: ModelError | None) -> None:
        """What came of a call. Only a server that is away or silent counts; a wrong key is not its fault."""
        if isinstance(error, ModelUnavailable | ModelTimeout):
            self._failures += 1
            self._closed_until = self._clock.monotonic() + self._cooldown_s
        else:
            self._failures = 0


class PacedClient:
    """A ModelClient around another: turns by provider, a breaker by server and model."""

    def __init__(
        self,
        client: ModelClient,
        limits: Mapping[str, Limit],
        clock: Clock,
        *,
        cooldown_s: float = COOLDOWN_S,
    ) -> None:
        self._client, self._limits, self._clock, self._cooldown_s = client, limits, clock, cooldown_s
        self._paces: dict[str, Pace] = {}
        self._breakers: dict[tuple[str, str | None], Breaker] = {}

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        """See `ModelClient`. Waiting for a turn is part of `timeout_s` and not of the call's own time."""
        deadline = self._clock.monotonic() + timeout_s
        pace = self._pace(call.provider)
        breaker = self._breaker(call)
        async with pace.turn(deadline):
            breaker.check(call.model)
            left = deadline - self._clock.monotonic()
            try:
                answer = await self._client.ask(call, left)
            except ModelError as error:
                # Who was given less than its own time is not to blame for taking longer.
                if not isinstance(error, ModelTimeout) or left >= call.timeout_s:
                    breaker.heard(error)
                if isinstance(error, RateLimited):
                    pace.pause(error.retry_after or 0.0)
                raise
            breaker.heard(None)
            return answer

    def _pace(self, provider: str) -> Pace:
        if provider not in self._paces:
            self._paces[provider] = Pace(provider, self._limits.get(provider, Limit()), self._clock)
        return self._paces[provider]

    def _breaker(self, call: Call) -> Breaker:
        key = (call.model, call.api_base)
        if key not in self._breakers:
            self._breakers[key] = Breaker(self._clock, self._cooldown_s)
        return self._breakers[key]
