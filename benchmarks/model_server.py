"""A server of models in a process of its own: a form for each question, so many milliseconds later."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from benchmarks.children import ROOT
from tests.e2e.models import Asked, desk_server, form
from tests.llm.server import Reply


@contextmanager
def answering_after(ms: int) -> Iterator[str]:
    """The server's address, while it serves."""
    command = [sys.executable, "-m", "benchmarks.model_server", str(ms)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        if server.stdout is None:
            raise AssertionError("the server has no output")
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


async def serve(ms: int) -> None:
    """Until it is ended."""

    def late(asked: Asked) -> Reply:
        return replace(form(asked), delay_s=ms / 1000.0)

    async with desk_server(late) as server:
        print(server.api_base, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
