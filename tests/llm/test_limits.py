import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from tests.llm.conftest import call_of
from trader.clock import SystemClock
from trader.domain.errors import ModelError, ModelRefused, ModelTimeout, ModelUnavailable, RateLimited
from trader.llm.client import Answer, Call
from trader.llm.limits import FAILURES, Breaker, Limit, Pace, PacedClient

CLOCK = SystemClock()


@dataclass
class Stopwatch:
    """A clock that stands still until it is moved."""

    seconds: float = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Slow:
    """Takes its time, counts who is there at once, and fails as it is told to."""

    seconds: float = 0.0
    errors: list[ModelError] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    at_once: int = 0
    most: int = 0

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        self.calls.append(call)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(self.seconds)
        self.at_once -= 1
        if self.errors:
            raise self.errors.pop(0)
        return Answer(text="", usd=0, ms=1.0)


async def test_no_more_calls_than_a_provider_takes_are_out_at_once() -> None:
    slow = Slow(seconds=0.02)
    paced = PacedClient(slow, {"p": Limit(concurrency=3)}, CLOCK)
    await asyncio.gather(*(paced.ask(call_of(model="p/m", sample=n), 5.0) for n in range(12)))
    assert (slow.most, len(slow.calls)) == (3, 12)


async def test_calls_start_in_the_order_in_which_they_were_asked() -> None:
    slow = Slow(seconds=0.005)
    paced = PacedClient(slow, {"p": Limit(concurrency=2)}, CLOCK)
    await asyncio.gather(*(paced.ask(call_of(model="p/m", sample=n), 5.0) for n in range(9)))
    assert [call.sample for call in slow.calls] == list(range(9))


async def test_one_provider_does_not_wait_for_another() -> None:
    slow = Slow(seconds=0.1)
    paced = PacedClient(slow, {"p": Limit(concurrency=1)}, CLOCK)
    await asyncio.gather(paced.ask(call_of(model="p/m"), 5.0), paced.ask(call_of(model="q/m"), 5.0))
    assert slow.most == 2


async def test_who_gets_no_turn_in_time_is_not_sent() -> None:
    slow = Slow(seconds=0.5)
    paced = PacedClient(slow, {"p": Limit(concurrency=1)}, CLOCK)
    first = asyncio.create_task(paced.ask(call_of(model="p/m"), 5.0))
    await asyncio.sleep(0)
    with pytest.raises(RateLimited, match="p: no turn in time"):
        await paced.ask(call_of(model="p/m"), 0.05)
    assert len(slow.calls) == 1
    await first


async def test_a_minute_holds_as_many_requests_as_it_may_and_the_next_one_waits() -> None:
    watch = Stopwatch()
    pace = Pace("p", Limit(requests_per_minute=3), watch)
    for _ in range(3):
        async with pace.turn(watch.seconds + 1.0):
            watch.seconds += 10.0
    assert pace.opens_in() == 30.0
    with pytest.raises(RateLimited, match=r"the next turn is in 30\.0 s") as raised:
        async with pace.turn(watch.seconds + 20.0):
            raise AssertionError
    assert raised.value.retry_after == 30.0
    watch.seconds += 30.0
    async with pace.turn(watch.seconds + 1.0):
        assert pace.opens_in() == 10.0, "a window that slides, not one that is emptied"


async def test_turns_that_were_refused_or_cancelled_block_nobody() -> None:
    slow = Slow(seconds=5.0)
    paced = PacedClient(slow, {"p": Limit(concurrency=1)}, CLOCK)
    task = asyncio.create_task(paced.ask(call_of(model="p/m"), 9.0))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    slow.seconds = 0.0
    assert (await paced.ask(call_of(model="p/m"), 3.0)).text == ""


async def test_a_429_holds_everybody_else_at_that_provider() -> None:
    slow = Slow(errors=[RateLimited("p/m: slow down", retry_after=0.6)])
    paced = PacedClient(slow, {}, CLOCK)
    began = time.monotonic()
    with pytest.raises(RateLimited):
        await paced.ask(call_of(model="p/m"), 5.0)
    with pytest.raises(RateLimited):
        await paced.ask(call_of(model="p/m"), 0.1)
    await asyncio.gather(paced.ask(call_of(model="p/other"), 5.0), paced.ask(call_of(model="q/m"), 5.0))
    assert time.monotonic() - began >= 0.6
    assert [call.model for call in slow.calls] == ["p/m", "q/m", "p/other"]


async def test_a_dead_server_is_left_alone_and_one_call_tries_it_again() -> None:
    slow = Slow(errors=[ModelUnavailable("p/m: gone") for _ in range(FAILURES)])
    paced = PacedClient(slow, {}, CLOCK, cooldown_s=0.4)
    for _ in range(FAILURES):
        with pytest.raises(ModelUnavailable, match="gone"):
            await paced.ask(call_of(model="p/m"), 5.0)
    with pytest.raises(ModelUnavailable, match="failed 3 times in a row, left alone"):
        await paced.ask(call_of(model="p/m"), 5.0)
    await paced.ask(call_of(model="p/other"), 5.0)
    assert len(slow.calls) == FAILURES + 1
    await asyncio.sleep(0.45)
    tried = await asyncio.gather(
        paced.ask(call_of(model="p/m"), 5.0), paced.ask(call_of(model="p/m"), 5.0), return_exceptions=True
    )
    assert [type(outcome) for outcome in tried] == [Answer, ModelUnavailable]
    await paced.ask(call_of(model="p/m"), 5.0)


async def test_a_silent_server_counts_as_dead_only_where_it_had_its_whole_time() -> None:
    silent = Slow(errors=[ModelTimeout("p/m: nothing") for _ in range(2 * FAILURES)])
    paced = PacedClient(silent, {}, CLOCK)
    for within in [1.0] * FAILURES + [3.0] * FAILURES:
        with pytest.raises(ModelTimeout):
            await paced.ask(call_of(model="p/m", timeout_s=2.0), within)
    with pytest.raises(ModelUnavailable, match="left alone"):
        await paced.ask(call_of(model="p/m", timeout_s=2.0), 3.0)


def test_only_a_server_that_is_away_opens_the_breaker() -> None:
    breaker = Breaker(Stopwatch())
    for _ in range(10):
        breaker.heard(ModelRefused("wrong key"))
        breaker.heard(RateLimited("slow down"))
        breaker.check("p/m")
    for _ in range(FAILURES):
        breaker.heard(ModelUnavailable("gone"))
    with pytest.raises(ModelUnavailable):
        breaker.check("p/m")
    breaker.heard(None)
    breaker.check("p/m")
