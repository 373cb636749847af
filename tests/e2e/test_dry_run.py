"""`DRY_RUN=1`: everything but the sending, in a run and by hand."""

from pathlib import Path

import pytest

from tests.e2e.replays import Town
from trader.cli import main
from trader.domain.orders import OrderState
from trader.journal.reader import JournalReader
from trader.workspace import Workspace

Captured = pytest.CaptureFixture[str]


def run(town: Town, folder: Path) -> None:
    where = ["--feed", f"files:{town.data}", "--start", str(town.flags["run.start"]), "--cycles", "2"]
    assert main(["--workspace", str(folder), "run", *where]) == 0


def test_orders_are_ruled_on_and_written_down_and_none_is_sent(
    hamlet: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("TRADER_DESK__HORIZON", "20")
    monkeypatch.setenv("DRY_RUN", "1")
    run(hamlet, tmp_path)
    told = capsys.readouterr()
    assert "note: dry run: orders are written down, and none is sent" in told.out
    assert "dry run: orders are written down, and nothing was sent" in told.err
    with JournalReader(Workspace(tmp_path).journal) as reader:
        book = reader.books()[-1].id
        assert reader.rulings(book)
        last = {event.client_id: (event.state, event.reason) for event in reader.order_events(book)}
        assert last.keys() == {placed.order.client_id for placed in reader.orders(book)}
        assert set(last.values()) == {(OrderState.NOT_SENT, "dry run: orders are written down")}
        assert not reader.fills(book)

    monkeypatch.delenv("DRY_RUN")
    run(hamlet, tmp_path)
    with JournalReader(Workspace(tmp_path).journal) as reader:
        assert reader.books()[-1].id != book, "a dry run is no beginning of a real one"
        assert reader.fills(reader.books()[-1].id)

    capsys.readouterr()
    monkeypatch.setenv("DRY_RUN", "1")
    assert main(["--workspace", str(tmp_path), "flatten", "--yes"]) == 3
    told = capsys.readouterr()
    assert "dry run: orders are written down, and nothing is sent" in told.err
    assert "otherwise: sell " in told.err
