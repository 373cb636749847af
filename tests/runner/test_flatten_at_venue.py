"""`trader flatten` for a venue's book without a run: the venue is asked, and nothing is sent blindly."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.runner.test_live import Sandbox, sandbox
from tests.venues.binance import KEY, SECRET
from trader.cli import main
from trader.journal.reader import JournalReader

OWNED = Decimal("0.5")
"""Of what the account had before."""


async def flattened(town: Sandbox) -> int:
    """The command, in a thread of its own: the venue is served by this one."""
    given = ["--workspace", str(town.workspace.root), "flatten", "--yes", "--json"]
    return await asyncio.to_thread(main, given)


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("BINANCE_API_KEY", KEY)
    monkeypatch.setenv("BINANCE_API_SECRET", SECRET)
    return monkeypatch


async def test_the_account_is_left_and_all_of_it_is_recorded(
    tmp_path: Path, keyed: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with sandbox(tmp_path) as town:
        ran = await town.run(run__cycles=1)
        keyed.setenv("TRADER_VENUE__STAND_IN", town.venue.url)
        exchange = town.venue.exchange
        assert exchange.balances["BTC"] > OWNED

        town.venue.venue.revoked = True
        assert await flattened(town) == 3
        assert exchange.balances["BTC"] > OWNED
        town.venue.venue.revoked = False
        capsys.readouterr()

        assert await flattened(town) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["command"], told["done"]) == ("flatten", True)
        assert told["text"].startswith("sent: sell ")
        assert exchange.balances["BTC"] == OWNED
        assert not list(exchange.open_orders())
        with JournalReader(ran.journal) as reader:
            fills = reader.fills(ran.book.id)
        assert sum(fill.signed_quantity for fill in fills) == 0
        assert fills[-1].client_id.startswith("f")

        assert await flattened(town) == 0
        assert json.loads(capsys.readouterr().out)["text"] == "nothing is held, and no entry works or waits"
