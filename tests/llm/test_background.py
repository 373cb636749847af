import asyncio
import threading
import time

import pytest

from trader.llm.background import Background


def running() -> int:
    return sum(thread.name == "models" for thread in threading.enumerate())


async def block(seconds: float) -> str:
    time.sleep(seconds)  # noqa: ASYNC251 - what a library does that does not know better
    return "blocked"


async def where() -> str:
    return threading.current_thread().name


async def test_work_runs_in_another_thread_and_its_result_comes_back() -> None:
    before = running()
    background = Background()
    assert await background.run(where(), 5.0) == "models"
    await background.close(asyncio.sleep(0))
    assert running() == before


async def test_work_that_blocks_its_loop_does_not_outlast_its_time() -> None:
    background = Background()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        await background.run(block(1.0), 0.1)
    assert time.monotonic() - began < 0.8
    await background.close(asyncio.sleep(0))


async def test_work_that_blocks_does_not_hold_up_the_loop_that_waits() -> None:
    background = Background()
    blocked = asyncio.create_task(background.run(block(0.8), 5.0))
    began = time.monotonic()
    await asyncio.sleep(0.01)
    assert time.monotonic() - began < 0.6
    assert await blocked == "blocked"
    await background.close(asyncio.sleep(0))


async def test_work_that_is_given_up_is_ended() -> None:
    ended = threading.Event()

    async def forever() -> None:
        try:
            await asyncio.sleep(3600.0)
        finally:
            ended.set()

    background = Background()
    with pytest.raises(TimeoutError):
        await background.run(forever(), 0.05)
    assert await asyncio.to_thread(ended.wait, 2.0)
    await background.close(asyncio.sleep(0))


async def test_an_error_comes_back_as_it_is() -> None:
    async def broken() -> None:
        raise KeyError("x")

    background = Background()
    with pytest.raises(KeyError):
        await background.run(broken(), 5.0)
    await background.close(asyncio.sleep(0))


async def test_what_was_closed_before_it_was_used_starts_nothing() -> None:
    before = running()
    background = Background()
    await background.close(asyncio.sleep(0))
    assert running() == before
