"""Committed files name no package registry and no path of a machine, and no lock file would hold such."""

import re
import tempfile
from pathlib import Path

import pytest

from tests.checks import ROOT, sources

REGISTRIES = [  # in pieces, so that this file does not name what it forbids
    ".".join(pieces)
    for pieces in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("test", "pypi", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("conda", "anaconda", "org"),
        ("static", "crates", "io"),
        ("index", "crates", "io"),
        ("proxy", "golang", "org"),
    )
]
FOREIGN_LOCKS = {"uv.lock", "package-lock.json", "poetry.lock", "pdm.lock", "Pipfile.lock", "yarn.lock"}
SYSTEM_FOLDERS = {
    Path(folder) for folder in ("/", "/tmp", "/home", "/root", "/opt", "/srv", tempfile.gettempdir())
}


def machine_paths() -> list[str]:
    """Regular expressions of paths that exist on one machine only: this copy's, and anybody's home."""
    here = [folder for folder in (ROOT, ROOT.parent, Path.home()) if folder not in SYSTEM_FOLDERS]
    homes = [r"/(?:home|Users)/\w[\w.-]*/", r"[A-Z]:\\Users\\\w", r"(?<![\w.])/ro{2}t/"]
    return [re.escape(str(folder)) + r"(?![\w-])" for folder in here] + homes


def findings(root: Path, forbidden: str) -> list[str]:
    """`file:line` of each place in the project's text files where the expression is found."""
    pattern = re.compile(forbidden.encode())
    return [
        f"{name}:{number}"
        for name in sources(root)
        if b"\0" not in (content := (root / name).read_bytes())
        for number, line in enumerate(content.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    assert findings(ROOT, "|".join(re.escape(host) for host in REGISTRIES)) == []


def test_no_file_names_a_path_of_a_machine() -> None:
    assert findings(ROOT, "|".join(machine_paths())) == []


def test_no_lock_file_holds_addresses() -> None:
    assert [name for name in sources(ROOT) if name.name in FOREIGN_LOCKS] == []
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert [line for line in lock.splitlines() if "://" in line or line.startswith("-")] == []


@pytest.mark.parametrize(
    "line", ["see /home/" + "someone/notes", "/Us" + "ers/someone/x", "in /ro" + "ot/.cache"]
)
def test_a_path_of_a_machine_would_be_found(line: str, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(f"fine\n{line}\n")
    assert findings(tmp_path, "|".join(machine_paths())) == ["page.md:2"]


def test_a_registry_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(f"fine\nfrom {REGISTRIES[0]}\n")
    assert findings(tmp_path, re.escape(REGISTRIES[0])) == ["page.md:2"]
