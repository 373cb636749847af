"""`trader memory`: what it prints, what it writes, and what it says when it cannot."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.commands import example
from tests.memory.past import closed, lost
from trader.cli import main
from trader.domain.ids import DecisionId
from trader.domain.market import Regime
from trader.domain.signals import Direction
from trader.domain.trades import MarketState
from trader.journal.records import OutcomeKnown, StateKnown, TradeClosed
from trader.journal.writer import Journal
from trader.workspace import Workspace


class Said(NamedTuple):
    """What a command came to."""

    code: int
    stdout: str
    stderr: str


Cli = Callable[..., Said]
BEAR = MarketState(rsi=35.0, adx=31.0, atr=0.03, trend=-0.1, volatility=0.4, regime=Regime.BEAR)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    def do(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(arguments)
        return Said(code, *capsys.readouterr())

    return do


@pytest.fixture
def traded(told: Workspace) -> Workspace:
    """The example's day, with four closed trades and the conditions and outcome of its decision."""
    trades = [
        closed(0, decision=DecisionId(example.AAPL), symbol="AAPL"),
        lost(1, symbol="AAPL", state=BEAR),
        closed(2, symbol="IBM", side=Direction.SHORT, p_up=0.44),
        lost(3, symbol="IBM"),
    ]
    with Journal.open(told.journal) as journal:
        journal.append(
            *(TradeClosed(trade=trade) for trade in trades),
            StateKnown(book=example.BOOK, symbol="AAPL", as_of=example.FRIDAY, state=closed().state),
            OutcomeKnown(
                book=example.BOOK, decision=example.AAPL, symbol="AAPL", as_of=example.FRIDAY, horizon=5,
                known_at=example.MONDAY, event_return=0.01,
            ),
        )  # fmt: skip
    return told


def test_show_lists_the_newest_first_and_can_be_narrowed(traded: Workspace, cli: Cli) -> None:
    lines = cli("memory", "show").stdout.splitlines()
    assert lines[0].split()[:4] == ["trade", "closed", "symbol", "side"]
    assert [line.split()[0][-1] for line in lines[1:]] == ["3", "2", "1", "0"]
    document = json.loads(cli("--json", "memory", "show", "--regime", "bear").stdout)
    assert [one["symbol"] for one in document["trades"]] == ["AAPL"]
    narrowed = cli("memory", "show", "--symbol", "IBM", "--side", "short").stdout.splitlines()
    assert len(narrowed) == 2
    assert "+1.95%" in narrowed[1]
    assert "none of the 4 closed trades" in cli("memory", "show", "--symbol", "XYZ").stdout
    limited = cli("memory", "show", "--limit", "1")
    assert "3 more: --limit 4" in limited.stderr


def test_show_tells_one_trade_in_full(traded: Workspace, cli: Cli) -> None:
    told = cli("memory", "show", "t0000000000000001").stdout
    assert "state: regime" in told
    assert "stated: momentum" in told
    assert "-0.02" in told
    wrong = cli("memory", "show", "nothing")
    assert wrong.code == 2
    assert "unknown trade: nothing" in wrong.stderr


def test_show_finds_what_resembles_a_decision_as_it_was_known_then(traded: Workspace, cli: Cli) -> None:
    told = cli("memory", "show", "--similar-to", example.AAPL)
    assert told.stdout.splitlines()[0].startswith("3 similar, 2 won, mean ")
    document = json.loads(
        cli("--json", "memory", "show", "--similar-to", example.AAPL, "--limit", "2").stdout
    )
    assert [one["similarity"] for one in document["trades"]] == [1.0, 1.0]
    unknown = cli("memory", "show", "--similar-to", example.IBM)
    assert unknown.code == 2
    assert "trader memory rebuild" in unknown.stderr


def test_stats_count_by_what_is_asked(traded: Workspace, cli: Cli) -> None:
    whole = cli("memory", "stats").stdout
    assert whole.count("\nby ") == 9
    by = json.loads(cli("--json", "memory", "stats", "--by", "regime").stdout)
    assert {one["name"]: (one["trades"], one["won"]) for one in by["buckets"]["regime"]} == {
        "bear": (1, 0),
        "bull": (3, 2),
    }
    assert (by["trades"], by["total"]["profit"]) == (4, "-1")
    bins = json.loads(cli("--json", "memory", "stats", "--by", "calibration").stdout)["calibration"]
    assert {one["record"] for one in bins} >= {"momentum/rule:momentum"}
    assert "happened" in cli("memory", "stats", "--by", "calibration").stdout
    wrong = cli("memory", "stats", "--by", "weather")
    assert wrong.code == 2
    assert "unknown way to group trades: weather" in wrong.stderr


def test_export_writes_every_trade(traded: Workspace, cli: Cli, tmp_path: Path) -> None:
    assert "4 trades of book" in cli("memory", "export", str(tmp_path / "trades.csv")).stdout
    with (tmp_path / "trades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"][-1] for row in rows] == ["0", "1", "2", "3"]
    assert (rows[1]["regime"], rows[1]["p_up:momentum"], rows[1]["confluence:trend"]) == (
        "bear",
        "0.6",
        "1.0",
    )
    cli("memory", "export", str(tmp_path / "trades.jsonl"))
    lines = (tmp_path / "trades.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["profit"] == "19.5"
    assert cli("memory", "export", str(tmp_path / "trades.xlsx")).code == 2
    nowhere = cli("memory", "export", str(tmp_path / "nowhere" / "trades.csv"))
    assert nowhere.code == 1
    assert "cannot be written" in nowhere.stderr


def test_without_a_closed_trade_it_says_so(told: Workspace, cli: Cli) -> None:
    for command in (("show",), ("stats",), ("stats", "--by", "adx")):
        assert "has closed yet" in cli("memory", *command).stdout
    assert "no forecast has resolved yet" in cli("memory", "stats", "--by", "calibration").stdout


def test_without_a_journal_or_an_index_it_says_what_makes_one(workspace: Path, cli: Cli) -> None:
    assert "trader run" in cli("memory", "show").stderr
    empty = cli("memory", "rebuild")
    assert (empty.code, "trader run" in empty.stderr) == (1, True)


def test_find_without_an_index_says_what_makes_it(traded: Workspace, cli: Cli) -> None:
    missing = cli("memory", "find", "trend")
    assert missing.code == 1
    assert "trader memory rebuild" in missing.stderr


def test_rebuild_makes_the_index_and_find_searches_it(traded: Workspace, cli: Cli) -> None:
    made = cli("--json", "memory", "rebuild")
    (book,) = json.loads(made.stdout)["books"]
    assert (book["indexed"], book["trades"]) == (4, 0)
    found = json.loads(cli("--json", "memory", "find", "trend momentum", "--kind", "reasoning").stdout)
    assert found["found"]
    assert {one["about"] for one in found["found"]} == {"t0000000000000000"}
