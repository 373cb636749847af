import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import example
from trader import __version__
from trader.cli import main
from trader.workspace import Workspace

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_help_names_every_command_in_the_order_a_newcomer_needs_them(capsys: Captured) -> None:
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.split("Commands:")[1].splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ") and "  " in line.strip()] == [
        "run", "trace", "prompts", "agents", "eval", "backtest", "check", "tools", "memory", "models",
        "config", "positions", "orders", "risk", "approve", "reject", "flatten", "init", "doctor", "halt",
        "resume",
    ]  # fmt: skip


def test_a_command_that_is_missing_is_wrong_use_and_shows_the_help(capsys: Captured) -> None:
    for given in ([], ["trace"], ["prompts"], ["tools"]):
        assert main(given) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert "Commands:" in printed.err


def test_no_help_is_cut_off(capsys: Captured) -> None:
    for group in ([], ["trace"], ["prompts"], ["agents"], ["tools"], ["models"], ["config"]):
        assert main([*group, "--help"]) == 0
        assert "..." not in capsys.readouterr().out.split("Commands:")[1]


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        (["rnu"], "unknown command of trader: rnu", "did you mean run?"),
        (["trace", "shwo"], "unknown command of trader trace: shwo", "did you mean show?"),
        (["run", "--symbls", "AAPL"], "unknown option: --symbls", "--symbols"),
        (["trace", "list", "--worksapce", "x"], "unknown option: --worksapce", "did you mean --workspace?"),
        (["trace", "show"], "missing argument 'ID'", "trader trace show --help"),
        (["run", "--cycles", "many"], "invalid value for '--cycles'", "trader run --help"),
        (["run", "--symbols", ","], "--symbols: no symbol is named", "AAPL"),
        (["run", "--cycles", "0"], "flag --cycles: run.cycles: expected a whole number of at least 1", ""),
        (["run", "--mode", "papr"], "unknown mode: papr", "did you mean paper?"),
        (["run", "--feed", "smaple"], "unknown feed: smaple", "did you mean sample?"),
        (["run", "--start", "June"], "--start: June is not a day", "2012-06-01"),
        (["agents", "show", "momntum"], "unknown agent: momntum", "did you mean momentum?"),
        (["prompts", "show", "momntum"], "unknown prompt: momntum", "did you mean momentum?"),
        (["tools", "show", "kely"], "unknown tool: kely", "did you mean kelly?"),
        (["tools", "run", "kelly", "--symbol", "APPL"], "unknown symbol: APPL", "did you mean AAPL?"),
        (["tools", "run", "kelly", "--symbol", "IBM", "--arg", "farction=1"], "unknown argument", "fraction"),
        (["trace", "list", "--outcome", "trad"], "unknown outcome: trad", "did you mean trade?"),
    ],
)  # fmt: skip
def test_wrong_use_exits_2_and_names_the_nearest(
    given: list[str], message: str, hint: str, capsys: Captured
) -> None:
    assert main(given) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    first, _, rest = printed.err.partition("\n")
    assert first.startswith(f"trader: {message}")
    assert rest == "" if not hint else rest.startswith("\n")
    assert hint in rest


def test_live_trading_is_refused_for_safety(capsys: Captured) -> None:
    assert main(["run", "--mode", "live"]) == 3
    assert "live trading is not part of this version" in capsys.readouterr().err


def test_errors_leave_stdout_empty_for_programs_too(capsys: Captured) -> None:
    assert main(["trace", "list", "--json"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "there is no journal" in printed.err


def test_a_workspace_that_is_a_file_is_wrong_use(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "file").write_text("")
    assert main(["--workspace", str(tmp_path / "file"), "config"]) == 2
    assert "is not a folder" in capsys.readouterr().err


def test_a_setting_that_does_not_exist_is_found_with_its_line(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "trader.toml").write_text("[risk]\nposition_size = 0.04\npositon_size = 0.04\n")
    assert main(["config"]) == 2
    printed = capsys.readouterr().err
    assert f"{tmp_path / 'trader.toml'}:3:" in printed
    assert "position_size" in printed.splitlines()[-1]


def test_an_agent_s_table_is_checked_before_anything_runs(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "trader.toml").write_text("[agents.momntum]\nenabled = false\n")
    assert main(["run"]) == 2
    printed = capsys.readouterr().err
    assert f"{tmp_path / 'trader.toml'}:1:" in printed
    assert "momentum" in printed
    assert not (tmp_path / ".trader").exists()


def test_the_version_is_printed(capsys: Captured) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_a_reader_that_leaves_early_is_no_error() -> None:
    program = "import sys; from trader.cli import main; sys.exit(main(['tools', 'list', '--json']))"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_pipe_without_the_letters_gets_question_marks(told: Workspace) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "trader", "trace", "show", example.AAPL],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(__file__).parents[2])},
        check=True,
    )
    assert "weight 0.600 ? shift" in shown.stdout.decode("ascii")
    assert "+-- signal" in shown.stdout.decode("ascii")


def test_help_needs_none_of_the_heavy_libraries() -> None:
    program = (
        "import sys, trader.cli; trader.cli.main(['--help']);"
        "heavy = {'pydantic', 'numpy', 'pandas', 'rich', 'sqlalchemy', 'langgraph', 'xgboost', 'talib'};"
        "sys.exit(' '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_libraries_are_told_to_be_quiet_unless_the_user_says_otherwise() -> None:
    program = (
        "import os; os.environ['DO_NOT_TRACK'] = '0'; import trader.cli; trader.cli.main(['--version']);"
        "print(*(os.environ[name] for name in ('DO_NOT_TRACK', 'LANGSMITH_TRACING', 'ANONYMIZED_TELEMETRY')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 false False"


def test_halting_a_folder_where_nothing_has_run_says_so_and_halts_it(
    tmp_path: Path, capsys: Captured
) -> None:
    assert main(["halt"]) == 0
    assert "nothing has run in" in (told := capsys.readouterr()).err
    assert "another folder" in told.err
    (tmp_path / ".trader" / "journal.sqlite3").touch()
    assert main(["halt"]) == 0
    assert capsys.readouterr().err == ""


def test_halting_outlasts_the_process_and_resuming_says_what_it_lifts(
    tmp_path: Path, capsys: Captured
) -> None:
    assert main(["halt", "lunch", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["halted"] is True
    assert "lunch" in (tmp_path / ".trader" / "HALT").read_text()
    assert main(["halt"]) == 0
    assert "(already)" in capsys.readouterr().out
    assert main(["resume"]) == 0
    assert "no book with breakers yet" in capsys.readouterr().out
    assert not (tmp_path / ".trader" / "HALT").exists()
    assert main(["resume", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "halted": False, "lifted": False, "breakers_lifted": [],
    }  # fmt: skip
