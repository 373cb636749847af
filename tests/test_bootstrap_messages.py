"""What bootstrap.py says when something is wrong: one line, and what to do."""

import ast
import errno
import sys
from pathlib import Path

import pytest

import bootstrap
from tests.checks import ROOT


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("  cause: No space left on device (os error 28)", "the disk is full"),
        (
            "NewConnectionError('... [Errno 111] Connection refused')\nERROR: No matching distribution",
            "reached",
        ),
        ("error: Failed to fetch: `https://...`\n  cause: dns error", "the package index cannot be reached"),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "not what the lock names",
        ),
        (
            "ERROR: No matching distribution found for onnxruntime==1.31.1",
            "no ready-made build for this system",
        ),
        ("Because cryptography==50.0.2 has no usable wheels and you require", "no ready-made build"),
        ("fine\nerror: the moon is full\nhint: wait", "error: the moon is full"),
        ("", "said nothing"),
    ],
)
def test_an_installers_words_are_explained_in_one_line(said: str, meaning: str) -> None:
    explained = bootstrap.explain(said.splitlines(keepends=True))
    assert meaning in explained
    assert "\n" not in explained


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "cannot write to /there; use a copy that you may write to"),
        (errno.EACCES, "cannot write to /there; use a copy that you may write to"),
    ],
)
def test_what_the_system_refuses_is_one_line(number: int, line: str, tmp_path: Path) -> None:
    assert bootstrap.mishap(bootstrap.Place(tmp_path), OSError(number, "refused", "/there")) == line


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 14)])
def test_a_python_too_old_or_too_new_is_told_so(
    version: tuple[int, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (*version, 1, "final", 0))
    assert bootstrap.main(["trader"]) == 2
    err = capsys.readouterr().err
    assert f"trader needs CPython 3.11 to 3.13, and this is cpython {version[0]}.{version[1]}" in err
    assert err.count("\n") == 1


def test_an_old_python_can_read_the_file_as_far_as_saying_so() -> None:
    ast.parse((ROOT / "bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 8))
