"""bootstrap.py in a folder of its own, with a `uv` that makes the same things in no time, or hangs."""

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

import bootstrap
from tests.checks import ROOT, base_python

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for uv is a POSIX script")

UV = """\
#!{python} -S
import pathlib, sys, time
here = pathlib.Path(__file__).parent
with open(here / "calls", "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "--version":
    sys.exit(0)
if sys.argv[1] == "venv":
    venv = pathlib.Path(sys.argv[-1])
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.argv[sys.argv.index("--python") + 1])
else:
    while (here / "hangs").exists():
        time.sleep(0.02)
    python = pathlib.Path(sys.argv[sys.argv.index("--python") + 1])
    version = "python%d.%d" % sys.version_info[:2]
    name = "trader" if "--editable" in sys.argv else "tiny"
    packages = python.parents[1] / "lib" / version / "site-packages"
    (packages / (name + "-1.dist-info")).mkdir(parents=True, exist_ok=True)
"""


class Desk:
    """A copy of bootstrap.py with a lock of one package, and the stand-in for uv on PATH."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.bin = folder / "bin"
        self.root.mkdir(parents=True)
        self.bin.mkdir()
        shutil.copy(ROOT / "bootstrap.py", self.root)
        (self.root / "requirements.lock").write_text("tiny==1\n")
        (self.root / "pyproject.toml").write_text("")
        uv = self.bin / "uv"
        uv.write_text(UV.format(python=base_python()))
        uv.chmod(uv.stat().st_mode | stat.S_IXUSR)

    def start(
        self, *arguments: str, root: Path | None = None, cwd: Path | None = None
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [base_python(), "-S", str((root or self.root) / "bootstrap.py"), *arguments],
            cwd=cwd,
            env={**os.environ, "PATH": str(self.bin)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(
        self, *arguments: str, root: Path | None = None, cwd: Path | None = None
    ) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        process = self.start(*(arguments or ("python", "-S", "-c", "print('here')")), root=root, cwd=cwd)
        out, err = process.communicate(timeout=30)
        assert "Traceback" not in err
        return process.returncode, out, err

    def calls(self) -> list[str]:
        """What uv was asked for, but for its version."""
        path = self.bin / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [" ".join(line.split()[:2]) for line in lines if line != "--version"]

    def hang(self) -> Path:
        """From now on uv does not come back from an installation until the returned file is deleted."""
        (self.bin / "hangs").touch()
        return self.bin / "hangs"

    def reach_installing(self) -> None:
        """Waits until uv has been asked to install."""
        deadline = time.monotonic() + 20
        while not any("install" in call for call in self.calls()):
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def made(desk: Desk) -> Desk:
    """The same after a first call."""
    assert desk.call()[:2] == (0, "here\n")
    (desk.bin / "calls").unlink()
    return desk


def test_the_first_call_installs_and_says_so_and_the_next_is_silent(desk: Desk) -> None:
    code, out, err = desk.call()
    assert (code, out) == (0, "here\n")
    assert "installing up to 1 packages with uv" in err
    assert "ready: 2 packages" in err
    assert desk.calls() == ["venv --allow-existing", "pip install", "pip install"]
    assert desk.call() == (0, "here\n", "")
    assert len(desk.calls()) == 3


def test_what_is_installed_is_checked_against_the_lock_and_never_compiled(desk: Desk) -> None:
    desk.call()
    packages = next(line for line in (desk.bin / "calls").read_text().splitlines() if "--requirement" in line)
    assert "--no-deps --require-hashes --only-binary :all:" in packages


def test_the_command_runs_where_the_caller_is_and_its_exit_code_is_passed_on(
    made: Desk, tmp_path: Path
) -> None:
    program = "import os, sys; print(os.getcwd()); sys.exit(7)"
    assert made.call("python", "-S", "-c", program, cwd=tmp_path) == (7, f"{tmp_path}\n", "")


def test_the_command_finds_the_environment_active_and_the_libraries_quiet(made: Desk) -> None:
    names = "VIRTUAL_ENV", "ANONYMIZED_TELEMETRY", "LANGSMITH_TRACING", "DO_NOT_TRACK"
    _, out, _ = made.call("python", "-S", "-c", f"import os; print([os.environ[name] for name in {names}])")
    assert out.strip() == str([str(made.root / ".venv"), "False", "false", "1"])


def test_what_the_caller_says_of_telemetry_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    assert bootstrap.environment(bootstrap.Place(tmp_path))["LANGSMITH_TRACING"] == "true"


def test_tests_run_in_the_project_whatever_the_current_folder(made: Desk, tmp_path: Path) -> None:
    (made.root / "tests").mkdir()
    (made.root / "tests" / "checks.py").write_text("import os, sys; print(os.getcwd(), sys.argv[1:])")
    assert made.call("test", "-k", "smoke", cwd=tmp_path)[1] == f"{made.root} ['-k', 'smoke']\n"


@pytest.mark.parametrize("name", ["nonsense", "../bin/python", "/bin/sh"])
def test_a_command_that_is_not_there_is_wrong_use(made: Desk, name: str) -> None:
    code, out, err = made.call(name)
    assert (code, out) == (2, "")
    assert err == f"bootstrap: there is no command {name!r} in .venv; try: trader, test, python\n"


def test_help_makes_nothing(desk: Desk) -> None:
    process = desk.start()
    assert "bootstrap.py test" in process.communicate(timeout=20)[0]
    assert (process.returncode, (desk.root / ".venv").exists()) == (0, False)


def test_a_killed_attempt_is_mended_after_its_installer_has_ended(desk: Desk) -> None:
    hanging = desk.hang()
    first = desk.start("python", "-c", "")
    desk.reach_installing()
    first.kill()
    first.communicate(timeout=20)
    second = desk.start("python", "-S", "-c", "print('here')")
    time.sleep(0.5)
    assert second.poll() is None  # the orphaned installer still writes
    hanging.unlink()
    out, err = second.communicate(timeout=30)
    assert (second.returncode, out) == (0, "here\n")
    assert "another bootstrap is at work" in err
    assert "an earlier attempt did not finish" in err
    assert desk.call() == (0, "here\n", "")


def test_an_interrupt_leaves_130_and_no_traceback_and_the_next_call_mends(desk: Desk) -> None:
    hanging = desk.hang()
    first = desk.start("python", "-c", "")
    desk.reach_installing()
    first.send_signal(signal.SIGINT)
    err = first.communicate(timeout=20)[1]
    assert first.returncode == 130
    assert err.splitlines()[-1] == "bootstrap: interrupted; the next call mends what is half made"
    assert "Traceback" not in err
    hanging.unlink()
    code, out, err = desk.call()
    assert (code, out) == (0, "here\n")
    assert "an earlier attempt did not finish" in err


def test_two_at_once_install_once(desk: Desk) -> None:
    hanging = desk.hang()
    processes = [desk.start("python", "-S", "-c", "print('here')") for _ in range(2)]
    desk.reach_installing()
    time.sleep(0.3)
    hanging.unlink()
    said = [process.communicate(timeout=30) for process in processes]
    assert [(process.returncode, out) for process, (out, _) in zip(processes, said, strict=True)] == [
        (0, "here\n")
    ] * 2
    assert sum(call.startswith("venv") for call in desk.calls()) == 1
    assert sum("waiting for it" in err for _, err in said) == 1


def test_a_moved_folder_is_made_again(made: Desk, tmp_path: Path) -> None:
    made.root.rename(tmp_path / "elsewhere")
    code, out, err = made.call(root=tmp_path / "elsewhere")
    assert (code, out) == (0, "here\n")
    assert f"the folder was moved here from {made.root}" in err


def test_what_somebody_else_made_is_kept_aside(desk: Desk) -> None:
    (desk.root / ".venv").mkdir()
    (desk.root / ".venv" / "precious").touch()
    code, out, err = desk.call()
    assert (code, out) == (0, "here\n")
    assert "this .venv is not of bootstrap.py" in err
    assert (desk.root / ".venv.old1" / "precious").exists()


@pytest.mark.parametrize("gone", ["bin/python", "lib"])
def test_a_damaged_environment_is_made_again(made: Desk, gone: str) -> None:
    path = made.root / ".venv" / gone
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    code, out, err = made.call()
    assert (code, out) == (0, "here\n")
    assert "parts of .venv are gone" in err


def test_a_new_lock_makes_the_environment_again(made: Desk) -> None:
    (made.root / "requirements.lock").write_text("tiny==1\nother==2\n")
    assert "requirements.lock has changed" in made.call()[2]
    assert made.calls() == ["venv --allow-existing", "pip install", "pip install"]


def test_a_new_pyproject_installs_the_project_alone(made: Desk) -> None:
    (made.root / "pyproject.toml").write_text("[project]\n")
    assert "pyproject.toml has changed" in made.call()[2]
    assert made.calls() == ["pip install"]
    assert made.call()[2] == ""


def test_a_copy_without_a_lock_is_told_so(desk: Desk) -> None:
    (desk.root / "requirements.lock").unlink()
    code, _, err = desk.call()
    assert code == 1
    assert err.endswith("lacks requirements.lock or pyproject.toml: the copy is not whole\n")


def test_when_uv_fails_pip_is_tried_and_when_that_fails_the_reason_is_one_line(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried = []

    def fails(place: bootstrap.Place, tool: str, lock: int) -> None:
        tried.append(tool)
        place.venv.mkdir()
        place.stamp.write_text("")
        raise bootstrap.Failure(f"no network for {tool}")

    monkeypatch.setenv("PATH", str(desk.bin))
    monkeypatch.setattr(bootstrap, "fill", fails)
    with pytest.raises(bootstrap.Failure, match="no network for pip"):
        bootstrap.prepare(bootstrap.Place(desk.root))
    assert tried == ["uv", "pip"]
    assert "no network for uv; trying pip" in capsys.readouterr().err


def test_a_full_disk_is_not_filled_by_the_other_installer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def fails(place: bootstrap.Place, tool: str, lock: int) -> None:
        tried.append(tool)
        raise bootstrap.Failure(bootstrap.explain(["error: No space left on device\n"]))

    monkeypatch.setenv("PATH", str(desk.bin))
    monkeypatch.setattr(bootstrap, "fill", fails)
    with pytest.raises(bootstrap.Failure, match="the disk is full"):
        bootstrap.prepare(bootstrap.Place(desk.root))
    assert tried == ["uv"]


def test_an_installer_that_fails_leaves_its_words_in_a_log(desk: Desk) -> None:
    place = bootstrap.Place(desk.root)
    place.venv.mkdir()
    command = [base_python(), "-c", "print('working'); raise SystemExit('error: No space left on device')"]
    with bootstrap.only_one(place) as lock, pytest.raises(bootstrap.Failure, match=r"^the disk is full"):
        bootstrap.run(place, command, lock)
    assert place.log.read_text() == "working\nerror: No space left on device\n"


def test_without_uv_and_without_ensurepip_the_package_to_install_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(bootstrap.Failure, match=r"apt install python3\.1\d-venv"):
        bootstrap.prepare(bootstrap.Place(desk.root))


def test_too_little_disk_is_said_before_anything_is_made(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 9 * 10**8, 10**8))  # type: ignore[attr-defined]
    with pytest.raises(bootstrap.Failure, match=r"has 0\.1 GB free, and \.venv needs 1\.5 GB"):
        bootstrap.prepare(bootstrap.Place(desk.root))
    assert not (desk.root / ".venv").exists()


BACKEND = """\
import pathlib, zipfile
def build_editable(directory, config_settings=None, metadata_directory=None):
    name, info = "trader-1-py3-none-any.whl", "trader-1.dist-info/"
    with zipfile.ZipFile(pathlib.Path(directory) / name, "w") as wheel:
        wheel.writestr("trader.pth", str(pathlib.Path.cwd()))
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: trader\\nVersion: 1\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""


