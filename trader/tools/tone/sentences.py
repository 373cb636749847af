"""A text as sentences of plain words: lower case, no hyphens, no possessives."""

import re
import unicodedata

_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(.])"
    r"(?:[^\W\d_]|inc|corp|co|ltd|plc|vs|no|mr|mrs|ms|dr|st|approx|jan|feb|mar|apr|aug|sept?|oct|nov|dec)\.$"
)
_SIGNS = str.maketrans({"\u2018": "'", "\u2019": "'", "\u2212": "-", "\u2013": " - ", "\u2014": " - "})
_REWRITTEN = (
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"'s?\b|\.(?=\s|$)"), ""),
    (re.compile(r"(?<=[^\W_])-(?=[^\W\d_])"), " "),
    (re.compile(r"(?<=\d)\s*(?:%|pct\b|per ?cent\b)"), "%"),
)
"""`doesn't` is two words, `company's` is `company`, `year-on-year` three words, `12 pct` one."""
_WORD = re.compile(r"[+-]?\d+(?:,\d{3})*(?:\.\d+)?%?|[^\W\d_]+(?:[&.][^\W\d_]+)*|[,:;()]|(?<=\s)-(?=\s)")


def sentences(text: str) -> list[str]:
    """The sentences of `text`, in lower case, with plain signs and single spaces."""
    plain = unicodedata.normalize("NFKC", text.casefold()).translate(_SIGNS)
    found: list[str] = []
    for piece in _SENTENCE.split(" ".join(plain.split())):
        if found and _ABBREVIATED.search(found[-1][-10:]):
            found[-1] += f" {piece}"
        elif piece:
            found.append(piece)
    return found


def words(sentence: str) -> list[str]:
    """Words, numbers with sign and per cent, and the signs that part clauses, of what `sentences` gives."""
    for pattern, instead in _REWRITTEN:
        sentence = pattern.sub(instead, sentence)
    return _WORD.findall(sentence)
