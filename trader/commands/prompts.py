"""`trader prompts`: the files that agents are made from, and the workspace's copies of them."""

import difflib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from trader.agents.policies import POLICIES
from trader.commands import output
from trader.commands.session import Session
from trader.domain.errors import TraderError, UnknownName, UsageError
from trader.domain.value import digest
from trader.prompts.loader import PACKAGED, examine
from trader.prompts.prompt import Prompt
from trader.tools.registry import TOOLS

KEPT = ".bak"
"""What `reset` adds to the name of the copy it takes out of use."""


@dataclass(frozen=True)
class Place:
    """Where one agent's file is, packaged and in the workspace; at least one of the two exists."""

    name: str
    packaged: Path | None
    own: Path
    """The workspace's; it need not exist."""

    @property
    def used(self) -> Path:
        """The file in use."""
        return self.own if self.own.is_file() or self.packaged is None else self.packaged


def show_list(session: Session) -> None:
    """`prompts list`."""
    found, errors = _examined(session)
    if errors:
        raise errors[0]
    if session.json:
        output.document({"prompts": [_entry(prompt) for prompt in found]})
        return
    rows = ((prompt.name, prompt.tier, _whose(prompt), prompt.digest, prompt.mandate) for prompt in found)
    output.screen(output.listing("name", "tier", "source", "digest", "mandate", rows=rows))


def show(session: Session, name: str) -> None:
    """`prompts show`: the file as it is."""
    place = _place(session, name)
    text = _text(place.used)
    if session.json:
        output.document({"name": name, "path": str(place.used), "digest": _digest(text), "text": text})
    else:
        sys.stdout.write(text)


def edit(session: Session, name: str) -> None:
    """`prompts edit`: in an editor where there is one, else by path."""
    place = _place(session, name)
    before = _digest(_text(place.used))
    fresh = not place.own.is_file()
    if fresh:
        assert place.packaged is not None  # noqa: S101 - one of the two exists
        place.own.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place.packaged, place.own)
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor or not interactive():
        why = "there is no terminal" if editor else "neither $VISUAL nor $EDITOR is set"
        _tell_path(session, place, before, why)
        return
    _run_editor(editor, place.own)
    after = _digest(_text(place.own))
    if after == before:
        if fresh:
            place.own.unlink()
        output.screen(f"{name} is unchanged ({before})")
        return
    output.screen(f"{name}: {before} became {after}", f"{place.own}")
    _refuse(session)


def diff(session: Session, name: str | None) -> None:
    """`prompts diff`: unified, packaged against the workspace."""
    places = [_place(session, name)] if name else list(_places(session))
    changes = {place.name: "".join(_changes(place)) for place in places}
    if session.json:
        output.document({"diffs": {name: text for name, text in changes.items() if text}})
        return
    text = "".join(changes.values())
    if text:
        sys.stdout.write(text)
    else:
        output.say("nothing differs from the packaged prompts")


def reset(session: Session, name: str, *, yes: bool) -> None:
    """`prompts reset`: the packaged file is in use again; the copy stays beside it under another name."""
    place = _place(session, name)
    if place.packaged is None:
        raise UsageError(
            f"{name} is your own: there is no packaged prompt to go back to", hint=str(place.own)
        )
    if not place.own.is_file():
        raise UsageError(f"{name} is the packaged prompt already")
    if not yes:
        if not interactive():
            raise UsageError("not done: there is no terminal to ask at", hint="say it with --yes")
        typer.confirm(f"Go back to the packaged {name}?", abort=True, err=True)
    kept = place.own.with_name(place.own.name + KEPT)
    place.own.replace(kept)
    if session.json:
        output.document({"name": name, "kept": str(kept), "digest": _digest(_text(place.packaged))})
    else:
        output.screen(f"{name} is the packaged prompt again; yours is kept as {kept}")


def validate(session: Session) -> int:
    """`prompts validate`: 0 where every file is right, 2 where one is not."""
    found, errors = _examined(session)
    if session.json:
        output.document({"valid": not errors, "errors": [_error(error) for error in errors]})
    elif errors:
        for error in errors:
            output.say(f"{error.message} ({error.hint})" if error.hint else error.message)
    else:
        output.screen(f"{len(found)} prompts are valid")
    return 2 if errors else 0


def interactive() -> bool:
    """Whether somebody is there to edit or to answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _examined(session: Session) -> tuple[tuple[Prompt, ...], tuple[TraderError, ...]]:
    tools = {tool.name: tool.Arguments for tool in TOOLS}
    return examine(PACKAGED, session.workspace.prompts, tools, POLICIES)


def _refuse(session: Session) -> None:
    """Raise the first error in what was just saved: the desk would not start with it."""
    _, errors = _examined(session)
    if errors:
        raise errors[0]


def _whose(prompt: Prompt) -> str:
    return "overridden" if prompt.overridden else "packaged" if prompt.path.parent == PACKAGED else "your own"


def _entry(prompt: Prompt) -> dict[str, Any]:
    return {
        "name": prompt.name,
        "tier": prompt.tier.value,
        "source": _whose(prompt),
        "digest": prompt.digest,
        "overridden": prompt.overridden,
        "mandate": prompt.mandate,
        "path": str(prompt.path),
    }


def _error(error: TraderError) -> dict[str, str]:
    return {"message": error.message, "hint": error.hint}


def _places(session: Session) -> Iterator[Place]:
    """Every agent's files, by name; those that cannot be read are among them."""
    own = session.workspace.prompts
    packaged = {path.stem: path for path in PACKAGED.glob("*.md")}
    written = (path.stem for path in own.glob("*.md") if not path.name.startswith(("_", ".")))
    for name in sorted({*packaged, *written}):
        yield Place(name, packaged.get(name), own / f"{name}.md")


def _place(session: Session, name: str) -> Place:
    places = {place.name: place for place in _places(session)}
    if name not in places:
        raise UnknownName("prompt", name, places)
    return places[name]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig", errors="replace")


def _digest(text: str) -> str:
    """As the loader has it and traces name it."""
    return digest(text)


def _changes(place: Place) -> Iterator[str]:
    if place.packaged is None or not place.own.is_file():
        return
    before, after = (_text(path).splitlines(keepends=True) for path in (place.packaged, place.own))
    for line in difflib.unified_diff(before, after, f"packaged/{place.name}.md", f"prompts/{place.name}.md"):
        yield line if line.endswith("\n") else f"{line}\n"


def _tell_path(session: Session, place: Place, named: str, why: str) -> None:
    if session.json:
        output.document({"name": place.name, "path": str(place.own), "digest": named})
        return
    output.screen(str(place.own))
    output.say(f"{why}: edit this file, then `trader prompts validate` (now {named})")


def _run_editor(editor: str, path: Path) -> None:
    command = shlex.split(editor, posix=os.name == "posix")
    try:
        code = subprocess.call([*command, str(path)])  # noqa: S603 - the user's own editor
    except OSError as error:
        raise TraderError(f"the editor {editor} did not start: {error.strerror}", hint=str(path)) from None
    if code != 0:
        raise TraderError(f"the editor {editor} ended with exit code {code}", hint=str(path))
