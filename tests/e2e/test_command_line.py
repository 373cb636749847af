"""The command line as a user has it: processes, signals, pipes and a terminal."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.replays import Town
from trader.cli import main
from trader.journal.reader import JournalReader
from trader.prompts.loader import PACKAGED
from trader.runner import Ran
from trader.workspace import Workspace

ROUNDS = 16
Elsewhere = Callable[[str], Workspace]

CARRY = """---
name: carry
tier: senior
mandate: A second look at the trend
tools: [features]
policy: momentum
---
{{ signal }} {{ reports }} {{ lessons }}
"""


@dataclass(frozen=True)
class Done:
    """What one command did."""

    returncode: int
    stdout: str
    stderr: str


def trader(workspace: Workspace, *arguments: str) -> Done:
    """One command, in this process: importing everything anew takes longer than the command."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = main(["--workspace", str(workspace.root), *arguments])
    return Done(code, out.getvalue(), err.getvalue())


def document(done: Done) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    parsed = json.loads(done.stdout)
    assert isinstance(parsed, dict)
    return parsed


@pytest.fixture
def asked(town: Town) -> list[str]:
    """What a user types for the same replay as everybody's."""
    return ["run", "--feed", f"files:{town.data}", "--start", "2005-02-04"]


@pytest.fixture
def settled(town: Town, elsewhere: Elsewhere) -> Workspace:
    """A workspace with the replay's caches, its settings, and no journal."""
    workspace = elsewhere("settled")
    lines = ["[desk]", "refit_bars = 1", "[risk]", "price_collar = 0.1", ""]
    workspace.config.write_text("\n".join(lines))
    return workspace


@pytest.fixture
def started(settled: Workspace, asked: list[str]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a run and waits until its book is open; what still runs at the end is killed."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "trader", "--workspace", str(settled.root), *asked, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        processes.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if " book " in line:
                return process
        raise AssertionError(process.stderr.read() if process.stderr else "")

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_smoke_a_run_is_one_document_and_its_decisions_can_be_read_and_replayed(
    settled: Workspace, asked: list[str]
) -> None:
    ran = document(trader(settled, *asked, "--json"))
    assert ran["mode"] == "paper"
    assert ran["decisions"] == 3 * ROUNDS
    assert ran["llm_calls"] == 0
    assert ran["finished"] is True
    assert Path(ran["journal"]) == settled.journal
    listed = document(trader(settled, "trace", "list", "--json", "--outcome", "trade"))["decisions"]
    assert len(listed) == ran["outcomes"]["trade"] > 0
    newest = listed[0]["id"]
    shown = document(trader(settled, "trace", "show", newest[:8], "--json"))
    assert shown["decision"]["id"] == newest
    assert shown["steps"][0]["node"] == "brief"
    assert document(trader(settled, "trace", "replay", newest, "--json")) == {
        "id": newest, "identical": True, "differences": [],
    }  # fmt: skip
    learned = document(trader(settled, "agents", "list", "--json"))["agents"]
    assert any(agent["forecasts"] for agent in learned)
    assert trader(settled, "trace", "diff", newest, listed[-1]["id"]).returncode == 0


def test_piped_lines_end_with_a_summary_whose_commands_work(settled: Workspace, asked: list[str]) -> None:
    done = trader(settled, *asked, "--cycles", "6")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "Finished" in done.stdout
    for command in re.findall(r"^  trader (trace .*?)  ", done.stdout, re.MULTILINE):
        assert trader(settled, *command.split()).returncode == 0


def test_the_same_command_goes_on_where_an_interrupt_stopped_it(
    started: Callable[..., subprocess.Popen[str]], settled: Workspace, asked: list[str], unbroken: Ran
) -> None:
    process = started("--speed", "4")
    process.send_signal(signal.SIGINT)
    shown, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert "finishing the round in hand" in told
    assert "Stopped" in shown
    rest = document(trader(settled, *asked, "--json"))
    assert rest["finished"] is True
    assert rest["rounds"] == ROUNDS
    assert rest["decisions"] == 3 * ROUNDS


def test_an_interrupt_between_two_slow_rounds_is_heard_at_once(
    started: Callable[..., subprocess.Popen[str]], settled: Workspace, asked: list[str]
) -> None:
    process = started("--speed", "0.05")
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    shown, told = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in told) == (0, False)
    assert "1 round," in shown
    assert document(trader(settled, *asked, "--json"))["rounds"] == ROUNDS


def test_a_killed_run_loses_nothing_that_was_recorded(
    started: Callable[..., subprocess.Popen[str]],
    settled: Workspace,
    asked: list[str],
    story: dict[str, list[str]],
) -> None:
    process = started("--speed", "8")
    time.sleep(1.0)
    process.kill()
    process.communicate()
    with JournalReader(settled.journal) as reader:
        before = {decision.id for decision in reader.decisions()}
    ran = document(trader(settled, *asked, "--json"))
    with JournalReader(settled.journal) as reader:
        after = [decision.id for decision in reader.decisions()]
    assert before <= set(after)
    assert len(after) == len(set(after)) == ran["decisions"] == 3 * ROUNDS


def test_a_workspace_in_use_is_refused_with_the_pid(
    started: Callable[..., subprocess.Popen[str]], settled: Workspace, asked: list[str]
) -> None:
    process = started("--speed", "0.05")
    done = trader(settled, *asked)
    assert done.returncode == 3
    assert done.stderr.startswith("trader: the workspace")
    assert str(process.pid) in done.stderr
    assert trader(settled, "trace", "list").returncode == 0


