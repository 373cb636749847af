"""What was typed, turned into what was meant. An error says what was expected."""

import re
from collections.abc import Iterable, Sequence
from datetime import date

from trader.domain.errors import UsageError

GLOBAL_FLAGS = ("--debug", "--json")
GLOBAL_OPTIONS = ("--workspace",)
"""Understood before and after the command."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def hoisted(arguments: Sequence[str]) -> list[str]:
    """The same arguments with the global options in front, where the parser looks for them."""
    front: list[str] = []
    rest: list[str] = []
    pending = iter(arguments)
    for argument in pending:
        if argument == "--":
            rest += [argument, *pending]
        elif argument in GLOBAL_FLAGS or argument.startswith(tuple(f"{name}=" for name in GLOBAL_OPTIONS)):
            front.append(argument)
        elif argument in GLOBAL_OPTIONS:
            front += [argument, *([value] if (value := next(pending, None)) is not None else [])]
        else:
            rest.append(argument)
    return front + rest


def day(text: str, option: str) -> date:
    """`2012-06-01` and nothing else."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option}: {text} is not a day: {error}", hint="write it like 2012-06-01") from None
    raise UsageError(f"{option}: {text} is not a day", hint="write it like 2012-06-01")


def names(texts: Iterable[str]) -> tuple[str, ...]:
    """`a,b` and `a` again and `c` is (a, b, c)."""
    found = (part.strip() for text in texts for part in text.split(","))
    return tuple(dict.fromkeys(name for name in found if name))


def pair(text: str, option: str) -> tuple[str, str]:
    """`key=value`."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"{option}: {text} is not key=value", hint=f"for example {option} bars=100")
    return key, value
