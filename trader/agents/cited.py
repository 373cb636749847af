"""Numbers in what an agent says that are in nothing it was shown: a mark for the reader, never a judgement.

A person who doubts a number should find it. What is marked wrongly would teach people to look away, so every
usual way of writing a shown number counts as that number: rounded or cut off, as a fraction, in per cent or
basis points, with either decimal sign, in thousands or millions, without its sign, as its complement to one;
and what comes of two numbers that stand beside it, as a return over its volatility.
Dates, spans of time, ordinals, small and round whole numbers, and names with digits are no citations.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

SMALL = 12
"""Whole numbers up to this are counts and ordinals."""
YEARS = (1900, 2100)
PAIRED = 40
"""Numbers of a passage that are combined with each other, at most."""
LONGEST = 30
"""Digits, and powers of ten, of what can be a number of a market."""
FOLLOWS = 24
"""Characters after a number that say what it is."""
KNOWN = (0.0, 0.5, 1.0, 50.0, 100.0)
"""Even odds and the ends of a scale need no evidence."""

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DIGEST = re.compile(r"\b[0-9a-f]{24}\b")
_NO_CITATION = re.compile(
    r"\b[0-9a-f]{12,}\b"  # a digest, or most of one
    r"|\b\d{4}-\d{2}(?:-\d{2}(?:T[\d:.]+Z?)?)?\b|\b\d{1,2}:\d{2}(?::\d{2})?\b|\b\d{1,2}/\d{1,2}(?:/\d{2,4})?\b"
    rf"|\b(?:\d{{1,2}}(?:st|nd|rd|th)?\s+)?{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}}\b)?"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}(?:\s+\d{{4}}\b)?"
    r"|\b(?:S&P|Russell|Nasdaq|FTSE|Nikkei|DAX|CAC|Dow|Stoxx|CSI|ASX|TSX|MSCI)(?:\s+Jones)?[\s-]?\d+",
    re.IGNORECASE,
)
_SPAN = re.compile(
    r"[\s-]?(?:trading[\s-]|calendar[\s-])?"
    r"(?:day|bar|week|month|year|session|period|hour|minute|quarter|candle|ema|sma|ma)s?\b",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"[\s-]?(?:pp|ppt|percentage[\s-]points?|points?|hundredths?|thousandths?)\b", re.IGNORECASE
)
"""A difference of two numbers."""
_UNIT = re.compile(
    r"\s?(?P<percent>%|per\s?cent\b|pct\b)|\s?(?P<basis>bps?\b|basis\s+points?\b)"
    r"|\s?(?P<scale>thousand|million|billion|trillion|mn|mm|bn|tn|[kmbt])\b|[x×]",
    re.IGNORECASE,
)
_GROUPS = r"[0-9]{1,3}(?:[,'\u00a0\u202f\u2009][0-9]{3})+(?:[.,][0-9]+)?|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+"
_NUMBER = re.compile(
    rf"(?<![A-Za-z0-9_.,])(?:{_GROUPS}|[0-9]+(?:[.,][0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![0-9])"
)
_ANY = re.compile(r"(?:[0-9]+(?:[.,'\u00a0\u202f\u2009][0-9]+)*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SCALES = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mm": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9,
    "billion": 1e9, "t": 1e12, "tn": 1e12, "trillion": 1e12,
}  # fmt: skip


class Reading(NamedTuple):
    """A number and how far off it may be: one unit of its last digit, rounded or cut off."""

    value: float
    unit: float


class Citation(NamedTuple):
    """A number as it stands in a text, and what follows it."""

    text: str
    after: str

    @property
    def written(self) -> str:
        """With its unit."""
        unit = _UNIT.match(self.after)
        return (self.text + unit[0] if unit else self.text).strip()


def unsupported(said: Iterable[str], shown: str, own: Sequence[float] = ()) -> tuple[str, ...]:
    """The numbers in `said` that are in nothing the agent knew, as it wrote them, each once.

    `shown` is all it read; `own` are the numbers of its form and what they are measured from. What comes of
    two numbers that stand in the same passage, or of two of its own, is its to say: a reader can check it.
    """
    known = _with_complements({*KNOWN, *_shown(shown), *(abs(one) for one in own), *_computed(own)})
    marked: list[str] = []
    for passage in said:
        citations = list(_citations(_NO_CITATION.sub(" · ", passage)))
        found = [_matches(one, known) for one in citations]
        computed = sorted(_computed([match for matches in found for match in matches][:PAIRED]))
        marked += [
            one.written
            for one, matches in zip(citations, found, strict=True)
            if not matches and not _matches(one, computed)
        ]
    return tuple(dict.fromkeys(marked))


def _shown(text: str) -> Iterator[float]:
    for match in _ANY.finditer(_DIGEST.sub(" ", text)):
        yield from (reading.value for reading in _readings(match[0]))


def _computed(numbers: Sequence[float]) -> Iterator[float]:
    """Sums, differences, products and ratios of any two, and by how much one is above the other."""
    for one, other in combinations(dict.fromkeys(numbers), 2):
        yield from (abs(one - other), abs(one + other), abs(one * other))
        for upper, lower in ((one, other), (other, one)):
            if lower and math.isfinite(upper / lower):
                yield from (abs(upper / lower), abs(upper / lower - 1.0))


def _with_complements(numbers: Iterable[float]) -> list[float]:
    every = set(numbers)
    return sorted(every | {1.0 - one for one in every if 0.0 < one < 1.0})


def _citations(passage: str) -> Iterator[Citation]:
    """The numbers of a passage that are facts, and not counts, dates, spans or names."""
    at = 0
    while (match := _NUMBER.search(passage, at)) is not None:
        at, text = match.end(), match[0]
        unit = _UNIT.match(passage, at)
        after = passage[unit.end() if unit else at :][:FOLLOWS]
        if not re.match("[A-Za-z_]", after) and not _no_citation(text, unit is not None, after):
            yield Citation(text, passage[at : at + FOLLOWS])


def _no_citation(text: str, has_unit: bool, after: str) -> bool:
    """Whether it counts, orders, dates or spans, or is a mark on a scale."""
    if _POINTS.match(after):
        return True
    if has_unit or not text.isdecimal():
        return False
    number = int(text)
    round_mark = number % 10 == 0 and number <= 100
    return number <= SMALL or round_mark or YEARS[0] <= number <= YEARS[1] or bool(_SPAN.match(after))


def _matches(cited: Citation, known: Sequence[float]) -> list[float]:
    """The known numbers that it may be; `known` is sorted."""
    unit = _UNIT.match(cited.after)
    kinds = unit.groupdict() if unit else {}
    factors = [1.0, 0.01, 100.0]  # a fraction shown and per cent said, or the other way round
    if kinds.get("percent"):
        factors = [1.0, 0.01]
    elif kinds.get("basis"):
        factors = [1.0, 0.01, 0.0001]
    elif scale := kinds.get("scale"):
        factors = [1.0, _SCALES[scale.lower()]]
    near = (
        _nearest(reading.value * factor, reading.unit * factor, known)
        for reading in _readings(cited.text)
        for factor in factors
    )
    return [number for number in near if number is not None]


def _nearest(value: float, unit: float, known: Sequence[float]) -> float | None:
    """A known number that is nearer than one unit of the last digit."""
    reach = unit * (1.0 - 1e-9)
    place = bisect_left(known, value - reach)
    return known[place] if place < len(known) and known[place] <= value + reach else None


def _readings(text: str) -> Iterator[Reading]:
    """What the digits may mean: a comma groups thousands, or stands before decimals."""
    plain, _, power = text.lower().partition("e")
    bare = re.sub(r"['\s]", "", plain)
    forms = {bare}
    for group, decimal in ((",", "."), (".", ",")):
        if re.fullmatch(rf"[0-9]{{1,3}}(?:[{group}][0-9]{{3}})+(?:[{decimal}][0-9]+)?", bare):
            forms.add(bare.replace(group, "").replace(",", "."))
    if bare.count(",") == 1:
        forms.add(bare.replace(",", "."))
    for form in forms:
        if len(form) <= LONGEST and re.fullmatch(r"[0-9]+\.?[0-9]*|\.[0-9]+", form):
            yield _reading(form, max(-LONGEST, min(LONGEST, int(power or 0))))


def _reading(form: str, power: int) -> Reading:
    whole, _, decimals = form.partition(".")
    zeros = len(whole) - len(whole.rstrip("0")) if not decimals and len(whole) > 2 else 0
    return Reading(float(form) * 10.0**power, 10.0 ** (zeros - len(decimals) + power))