@pytest.mark.slow
def test_pip_installs_the_locked_wheel_and_the_project_without_an_index(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = desk.bin / "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "here = 'here'\n")
        archive.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n")
        archive.writestr(
            "tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny-1.dist-info/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (desk.root / "requirements.lock").write_text(f"tiny==1 --hash=sha256:{digest}\n")
    (desk.root / "backend.py").write_text(BACKEND)
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    (desk.root / "pyproject.toml").write_text(project)
    (desk.bin / "uv").unlink()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(desk.bin))
    code, out, err = desk.call("python", "-c", "import tiny, backend; print(tiny.here)")
    assert (code, out) == (0, "here\n"), err
    assert "with pip" in err


def with_extra(desk: Desk) -> Desk:
    (desk.root / "requirements-localtest.lock").write_text("small==1\n")
    return desk


HERE = ("python", "-S", "-c", "print('here')")


def test_an_extra_is_installed_once_beside_the_rest_and_then_costs_nothing(made: Desk) -> None:
    with_extra(made)
    code, out, err = made.call("--with", "localtest", *HERE)
    assert (code, out) == (0, "here\n")
    assert "installing 1 packages of localtest, once" in err
    assert made.calls() == ["pip install"]
    assert made.call("--with", "localtest", *HERE) == (0, "here\n", "")
    assert made.call(*HERE) == (0, "here\n", "")
    assert made.calls() == ["pip install"]


def test_an_extra_is_installed_without_what_it_asks_for(made: Desk) -> None:
    with_extra(made).call("--with", "localtest", *HERE)
    asked = next(line for line in (made.bin / "calls").read_text().splitlines() if "localtest" in line)
    assert "--no-deps --require-hashes --only-binary :all:" in asked


def test_a_new_lock_of_an_extra_installs_the_extra_alone(made: Desk) -> None:
    with_extra(made).call("--with", "localtest", *HERE)
    (made.root / "requirements-localtest.lock").write_text("small==2\n")
    assert made.call("--with", "localtest", *HERE)[:2] == (0, "here\n")
    assert made.calls() == ["pip install", "pip install"]


def test_an_extra_outlives_a_new_pyproject_and_not_a_new_lock(made: Desk) -> None:
    with_extra(made).call("--with", "localtest", *HERE)
    (made.root / "pyproject.toml").write_text("[project]\n")
    assert "localtest" not in made.call("--with", "localtest", *HERE)[2]
    (made.root / "requirements.lock").write_text("tiny==2\n")
    assert "installing 1 packages of localtest" in made.call("--with", "localtest", *HERE)[2]


@pytest.mark.parametrize("name", ["nonsense", "../x", ""])
def test_an_extra_that_is_not_there_is_wrong_use_and_makes_nothing(desk: Desk, name: str) -> None:
    code, out, err = with_extra(desk).call("--with", name, *HERE)
    assert (code, out) == (2, "")
    assert err == f"bootstrap: --with {name}: there is no such extra; there are: localtest\n"
    assert not (desk.root / ".venv").exists()


def test_an_extra_without_a_command_is_wrong_use(desk: Desk) -> None:
    assert with_extra(desk).call("--with", "localtest")[0] == 2


def failing(desk: Desk) -> Desk:
    """From now on uv fails where it is to install an extra."""
    fails = 'if any("localtest" in word for word in sys.argv):\n    sys.exit("error: Failed to fetch")\n'
    uv = desk.bin / "uv"
    uv.write_text(
        uv.read_text().replace("import pathlib, sys, time\n", f"import pathlib, sys, time\n{fails}")
    )
    return with_extra(desk)


def test_an_extra_that_cannot_be_had_is_one_line_and_leaves_the_rest_whole(made: Desk) -> None:
    code, out, err = failing(made).call("--with", "localtest", *HERE)
    assert (code, out) == (1, "")
    assert "the package index cannot be reached" in err.splitlines()[-1]
    assert made.call(*HERE) == (0, "here\n", "")


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_tests_go_on_without_the_extra_except_in_ci(
    made: Desk, monkeypatch: pytest.MonkeyPatch, ci: str, code: int
) -> None:
    monkeypatch.setenv("CI", ci)
    (made.root / "tests").mkdir()
    (made.root / "tests" / "checks.py").write_text("print('tested')")
    found, out, err = failing(made).call("test")
    assert (found, out) == (code, "" if code else "tested\n")
    assert ("the tests go on without localtest" in err) is (code == 0)
