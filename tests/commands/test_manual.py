"""docs/commands.md is what `--help` says, command by command. Delete it and run this to write it anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from trader.cli import main
from trader.cli.group import EVERYWHERE

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
GROUPS = ("trace", "prompts", "agents", "tools", "config", "risk")
INTRODUCTION = f"""\
# Commands

What `--help` says of each command. {EVERYWHERE}

Answers are on stdout, everything else on stderr; `--json` prints one document and nothing else. Exit codes:
0 done, 1 failed, 2 wrong use, 3 refused for safety, 130 interrupted. Colour and the live screen are for
terminals; `NO_COLOR` is respected.
"""


def commands(help_text: str) -> list[str]:
    """The names under "Commands:"."""
    _, _, listed = help_text.partition("Commands:\n")
    return [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2] != " "][:-1]


def helped(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main([*arguments, "--help"]) == 0
    return capsys.readouterr().out


def page(capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    yield INTRODUCTION
    top = helped([], capsys)
    yield f"```text\n{top.rstrip()}\n```\n"
    for name in commands(top):
        text = helped([name], capsys)
        yield f"## trader {name}\n\n```text\n{text.rstrip()}\n```\n"
        for sub in commands(text) if name in GROUPS else ():
            yield f"### trader {name} {sub}\n\n```text\n{helped([name, sub], capsys).rstrip()}\n```\n"


def test_the_manual_is_what_help_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    text = "\n".join(page(capsys))
    if not PAGE.exists():
        PAGE.write_text(text, encoding="utf-8", newline="\n")
        pytest.fail("docs/commands.md was missing and is written now: look at it")
    assert text == PAGE.read_text(encoding="utf-8")
