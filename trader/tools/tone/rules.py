"""What the phrases of one sentence say together: a movement with its thing, a turn with what it turns."""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

from trader.tools.tone.comparison import compared
from trader.tools.tone.lexicon import Mark, marks
from trader.tools.tone.sentences import words

AFTER, BEFORE, TURNED = 5, 10, 7
"""Words that a movement looks ahead and back for its thing, and that a turn reaches."""

_PUNCTUATION = frozenset(",:;()-")
_NOT_ITS_OBJECT = _PUNCTUATION.union(
    ("and", "or", "by", "to", "from", "than", "with", "at"),
    ("for", "after", "under", "over", "against", "into"),
)
"""What stands behind these is not what a movement moves."""
_IN = frozenset({"in", "of"})


class Hit(NamedTuple):
    """Something that speaks: the word where it stands, and its tone."""

    place: int
    tone: float


def judged(sentence: str) -> float | None:
    """Tone of one sentence as `sentences` gives it, within -1 and 1; None where no rule speaks."""
    said = words(sentence)
    found = marks(said)
    comparison = compared(said, found)
    # Where two amounts are compared, `from a loss of` is in the comparison already.
    hits = _hits(said, found) if comparison is None else _moves(said, found)[0]
    if not hits and comparison is None:
        return 0.0 if any(mark.entry.kind == "plain" for mark in found) else None
    total = sum(hit.tone * _weight(hit, found, said) for hit in hits) + (comparison or 0.0)
    return total / sqrt(total * total + 1.0)


def _hits(said: Sequence[str], found: Sequence[Mark]) -> list[Hit]:
    """What moves, what is judged, and the mention of things that nothing moves.

    Of `recession fears` the fears alone are mentioned.
    """
    hits, moved = _moves(said, found)
    things = [mark for mark in found if mark.entry.kind in ("thing", "base")]
    qualifying = {one for one, other in pairwise(things) if one.end + 1 == other.start}
    left = (mark for mark in things if mark not in moved and mark not in qualifying)
    return hits + [Hit(mark.start, mark.entry.alone) for mark in left if mark.entry.alone]


def _moves(said: Sequence[str], found: Sequence[Mark]) -> tuple[list[Hit], set[Mark]]:
    """Verdicts, and movements with their things; and those things."""
    hits, moved = [], set[Mark]()
    for mark in found:
        if mark.entry.kind == "move":
            thing = _ahead(said, found, mark) or _back(said, found, mark)
            hits.append(Hit(mark.start, mark.entry.tone * thing.entry.tone if thing else mark.entry.alone))
            if thing:
                moved.add(thing)
        elif mark.entry.kind == "verdict":
            hits.append(Hit(mark.start, mark.entry.tone))
    return hits, moved


def _ahead(said: Sequence[str], found: Sequence[Mark], move: Mark) -> Mark | None:
    """The object: `cuts costs`, `higher sales`, `a rise in costs`."""
    begin = move.end + 1
    if begin < len(said) and said[begin] in _IN:
        begin += 1
    for mark in found:
        if begin <= mark.start <= begin + AFTER and mark.entry.kind in ("thing", "break", "move", "plain"):
            clear = _NOT_ITS_OBJECT.isdisjoint(said[begin : mark.start])
            return mark if clear and mark.entry.kind == "thing" else None
    return None


def _back(said: Sequence[str], found: Sequence[Mark], move: Mark) -> Mark | None:
    """The subject: the nearest thing before in its clause; of `demand for debt`, the demand."""
    nearest = None
    for mark in reversed(found):
        if mark.end >= move.start:
            continue
        if move.start - mark.end > BEFORE or not _PUNCTUATION.isdisjoint(said[mark.end : move.start]):
            break
        if mark.entry.kind == "break":
            break
        if mark.entry.kind == "thing":
            if nearest is not None and not _of(said, mark, nearest):
                break
            nearest = mark
    return nearest


def _of(said: Sequence[str], head: Mark, thing: Mark) -> bool:
    """Whether `thing` only says of what `head` is."""
    between = said[head.end + 1 : thing.start]
    return bool(between) and between[0] in ("of", "for") and len(between) <= 2


def _weight(hit: Hit, found: Sequence[Mark], said: Sequence[str]) -> float:
    """The turns that reach a hit, times the breaks around it."""
    weight = 1.0
    for mark in found:
        entry = mark.entry
        if entry.kind == "turn" and (entry.clause or _reaches(said, mark, hit.place)):
            weight *= entry.tone
        elif entry.kind == "break":
            weight *= entry.after if hit.place > mark.start else entry.before
    return weight


def _reaches(said: Sequence[str], turn: Mark, place: int) -> bool:
    """Whether a place follows soon, in the same clause."""
    return 0 < place - turn.end <= TURNED and _PUNCTUATION.isdisjoint(said[turn.end : place])
