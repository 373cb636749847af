"""The few commands that show the main job works, on the bundled bars, each as a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.smoke
ROUNDS, SYMBOLS = 3, ("AAPL", "MSFT")
DECISIONS = ROUNDS * len(SYMBOLS)


def trader(workspace: Path, *arguments: str) -> str:
    """What the command prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "trader", *arguments],
        cwd=workspace,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("smoke")


@pytest.fixture(scope="module")
def ran(workspace: Path) -> dict[str, Any]:
    """The document of a run: a new user's folder, no settings, no keys, no network.

    An early day to start at, so that there is little history to score the rules over.
    """
    asked = ["--symbols", ",".join(SYMBOLS), "--start", "2003-06-02", "--cycles", str(ROUNDS), "--json"]
    document = json.loads(trader(workspace, "run", "--mode", "paper", *asked))
    assert isinstance(document, dict)
    return document


@pytest.fixture(scope="module")
def listed(workspace: Path, ran: dict[str, Any]) -> list[dict[str, Any]]:
    decisions = json.loads(trader(workspace, "trace", "list", "--json"))["decisions"]
    assert isinstance(decisions, list)
    return decisions


def test_smoke_help_names_the_main_job(workspace: Path) -> None:
    assert "trader run --mode paper" in trader(workspace, "--help")


def test_smoke_a_run_is_one_document(ran: dict[str, Any], workspace: Path) -> None:
    promised = (
        "run_id mode feed symbols decisions trades refused orders fills equity_start equity_end buy_and_hold "
        "agents llm_calls duration_s journal"
    )
    assert set(promised.split()) <= ran.keys()
    assert (ran["mode"], ran["feed"], ran["symbols"]) == ("paper", "sample", list(SYMBOLS))
    assert (ran["decisions"], ran["llm_calls"]) == (DECISIONS, 0)
    assert Path(ran["journal"]) == workspace / ".trader" / "journal.sqlite3"


def test_smoke_decisions_are_listed_newest_first(listed: list[dict[str, Any]]) -> None:
    moments = [made["as_of"] for made in listed]
    assert len(moments) == DECISIONS
    assert moments == sorted(moments, reverse=True)
    assert {made["symbol"] for made in listed} == set(SYMBOLS)


def test_smoke_a_decision_is_shown_with_everyone_who_had_a_part(
    listed: list[dict[str, Any]], workspace: Path
) -> None:
    shown = json.loads(trader(workspace, "trace", "show", listed[-1]["id"], "--json"))
    assert {"brief", "technicals", "momentum", "executive"} <= {step["node"] for step in shown["steps"]}
    assert shown["decision"]["id"] == listed[-1]["id"]


def test_smoke_a_decision_is_the_same_again_from_the_journal(
    listed: list[dict[str, Any]], workspace: Path
) -> None:
    assert json.loads(trader(workspace, "trace", "replay", listed[-1]["id"], "--json")) == {
        "id": listed[-1]["id"],
        "identical": True,
        "differences": [],
    }
