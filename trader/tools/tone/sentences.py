"""A text as sentences of plain words: lower case, no hyphens, no possessives."""

import re
import unicodedata

LONGEST = 5_000
"""Characters that are read of a text: what is longer is no headline, and its beginning says what it is about."""

_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_SHORT = re.compile(r"(?:^|[\s(.])(?:[a-z]|inc|corp|co|ltd|plc|vs|no|mr|mrs|ms|dr|st|approx|jan|feb|mar|apr|aug|sept?|oct|nov|dec)\.$")
_WORD = re.compile(r"[+-]?\d+(?:,\d{3})*(?:\.\d+)?%?|[^\W\d_]+(?:[&.][^\W\d_]+)*|[,:;()]|(?<=\s)-+(?=\s)")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "−": "-", "–": " - ", "—": " - ", "“": '"', "”": '"'})


def sentences(text: str) -> list[str]:
    """The sentences of `text`: one line, lower case, typed with the plain signs."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).translate(_APOSTROPHES).lower()
    found: list[str] = []
    for piece in _SENTENCE.split(" ".join(plain.split())):
        if found and _SHORT.search(found[-1]):
            found[-1] += f" {piece}"
        elif piece:
            found.append(piece)
    return found


def words(sentence: str) -> list[str]:
    """Words, numbers with their sign and per cent, and the signs that part clauses."""
    return _WORD.findall(_parted(sentence))


def _parted(sentence: str) -> str:
    """`doesn't` is two words, `company's` is `company`, `year-on-year` three, `12 %` one."""
    for pattern, instead in _REWRITTEN:
        sentence = pattern.sub(instead, sentence)
    return sentence


_REWRITTEN = (
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"\bcan not\b|\bca not\b"), "cannot"),
    (re.compile(r"'s?\b|\.(?=\s|$)"), ""),
    (re.compile(r"(?<=[^\W_])-(?=[^\W\d_])"), " "),
    (re.compile(r"(?<=\d)\s*(?:%|pct\b|per ?cent\b|percent\b)"), "%"),
)
