"""What the pages show of commands: read, done again, compared, and written anew.

A fence marked `console` is a transcript: `$ command`, and below it what the command said. With no output
shown only the exit code counts. In what is shown a line `...` stands for any lines and `…` for any text in
a line; ids of decisions and books, and durations, may differ. An id that was shown may be used in a later
command, as may `ID` and `OTHER`, the decisions that were named last. `^C` interrupts the command once the
line above it has appeared. How wide a table's columns are does not count. `console exits 2` expects another
exit code than 0. A fence marked with a language and a path is a file in the reader's folder.

    python -m tests.transcripts docs/getting-started.md    replaces what the page shows by what is said now
"""

import difflib
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOOTSTRAP = re.compile(r"python3 (?:\S*/)?bootstrap\.py ")
FENCE = re.compile(r"^```(?P<mark>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
DECISION = re.compile(r"\bd[a-z2-7]{16}\b")
DIFFERS = re.compile(
    r"\b(?:[0-9A-HJKMNP-TV-Z]{26}|b[a-z2-7]{16}|\d+ min \d+ s|\d+(?:\.\d+)? (?:ms|s|min))(?!\w)"
)
"""Ids of books, runs and backtests, and durations."""
INTERRUPT = "^C"
LINES, TEXT = "...", "…"


@dataclass(frozen=True)
class Command:
    """One command of a page."""

    text: str
    shown: tuple[str, ...] = ()
    """The lines below it."""
    exits: int = 0
    line: int = 0
    """Of the page, from 1."""

    @property
    def arguments(self) -> list[str]:
        """The words after `trader`, of a command that the desk answers; empty for any other."""
        words = shlex.split(BOOTSTRAP.sub("", self.text))
        return words[1:] if words and words[0] == "trader" else []


@dataclass(frozen=True)
class Given:
    """A file that the page tells the reader to make."""

    path: str
    content: str


def read(page: str) -> list[Command | Given]:
    """Commands and files of a page, in its order."""
    found: list[Command | Given] = []
    for fence in FENCE.finditer(page):
        kind, _, rest = fence["mark"].strip().partition(" ")
        if kind == "console":
            first = page.count("\n", 0, fence.start("body")) + 1
            found += _commands(fence["body"].splitlines(), int(rest.partition("exits")[2] or 0), first)
        elif rest:
            found.append(Given(rest, fence["body"]))
    return found


def _commands(lines: Sequence[str], exits: int, first: int) -> Iterator[Command]:
    begins = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
        shown = list(lines[begin + 1 : end])
        while shown and not shown[-1].strip():
            shown.pop()
        yield Command(lines[begin][2:], tuple(shown), exits, first + begin)


@dataclass
class Reader:
    """Somebody who does in a folder what a page says."""

    folder: Path
    ids: dict[str, str] = field(default_factory=dict)
    """Decision as shown -> the one that it is here."""
    named: list[str] = field(default_factory=list)
    """Decisions here, the ones named last first."""

    def make(self, file: Given) -> None:
        """Save a file that the page gives."""
        path = self.folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content, encoding="utf-8")

    def do(self, command: Command) -> tuple[int, list[str]]:
        """Type the command; its exit code and what was said, lines without trailing blanks."""
        environment = {**os.environ, "PYTHONUTF8": "1"}
        for name in ("VISUAL", "EDITOR", "PYTHONDONTWRITEBYTECODE"):
            environment.pop(name, None)
        with subprocess.Popen(
            [sys.executable, "-m", "trader", *self._words(command)],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        ) as process:
            said = list(self._heard(process, command.shown))
        while said and not said[-1]:
            said.pop()
        found = list(dict.fromkeys(DECISION.findall("\n".join(said))))
        self.named = [*found, *(id for id in self.named if id not in found)]
        return process.returncode, said

    def _words(self, command: Command) -> list[str]:
        """As typed, with ids of this folder, and yes to whatever would be asked."""
        here = dict(zip(("ID", "OTHER"), self.named, strict=False))
        words = [self.ids.get(word, here.get(word, word)) for word in command.arguments]
        return [*words, "--yes"] if words[:2] == ["prompts", "reset"] else words

    def _heard(self, process: "subprocess.Popen[str]", shown: Sequence[str]) -> Iterator[str]:
        before = shown[shown.index(INTERRUPT) - 1] if INTERRUPT in shown else None
        for line in process.stdout or ():
            yield line.rstrip()
            if before is not None and re.fullmatch(self.expression(before), line.rstrip()):
                process.send_signal(signal.SIGINT)
                before = None

    def edit(self, shown: Sequence[str]) -> None:
        """Make the change of a unified diff, as the reader would in an editor."""
        target = next(line for line in shown if line.startswith("+++ "))[4:]
        path = self.folder / target
        text = path.read_text(encoding="utf-8")
        for hunk in re.split(r"^@@.*\n", "\n".join([*shown, ""]), flags=re.MULTILINE)[1:]:
            lines = hunk.splitlines()
            old = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
            assert old in text, f"{target} has not what the page says is changed:\n{old}"
            text = text.replace(old, "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-")))
        path.write_text(text, encoding="utf-8")

    def difference(self, command: Command, said: Sequence[str]) -> str:
        """Empty where the page shows what was said; else both, line by line. Ids shown become known."""
        shown = [line for line in command.shown if line != INTERRUPT]
        if not shown:
            return ""
        expression = "".join(
            r"(?:.*\n)*?" if line.strip() == LINES else f"{self.expression(line)}\n" for line in shown
        )
        match = re.fullmatch(self._once(expression), "".join(f"{line}\n" for line in said))
        if match is None:
            return "\n".join(difflib.unified_diff(shown, said, "shown", "said", lineterm=""))
        self.ids |= match.groupdict()
        return ""

    def expression(self, line: str) -> str:
        """What may stand for a line of the page: the same, but for what differs from run to run."""
        parts, at = [], 0
        for varying in re.finditer(f" {{2,}}|{TEXT}|{DECISION.pattern}|{DIFFERS.pattern}", line.rstrip()):
            parts.append(re.escape(line[at : varying.start()]))
            parts.append(self._varying(varying[0]))
            at = varying.end()
        return "".join([*parts, re.escape(line[at:].rstrip())])

    def _varying(self, text: str) -> str:
        if text == TEXT:
            return r".*"
        if text.isspace():
            return " {2,}"
        if DECISION.fullmatch(text):
            return self.ids.get(text, f"(?P<{text}>{DECISION.pattern})")
        return DIFFERS.pattern

    def _once(self, expression: str) -> str:
        """A name is given to a group once; from then on it is referred to."""
        seen: set[str] = set()

        def refer(match: re.Match[str]) -> str:
            name = match[1]
            if name in seen:
                return f"(?P={name})"
            seen.add(name)
            return match[0]

        return re.sub(rf"\(\?P<(\w+)>{re.escape(DECISION.pattern)}\)", refer, expression)


