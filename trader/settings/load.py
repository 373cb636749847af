"""Read every place a setting can come from, lay the stronger over the weaker, and check the result once."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, get_origin

from pydantic import ValidationError

from trader.domain.errors import SettingsError, at_line, nearest
from trader.settings import llm
from trader.settings.document import defaults, expected, sentence, shown
from trader.settings.lines import lines_of, nearest_line
from trader.settings.model import PLAIN, PLANNED, TYPED, Settings
from trader.settings.section import Section
from trader.settings.sources import Origin, Source, Sources

PREFIX = "TRADER_"
"""TRADER_DESK__HORIZON is desk.horizon. Without the double underscore it is no setting: a key, a lock."""

DRY_RUN = "DRY_RUN"
"""The one variable without the prefix that is a setting: `run.dry_run`, under the name that people try."""

_LINE = re.compile(r"\(at line (\d+), column \d+\)$")
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*?)\s*$")


class Entry(NamedTuple):
    """One value somebody set."""

    key: str
    value: Any
    source: Source


class Typed(NamedTuple):
    """A flag's value as text, to be read as the environment is: `--vary desk.horizon=10`."""

    option: str
    text: str


def load(
    config: Path | None = None,
    env: Path | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> tuple[Settings, Sources]:
    """The settings and where each came from. A file that does not exist and a flag that is None set nothing.

    `flags` has dotted keys: {"desk.horizon": 5}. Raises SettingsError, naming the file and the line, for a
    setting that does not exist or a value it may not have.
    """
    tables, entries = _from_file(config) if config else ({}, [])
    entries += _from_environment(_dotenv(env)) if env else []
    entries += _from_environment(_environment(environ or {}))
    entries += _from_flags(flags or {})

    found = {key: Source(Origin.DEFAULT) for key in defaults()}
    tree: dict[str, Any] = {}
    for entry in entries:
        _check_name(entry)
        _put(tree, entry)
        found[entry.key] = entry.source
    values = {entry.key: entry.value for entry in entries}
    return _checked(tree, values, found), Sources(found, tables, config)


def keys(env: Path) -> dict[str, str]:
    """The variables of `.env` that are no settings: keys of providers, by their names."""
    return {name: value for name, value, _ in _dotenv(env) if not name.startswith(PREFIX)}


def restored(recorded: Mapping[str, Any]) -> Settings:
    """Settings as the journal has them, where amounts are text."""
    tables = {
        table: {name: _amount(TYPED[table], name, value) for name, value in values.items()}
        if table in TYPED
        else values
        for table, values in recorded.items()
    }
    if "llm" in tables:
        budget = {name: _amount(llm.Budget, name, value) for name, value in tables["llm"]["budget"].items()}
        tables["llm"] = {**tables["llm"], "budget": budget}
    return Settings.model_validate(tables)


def _amount(table: type[Section], name: str, value: Any) -> Any:
    is_amount = name in table.model_fields and "Decimal" in str(table.model_fields[name].annotation)
    return Decimal(value) if is_amount and isinstance(value, str) else value


def _checked(tree: dict[str, Any], values: Mapping[str, Any], found: Mapping[str, Source]) -> Settings:
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        place = [str(part) for part in first["loc"]]
        if first["type"] == "missing":
            table = ".".join(place[:-1])
            beside = next(found[key] for key in found if key == table or key.startswith(f"{table}."))
            raise SettingsError(beside.says(f"{'.'.join(place)} is missing")) from None
        keys = (".".join(place[:length]) for length in range(len(place), 0, -1))
        key = next(key for key in keys if key in values)
        expects = expected(key)
        message = f"{key}: expected {expects}, found {shown(values[key])}"
        hint = sentence(key) if "that matches" in expects else ""  # a pattern says little to most people
        raise SettingsError(found[key].says(message), hint=hint) from None


def _from_file(path: Path) -> tuple[dict[str, int], list[Entry]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = tomllib.loads(text, parse_float=Decimal)
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(path, str(error)) from None
    lines = lines_of(text)
    entries = [
        Entry(key, value, Source(Origin.FILE, path, nearest_line(lines, key)))
        for key, value in _flat(document)
    ]
    return lines, entries


def _not_toml(path: Path, message: str) -> SettingsError:
    line = _LINE.search(message)
    said = _LINE.sub("", message).strip()
    return SettingsError(
        at_line(path, int(line[1]) if line else None, f"not TOML: {said[:1].lower()}{said[1:]}"),
        hint="text stands in quotes, a table's name in square brackets: see docs/settings.md",
    )


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """What is not a table, and tables with nothing in them, by dotted key."""
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _dotenv(path: Path) -> Iterator[tuple[str, str, Source]]:
    """NAME=value lines; `export`, quotes and comments as shells have them, without substitution."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None
    for number, line in enumerate(text.splitlines(), 1):
        assignment = _ASSIGNMENT.match(line)
        if assignment is None:
            if line.strip() and not line.lstrip().startswith("#"):
                raise SettingsError(at_line(path, number, "expected NAME=value"))
            continue
        name = assignment["name"]
        yield name, _unquoted(assignment["value"]), Source(Origin.DOTENV, path, number, name)


def _environment(environ: Mapping[str, str]) -> Iterator[tuple[str, str, Source]]:
    for name, text in environ.items():
        yield name, text, Source(Origin.ENVIRONMENT, name=name)


def _unquoted(value: str) -> str:
    if value[:1] in ('"', "'"):
        end = value.find(value[0], 1)
        return value[1:end] if end > 0 else value
    return re.split(r"\s#", value, maxsplit=1)[0].rstrip()


def _from_environment(variables: Iterable[tuple[str, str, Source]]) -> list[Entry]:
    single = {PREFIX + key.upper().replace(".", "_"): _variable(key) for key in defaults()}
    entries = []
    for name, text, source in variables:
        if name in single:
            raise SettingsError(source.says(f"{name} sets nothing"), hint=f"did you mean {single[name]}?")
        if name == DRY_RUN:
            entries.append(Entry("run.dry_run", _switched(text, source), source))
        if name.startswith(PREFIX) and "__" in name:
            key = name.removeprefix(PREFIX).lower().replace("__", ".")
            entries.append(Entry(key, _parsed(key, text), source))
    return entries


def _switched(text: str, source: Source) -> bool:
    """What cannot be read switches nothing on or off: it is an error."""
    if text.lower() not in ("", "0", "1", "false", "true"):
        raise SettingsError(source.says(f"expected 0 or 1, found {shown(text)}"))
    return text.lower() in ("1", "true")


def _variable(key: str) -> str:
    return PREFIX + key.upper().replace(".", "__")


def _parsed(key: str, text: str) -> Any:
    """The text of a variable as TOML has it where it reads as TOML; names and lists of names stay text."""
    table, _, name = key.partition(".")
    field = TYPED[table].model_fields.get(name) if table in TYPED else None
    if table == "llm" and (known := llm.section_of(key)):
        field = known[0].model_fields[known[1]]
    if field is not None and (field.annotation is str or get_origin(field.annotation) is tuple):
        return text
    try:
        return tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]
    except tomllib.TOMLDecodeError:
        return text


def _from_flags(flags: Mapping[str, Any]) -> list[Entry]:
    return [
        Entry(key, _parsed(key, value.text), Source(Origin.FLAG, name=value.option))
        if isinstance(value, Typed)
        else Entry(key, value, Source(Origin.FLAG, name=_flag(key)))
        for key, value in flags.items()
        if value is not None
    ]


def _flag(key: str) -> str:
    """`--model` says all that flags say of language models; the others are named like their settings."""
    return "--model" if key.startswith("llm.") else "--" + key.rpartition(".")[2].replace("_", "-")


def _check_name(entry: Entry) -> None:
    key, value, source = entry
    table, _, name = key.partition(".")
    if table in PLANNED:
        raise SettingsError(source.says(f"{table}: {PLANNED[table]}"))
    if table == "llm":
        return _check_llm(entry)
    if table not in TYPED and table not in PLAIN:
        raise SettingsError(source.says(f"there is no setting {key}"), hint=_hint(table, name))
    if value != {} and (not name or (table == "agents" and "." not in name)):
        raise SettingsError(source.says(f"{key}: expected a table, found {shown(value)}"), hint=f"[{key}]")
    if table in TYPED and name and name not in TYPED[table].model_fields:
        raise SettingsError(source.says(f"there is no setting {key}"), hint=_hint(table, name))


def _check_llm(entry: Entry) -> None:
    """`[llm.budget]` is a table; `[llm.roles.NAME]` and `[llm.limits.PROVIDER]` are tables of tables."""
    key, value, source = entry
    _, _, inside = key.partition(".")
    table, *names = inside.split(".")
    if not inside and value == {}:
        return
    if not inside:
        raise SettingsError(
            source.says(f"{key}: expected a table, found {shown(value)}"), hint="[llm.roles.fast]"
        )
    if table not in llm.TABLES:
        hint = nearest(table, (f"llm.{known}" for known in llm.TABLES))
        raise SettingsError(source.says(f"there is no setting {key}"), hint=hint)
    depth = 2 if table in llm.NAMED else 1
    if len(names) < depth and value != {}:
        raise SettingsError(source.says(f"{key}: expected a table, found {shown(value)}"), hint=f"[{key}]")
    if len(names) >= depth and llm.section_of(key) is None:
        hint = nearest(names[depth - 1], llm.TABLES[table].model_fields)
        raise SettingsError(source.says(f"there is no setting {key}"), hint=hint)


def _hint(table: str, name: str) -> str:
    """The same name in its right table, else the nearest name in this table, else the nearest table."""
    elsewhere = [key for key in defaults() if key.endswith(f".{name or table}")]
    if elsewhere:
        return f"did you mean {elsewhere[0]}?"
    return (
        nearest(name, TYPED[table].model_fields)
        if table in TYPED
        else nearest(table, (*TYPED, *PLAIN, "llm"))
    )


def _put(tree: dict[str, Any], entry: Entry) -> None:
    *tables, name = entry.key.split(".")
    for table in tables:
        tree = tree.setdefault(table, {})
        if not isinstance(tree, dict):
            raise SettingsError(entry.source.says(f"{entry.key}: {table} is not a table"))
    tree[name] = entry.value
