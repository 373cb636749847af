"""Where files live, and that only one process works there at a time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trader.domain.errors import TraderError, WorkspaceInUse
from trader.workspace import Workspace, taking_turns

HOLDER = """
import sys
from pathlib import Path
from trader.workspace import Workspace, taking_turns

with Workspace(Path(sys.argv[1])).hold():
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(root: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the workspace until its input ends, or it is killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child


def test_the_nearest_folder_above_with_a_config_is_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "trader.toml").touch()
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "a" / "b" / "trader.toml").touch()
    assert Workspace.find(tmp_path / "a" / "b" / "c").root == tmp_path / "a" / "b"
    assert Workspace.find(tmp_path / "a" / "b").root == tmp_path / "a" / "b"
    assert Workspace.find(tmp_path / "a").root == tmp_path


def test_without_a_config_the_folder_itself_is_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Workspace.find().root == tmp_path
    assert Workspace.find(Path("not/yet")).root == tmp_path / "not" / "yet"


def test_a_folder_that_is_called_like_the_config_is_not_one(tmp_path: Path) -> None:
    (tmp_path / "trader.toml").mkdir()
    (tmp_path / "a").mkdir()
    assert Workspace.find(tmp_path / "a").root == tmp_path / "a"


def test_asking_for_a_path_creates_nothing(tmp_path: Path) -> None:
    workspace = Workspace.find(tmp_path)
    names = [name for name, kind in vars(Workspace).items() if isinstance(kind, property)]
    paths = {name: getattr(workspace, name).relative_to(tmp_path).as_posix() for name in names}
    assert paths == {
        "config": "trader.toml",
        "env": ".env",
        "prompts": "prompts",
        "state": ".trader",
        "journal": ".trader/journal.sqlite3",
        "lock_file": ".trader/lock",
        "halt": ".trader/HALT",
        "cache": ".trader/cache",
        "models": ".trader/models",
        "runs": ".trader/runs",
        "backtests": ".trader/backtests",
        "index": ".trader/chroma",
        "logs": ".trader/logs",
    }
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_that_another_process_holds_is_refused_with_its_pid(tmp_path: Path) -> None:
    with (
        holder(tmp_path) as other,
        pytest.raises(WorkspaceInUse, match=f"in use by process {other.pid}$") as refused,
        Workspace(tmp_path).hold(),
    ):
        pass
    assert refused.value.exit_code == 3
    assert "--workspace" in refused.value.hint


def test_a_process_cannot_hold_a_workspace_twice(tmp_path: Path) -> None:
    with Workspace(tmp_path).hold():
        with (
            pytest.raises(WorkspaceInUse, match=f"in use by process {os.getpid()}$"),
            Workspace(tmp_path).hold(),
        ):
            pass
        with pytest.raises(WorkspaceInUse), Workspace(tmp_path).hold():
            pass  # a refusal did not let go of what is held


def test_a_process_that_is_killed_lets_go(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        other.kill()
        other.wait()
        with Workspace(tmp_path).hold():
            assert Workspace(tmp_path).lock_file.read_text().strip() == str(os.getpid())


def test_what_goes_wrong_inside_lets_go(tmp_path: Path) -> None:
    with pytest.raises(KeyError), Workspace(tmp_path).hold():
        raise KeyError
    with Workspace(tmp_path).hold():
        pass


def test_two_workspaces_are_held_at_once(tmp_path: Path) -> None:
    with Workspace(tmp_path / "a").hold(), Workspace(tmp_path / "b").hold():
        assert (tmp_path / "a" / ".trader" / "lock").is_file()
        assert (tmp_path / "b" / ".trader" / "lock").is_file()


def test_a_workspace_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(TraderError, match="cannot be written") as refused,
        Workspace(tmp_path / "file").hold(),
    ):
        pass
    assert "--workspace" in refused.value.hint
    (tmp_path / ".trader" / "lock").mkdir(parents=True)
    with pytest.raises(TraderError, match="cannot be written"), Workspace(tmp_path).hold():
        pass


WAITER = """
import sys
from pathlib import Path
from trader.workspace import taking_turns

print("waits", flush=True)
with taking_turns(Path(sys.argv[1])):
    print("inside", flush=True)
"""


def test_a_second_process_waits_for_its_turn(tmp_path: Path) -> None:
    place = tmp_path / "a" / "turn.lock"
    with taking_turns(place):
        other = subprocess.Popen([sys.executable, "-c", WAITER, place], stdout=subprocess.PIPE, text=True)
        assert other.stdout is not None
        assert other.stdout.readline() == "waits\n"
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(timeout=0.5)
    with other:
        assert other.stdout.readline() == "inside\n"
    assert other.returncode == 0


def test_where_no_lock_can_be_made_nobody_waits(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with taking_turns(tmp_path / "file" / "turn.lock"):
        pass


def test_a_books_workspace_has_the_prompts_and_caches_of_the_one_it_belongs_to(tmp_path: Path) -> None:
    book = Workspace(tmp_path / "book", tmp_path)
    assert (book.prompts, book.cache) == (Workspace(tmp_path).prompts, Workspace(tmp_path).cache)
    assert book.journal == tmp_path / "book" / ".trader" / "journal.sqlite3"
    assert book.halt == tmp_path / "book" / ".trader" / "HALT"
