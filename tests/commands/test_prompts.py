import json
import sys
from pathlib import Path

import pytest

from trader.cli import main
from trader.commands import prompts
from trader.prompts.loader import PACKAGED

Captured = pytest.CaptureFixture[str]

CARRY = """---
name: carry
tier: senior
mandate: What holding it pays
policy: momentum
---
{{ signal }} {{ reports }} {{ lessons }}
"""


@pytest.fixture
def own(workspace: Path) -> Path:
    """The workspace's folder of prompts, empty."""
    folder = workspace / "prompts"
    folder.mkdir()
    return folder


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "interactive", lambda: True)


def editor(workspace: Path, script: str) -> str:
    """An editor that is a program: it is given the file's path."""
    path = workspace / "editor.py"
    path.write_text(f"import sys, pathlib\nfile = pathlib.Path(sys.argv[1])\n{script}\n")
    return f"{sys.executable} {path}"


def declined(*_: object, **__: object) -> None:
    raise prompts.typer.Abort


def listed(capsys: Captured) -> dict[str, dict[str, str]]:
    capsys.readouterr()
    assert main(["prompts", "list", "--json"]) == 0
    return {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)["prompts"]}


def test_the_list_says_which_prompts_are_whose(own: Path, capsys: Captured) -> None:
    (own / "carry.md").write_text(CARRY)
    (own / "momentum.md").write_text((PACKAGED / "momentum.md").read_text() + "\nBe brief.\n")
    found = listed(capsys)
    assert {found[name]["source"] for name in ("quant", "momentum", "carry")} == {
        "packaged", "overridden", "your own",
    }  # fmt: skip
    assert found["momentum"]["overridden"] is True
    assert {"name", "tier", "source", "digest", "overridden"} <= set(found["carry"])
    assert main(["prompts", "list"]) == 0
    assert "What holding it pays" in capsys.readouterr().out


def test_showing_prints_the_file_as_it_is(workspace: Path, capsys: Captured) -> None:
    assert main(["prompts", "show", "momentum"]) == 0
    assert capsys.readouterr().out == (PACKAGED / "momentum.md").read_text()


def test_the_digest_shown_is_the_one_that_traces_name(workspace: Path, capsys: Captured) -> None:
    digest = listed(capsys)["momentum"]["digest"]
    main(["prompts", "show", "momentum", "--json"])
    assert json.loads(capsys.readouterr().out)["digest"] == digest


def test_editing_works_on_a_copy_and_says_both_digests(
    workspace: Path, at_a_terminal: None, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    before = listed(capsys)["momentum"]["digest"]
    monkeypatch.setenv("EDITOR", editor(workspace, "file.write_text(file.read_text() + 'Be brief.\\n')"))
    assert main(["prompts", "edit", "momentum"]) == 0
    shown = capsys.readouterr().out
    after = listed(capsys)["momentum"]["digest"]
    assert after != before
    assert f"momentum: {before} became {after}" in shown
    assert (workspace / "prompts" / "momentum.md").read_text().endswith("Be brief.\n")


def test_an_edit_that_changes_nothing_leaves_nothing_behind(
    workspace: Path, at_a_terminal: None, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("VISUAL", editor(workspace, "pass"))
    assert main(["prompts", "edit", "momentum"]) == 0
    assert "momentum is unchanged" in capsys.readouterr().out
    assert not (workspace / "prompts" / "momentum.md").exists()


def test_a_mistake_is_named_as_soon_as_it_is_saved_and_stays_in_the_file(
    workspace: Path, at_a_terminal: None, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    script = "file.write_text(file.read_text().replace('policy: momentum', 'policy: momentun'))"
    monkeypatch.setenv("EDITOR", editor(workspace, script))
    assert main(["prompts", "edit", "momentum"]) == 2
    own = workspace / "prompts" / "momentum.md"
    assert f"{own}:" in (told := capsys.readouterr().err)
    assert "did you mean momentum?" in told
    assert "momentun" in own.read_text()


def test_an_editor_that_is_not_there_is_no_bug(
    workspace: Path, at_a_terminal: None, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("EDITOR", "no-such-editor")
    assert main(["prompts", "edit", "momentum"]) == 1
    assert "the editor no-such-editor did not start" in capsys.readouterr().err


def test_without_a_terminal_the_path_to_edit_is_printed(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.delenv("VISUAL", raising=False)
    assert main(["prompts", "edit", "momentum"]) == 0
    own = workspace / "prompts" / "momentum.md"
    assert capsys.readouterr().out == f"{own}\n"
    assert own.read_text() == (PACKAGED / "momentum.md").read_text()


def test_the_difference_is_a_unified_diff(own: Path, capsys: Captured) -> None:
    assert main(["prompts", "diff"]) == 0
    assert capsys.readouterr().out == ""
    (own / "momentum.md").write_text((PACKAGED / "momentum.md").read_text() + "Be brief.\n")
    assert main(["prompts", "diff"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("--- packaged/momentum.md\n+++ prompts/momentum.md\n")
    assert "\n+Be brief.\n" in shown
    assert main(["prompts", "diff", "quant", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"diffs": {}}


def test_resetting_keeps_the_copy_beside_it(own: Path, capsys: Captured) -> None:
    (own / "momentum.md").write_text("mine")
    assert main(["prompts", "reset", "momentum", "--yes"]) == 0
    assert (own / "momentum.md.bak").read_text() == "mine"
    assert not listed(capsys)["momentum"]["overridden"]


def test_resetting_asks_first_and_takes_no_for_an_answer(
    own: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    (own / "momentum.md").write_text("mine")
    assert main(["prompts", "reset", "momentum"]) == 2
    assert "--yes" in capsys.readouterr().err
    monkeypatch.setattr(prompts, "interactive", lambda: True)
    monkeypatch.setattr(prompts.typer, "confirm", declined)
    assert main(["prompts", "reset", "momentum"]) == 1
    assert (own / "momentum.md").read_text() == "mine"


def test_what_cannot_be_reset_says_why(own: Path, capsys: Captured) -> None:
    (own / "carry.md").write_text(CARRY)
    assert main(["prompts", "reset", "carry", "--yes"]) == 2
    assert "carry is your own" in capsys.readouterr().err
    assert main(["prompts", "reset", "momentum", "--yes"]) == 2
    assert "is the packaged prompt already" in capsys.readouterr().err


def test_validating_names_every_mistake_in_every_file(own: Path, capsys: Captured) -> None:
    assert main(["prompts", "validate"]) == 0
    assert "prompts are valid" in capsys.readouterr().out
    (own / "carry.md").write_text(CARRY.replace("policy: momentum", "reads: [quant]\ntools: [feature]"))
    (own / "mood.md").write_text(CARRY.replace("name: carry", "name: mood").replace("lessons", "lesons"))
    assert main(["prompts", "validate"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"{own / 'carry.md'}:5: reads quant" in printed.err
    assert f"{own / 'carry.md'}:6: unknown tool: feature (did you mean features?)" in printed.err
    assert f"{own / 'mood.md'}:7: undefined variable: lesons (did you mean lessons?)" in printed.err
    assert main(["prompts", "validate", "--json"]) == 2
    assert len(json.loads(capsys.readouterr().out)["errors"]) == 3