def test_an_edited_prompt_and_a_new_one_are_in_the_next_trace(settled: Workspace, asked: list[str]) -> None:
    settled.prompts.mkdir()
    (settled.prompts / "momentum.md").write_text((PACKAGED / "momentum.md").read_text() + "Be brief.\n")
    (settled.prompts / "carry.md").write_text(CARRY)
    digests = {
        entry["name"]: entry["digest"]
        for entry in document(trader(settled, "prompts", "list", "--json"))["prompts"]
    }
    done = trader(settled, *asked, "--cycles", "2")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^carry +6 ", done.stdout, re.MULTILINE)
    newest = document(trader(settled, "trace", "list", "--json"))["decisions"][0]["id"]
    shown = document(trader(settled, "trace", "show", newest, "--json"))
    steps = {step["node"]: step for step in shown["steps"]}
    assert steps["momentum"]["prompt"] == digests["momentum"]
    assert steps["carry"]["prompt"] == digests["carry"]
    assert steps["carry"]["form"] == "opinion"
    assert "Be brief." in trader(settled, "trace", "show", newest, "--full").stdout
    assert document(trader(settled, "trace", "replay", newest, "--json"))["identical"] is True


def test_a_halted_workspace_decides_and_sends_nothing(settled: Workspace, asked: list[str]) -> None:
    assert trader(settled, "halt", "lunch").returncode == 0
    done = trader(settled, *asked, "--json")
    assert "lunch; nothing is sent until `trader resume`" in done.stderr
    ran = document(done)
    assert ran["outcomes"]["trade"] > 0
    assert ran["fills"] == 0
    listed = document(trader(settled, "trace", "list", "--json", "--outcome", "trade"))["decisions"]
    order = document(trader(settled, "trace", "show", listed[0]["id"], "--json"))["order"]
    assert order is None or order["state"] == "not_sent"


@pytest.mark.parametrize(
    ("break_it", "code", "message"),
    [
        (lambda place: (place.prompts / "mood.md").write_text(CARRY), 2, "mood.md"),
        (lambda place: place.config.write_text("[desk]\nquorun = 2\n"), 2, "trader.toml:2: "),
        (lambda place: place.journal.write_bytes(b"not a journal at all" * 50), 1, "not an SQLite database"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_before_anything_is_traded(
    break_it: Callable[[Workspace], Any], code: int, message: str, settled: Workspace, asked: list[str]
) -> None:
    settled.prompts.mkdir()
    break_it(settled)
    done = trader(settled, *asked)
    assert done.returncode == code
    assert done.stderr.startswith("trader: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "Finished" not in done.stdout


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2005-02-07,10,9,11,10,1000", "high"),
        ("2005-02-07,10,11,9,nan,1000", "close"),
        ("2005-02-07,10,11,-9,10,1000", "low"),
        ("yesterday,10,11,9,10,1000", "yesterday"),
    ],
)
def test_bars_that_cannot_be_believed_are_refused_with_file_and_row(
    row: str, message: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    rows = [
        "timestamp,open,high,low,close,volume",
        "2005-02-04,10,11,9,10,1000",
        row,
        "2005-02-08,10,11,9,10,9",
    ]
    (data / "MINE.csv").write_text("\n".join(rows))
    done = trader(Workspace(tmp_path), "run", "--feed", f"files:{data}")
    assert done.returncode == 2
    assert "MINE.csv:3" in done.stderr
    assert message in done.stderr


def test_a_symbol_or_a_day_that_the_data_does_not_have_is_told(settled: Workspace, asked: list[str]) -> None:
    done = trader(settled, *asked, "--symbols", "IBN")
    assert (done.returncode, done.stdout) == (2, "")
    assert "unknown symbol: IBN" in done.stderr
    assert "did you mean IBM?" in done.stderr
    done = trader(settled, *asked[:3], "--start", "2031-01-01")
    assert (done.returncode, done.stdout) == (2, "")
    assert "2005-02-28" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
@pytest.mark.parametrize(("key", "code"), [(b"q", 0), (b"\x03", 0)])
def test_on_a_terminal_there_is_a_screen_and_q_and_ctrl_c_end_it_in_good_order(
    key: bytes, code: int, settled: Workspace, asked: list[str]
) -> None:
    import pty

    parent, child = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "trader", "--workspace", str(settled.root), *asked, "--speed", "4"],
        stdin=child,
        stdout=child,
        stderr=child,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        cwd=Path(__file__).parents[2],
        start_new_session=True,
        preexec_fn=lambda: _take_terminal(child),
    ) as process:
        os.close(child)
        shown = _read_until(parent, b"holding")
        os.write(parent, b"h")
        shown += _read_until(parent, b"look now: take")
        os.write(parent, key)
        shown += _read_until(parent, b"Try next")
        while chunk := _read(parent):
            shown += chunk
        assert process.wait(timeout=60) == code
    os.close(parent)
    assert b"\x1b[?1049h" in shown
    assert b"Stopped" in shown.partition(b"\x1b[?1049l")[2]


def _take_terminal(terminal: int) -> None:
    """Make it the controlling terminal, so that Ctrl-C is a signal."""
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def _read_until(terminal: int, wanted: bytes, seconds: float = 60.0) -> bytes:
    shown, end = b"", time.monotonic() + seconds
    while wanted not in shown:
        assert time.monotonic() < end, shown[-2000:]
        chunk = _read(terminal)
        assert chunk, shown[-2000:]
        shown += chunk
    return shown
