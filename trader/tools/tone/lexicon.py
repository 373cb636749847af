"""The phrases of `lexicon.toml`, and where a sentence has them."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

Kind = Literal["thing", "base", "move", "verdict", "turn", "break", "plain"]

GAP = ".."
"""In a phrase: up to `SPAN` other words."""
SPAN = 3

_FILE = Path(__file__).with_name("lexicon.toml")
_PUNCTUATION = frozenset(",:;()-")


class Entry(NamedTuple):
    """What a phrase means; the file says it of each kind. A number that a kind has not is 0, a weight 1."""

    kind: Kind
    tone: float = 0.0
    """Of a verdict; what more of a thing or base means; a move's size and direction; a turn's factor."""
    alone: float = 0.0
    """Of a thing or base, its mention; of a move, its tone with no thing near."""
    before: float = 1.0
    after: float = 1.0
    """Of a break: the weights of what comes before and after it."""
    clause: bool = False
    """Of a turn: whether it reaches all of its sentence, not only what follows."""


class Mark(NamedTuple):
    """A phrase found in a sentence: the places of its first and last word, and what it means."""

    start: int
    end: int
    entry: Entry


Lexicon = Mapping[str, Sequence[tuple[tuple[str, ...], Entry]]]
"""Phrases by their first word; of one first word, those with more words come first."""


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The whole of it, read once."""
    by_first: dict[str, list[tuple[tuple[str, ...], Entry]]] = {}
    for phrase, entry in phrases():
        by_first.setdefault(phrase[0], []).append((phrase, entry))
    return {first: sorted(known, key=_words_of, reverse=True) for first, known in by_first.items()}


def phrases() -> Iterator[tuple[tuple[str, ...], Entry]]:
    """Each phrase of the file, as its words. Raises KeyError for a kind that is none."""
    for kind, groups in tomllib.loads(_FILE.read_text("utf-8")).items():
        for group in groups:
            entry = _ENTRIES[kind](group)
            yield from ((tuple(phrase.split()), entry) for phrase in group["phrases"].split(","))


_ENTRIES = {
    "thing": lambda group: Entry("thing", group["more"], group.get("mention", 0.0)),
    "base": lambda group: Entry("base", group["more"], group["mention"]),
    "move": lambda group: Entry("move", group["by"], group["alone"]),
    "verdict": lambda group: Entry("verdict", group["tone"]),
    "turn": lambda group: Entry("turn", group["factor"], clause=group["reach"] == "sentence"),
    "break": lambda group: Entry("break", before=group["before"], after=group["after"]),
    "plain": lambda group: Entry("plain"),
}


def _words_of(known: tuple[tuple[str, ...], Any]) -> int:
    return sum(word != GAP for word in known[0])


def marks(words: Sequence[str]) -> list[Mark]:
    """The phrases in `words`, in their order; no word is part of two."""
    known, taken, found = lexicon(), set[int](), list[Mark]()
    for start, word in enumerate(words):
        if start in taken:
            continue
        for phrase, entry in known.get(word, ()):
            places = _places(words, start, phrase)
            if places and taken.isdisjoint(places):
                taken.update(places)
                found.append(Mark(start, places[-1], entry))
                break
    return found


def _places(words: Sequence[str], start: int, phrase: Sequence[str]) -> list[int]:
    """Where the words of `phrase` stand if its first is at `start`; empty where they do not."""
    places, at, span = [start], start + 1, 0
    for word in phrase[1:]:
        if word == GAP:
            span = SPAN
            continue
        here = _next(words, at, word, span)
        if here is None:
            return []
        places.append(here)
        at, span = here + 1, 0
    return places


def _next(words: Sequence[str], at: int, word: str, span: int) -> int | None:
    """The place of `word` from `at` on, past at most `span` others of its clause."""
    for here in range(at, min(at + span + 1, len(words))):
        if words[here] == word:
            return here
        if words[here] in _PUNCTUATION:
            return None
    return None
