"""Two numbers side by side: `profit of 13.1 mn, from 8.7 mn`, `EPS 1.20 vs 1.05 expected`."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from trader.tools.tone.lexicon import Mark

BETTER = 0.7
"""Tone of a number that is better than the one it is compared with."""
NEAR, BACK = 9, 12
"""Words between two numbers; words back to what the first is of."""

_NUMBER = re.compile(r"[+-]?\d+(?:,\d{3})*(?:\.\d+)?(%?)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SCALES = {
    **dict.fromkeys(("k", "thousand", "tn"), 1e3),
    **dict.fromkeys(("m", "mn", "mln", "mio", "million", "meur", "millions"), 1e6),
    **dict.fromkeys(("b", "bn", "bln", "billion"), 1e9),
    **dict.fromkeys(("trn", "trillion"), 1e12),
    **dict.fromkeys(("lakh",), 1e5),
    **dict.fromkeys(("cr", "crore"), 1e7),
}
_AGAINST = {"from", "vs", "versus", "against", "compared", "(", "than"}


class Amount(NamedTuple):
    """A number of a sentence: where it stands, how much, and whether it is per cent."""

    place: int
    value: float
    percent: bool


def compared(words: Sequence[str], marks: Sequence[Mark]) -> float | None:
    """Tone of the first comparison of two amounts; None where there is none, or of nothing known."""
    amounts = _amounts(words)
    for first, second in zip(amounts, amounts[1:], strict=False):
        link = _link(words, first, second)
        if link is None or first.percent != second.percent:
            continue
        new, old = (second, first) if link == "from-to" else (first, second)
        meaning = _meaning(marks, first.place - BACK, first.place)
        if meaning is None:
            return None
        base = _base(marks, first.place, second.place)
        change = _worth(meaning, new) - _worth(meaning if base is None else base, old)
        return BETTER * ((change > 0.0) - (change < 0.0))
    return None


def _amounts(words: Sequence[str]) -> list[Amount]:
    """The numbers that are neither years nor the name of a quarter."""
    found = []
    for place, word in enumerate(words):
        match = _NUMBER.fullmatch(word)
        scale = _SCALES.get(words[place + 1], 1.0) if place + 1 < len(words) else 1.0
        if match and not (_YEAR.fullmatch(word) and scale == 1.0):
            value = float(word.rstrip("%").replace(",", "")) * scale
            found.append(Amount(place, value, bool(match[1])))
    return found


def _link(words: Sequence[str], first: Amount, second: Amount) -> str | None:
    """How the second is set against the first."""
    between = words[first.place + 1 : second.place]
    if len(between) > NEAR:
        return None
    if "to" in between and words[max(0, first.place - 3) : first.place].count("from"):
        return "from-to"
    if _AGAINST.isdisjoint(between):
        return None
    # In brackets stands last year's amount, or a change in per cent, which says nothing beside an amount.
    return None if "(" in between and ")" in between else "against"


def _meaning(marks: Sequence[Mark], begin: int, end: int) -> float | None:
    """What more means of the nearest thing in words `begin` to `end`."""
    near = [mark for mark in marks if mark.entry.kind == "thing" and begin <= mark.start < end]
    return near[-1].entry.tone if near else None


def _base(marks: Sequence[Mark], begin: int, end: int) -> float | None:
    """What more means of what the second amount is of, where that is said again: `from a loss of`."""
    said = [mark for mark in marks if begin < mark.start and mark.end < end]
    meant = [mark.entry.tone for mark in said if mark.entry.kind in ("thing", "base")]
    return next((meaning for meaning in meant if meaning), None)


def _worth(meaning: float, amount: Amount) -> float:
    """What an amount is worth: a loss of 5 is -5, also where it is written with its sign."""
    return meaning * (abs(amount.value) if meaning < 0.0 else amount.value)
