"""What the pages say is so: their commands work, say what is shown, and every link and file is there."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.transcripts import (
    BOOTSTRAP,
    DECISION,
    ROOT,
    Command,
    Given,
    Reader,
    changes_to,
    read,
    renewed,
    with_ids_of,
)
from trader import __version__

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
STEPS = {page: read(page.read_text(encoding="utf-8")) for page in PAGES}
WITH_COMMANDS = [page for page, steps in STEPS.items() if any(isinstance(step, Command) for step in steps)]
THE_MAIN_JOB = ["run", "--mode", "paper"]
"""Done whole by `tests/checks.py`, in a clean copy. Here it is cut short, and its output is not compared."""
SHORT = ["--cycles", "5"]
NOT_OURS = {"cd", "git", "mkdir", "sqlite3", "uv", "../studio/bin/langgraph"}
"""What a page may tell the reader to type besides the desk's own commands. It is not done here."""

LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
QUOTED = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def the_desks(steps: list[Command | Given]) -> list[Command]:
    """The commands that the desk answers."""
    return [step for step in steps if isinstance(step, Command) and step.arguments]


@pytest.fixture(scope="session")
def after_a_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the desk has run: where a page begins that does not begin with a run itself."""
    folder = tmp_path_factory.mktemp("after_a_run")
    code, said = Reader(folder).do(Command(" ".join(["trader", *THE_MAIN_JOB, *SHORT])))
    assert code == 0, said
    return folder


def begin(steps: list[Command | Given], folder: Path, after_a_run: Path) -> None:
    """What is there before the first command: nothing but caches, or all of a run."""
    first, *_ = the_desks(steps)
    (folder / ".trader").mkdir()
    (folder / ".trader" / "cache").symlink_to(after_a_run / ".trader" / "cache", target_is_directory=True)
    if first.arguments[:1] != ["run"]:
        journal = Path(".trader") / "journal.sqlite3"
        (folder / journal).write_bytes((after_a_run / journal).read_bytes())


@pytest.mark.docs
@pytest.mark.skipif(sys.platform == "win32", reason="links to folders, and SIGINT to one process")
@pytest.mark.parametrize("page", [page for page in WITH_COMMANDS if the_desks(STEPS[page])], ids=name_of)
def test_the_commands_of_a_page_say_what_it_shows(page: Path, workspace: Path, after_a_run: Path) -> None:
    steps = STEPS[page]
    reader = Reader(workspace)
    begin(steps, workspace, after_a_run)
    for step in steps:
        if isinstance(step, Given):
            reader.make(step)
        elif step.arguments:
            do(step, steps, reader, f"{name_of(page)}:{step.line}: $ {step.text}")


def do(step: Command, steps: list[Command | Given], reader: Reader, where: str) -> None:
    whole = step.arguments == THE_MAIN_JOB
    code, said = reader.do(Command(" ".join([step.text, *SHORT])) if whole else step)
    assert code == step.exits, "\n".join([where, *said])
    difference = "" if whole else reader.difference(step, said)
    assert not difference, f"{where}\n{difference}"
    if change := changes_to(steps, step):
        reader.edit(change)


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name_of)
def test_every_other_command_is_one_that_there_is(page: Path) -> None:
    for command in STEPS[page]:
        if isinstance(command, Command) and not command.arguments:
            program, *rest = BOOTSTRAP.sub("", command.text).split()
            known = program in NOT_OURS or BOOTSTRAP.match(command.text)
            assert known, f"{name_of(page)}:{command.line}: neither done here nor known: {command.text}"
            here = Path(sys.executable).parent / program
            assert program in NOT_OURS or program == "test" or here.exists(), command.text
            assert [word for word in rest if "/" in word and not there(word)] == [] or program in NOT_OURS


def there(path: str) -> bool:
    """Whether the project has this file or folder; `*` may stand for any part of a name."""
    return any(ROOT.glob(path.partition("::")[0].rstrip("/")))


def links(page: Path) -> Iterator[str]:
    for target in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        if "://" not in target:
            yield target


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings: small letters, digits and hyphens, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in links(page):
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{name_of(page)}: {target}"
        assert not anchor or anchor in anchors(there), f"{name_of(page)}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    folders = tuple(f"{path.name}/" for path in ROOT.iterdir() if path.is_dir() and path.name != "prompts")
    named = QUOTED.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    missing = [word for word in named if word.startswith(folders) and " " not in word and not there(word)]
    assert [word for word in missing if not word.startswith((".trader/", ".venv"))] == []


def test_the_index_leads_to_every_page() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / target.partition("#")[0]).resolve() for target in links(index)}
    assert [name_of(page) for page in PAGES if page not in linked and page != index] == []


def test_the_results_that_the_readme_names_are_those_of_the_run_that_is_shown() -> None:
    (claim,) = re.findall(
        r"- \*\*Not a way to make money.*?\n- ", (ROOT / "README.md").read_text("utf-8"), re.DOTALL
    )
    numbers = re.findall(r"\d+\.\d+", claim)
    (run, *_) = the_desks(STEPS[ROOT / "docs" / "getting-started.md"])
    assert run.arguments == THE_MAIN_JOB
    assert len(numbers) >= 6
    assert [number for number in numbers if number not in "\n".join(run.shown)] == []


def test_the_changelog_has_this_version() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


# --- the transcripts themselves: each of these pages would be found out ---------------------------

ONE, TWO = "d" + "a" * 16, "d" + "b" * 16


def compared(shown: str, said: str) -> str:
    (command,) = read(f"```console\n$ trader x\n{shown}```\n")
    assert isinstance(command, Command)
    return Reader(Path()).difference(command, said.splitlines())


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("a\nb\n", "a\nb\n"),
        ("a\n...\nd\n", "a\nb\nc\nd\n"),
        ("...\nd\n", "a\nd\n"),
        ("p 0.55…\n", "p 0.5512 of 1\n"),
        ("a   b\n", "a     b\n"),
        (f"{ONE} x\n{TWO}\n{ONE}\n", f"{TWO} x\n{ONE}\n{TWO}\n"),
        ("in 1 min 2 s\n", "in 48 s\n"),
        ("book 01M7YFC923Z9T4NS8328ZPE4AR\n", "book 01M7YFEXTDMHPEG5M15EFC7KF3\n"),
        ("", "anything\n"),
    ],
)
def test_what_was_said_is_what_is_shown(shown: str, said: str) -> None:
    assert compared(shown, said) == ""


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("a\nb\n", "a\nc\n"),
        ("a\nb\n", "a\nb\nc\n"),
        ("a\n...\nd\n", "a\nb\nc\n"),
        ("a.c\n", "abc\n"),
        ("a  b\n", "a b\n"),
        ("p 0.55\n", "p 0.5512\n"),
        (f"{ONE}\n{ONE}\n", f"{ONE}\n{TWO}\n"),
        ("5 trades in 3 s\n", "6 trades in 3 s\n"),
    ],
)
def test_what_was_not_said_is_found(shown: str, said: str) -> None:
    assert compared(shown, said) != ""


def test_an_id_that_was_shown_is_the_readers_own_in_the_next_command() -> None:
    page = f"```console\n$ trader trace list\n{ONE}\n$ python3 ../bootstrap.py trader trace show {ONE}\n```\n"
    listed, shown = (step for step in read(page) if isinstance(step, Command))
    reader = Reader(Path())
    assert reader.difference(listed, [TWO]) == ""
    assert reader.ids == {ONE: TWO}
    assert shown.arguments == ["trace", "show", ONE]
    assert DECISION.fullmatch(ONE)


def test_a_page_is_written_anew_with_the_ids_it_had() -> None:
    shown = ["...", f"{ONE} 5 trades…", "gone", f"{ONE}"]
    said = ["first", f"{TWO} 6 trades, no losses", f"{TWO}"]
    fresh = with_ids_of(shown, renewed(Reader(Path()), shown, said))
    assert fresh == ["...", f"{ONE} 6 trades…", "gone", f"{ONE}"]


def test_a_page_gives_commands_their_output_and_files() -> None:
    page = "```csv data/A.csv\nx,y\n```\n\n```console exits 2\n$ trader a 'b c'\nno\n\n$ cd x\n```\n"
    file, command, other = read(page)
    assert file == Given("data/A.csv", "x,y\n")
    assert command == Command("trader a 'b c'", ("no",), exits=2, line=6)
    assert isinstance(other, Command)
    assert (command.arguments, other.arguments) == (["a", "b c"], [])
