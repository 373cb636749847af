"""What a data set says of itself: `card.toml` for programs, `card.md` for people, `cases.jsonl`, `bars/`."""

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from trader.domain.errors import DataError, UsageError, at_line
from trader.domain.market import Timeframe
from trader.domain.value import Moment, Number, Value, canonical_json, digest_bytes

CARD, ABOUT, CASES, BARS = "card.toml", "card.md", "cases.jsonl", "bars"
FORMAT = 1
Part = Literal["train", "test", ""]


class CaseRow(Value):
    """One dated case: what was to be forecast, and what came of it."""

    symbol: str
    as_of: Moment
    """The close at which it is decided."""
    resolved: Moment
    """The close at which its outcome was known."""
    part: Part = ""
    """`train` and `test` where the set has a split: only `test` is scored."""
    returned: Number
    """What the event paid, as a fraction."""


class Card(Value):
    """The set as a whole."""

    format: int = FORMAT
    name: str
    source: str
    """Where bars and cases are from."""
    licence: str
    made_with: str
    """The version of the program that made it."""
    timeframe: Timeframe
    horizon: int = Field(gt=0)
    symbols: tuple[str, ...]
    first: date
    last: date
    """Of the cases."""
    cases: int
    split: date | None = None
    """The first day of the test part."""
    purged: int
    """Cases that were left out, because their horizon reached into another's or beyond the end."""
    digest: str
    """Of the cases and of all data in `bars/`."""


def digest_of(cases: bytes, market: str) -> str:
    """Names the set: `cases` is the file, `market` the digest of what `bars/` holds."""
    return digest_bytes(cases + market.encode())


def write_card(folder: Path, card: Card) -> None:
    """Both cards."""
    rows = []
    for name, value in card.model_dump(mode="json").items():
        if value is not None:
            rows.append(f"{name} = {json.dumps(value)}")
    (folder / CARD).write_text("\n".join([*rows, ""]), encoding="utf-8")
    (folder / ABOUT).write_text(_about(card), encoding="utf-8")


def _about(card: Card) -> str:
    split = f"\nThe test part begins on {card.split}; only it is scored.\n" if card.split else ""
    return (
        f"# {card.name}\n\n"
        f"{card.cases:,} cases of {', '.join(card.symbols)}, {card.timeframe.value} bars, "
        f"horizon {card.horizon}, decided from {card.first} to {card.last}.\n{split}\n"
        f"- Source: {card.source}\n"
        f"- Licence: {card.licence}\n"
        f"- Purged: {card.purged:,} cases whose horizon reached into another's or beyond the end\n"
        f"- Digest: `{card.digest}`, of the cases and the data in `bars`; it is checked at each load\n"
        f"- Made with trader {card.made_with}\n"
    )


def read_card(folder: Path) -> Card:
    """The card. Raises UsageError for a folder that is no data set, DataError for a bad card."""
    path = folder / CARD
    if not path.is_file():
        raise UsageError(
            f"{folder} is no data set: it has no {CARD}",
            hint="`trader eval make-dataset DIR` makes one; docs/datasets.md describes the folder",
        )
    try:
        card = Card.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: {error}") from None
    except ValidationError as error:
        raise DataError(f"{path}: {_first(error)}", hint="docs/datasets.md describes it") from None
    if card.format != FORMAT:
        raise DataError(f"{path}: format {card.format}; this program reads {FORMAT}")
    return card


def write_cases(folder: Path, cases: list[CaseRow]) -> bytes:
    """`cases.jsonl`, a case on each line, and its bytes."""
    text = "".join(f"{canonical_json(case)}\n" for case in cases).encode()
    (folder / CASES).write_bytes(text)
    return text


def read_cases(folder: Path) -> tuple[list[CaseRow], bytes]:
    """The cases and the file's bytes. Raises DataError, naming the line."""
    path = folder / CASES
    if not path.is_file():
        raise DataError(f"{path} is missing")
    raw, found, seen = path.read_bytes(), list[CaseRow](), set[tuple[str, str]]()
    for number, line in enumerate(raw.splitlines(), start=1):
        try:
            case = CaseRow.model_validate_json(line)
        except ValidationError as error:
            raise DataError(at_line(path, number, _first(error))) from None
        key = (case.symbol, case.as_of.isoformat())
        if key in seen:
            raise DataError(
                at_line(path, number, f"{case.symbol} at {case.as_of:%Y-%m-%d %H:%M} stands here twice")
            )
        seen.add(key)
        found.append(case)
    return found, raw


def _first(error: ValidationError) -> str:
    item = error.errors()[0]
    place = ".".join(map(str, item["loc"]))
    return f"{place}: {item['msg']}" if place else str(item["msg"])
