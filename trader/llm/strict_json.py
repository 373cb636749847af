"""One JSON object out of a text that may be anything, or the reason why not."""

import json
import re
import unicodedata
from math import isfinite
from typing import Any, NoReturn

LONGEST = 40_000
"""Characters of an answer. The largest form is well below."""
DEEPEST = 6
"""Levels of braces and brackets. A form has three."""

_FENCE = re.compile(r"```(?:json)?[ \t]*\r?\n(.*)\n[ \t]*```", re.DOTALL)
_MARKS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of writing: what a person reads would not be what is there."""


class ParseError(ValueError):
    """Why a text is not the form, in words that the model can mend it by."""


def object_in(text: str) -> dict[str, Any]:
    """The object that is the whole of `text`, or the whole of a single fence around it.

    Raises ParseError for prose beside it, two objects, a key twice, NaN, depth, length, and text that a
    terminal or a database could not take as it stands.
    """
    if len(text) > LONGEST:
        raise ParseError(f"the answer has {len(text)} characters, and a form has at most {LONGEST}")
    stripped = text.strip()
    if not stripped:
        raise ParseError("the answer is empty")
    fence = _FENCE.fullmatch(stripped)
    try:
        value = json.loads(
            fence[1] if fence else stripped,
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except ParseError:
        raise
    except RecursionError:
        raise ParseError("the answer is nested too deeply") from None
    except json.JSONDecodeError as error:
        where = f"{error.msg.lower()} at character {error.pos}"
        raise ParseError(f"the answer is not one JSON object and nothing else: {where}") from None
    except ValueError:  # an integer with more digits than Python converts
        raise ParseError("the answer has a number out of any range") from None
    if not isinstance(value, dict):
        raise ParseError("the answer is JSON, but not an object")
    _check(value, DEEPEST)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ParseError("a key stands twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ParseError(f"{name} is not a number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):  # 1e999 is JSON, and no number of a computer
        raise ParseError("the answer has a number out of any range")
    return number


def _check(value: Any, depth: int) -> None:
    """Refuses what is nested deeper than `depth`, and characters that are no text."""
    if isinstance(value, str):
        if any(_unreadable(character) for character in value):
            raise ParseError("a text holds control characters")
    elif isinstance(value, dict | list):
        if depth == 0:
            raise ParseError("the answer is nested too deeply")
        for item in [*value, *value.values()] if isinstance(value, dict) else value:
            _check(item, depth - 1)


def _unreadable(character: str) -> bool:
    if character in "\n\t":
        return False
    return character in _MARKS or unicodedata.category(character) in ("Cc", "Cs")
