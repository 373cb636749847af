"""Which books: every combination of what is varied."""

from collections.abc import Mapping, Sequence
from itertools import product

from trader.domain.errors import UsageError

MOST = 500
"""Books of one backtest: more is a mistake in typing."""

FIXED = {
    "run.feed": "--feed",
    "run.symbols": "--symbols, or --each-symbol for a book of each",
    "run.start": "--start",
    "run.end": "--end, or --folds",
    "run.timeframe": "--timeframe",
    "run.cycles": "--end",
    "run.speed": "nothing: a backtest goes as fast as it can",
    "run.broker": "nothing: a backtest trades on paper",
}
"""Settings of `[run]` that are the same for all books of a backtest, and what to use instead."""


def parsed(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """`KEY=V1,V2` by key. Raises UsageError."""
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        key, equals, listed = text.partition("=")
        key = key.strip()
        values = tuple(dict.fromkeys(part.strip() for part in listed.split(",") if part.strip()))
        if not equals or not key or not values:
            raise UsageError(f"--vary {text}: not KEY=V1,V2", hint="--vary desk.kelly_fraction=0.1,0.25")
        if "." not in key:
            raise UsageError(
                f"--vary {key}: a setting has its table before it", hint="--vary desk.horizon=5,10"
            )
        if key in FIXED:
            raise UsageError(f"--vary {key}: it is the same for all books", hint=f"use {FIXED[key]}")
        if key in found:
            raise UsageError(f"--vary {key} is there twice", hint=f"--vary {key}=V1,V2,V3")
        found[key] = values
    return found


def combinations(axes: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], ...]:
    """One value of each axis, the last axis moving fastest; one with nothing where there is no axis.

    Raises UsageError for more than MOST.
    """
    count = 1
    for values in axes.values():
        count *= len(values)
    if count > MOST:
        raise UsageError(f"{count:,} books are more than {MOST}", hint="vary fewer settings at once")
    return tuple(dict(zip(axes, chosen, strict=True)) for chosen in product(*axes.values()))
