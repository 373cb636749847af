"""In which line of a TOML file each key stands. The parser of the standard library does not say."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def lines_of(text: str) -> dict[str, int]:
    """Dotted key -> line (from 1) for every table and key of a valid TOML document.

    A statement of TOML ends with its line or, in a multi-line string or array, some lines later: it is the
    shortest run of lines that parses on its own. Its keys stand under the table whose header came last.
    """
    found: dict[str, int] = {}
    table = ""
    for number, statement in _statements(text):
        parsed = tomllib.loads(statement)
        if statement.lstrip().startswith("["):
            table = _deepest(parsed)
            found.setdefault(table, number)
        else:
            for key in _keys(parsed):
                found.setdefault(f"{table}.{key}" if table else key, number)
    return found


def line_of(path: Path, key: str) -> int | None:
    """The line of `key` ("risk.position_size"), else of the table it would stand in, else None."""
    try:
        found = lines_of(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return None
    return nearest_line(found, key)


def nearest_line(found: dict[str, int], key: str) -> int | None:
    """The line of `key`, else that of the nearest table around it."""
    while key and key not in found:
        key = key.rpartition(".")[0]
    return found.get(key)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    pending: list[str] = []
    start = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not pending:
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            start = number
        pending.append(line)
        statement = "\n".join(pending)
        try:
            tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        yield start, statement
        pending = []


def _deepest(table: Any) -> str:
    """The dotted name of a header that was parsed alone: {"a": {"b": {}}} is a.b."""
    names = []
    while table:
        if isinstance(table, list):
            table = table[0]
            continue
        name, table = next(iter(table.items()))
        names.append(name)
    return ".".join(names)


def _keys(table: dict[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        yield name
        if isinstance(value, dict):
            yield from (f"{name}.{key}" for key in _keys(value))
