"""The kill switch while a model keeps the desk waiting: by file, by command and by signal."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.models import Asked, desk_server, form
from tests.e2e.replays import Town
from tests.llm.server import Reply
from trader.cli import main
from trader.domain.orders import OrderState
from trader.journal.reader import JournalReader
from trader.workspace import Workspace

pytestmark = pytest.mark.slow  # each run imports a model client anew

ROOT = Path(__file__).parents[2]
HANGS_S = 2.0
"""How long one model keeps everybody waiting."""
CHANNELS = ["file", "command", *(["signal"] if hasattr(signal, "SIGUSR1") else [])]


def pull(channel: str, workspace: Workspace, pid: int) -> None:
    if channel == "file":
        workspace.halt.touch()
    elif channel == "command":
        assert main(["--workspace", str(workspace.root), "halt", "enough"]) == 0
    else:
        os.kill(pid, signal.SIGUSR1)


async def states(town: Town, workspace: Workspace, channel: str | None) -> set[OrderState]:
    """What became of the orders of one round in which the desk is halted while it waits for a model."""
    hanging = asyncio.Event()

    def late(asked: Asked) -> Reply:
        if asked.part != "value":
            return form(asked)
        hanging.set()
        return Reply(form(asked).text, delay_s=HANGS_S)

    async with desk_server(late) as server:
        roles = "".join(
            f'[llm.roles.{role}]\nmodels = ["openai/small"]\napi_base = "{server.api_base}"\n'
            for role in ("fast", "careful")
        )
        (workspace.root / "trader.toml").write_text(roles)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "trader", "run", "--feed", f"files:{town.data}", "--cycles", "1"),
            *("--start", str(town.flags["run.start"])),
            cwd=workspace.root,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TRADER_DESK__HORIZON": "20"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(60):
            await hanging.wait()
            if channel is not None:
                pull(channel, workspace, process.pid)
                pulled = time.monotonic()
                while not workspace.halt.exists():  # noqa: ASYNC110 - another process makes it
                    await asyncio.sleep(0.01)
                assert time.monotonic() - pulled < 1.0
            said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    with JournalReader(workspace.journal) as reader:
        book = reader.books()[-1].id
        last = {event.client_id: event.state for event in reader.order_events(book)}
        assert last.keys() == {placed.order.client_id for placed in reader.orders(book)}
    return set(last.values())


async def test_without_the_switch_the_orders_go_out(hamlet: Town, tmp_path: Path) -> None:
    assert await states(hamlet, Workspace(tmp_path), None) == {OrderState.ACKNOWLEDGED}


@pytest.mark.parametrize("channel", CHANNELS)
async def test_halted_while_a_model_hangs_nothing_is_sent(hamlet: Town, tmp_path: Path, channel: str) -> None:
    assert await states(hamlet, Workspace(tmp_path), channel) == {OrderState.NOT_SENT}
