import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import checks

COUNTED = [
    ("===== 3 passed in 0.42s =====\n", 0, {"passed": 3}),
    ("3 passed in 0.42s\n", 0, {"passed": 3}),
    (
        "\x1b[32m==== \x1b[1m812 passed\x1b[0m, 3 skipped in 412.31s (0:06:52) ====\n",
        0,
        {"passed": 812, "skipped": 3},
    ),
    ("= 2 failed, 7 passed, 1 error in 1.00s =\n", 1, {"passed": 7, "failed": 3}),
    (
        "FAIL Required test coverage of 85% not reached.\n= 9 passed in 1.00s =\n",
        1,
        {"passed": 9, "failed": 1},
    ),
    ("= 4 deselected in 0.10s =\n", 5, {"failed": 1}),
    ("Success: no issues found in 22 source files\n", 0, {"passed": 1}),
    ("Found 3 errors.\n", 1, {"failed": 1}),
    ("an agent said: 9 passed in 3 states\n= 1 passed in 0.10s =\n", 0, {"passed": 1}),
]


@pytest.mark.parametrize(("said", "code", "result"), COUNTED)
def test_a_check_counts_its_tests_or_itself(said: str, code: int, result: dict[str, int]) -> None:
    assert dict(checks.counted(said, code)) == result


def test_the_last_line_always_says_how_many_passed_and_how_many_failed() -> None:
    assert checks.closing(checks.Counter(passed=7), 1.5) == "===== 7 passed, 0 failed in 1.50s ====="
    total = checks.Counter(passed=7, failed=2, skipped=1)
    assert checks.closing(total, 61.0) == "===== 7 passed, 2 failed, 1 skipped in 61.00s ====="


def test_a_step_shows_what_its_check_says_and_counts_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    program = "import os; print(os.getcwd()); print('= 5 passed in 0.01s ='); raise SystemExit(0)"
    result = checks.step("five", [sys.executable, "-c", program], tmp_path, os.environ)
    out = capfd.readouterr().out
    assert dict(result) == {"passed": 5}
    assert str(tmp_path) in out
    assert "checks: five passed in " in out


def test_all_checks_do_not_start_within_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(checks.RUNNING, "1")
    monkeypatch.setattr(checks, "step", None)
    assert checks.main([]) == 2


def test_with_arguments_it_is_pytest_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(subprocess, "call", lambda command, cwd: calls.append((command[1:], cwd)) or 0)
    assert checks.main(["-k", "smoke"]) == 0
    assert calls == [(["-k", "smoke"], checks.ROOT)]


def test_a_fresh_copy_sees_the_way_to_the_network_and_nothing_that_configures_the_desk() -> None:
    scripts = str(Path(sys.executable).parent)
    outside = {"PATH": os.pathsep.join([scripts, "/usr/bin"]), "HTTPS_PROXY": "http://proxy:1", "HOME": "/h"}
    inside = {
        "VIRTUAL_ENV": "x",
        "SOME_API_KEY": "k",
        "DATABASE_URL": "d",
        "TRADER_MODE": "live",
        "PYTHONPATH": "p",
    }
    assert checks.fresh({**outside, **inside}) == {**outside, "PATH": "/usr/bin"}


def test_a_copy_holds_what_git_tracks_or_would_track(tmp_path: Path) -> None:
    there, copy = tmp_path / "there", tmp_path / "copy"
    (there / "kept" / "deep").mkdir(parents=True)
    for name in ("tracked", "gone", "kept/deep/new", "ignored"):
        (there / name).write_text(name)
    (there / ".gitignore").write_text("ignored\n")
    for command in (["init", "--quiet"], ["add", "tracked", "gone", ".gitignore"]):
        subprocess.run(["git", *command], cwd=there, check=True)
    (there / "gone").unlink()
    (there / "tracked").write_text("as it stands")
    checks.copy_sources(there, copy)
    copied = {str(path.relative_to(copy)): path.read_text() for path in copy.rglob("*") if path.is_file()}
    assert copied == {".gitignore": "ignored\n", "kept/deep/new": "kept/deep/new", "tracked": "as it stands"}


def test_a_copy_of_a_copy_without_history_leaves_out_what_was_made_there(tmp_path: Path) -> None:
    for name in ("trader/x.py", ".ci/run", ".venv/bin/python", "trader/__pycache__/x.pyc", ".mypy_cache/a"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [str(name) for name in checks.sources(tmp_path)] == [".ci/run", "trader/x.py"]
