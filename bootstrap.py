"""Makes .venv beside this file from requirements.lock, then runs a command in it.

    python3 bootstrap.py trader run --mode paper    the main job, on bundled bars
    python3 bootstrap.py test                       every check, as CI runs them
    python3 bootstrap.py test -k smoke              pytest alone, with these arguments
    python3 bootstrap.py COMMAND ...                anything else that .venv holds
    python3 bootstrap.py --with localtest COMMAND   the same, with requirements-localtest.lock besides: a
                                                    small language model, 140 MB; `test` has it too

The first call installs with uv where it is on PATH, else with pip; later calls only look at a stamp. The
standard library is enough, and the file parses on Python 3.8, so that an old Python is told so in one line.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Callable, Dict, Iterator, Sequence, Union

Stamp = Dict[str, Union[str, int]]

OLDEST, NEWEST = (3, 11), (3, 13)
NEEDED_BYTES = 1_500_000_000
"""Free space for the packages (1.1 GB unpacked) and what was downloaded of them."""

QUIET = {
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}
"""No library calls home, unless the user's own environment says otherwise."""

DISK_FULL = "the disk is full"
REASONS = {
    "no space left|os error 28|not enough space|disk quota": DISK_FULL,
    "do not match the hashes|hash mismatch": "a download is not what the lock names",
    "newconnectionerror|name resolution|dns error|error sending request|failed to fetch|connection refused"
    "|connection reset|network is unreachable|timed out|proxyerror|sslerror": "the package index cannot be "
    "reached; look at the network or the proxy, then run this again",
    "no module named pip": "uv made .venv and is not on PATH now; put it there, or delete .venv",
    "no matching distribution|matching platform tag|no usable wheels|matching python": "a package has no "
    "ready-made build for this system",
}
"""What an installer says, in lower case, and what it means; the first that fits."""

DOING = ("Collecting", "Downloading", "Processing", "Building", "Installing", "Prepared")
"""How the lines of an installer begin that say what it does."""

PROJECT_CHANGED = "pyproject.toml has changed"

TESTED_WITH = "localtest"
"""What `test` needs besides requirements.lock, where there are packages for this system."""


class Failure(Exception):
    """One line for the user: what is wrong and, where it is known, how to mend it."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


class Place:
    """The project's folder and what is made in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lock = root / "requirements.lock"
        self.project = root / "pyproject.toml"
        self.venv = root / ".venv"
        self.stamp = self.venv / "bootstrap.json"
        self.log = self.venv / "bootstrap.log"
        windows = sys.platform == "win32"
        self.scripts = self.venv / ("Scripts" if windows else "bin")
        self.python = self.scripts / ("python.exe" if windows else "python")
        version = "python{}.{}".format(*sys.version_info[:2])
        self.packages = self.venv.joinpath(*(["Lib"] if windows else ["lib", version]), "site-packages")

    def lock_of(self, name: str) -> Path:
        """The lock of what `--with` adds."""
        return self.root / f"requirements-{name}.lock"


def say(text: str) -> None:
    """A line of progress. Standard output belongs to the command."""
    print(f"bootstrap: {text}", file=sys.stderr, flush=True)


# --- the stamp: the only thing a later call looks at ----------------------------------------------


def wanted(place: Place) -> Stamp:
    """The stamp that a finished .venv would carry."""
    if not (place.lock.is_file() and place.project.is_file()):
        raise Failure(f"{place.root} lacks requirements.lock or pyproject.toml: the copy is not whole")
    return {
        "lock": hashlib.sha256(place.lock.read_bytes()).hexdigest(),
        "python": f"{sys.implementation.cache_tag} on {sys.platform}",
        "folder": str(place.root),
        "project": hashlib.sha256(place.project.read_bytes()).hexdigest(),
    }


def wanted_besides(place: Place, extras: Sequence[str]) -> Stamp:
    """What the stamp would say of the extras."""
    for name in extras:
        if not (name.isidentifier() and place.lock_of(name).is_file()):
            known = sorted(path.stem.partition("-")[2] for path in place.root.glob("requirements-*.lock"))
            raise Failure(
                f"--with {name}: there is no such extra; there are: {', '.join(known) or 'none'}", 2
            )
    return {f"with {name}": hashlib.sha256(place.lock_of(name).read_bytes()).hexdigest() for name in extras}