def changes_to(steps: Sequence[Command | Given], after: Command) -> tuple[str, ...]:
    """The diff that the page shows after `prompts edit`; empty where it shows none, or of another command."""
    if after.arguments[:2] != ["prompts", "edit"]:
        return ()
    later = steps[steps.index(after) + 1 :]
    diffs = (
        step for step in later if isinstance(step, Command) and step.arguments[:2] == ["prompts", "diff"]
    )
    shown = next(diffs, Command("")).shown
    return shown if any(line.startswith("+++ ") for line in shown) else ()


def renewed(reader: Reader, shown: Sequence[str], said: Sequence[str]) -> list[str]:
    """The same excerpt of what was said now; a line that is not said any more gives way to the likest."""
    if not any(line.strip() == LINES or TEXT in line or line == INTERRUPT for line in shown):
        return list(said)
    lines, at = [], 0
    for line in shown:
        later = said[at:]
        same = [place for place, text in enumerate(later) if re.fullmatch(reader.expression(line), text)]
        place = same[0] if same else _likest(line, later)
        if line.strip() in (LINES, INTERRUPT, "") or place is None:
            lines.append(line)
            continue
        at += place + 1
        cut = line.find(TEXT)
        lines.append(line if same else later[place] if cut < 0 else f"{later[place][:cut]}{TEXT}")
    return lines


def _likest(line: str, later: Sequence[str]) -> int | None:
    """Where the line stands that is most like this one, ids aside."""
    masked = [DECISION.sub("", text) for text in later]
    found = difflib.get_close_matches(DECISION.sub("", line.partition(TEXT)[0] or line), masked, 1, 0.3)
    return masked.index(found[0]) if found else None


def with_ids_of(shown: Sequence[str], fresh: Sequence[str]) -> list[str]:
    """`fresh` with the ids that stood at the same places before: commands further down refer to them."""
    text = "\n".join(fresh)
    before, now = (DECISION.findall("\n".join(lines)) for lines in (shown, fresh))
    for old, new in dict(zip(now, before, strict=False)).items():
        text = text.replace(old, new)
    return text.split("\n")


def main(pages: Sequence[str]) -> None:
    """Do every page in a folder of its own and write down what was said."""
    for name in pages:
        path = ROOT / name
        lines = path.read_text(encoding="utf-8").splitlines()
        steps, grown = read("\n".join([*lines, ""])), 0
        with tempfile.TemporaryDirectory() as folder:
            reader = Reader(Path(folder))
            for step in steps:
                if isinstance(step, Given):
                    reader.make(step)
                elif step.arguments:
                    code, said = reader.do(step)
                    print(f"{name}:{step.line}: $ {step.text}  (exit code {code})", flush=True)
                    if change := changes_to(steps, step):
                        reader.edit(change)
                    if step.shown and reader.difference(step, said):
                        fresh = with_ids_of(step.shown, renewed(reader, step.shown, said))
                        begin = step.line + grown
                        lines[begin : begin + len(step.shown)] = fresh
                        grown += len(fresh) - len(step.shown)
                        print(reader.difference(Command(step.text, tuple(fresh)), said))
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
