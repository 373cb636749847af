"""What `python3 bootstrap.py test` runs: every check in order, each with its time, and the count of all.

With arguments it is pytest alone, with these arguments.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNNING = "TRADER_CHECKS_RUNNING"
"""Set while all checks run, so that a test which calls them does not start them within themselves."""

TOOLS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "imports point downwards": ["lint-imports"],
    "pytest": ["pytest", "--cov", "--cov-report=", "--numprocesses", "3", "--dist", "worksteal"],
}
FRESH = {
    "clean copy: the main job": ["trader", "run", "--mode", "paper"],
    "clean copy: smoke tests": ["test", "-k", "smoke"],
}
"""What the README promises of a fresh copy; arguments of its own bootstrap.py."""

KEPT = re.compile(
    "PATH|HOME|USER|LOGNAME|SHELL|TERM|LANG|LC_.*|TZ|TMPDIR|TEMP|TMP|.*_PROXY|SSL_CERT_.*|PIP_.*|UV_.*|XDG_.*"
    "|SYSTEMROOT|SYSTEMDRIVE|COMSPEC|PATHEXT|WINDIR|USERPROFILE|APPDATA|LOCALAPPDATA|PROGRAMDATA",
    re.IGNORECASE,
)
"""Variables a fresh copy may see: how to reach network and disk, and nothing that configures the desk."""

COUNT = re.compile(r"(\d+) (passed|failed|error|skipped|xfailed|xpassed)s?\b")
CLOSING = re.compile(rf"^(?:\x1b\[[\d;]*m|=|\s)*(?:{COUNT.pattern}.*) in \d[\d.]*s\b", re.MULTILINE)
"""Pytest's last line: `== 3 passed, 1 skipped in 0.42s ==`."""


def main(arguments: list[str]) -> int:
    """Runs everything, or pytest with the arguments, and returns the exit code."""
    if arguments:
        return subprocess.call([program("pytest"), *arguments], cwd=ROOT)
    if RUNNING in os.environ:
        print("checks: they do not run within themselves", file=sys.stderr)
        return 2
    os.environ[RUNNING] = "1"
    begun = time.monotonic()
    total: Counter[str] = Counter()
    for name, (tool, *rest) in TOOLS.items():
        total += step(name, [program(tool), *rest], ROOT, os.environ)
    with tempfile.TemporaryDirectory(prefix="trader-clean-") as folder:
        copy_sources(ROOT, Path(folder))
        for name, rest in FRESH.items():
            total += step(name, [base_python(), "bootstrap.py", *rest], Path(folder), fresh(os.environ))
    print(closing(total, time.monotonic() - begun))
    return 1 if total["failed"] else 0


def step(name: str, command: list[str], folder: Path, env: Mapping[str, str]) -> Counter[str]:
    """Runs one check, shows what it says as it says it, and returns how many passed and failed."""
    print(f"checks: {name}", flush=True)
    begun = time.monotonic()
    said = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            said.append(line)
    result = counted("".join(said), process.returncode)
    outcome = "failed" if process.returncode else "passed"
    print(f"checks: {name} {outcome} in {time.monotonic() - begun:.1f} s\n", flush=True)
    return result


def counted(said: str, code: int) -> Counter[str]:
    """A check's outcome: the tests that pytest counted, or the check itself as one."""
    result: Counter[str] = Counter()
    closings = [match[0] for match in CLOSING.finditer(said)]
    for number, outcome in COUNT.findall(closings[-1]) if closings else ():
        result["failed" if outcome == "error" else outcome] += int(number)
    if code and not result["failed"]:
        result["failed"] += 1  # as when coverage falls short though every test passes
    return result if result else Counter(passed=1)


def closing(total: Counter[str], seconds: float) -> str:
    """The last line of all, in the manner of pytest."""
    kinds = ["passed", "failed", *sorted(set(total) - {"passed", "failed"})]
    return f"===== {', '.join(f'{total[kind]} {kind}' for kind in kinds)} in {seconds:.2f}s ====="


def program(name: str) -> str:
    """A command of the environment that runs this."""
    return str(Path(sys.executable).parent / name)


def base_python() -> str:
    """The Python that .venv was made of, as on a machine where there is no .venv yet."""
    return str(getattr(sys, "_base_executable", sys.executable))


def fresh(env: Mapping[str, str]) -> dict[str, str]:
    """The environment without .venv and without anything that configures the desk."""
    kept = {name: value for name, value in env.items() if KEPT.fullmatch(name) or name == RUNNING}
    scripts = str(Path(sys.executable).parent)
    kept["PATH"] = os.pathsep.join(part for part in env["PATH"].split(os.pathsep) if part != scripts)
    return kept


def sources(root: Path) -> list[Path]:
    """The files of the project, relative to `root`: tracked, or new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
        names = [Path(os.fsdecode(name)) for name in listed.split(b"\0") if name]
    except (OSError, subprocess.CalledProcessError):  # a copy without its history
        skipped = re.compile(r"\.git|\.venv.*|__pycache__|\..*_cache|\.coverage.*|\.trader|\.hypothesis")
        every = (path.relative_to(root) for path in root.rglob("*"))
        names = [name for name in every if not any(skipped.fullmatch(part) for part in name.parts)]
    return sorted({name for name in names if (root / name).is_file()})


def copy_sources(root: Path, target: Path) -> None:
    """Copies the project's files, as they stand in the working tree."""
    for name in sources(root):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target / name)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