def found(place: Place) -> Stamp | None:
    """The stamp that is there: empty of an attempt that did not finish, None where nothing is ours."""
    try:
        stamp = json.loads(place.stamp.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        return {}
    return stamp if isinstance(stamp, dict) else {}


def installed(place: Place) -> int:
    """How many packages .venv holds."""
    try:
        return sum(name.endswith(".dist-info") for name in os.listdir(place.packages))
    except OSError:
        return 0


def stale(place: Place, stamp: Stamp | None, want: Stamp) -> str:
    """Why a .venv with this stamp will not do; empty if it will."""
    if stamp is None:
        return (
            "this .venv is not of bootstrap.py" if os.path.lexists(place.venv) else "first use in this folder"
        )
    if not stamp:
        return "an earlier attempt did not finish"
    if stamp.get("folder") != want["folder"]:
        return f"the folder was moved here from {stamp.get('folder')}"
    if stamp.get("python") != want["python"]:
        return f".venv is of {stamp.get('python')}, and this is {want['python']}"
    if stamp.get("lock") != want["lock"]:
        return "requirements.lock has changed"
    if not place.python.exists() or installed(place) < int(stamp.get("packages", 0)):
        return "parts of .venv are gone"
    if stamp.get("project") != want["project"]:
        return PROJECT_CHANGED
    return ""


# --- making .venv ---------------------------------------------------------------------------------


def prepare(place: Place, extras: Sequence[str] = ()) -> None:
    """Makes .venv, or mends it, or sees that nothing is to do; then the same for the extras."""
    want, besides = wanted(place), wanted_besides(place, extras)
    stamp = found(place)
    if not stale(place, stamp, want) and besides.items() <= (stamp or {}).items():
        return
    with only_one(place) as lock:
        prepare_locked(place, want, lock)
        for name in extras:
            add(place, name, besides[f"with {name}"], lock)


def prepare_locked(place: Place, want: Stamp, lock: int) -> None:
    """The packages of requirements.lock and the project, by whoever holds the lock."""
    stamp = found(place)
    why = stale(place, stamp, want)
    if not why:  # another process has made it meanwhile
        return
    say(why)
    if why == PROJECT_CHANGED and renew(place, lock):
        write_stamp(place, {**(stamp or {}), **want})
        return
    clear(place, ours=stamp is not None)
    make(place, lock)
    write_stamp(place, want)


def add(place: Place, name: str, digest: str | int, lock: int) -> None:
    """Installs an extra into a whole .venv; it is whole all the same if that fails."""
    stamp = found(place) or {}
    if stamp.get(f"with {name}") == digest:
        return
    begun = time.monotonic()
    say(f"installing {packages_in(place.lock_of(name))} packages of {name}, once")
    run(place, [*installer(place, "uv" if uv_works() else "pip"), *locked(place.lock_of(name))], lock)
    write_stamp(place, {**stamp, f"with {name}": digest})
    say(f"{name} is in place after {time.monotonic() - begun:.0f} s")


@contextmanager
def only_one(place: Place) -> Iterator[int]:
    """Waits until no other bootstrap works in this folder. The system gives the lock back when a holder dies.

    Yields the lock's descriptor: installers inherit it, so that one whose parent was killed still holds it.
    """
    with open(place.root / ".venv.lock", "a", encoding="ascii") as file:
        if not try_lock(file):
            say("another bootstrap is at work in this folder: waiting for it")
            while not try_lock(file):
                time.sleep(0.2)
        yield file.fileno()


def try_lock(file: IO[str]) -> bool:
    """Takes the lock on an open file, or says that somebody has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def clear(place: Place, ours: bool) -> None:
    """Makes room for a new .venv: what this program made is deleted, anything else is moved aside."""
    import shutil

    trash = place.root / ".venv.trash"
    shutil.rmtree(trash, ignore_errors=True)
    if ours:
        place.venv.rename(trash)
        shutil.rmtree(trash, ignore_errors=True)
    elif os.path.lexists(place.venv):
        number = 1
        while os.path.lexists(place.root / f".venv.old{number}"):
            number += 1
        place.venv.rename(place.root / f".venv.old{number}")
        say(f"moved it to .venv.old{number}")


def make(place: Place, lock: int) -> None:
    """Makes .venv and fills it, with the first installer that can."""
    import importlib.util
    import shutil

    free = shutil.disk_usage(place.root).free
    if free < NEEDED_BYTES:
        raise Failure(
            f"{place.root} has {free / 1e9:.1f} GB free, and .venv needs {NEEDED_BYTES / 1e9:.1f} GB"
        )
    tools = ["uv"] if uv_works() else []
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        tools.append("pip")
    if not tools:
        debian = "apt install python{}.{}-venv".format(*sys.version_info[:2])
        raise Failure(f"this Python has no venv or ensurepip module; on Debian or Ubuntu: {debian}")
    begun = time.monotonic()
    try:
        fill(place, tools[0], lock)
    except Failure as failure:
        if len(tools) == 1 or str(failure).startswith(DISK_FULL):
            raise
        say(f"{failure}; trying {tools[1]}")
        clear(place, ours=True)
        fill(place, tools[1], lock)
    say(f"ready: {installed(place)} packages in {time.monotonic() - begun:.0f} s")


def uv_works() -> bool:
    """Whether uv is on PATH and answers: a version manager's shim may be there without a uv behind it."""
    import shutil
    import subprocess

    uv = shutil.which("uv")
    try:
        return uv is not None and subprocess.run([uv, "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def fill(place: Place, tool: str, lock: int) -> None:
    """Makes .venv with one installer, the locked packages in it and the project, editable."""
    place.venv.mkdir()
    place.stamp.write_text("", encoding="utf-8")  # from now on it is ours, and unfinished
    python = str(getattr(sys, "_base_executable", None) or sys.executable)  # .venv's own may be gone by now
    version = "{}.{}.{}".format(*sys.version_info[:3])
    count = packages_in(place.lock)
    say(f"making .venv with Python {version}; installing up to {count} packages with {tool}, once")
    if tool == "uv":
        venv = ["uv", "venv", "--allow-existing", "--no-project", "--python", python, str(place.venv)]
    else:
        venv = [python, "-m", "venv", str(place.venv)]
    run(place, venv, lock)
    run(place, [*installer(place, tool), *locked(place.lock)], lock)
    run(place, [*installer(place, tool), *editable(place)], lock)


def packages_in(lock: Path) -> int:
    """How many packages a lock names."""
    return sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines())


def locked(lock: Path) -> list[str]:
    """What an installer is told of a lock: these files and no others, and nothing that they ask for."""
    return ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirement", str(lock)]


def renew(place: Place, lock: int) -> bool:
    """Installs the project alone once more. False if that fails, as it does with pip in what uv had made."""
    try:
        run(place, [*installer(place, "uv" if uv_works() else "pip"), *editable(place)], lock)
    except Failure:
        return False
    return True


def editable(place: Place) -> list[str]:
    """The project itself; its build backend is among the locked packages."""
    return ["--no-deps", "--no-build-isolation", "--editable", str(place.root)]


def installer(place: Place, tool: str) -> list[str]:
    """The command, up to what is to be installed."""
    if tool == "uv":
        return ["uv", "pip", "install", "--python", str(place.python)]
    # Compiling everything takes longer than installing it; Python compiles what is used.
    quick = ["--no-compile", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    return [str(place.python), "-m", "pip", "install", *quick]


def write_stamp(place: Place, want: Stamp) -> None:
    """The last thing of all: a .venv with a stamp is whole."""
    place.stamp.write_text(json.dumps({**want, "packages": installed(place)}, indent=1), encoding="utf-8")


def run(place: Place, command: list[str], lock: int) -> None:
    """Runs an installer, shows how far it is, and says in one line why it failed."""
    import subprocess
    import threading

    env = {**os.environ, "PIP_USER": "0", "PYTHONNOUSERSITE": "1"}
    for name in ("PIP_TARGET", "PIP_PREFIX", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"):
        env.pop(name, None)
    process = subprocess.Popen(
        command,
        cwd=place.root,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        pass_fds=() if sys.platform == "win32" else (lock,),
    )
    lines: list[str] = []

    def listen() -> None:
        if process.stdout:
            with process.stdout:
                lines.extend(process.stdout)

    reader = threading.Thread(target=listen, daemon=True)
    reader.start()
    try:
        watch(place, lines, reader.is_alive)
        process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    with open(place.log, "a", encoding="utf-8") as log:
        log.writelines(lines)
    if process.returncode:
        raise Failure(f"{explain(lines)} (the rest of what was said: {place.log})")


def watch(place: Place, lines: list[str], working: Callable[[], bool]) -> None:
    """Shows time, packages and the installer's last word: in place in a terminal, else every ten seconds."""
    import shutil

    begun = shown = time.monotonic()
    live = sys.stderr.isatty()
    while working():
        time.sleep(0.1)
        now = time.monotonic()
        if now - shown < (0.2 if live else 10):
            continue
        shown = now
        doing = next((line for line in reversed(lines) if line.startswith(DOING)), "").split()
        text = f"{now - begun:.0f} s, {installed(place)} packages in place  {' '.join(doing[:2])}"
        if live:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{text[:width]:{width}}\r", end="", file=sys.stderr, flush=True)
        else:
            say(text)
    if live:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def explain(lines: list[str]) -> str:
    """What an installer's output means, in one line."""
    said = "".join(lines).lower()
    for signs, meaning in REASONS.items():
        if re.search(signs, said):
            return meaning
    errors = [line.strip() for line in lines if "error" in line.lower()] or [line.strip() for line in lines]
    return errors[-1] if errors else "the installer failed and said nothing"


# --- running --------------------------------------------------------------------------------------


def command_of(place: Place, arguments: list[str]) -> list[str]:
    """What to execute for the words after bootstrap.py."""
    name, *rest = arguments
    if name == "test":
        return [str(place.python), "-m", "tests.checks", *rest]
    script = place.scripts / (f"{name}.exe" if sys.platform == "win32" else name)
    if Path(name).name != name or not script.is_file():
        raise Failure(f"there is no command {name!r} in .venv; try: trader, test, python", code=2)
    return [str(script), *rest]


def environment(place: Place) -> dict[str, str]:
    """The caller's environment, with .venv active in it and the libraries quiet."""
    env = {**QUIET, **os.environ, "VIRTUAL_ENV": str(place.venv)}
    env["PATH"] = os.pathsep.join([str(place.scripts), env.get("PATH", os.defpath)])
    env.pop("PYTHONHOME", None)
    return env


def execute(command: list[str], env: dict[str, str]) -> int:
    """Becomes the command; on Windows, which cannot, runs it and returns its exit code."""
    if sys.platform == "win32":
        import subprocess

        process = subprocess.Popen(command, env=env)
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the command has had it too, and decides
    os.execve(command[0], command, env)


def with_extras(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The extras that `--with NAME` asks for, each once, and the words of the command."""
    extras: list[str] = []
    while arguments[:1] == ["--with"] and len(arguments) > 1:
        extras += [name for name in arguments[1:2] if name not in extras]
        arguments = arguments[2:]
    return extras, arguments


def prepare_test(place: Place) -> None:
    """Goes to the project, with what some tests need besides: elsewhere than in CI they can be left out."""
    os.chdir(place.root)
    if not place.lock_of(TESTED_WITH).is_file():
        return
    try:
        prepare(place, [TESTED_WITH])
    except Failure as failure:
        if os.environ.get("CI"):
            raise
        say(f"the tests go on without {TESTED_WITH}: {failure}")


def main(arguments: list[str]) -> int:
    """Runs the command line and returns the exit code."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST or sys.implementation.name != "cpython":
        need = "CPython {}.{} to {}.{}".format(*OLDEST, *NEWEST)
        this = "{} {}.{}".format(sys.implementation.name, *sys.version_info[:2])
        say(f"trader needs {need}, and this is {this} ({sys.executable}); try: python3.12 bootstrap.py")
        return 2
    extras, words = with_extras(arguments)
    if not words or words[0].startswith("-"):
        print(__doc__.strip())
        return 0 if not arguments or arguments[0] in ("-h", "--help") else 2
    place = Place(Path(__file__).resolve().parent)
    try:
        prepare(place, extras)
        if words[0] == "test":
            prepare_test(place)
        return execute(command_of(place, words), environment(place))
    except Failure as failure:
        say(str(failure))
        return failure.code
    except OSError as error:
        say(mishap(place, error))
    except KeyboardInterrupt:
        say("interrupted; the next call mends what is half made")
        return 130
    return 1


def mishap(place: Place, error: OSError) -> str:
    """What the system refused, in one line."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DISK_FULL
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"cannot write to {error.filename or place.root}; use a copy that you may write to"
    return str(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
