"""`trader init`: asks what the user has, and writes trader.toml and .env. No network; no key is shown."""

import difflib
import getpass
import os
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import typer

from trader.commands import output
from trader.commands.config import loaded
from trader.commands.first_files import Choice, env_with, ignoring, with_models
from trader.commands.providers import PROVIDERS, Provider, provider_of
from trader.commands.session import Session
from trader.domain.errors import SettingsError, TraderError, UsageError
from trader.settings import keys, load
from trader.workspace import Workspace

NEXT = ("trader doctor", "trader run --mode paper")
SHOWN = "********"

KeyState = Literal["not needed", "optional", "missing", "in .env", "in the environment", "written"]


@dataclass(frozen=True)
class Flags:
    """What the command line answers; None and False are asked for where there is a terminal."""

    provider: str | None = None
    model: str | None = None
    api_base: str | None = None
    region: str | None = None
    key_env: str | None = None
    key_stdin: bool = False
    force: bool = False
    yes: bool = False


@dataclass(frozen=True)
class Change:
    """A file as it is and as it would be."""

    path: Path
    before: str | None
    """None where there is none."""
    after: str
    secret: bool = False
    """For its owner alone, and never shown."""

    @property
    def word(self) -> str:
        """What is done to it."""
        return "new" if self.before is None else "changed"


def init(session: Session, flags: Flags) -> None:
    """The whole command. Everything is asked and checked before the first file is written."""
    workspace = session.workspace
    asks = sys.stdin.isatty() and not session.json and not flags.yes
    choice = _choice(flags, asks)
    if workspace.config.exists():
        loaded(session)  # what is wrong in it is said in the words of every other command
    key, state = _key(choice.provider, flags, workspace, asks)
    changes = _changes(workspace, choice, key, state, force=flags.force)
    if changes and not flags.yes:
        _agree(changes, asks)
    for change in changes:
        _write(change)
    if session.json:
        output.document(
            {
                "workspace": str(workspace.root),
                "provider": choice.provider.name,
                "model": choice.model,
                "key": {"name": choice.provider.key, "state": state},
                "files": [{"path": str(change.path), "done": change.word} for change in changes],
                "next": NEXT,
            }
        )
        return
    for line in _told(choice, state, changes):
        print(line)


def _choice(flags: Flags, asks: bool) -> Choice:
    """Provider, model and address, from flags or from the person at the terminal."""
    if flags.provider is None and not asks:
        raise UsageError("which provider?", hint="--provider is one of " + ", ".join(PROVIDERS))
    provider = provider_of(_ask_provider() if flags.provider is None else flags.provider)
    if not provider.prefix:
        return Choice(provider=provider)
    address = flags.api_base
    if address is None and asks and (provider.api_base or provider.needs_address):
        address = str(typer.prompt("Its address", default=provider.api_base or None, err=True))
    address = address or provider.api_base
    if provider.needs_address and not address:
        raise UsageError(f"{provider.name} needs the address of its server", hint="--api-base URL")
    model = flags.model
    if model is None and asks:
        model = str(typer.prompt(_capital(provider.model_is), default=provider.model or None, err=True))
    model = model or provider.model
    if not model:
        raise UsageError(f"{provider.name}: which model?", hint=f"--model is {provider.model_is}")
    region = flags.region
    if region is None and asks and provider.region and not os.environ.get(provider.region):
        region = str(typer.prompt("Its region", default="us-east-1", err=True))
    if region and not provider.region:
        raise UsageError(f"{provider.name} has no regions", hint="leave --region out")
    model = model if model.startswith(f"{provider.prefix}/") else f"{provider.prefix}/{model}"
    return Choice(
        provider=provider,
        model=_plain("--model", model),
        api_base=_address(address),
        region=_plain("--region", region or ""),
    )


def _ask_provider() -> str:
    names = list(PROVIDERS)
    output.say("What do you have?")
    for number, provider in enumerate(PROVIDERS.values(), 1):
        output.say(f"  {number:>2}  {provider.name:<11} {provider.title}")
    said = str(typer.prompt("A number or a name", default="none", err=True)).strip()
    return names[int(said) - 1] if said.isdecimal() and 0 < int(said) <= len(names) else said


def _key(provider: Provider, flags: Flags, workspace: Workspace, asks: bool) -> tuple[str, KeyState]:
    """The key that is to be written, empty where there is none; and how things stand with it."""
    if not provider.key:
        if flags.key_env or flags.key_stdin:
            raise UsageError(f"{provider.name} has no key", hint="leave --key-env and --key-stdin out")
        return "", "not needed"
    in_file = keys(workspace.env).get(provider.key, "")
    there = bool(in_file or os.environ.get(provider.key))
    key = _given(flags) or (_asked(provider) if asks and not there else "")
    if not key:
        absent: KeyState = "optional" if provider.key_optional else "missing"
        return "", "in .env" if in_file else "in the environment" if there else absent
    if not (key.isascii() and key.isprintable()) or set(key) & set(" '\"`#\\"):
        raise UsageError("that is no key: it has blanks, quotes or letters that keys have not")
    if in_file not in ("", key) and not flags.force:
        raise UsageError(f"{workspace.env}: {provider.key} is there already", hint="--force replaces it")
    return key, "written"


def _given(flags: Flags) -> str:
    """The key that the flags point at; empty where they point at none."""
    if flags.key_env and flags.key_stdin:
        raise UsageError("--key-env and --key-stdin: one of them")
    if flags.key_env:
        if not (key := os.environ.get(flags.key_env, "").strip()):
            raise UsageError(f"--key-env: there is nothing in {flags.key_env}")
        return key
    if flags.key_stdin:
        if not (key := sys.stdin.readline().strip()):
            raise UsageError("--key-stdin: there is no key on the first line of stdin")
        return key
    return ""


