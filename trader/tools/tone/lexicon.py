"""The phrases of `lexicon.toml`, and where a sentence has them."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

Kind = Literal["thing", "base", "move", "verdict", "turn", "break", "plain"]

GAP = ".."
"""In a phrase: up to `SPAN` other words."""
SPAN = 3
_FILE = Path(__file__).with_name("lexicon.toml")
_STOPS = frozenset(",:;()")


class Entry(NamedTuple):
    """What a phrase means. The file says what the numbers are; those that its kind has not are 0."""

    kind: Kind
    tone: float = 0.0
    """Of a verdict and a turn; of a thing or base, what more of it means; of a move, its size and direction."""
    alone: float = 0.0
    """Of a thing or base, its mention; of a move, its tone with no thing near; of a break, the weight of what follows."""
    before: float = 1.0
    """Of a break, the weight of what came before."""
    all: bool = False
    """Of a turn: that it reaches the whole clause."""


class Mark(NamedTuple):
    """A phrase found in a sentence: its first and last word, and what it means."""

    start: int
    end: int
    entry: Entry


Phrases = Mapping[str, Sequence[tuple[tuple[str, ...], Entry]]]
"""By their first word; of the same first word those with more words first."""


@lru_cache(maxsize=1)
def phrases() -> Phrases:
    """The whole lexicon, read once."""
    by_first: dict[str, list[tuple[tuple[str, ...], Entry]]] = {}
    for entry, phrase in _read():
        by_first.setdefault(phrase[0], []).append((phrase, entry))
    return {
        first: sorted(known, key=lambda pair: sum(word != GAP for word in pair[0]), reverse=True)
        for first, known in by_first.items()
    }


def _read() -> Iterator[tuple[Entry, tuple[str, ...]]]:
    for kind, groups in tomllib.loads(_FILE.read_text("utf-8")).items():
        for group in groups:
            entry = _entry(kind, group)
            for phrase in group["phrases"].split(","):
                if words := tuple(phrase.split()):
                    yield entry, words


def _entry(kind: Kind, group: Mapping[str, float | str]) -> Entry:
    """Raises KeyError for a kind that is none, or a group without its numbers."""
    names = {
        "thing": ("more", "mention"),
        "base": ("more", "mention"),
        "move": ("by", "alone"),
        "verdict": ("tone",),
        "turn": ("factor",),
        "break": ("after", "after", "before"),
        "plain": (),
    }[kind]
    numbers = [float(group.get(name, 0.0)) for name in names]
    return Entry(kind, *numbers, all=group.get("reach") == "clause")


def marks(words: Sequence[str]) -> list[Mark]:
    """The phrases in `words`, in their order; no word is part of two."""
    known, taken, found = phrases(), set[int](), list[Mark]()
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


def _places(words: Sequence[str], start: int, phrase: tuple[str, ...]) -> list[int]:
    """Where the words of `phrase` stand, or nothing."""
    places, at, gap = [start], start + 1, False
    for word in phrase[1:]:
        if word == GAP:
            gap = True
            continue
        here = _next(words, at, word, SPAN if gap else 0)
        if here is None:
            return []
        places.append(here)
        at, gap = here + 1, False
    return places


def _next(words: Sequence[str], at: int, word: str, span: int) -> int | None:
    """The place of `word` from `at` on, past at most `span` others of the same clause."""
    for here in range(at, min(at + span + 1, len(words))):
        if words[here] == word:
            return here
        if words[here] in _STOPS:
            return None
    return None
