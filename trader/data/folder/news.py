"""`news.jsonl`: on each line an object with published_at, symbols or symbol, title, perhaps body, source."""

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from trader.data.folder.publication import HINT, inexact, published
from trader.data.folder.table import read_text
from trader.domain.errors import DataError, at_line
from trader.domain.market import NewsItem

_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters, which JSON can spell and nothing can write down."""


def read_news(path: Path, symbols: Collection[str]) -> tuple[tuple[NewsItem, ...], tuple[str, ...]]:
    """The items that name one of `symbols`, and notes. Raises DataError at a line that is no such object."""
    items, late = [], 0
    # By line feeds alone: JSON may hold other characters that end a line.
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            item, exact = _item(json.loads(line))
        except json.JSONDecodeError as error:
            raise DataError(at_line(path, number, f"not JSON: {error.msg}")) from None
        except (ValueError, RecursionError) as error:
            raise DataError(at_line(path, number, str(error)), hint=HINT) from None
        if any(symbol in symbols for symbol in item.symbols):
            items.append(item)
            late += not exact
    return tuple(items), inexact(path, late)


def _item(row: object) -> tuple[NewsItem, bool]:
    if not isinstance(row, Mapping):
        raise ValueError("not an object with published_at, symbols and title")
    moment, exact = published(_text(row, "published_at", needed=True))
    item = NewsItem(
        published_at=moment,
        symbols=_symbols(row),
        title=_text(row, "title", needed=True),
        body=_text(row, "body"),
        source=_text(row, "source"),
    )
    return item, exact


def _symbols(row: Mapping[str, object]) -> tuple[str, ...]:
    names = row.get("symbols", row.get("symbol"))
    listed = [names] if isinstance(names, str) else names
    if not isinstance(listed, list) or not listed:
        raise ValueError("no symbols")
    if not all(isinstance(name, str) and name.strip() for name in listed):
        raise ValueError("symbols must be names")
    return tuple(dict.fromkeys(name.strip() for name in listed))


def _text(row: Mapping[str, object], name: str, needed: bool = False) -> str:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} must be text")
    if needed and not (value and value.strip()):
        raise ValueError(f"no {name}")
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", value or "")
