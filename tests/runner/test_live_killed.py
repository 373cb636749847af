"""The whole desk is killed with SIGKILL while it trades a venue in another process, and goes on."""

import asyncio
import json
import signal
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.runner.test_live import Sandbox, sandbox, stopped
from trader.journal.reader import JournalReader

ROOT = Path(__file__).parents[2]
CHILD = """
import asyncio, json, sys
from pathlib import Path
from tests.runner.test_live import KEYS, Seen
from tests.venues.walk import START, FastClock
from trader.runner.live import run_live
from trader.runner.watching import Control
from trader.settings import load
from trader.workspace import Workspace

folder, factor, began, flags = sys.argv[1:]
clock = FastClock(START, float(factor), float(began))
settings, _ = load(flags=json.loads(flags))
workspace = Workspace(Path(folder))
asyncio.run(run_live(workspace, settings, KEYS, observer=Seen(), control=Control(), clock=clock))
"""


async def killed_when(town: Sandbox, orders: int) -> int:
    """Run in a child until the venue has so many orders, then kill it."""
    arguments = (
        str(town.workspace.root),
        str(town.clock.factor),
        str(town.clock._began),
        json.dumps({**town.flags, "run.cycles": None}),
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-c", CHILD, *arguments, cwd=ROOT
    )
    for _ in range(6_000):
        if len(town.venue.exchange.orders) >= orders or child.returncode is not None:
            break
        await asyncio.sleep(0.01)
    if child.returncode is None:
        child.kill()
    return await child.wait()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="SIGKILL, and a stopwatch that processes share")
@pytest.mark.parametrize("orders", [1, 2])
async def test_a_desk_that_is_killed_while_it_trades_doubles_and_loses_nothing(
    tmp_path: Path, orders: int
) -> None:
    async with sandbox(tmp_path) as town:
        assert await killed_when(town, orders) == -signal.SIGKILL
        before = [one.client_id for one in town.venue.exchange.orders.values()]
        ran = await town.run(run__cycles=6)
        exchange = town.venue.exchange
        ids = [one.client_id for one in exchange.orders.values()]
        assert ids[: len(before)] == before
        assert len(ids) == len(set(ids))
        with JournalReader(ran.journal) as reader:
            intended = {one.order.client_id for one in reader.orders(ran.book.id)}
            fills = reader.fills(ran.book.id)
        assert set(ids) <= intended
        assert sorted(fill.quantity for fill in fills) == sorted(one.quantity for one in exchange.trades)
        assert 100_000 - sum(fill.signed_quantity * fill.price for fill in fills) == exchange.balances["USDT"]
        assert stopped(town) == exchange.balances["BTC"] - Decimal("0.5") > 0
