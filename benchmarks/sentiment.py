"""How often the tone of a headline is of the right class, and how fast it is read, beside VADER alone.

`python -m benchmarks.sentiment FILE` scores labelled sentences of yours. They are not part of the project.
"""

import csv
import hashlib
import sys
from collections.abc import Iterator, Sequence
from math import sqrt
from pathlib import Path
from time import process_time
from typing import NamedTuple

from benchmarks.figures import Figure, Say, table
from trader.tools.tone import Class, classify, judged, sentences, vader

WRITTEN = Path(__file__).parents[1] / "tests" / "tools" / "tone" / "headlines.tsv"
"""Two hundred headlines that were written for the tests."""
VADER_NEUTRAL = 0.05
"""VADER's scores nearer to zero are neutral, by its authors."""
SURE = 1.96
"""Deviations of a 95 % interval."""
TURNS = 5

_LABELS = {
    **{one.value: one for one in Class},
    **dict(zip(("-1", "0", "1"), Class, strict=True)),
    **dict(zip(("bearish", "bullish"), (Class.NEGATIVE, Class.POSITIVE), strict=True)),
}


class Labelled(NamedTuple):
    """A text, and the class that people put it into."""

    label: Class
    text: str

    @property
    def held_out(self) -> bool:
        """One half by a hash of the text: of the other half alone the errors are looked at."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 2 == 1


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """The written headlines, by halves, and the time for all of them."""
    written = labelled(WRITTEN)
    say(f"{len(written)} written headlines, beside VADER")
    for name, half in (("looked at", False), ("held out", True)):
        yield from scored(f"written, {name}", [one for one in written if one.held_out == half])
    yield speed([one.text for one in written])


def labelled(path: Path) -> list[Labelled]:
    """The rows of a file that have a label, and their longest other column. Raises ValueError for none.

    Columns are parted by commas or tabs, or the label follows the last `@`; lines that begin with `#` are
    left out. Labels are negative, neutral, positive; -1, 0, 1; bearish, bullish. What is no UTF-8 is Latin 1.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = [one for row in _rows(lines) if (one := _labelled(row))]
    if not found:
        raise ValueError(f"{path}: no line has a column that is negative, neutral or positive")
    return found


def _rows(lines: Sequence[str]) -> Iterator[Sequence[str]]:
    first = lines[0] if lines else ""
    if _LABELS.get(first.rpartition("@")[2].strip().casefold()):
        return (line.rpartition("@")[::2] for line in lines)
    return csv.reader(lines, delimiter="\t" if "\t" in first else ",")


def _labelled(row: Sequence[str]) -> Labelled | None:
    for place, cell in enumerate(row):
        others = [*row[:place], *row[place + 1 :]]
        if (label := _LABELS.get(cell.strip().casefold())) and (
            text := max(others, key=len, default="").strip()
        ):
            return Labelled(label, text)
    return None


def scored(what: str, those: Sequence[Labelled]) -> Iterator[Figure]:
    """The share of right classes with its interval, and of each class."""
    ours, theirs = (
        [(one.label, judge(one.text) == one.label) for one in those] for judge in (classify, by_vader)
    )
    right, of_vader = (sum(hit for _, hit in side) for side in (ours, theirs))
    yield Figure(
        f"{what}, {len(those):,} texts, right", percent(right, those), "%", percent(of_vader, those), "VADER"
    )
    low, high = interval(right, len(those))
    yield Figure("  95 % interval, from", 100.0 * low, "%")
    yield Figure("  95 % interval, to", 100.0 * high, "%")
    for label in Class:
        here, there = ([hit for known, hit in side if known is label] for side in (ours, theirs))
        if here:
            yield Figure(
                f"  {label}, {len(here):,}", percent(sum(here), here), "%", percent(sum(there), here), "VADER"
            )


def percent(right: int, those: Sequence[object]) -> float:
    """A hundred times the share."""
    return 100.0 * right / len(those)


def by_vader(text: str) -> Class:
    """The class by VADER alone."""
    score = vader(text)
    if abs(score) < VADER_NEUTRAL:
        return Class.NEUTRAL
    return Class.POSITIVE if score > 0.0 else Class.NEGATIVE


def interval(right: int, count: int) -> tuple[float, float]:
    """Wilson's interval of a share, 95 % (Wilson 1927, J. of the American Statistical Association 22)."""
    share, z2 = right / count, SURE**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = SURE / (1 + z2 / count) * sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return middle - half, middle + half


def speed(texts: Sequence[str]) -> Figure:
    """Headlines a second by the rules alone, nothing remembered, and by VADER."""
    here, there = [], []
    for _ in range(TURNS):
        began = process_time()
        for text in texts:
            for sentence in sentences(text):
                judged(sentence)
        between = process_time()
        for text in texts:
            vader(text)
        here.append(between - began)
        there.append(process_time() - between)
    return Figure("headlines a second", len(texts) / min(here), "/s", len(texts) / min(there), "VADER")


def main(arguments: Sequence[str]) -> int:
    """Score the file of this name. Returns 2 where there is none, or none in it has a label."""
    if len(arguments) != 1:
        print("usage: python -m benchmarks.sentiment FILE", file=sys.stderr)
        return 2
    try:
        those = labelled(Path(arguments[0]))
    except (OSError, ValueError) as error:
        print(f"benchmarks.sentiment: {error}", file=sys.stderr)
        return 2
    print(
        table(
            [("sentiment", figure) for figure in (*scored("all", those), speed([one.text for one in those]))]
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
