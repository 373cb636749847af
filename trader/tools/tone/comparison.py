"""Two amounts side by side: `profit of 13.1 mn, up from 8.7 mn`, `EPS 1.20 vs 1.05 expected`."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from trader.tools.tone.lexicon import Mark

BETTER = 0.7
"""Tone of an amount that is better than the one it is set against; of a worse one it is below zero."""
APART, BACK = 9, 12
"""Words between the two; words back to what the first is of."""

_NUMBER = re.compile(r"[+-]?\d+(?:,\d{3})*(?:\.\d+)?(%?)")
_BEGINS = frozenset("+-0123456789")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SCALES = {
    **dict.fromkeys(("k", "thousand"), 1e3),
    "lakh": 1e5,
    **dict.fromkeys(("m", "mn", "mln", "mio", "million", "millions"), 1e6),
    **dict.fromkeys(("cr", "crore"), 1e7),
    **dict.fromkeys(("b", "bn", "bln", "billion", "billions"), 1e9),
    **dict.fromkeys(("tn", "trn", "trillion"), 1e12),
}
_AGAINST = frozenset({"from", "vs", "versus", "against", "compared", "than"})
_ELSEWHERE = frozenset({"while", "whereas", "but", "and"})
"""What follows these is of something else."""


class Amount(NamedTuple):
    """A number of a sentence: its place, how much it is, and whether that is per cent."""

    place: int
    value: float
    percent: bool


def compared(words: Sequence[str], marks: Sequence[Mark]) -> float | None:
    """Tone of the first two amounts of one kind that are set against each other; None where none are."""
    for first, second in pairwise(_amounts(words)):
        if first.percent != second.percent or not _set_against(words, first, second):
            continue
        meaning = _meaning([mark for mark in marks if first.place - BACK <= mark.start < first.place][::-1])
        if meaning is None:
            return None
        said_again = _meaning([mark for mark in marks if first.place < mark.start < second.place])
        before, after = _worth(meaning, first), _worth(said_again or meaning, second)
        new, old = (after, before) if _from_to(words, first, second) else (before, after)
        return BETTER * ((new > old) - (new < old))
    return None


def _amounts(words: Sequence[str]) -> list[Amount]:
    """The numbers that are no years."""
    found = []
    for place, (word, unit) in enumerate(pairwise([*words, ""])):
        if word[0] not in _BEGINS or not (number := _NUMBER.fullmatch(word)):
            continue
        scale = _SCALES.get(unit)
        if scale or not _YEAR.fullmatch(word):
            value = float(word.rstrip("%").replace(",", "")) * (scale or 1.0)
            found.append(Amount(place, value, bool(number[1])))
    return found


def _set_against(words: Sequence[str], first: Amount, second: Amount) -> bool:
    """By a word, by `from … to …`, or in brackets in the same currency: `EUR 10.0 mn (EUR 8.0 mn)`.

    In another currency, `10.0 mn euro ($ 13 mn)`, it is the same amount once more.
    """
    between = words[first.place + 1 : second.place]
    if len(between) > APART or not _ELSEWHERE.isdisjoint(between):
        return False
    if "(" in between:
        return list(between[-2:]) == ["(", words[first.place - 1]]
    return not _AGAINST.isdisjoint(between) or _from_to(words, first, second)


def _from_to(words: Sequence[str], first: Amount, second: Amount) -> bool:
    """Whether the second is the new one."""
    return (
        "from" in words[max(0, first.place - 3) : first.place] and "to" in words[first.place : second.place]
    )


def _meaning(marks: Sequence[Mark]) -> float | None:
    """What more means of the first thing of these; None without one, 0 for neither good nor bad."""
    kinds = ("thing", "base")
    return next((mark.entry.tone for mark in marks if mark.entry.kind in kinds), None)


def _worth(meaning: float, amount: Amount) -> float:
    """A loss of 5 is worth -5, also where it is written with its sign."""
    return meaning * (abs(amount.value) if meaning < 0.0 else amount.value)
