"""A protection keeps entries out of what has just been closed, after a restart too; and decisions replay."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.replays import Town, Watcher, drive
from tests.e2e.test_approval import asks
from trader.cli import main
from trader.graph.replay import replay
from trader.journal.reader import JournalReader
from trader.runner import ClosedRound
from trader.workspace import Workspace

NEVER_MADE = {"rule": "low_profit", "bars": 1000, "within": 1000, "least": Decimal(1)}
"""No trade doubles what it had cost: whatever was closed once is left alone from then on."""


def test_what_was_closed_is_not_to_be_entered_again(
    hamlet: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person leaves the first position that there is, and the desk wants it back."""
    workspace = Workspace(tmp_path)

    def leave(closed: ClosedRound) -> None:
        with JournalReader(workspace.journal) as reader:
            book = reader.books()[-1].id
        if closed.account.positions:
            asks(workspace, "flatten", {"book": book}, "leave")  # again is once: it has the same id

    town = Town(hamlet.data, {**hamlet.flags, "risk.protections": [NEVER_MADE]})
    ran = drive(workspace, town, watcher=Watcher(leave))
    with JournalReader(ran.journal) as reader:
        opened = reader.last_opened(ran.book.id)
        assert opened is not None
        paused = {pause["symbol"] for pause in opened.facts["pauses"]}
        assert replay(reader, reader.decisions(ran.book.id)[0].id).identical
    assert paused
    for symbol in ran.book.symbols:
        asked = ["risk", "check", "--symbol", symbol, "--side", "buy", "--quantity", "1", "--json"]
        code = main(["--workspace", str(tmp_path), *asked])
        told = json.loads(capsys.readouterr().out)
        assert (code == 3 and told["limit"] == "low_profit") is (symbol in paused), told
        assert symbol not in paused or f"100 % needed; no entry in {symbol}" in told["sentence"]
