"""An event loop in a thread of its own, for libraries that block the loop they run on.

litellm imports for seconds, and asks an Ollama server about its models with a blocking request. On the desk's
own loop nothing could then end a call at its deadline, and no other call would go on.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """Starts with the first coroutine and ends with `close` or with the process."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def run(self, work: Coroutine[Any, Any, T], timeout_s: float) -> T:
        """What `work` returns or raises. Raises TimeoutError after `timeout_s`, whatever `work` is doing."""
        future = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), timeout_s)
        finally:
            future.cancel()

    async def close(self, closing: Coroutine[Any, Any, object], timeout_s: float = 5.0) -> None:
        """Runs `closing`, ends what is still running, and stops the thread."""
        if self._loop is None or self._thread is None:
            closing.close()
            return
        loop, self._loop = self._loop, None
        future = asyncio.run_coroutine_threadsafe(_wind_up(closing), loop)
        await asyncio.wait([asyncio.ensure_future(asyncio.wrap_future(future))], timeout=timeout_s)
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(self._thread.join, timeout_s)
        if not self._thread.is_alive():
            loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            # A daemon: a call that cannot be ended does not keep the process.
            self._thread = threading.Thread(target=self._loop.run_forever, name="models", daemon=True)
            self._thread.start()
        return self._loop


async def _wind_up(closing: Coroutine[Any, Any, object]) -> None:
    try:
        await closing
    finally:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