def _asked(provider: Provider) -> str:
    later = "none" if provider.key_optional else "later"
    return getpass.getpass(f"{provider.key}, not shown (Return: {later}): ").strip()


def _changes(
    workspace: Workspace, choice: Choice, key: str, state: KeyState, *, force: bool
) -> tuple[Change, ...]:
    """What is to be written, in this order: what hides the key comes before the key. No change, no entry."""
    provider = choice.provider
    values = {name: value for name, value in ((provider.key, key), (provider.region, choice.region)) if value}
    found = [_config(workspace, choice, force=force)]
    if values or state == "missing":
        before = _text(workspace.env)
        after = env_with(before or "", values, [provider.key] if state == "missing" else [])
        found.insert(0, Change(workspace.env, before, after, secret=True))
        if _in_git(workspace.root):
            path = workspace.root / ".gitignore"
            before = _text(path)
            found.insert(0, Change(path, before, ignoring(before or "")))
    return tuple(change for change in found if change.before != change.after)


def _config(workspace: Workspace, choice: Choice, *, force: bool) -> Change:
    """trader.toml with the models of the choice. Raises UsageError where it has others and nobody insists."""
    before = _text(workspace.config)
    tables = tomllib.loads(before or "")
    agents = {name: table for name, table in tables.get("agents", {}).items() if table != {}}
    after = with_models(before or "", choice, agents)
    change = Change(workspace.config, before, after)
    if before is None or before == after:
        return change
    if "llm" in tables and not force:
        _show(change)
        raise UsageError(
            f"{workspace.config} names language models already, and is left as it is",
            hint="--force makes the change above: every other setting stays",
        )
    _check(change, workspace)
    return change


def _check(change: Change, workspace: Workspace) -> None:
    """Raises UsageError where the new text is no trader.toml, or an agent's role is gone."""
    from trader.agents.roster import roster

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / change.path.name
        path.write_text(change.after, encoding="utf-8")
        try:
            found, sources = load(config=path)
            roster(workspace.prompts, found.agents, sources, roles=found.llm.roles)
        except SettingsError as error:
            raise UsageError(
                f"{change.path} cannot be added to as it is written: {error.message.partition(': ')[2]}",
                hint="write its [llm] and [agents] tables by hand: docs/language-models.md has examples",
            ) from None


def _agree(changes: tuple[Change, ...], asks: bool) -> None:
    """Shows what would be written and asks. Raises UsageError where nobody can be asked."""
    for change in changes:
        _show(change)
    if not asks:
        raise UsageError("nothing was written", hint="--yes writes what is shown above")
    typer.confirm("Write this?", default=True, abort=True, err=True)


def _show(change: Change) -> None:
    """The difference on stderr; of a secret file the names alone."""
    if change.secret:
        names = (line.partition("=")[0] for line in _new_lines(change))
        output.say(f"{change.path.name}: " + ", ".join(f"{name}={SHOWN}" for name in names))
        return
    name = change.path.name
    lines = difflib.unified_diff(
        (change.before or "").splitlines(), change.after.splitlines(), name, name, lineterm=""
    )
    output.say("\n".join(lines))


def _new_lines(change: Change) -> Iterator[str]:
    old = set((change.before or "").splitlines())
    return (line for line in change.after.splitlines() if line not in old)


def _write(change: Change) -> None:
    """The whole file or nothing of it. A secret one is its owner's alone from its first byte on."""
    path = change.path.resolve()  # a link stays a link
    mode = 0o600 if change.secret else path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f"{path.name}."
        )  # 0600, as mkstemp makes them
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(change.after)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise TraderError(f"{path} cannot be written: {error.strerror}") from None


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text") from None


def _in_git(folder: Path) -> bool:
    return any((place / ".git").exists() for place in (folder, *folder.parents))


def _told(choice: Choice, state: KeyState, changes: tuple[Change, ...]) -> Iterator[str]:
    """What was done, and the two commands that come next."""
    for change in changes:
        private = ", for you alone" if change.secret and os.name == "posix" else ""
        yield f"{change.word:<8} {change.path}{private}"
    if not changes:
        yield "nothing had to be changed"
    name = choice.provider.key
    match state:
        case "missing":
            yield f"key      {name} is not there yet: put it into .env"
        case "optional":
            yield f"key      none; {name} in .env gives one"
        case "in .env" | "in the environment":
            yield f"key      {name}, found {state}"
    yield ""
    yield f"Next:    {NEXT[0]}"
    yield f"         {NEXT[1]}"


def _address(text: str) -> str:
    """The address of a server as it is written to trader.toml. Raises UsageError."""
    if not text:
        return ""
    try:
        parts = urlsplit(_plain("--api-base", text))
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or (parts.port == 0)
    except ValueError:
        wrong = True
    if wrong:
        raise UsageError(f"--api-base: {text} is no address", hint="such as http://127.0.0.1:1234/v1")
    if parts.username or parts.password or parts.query:
        raise UsageError("--api-base: a key does not belong into an address", hint="keys stand in .env")
    return text.rstrip("/")


def _plain(flag: str, text: str) -> str:
    if not (text.isascii() and text.isprintable()) or set(text) & set(" \"'\\"):
        raise UsageError(f"{flag}: there are signs in it that have no place there")
    return text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
