"""What a benchmark finds: figures with both sides, a ratio and a target; and the one table of them all."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Say = Callable[[str], None]
"""Takes a line of progress."""

COLUMNS = ("benchmark", "figure", "here", "peer", "ratio", "target", "met")
RIGHT = {"here", "ratio"}
"""Columns of numbers."""


class Disagreement(Exception):
    """The two sides of a comparison did not do the same work, so their times say nothing."""


@dataclass(frozen=True)
class Bound:
    """A target, in the figure's own unit or for the ratio to the peer."""

    sign: Literal["at most", "at least"]
    value: float
    of: Literal["here", "ratio"] = "here"

    def met(self, number: float) -> bool:
        """Whether the number is on the right side; the bound itself is."""
        return number <= self.value if self.sign == "at most" else number >= self.value


@dataclass(frozen=True)
class Figure:
    """One number, beside a peer's where there is one."""

    what: str
    here: float
    unit: str = ""
    peer: float | None = None
    peer_name: str = ""
    target: Bound | None = None

    @property
    def ratio(self) -> float | None:
        """Here over the peer's: of times less is better, of rates more."""
        return self.here / self.peer if self.peer else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        number = self.here if self.target.of == "here" else self.ratio
        return number is not None and self.target.met(number)


def agreed(what: str, here: float, peer: float, peer_name: str) -> Figure:
    """That both sides did the same, as a figure of its own. Raises Disagreement."""
    if here != peer:
        raise Disagreement(f"{what}: {here:,} here, {peer:,} with {peer_name}")
    return Figure(what, here, peer=peer, peer_name=peer_name)


def exponent(small: float, cost_small: float, large: float, cost_large: float) -> float:
    """How cost grows with size: 0 not at all, 1 in proportion, 2 with the square."""
    return math.log(cost_large / cost_small) / math.log(large / small)


def quantile(numbers: Iterable[float], share: float) -> float:
    """The smallest of `numbers` that at least `share` of them do not exceed. Raises ValueError for none."""
    ordered = sorted(numbers)
    if not ordered:
        raise ValueError("no numbers")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def shown(number: float, unit: str = "") -> str:
    """Three digits that mean something, and the unit."""
    if number == int(number) or abs(number) >= 100:
        text = f"{number:,.0f}"
    else:
        rounded = float(f"{number:.2e}")
        text = f"{number:.{max(0, 2 - math.floor(math.log10(abs(rounded))))}f}"
    return f"{text} {unit}".rstrip()


def table(found: Iterable[tuple[str, Figure]]) -> str:
    """All figures under each other; a benchmark's name stands at its first."""
    rows: list[tuple[str, ...]] = [COLUMNS]
    last = ""
    for name, figure in found:
        rows.append(("" if name == last else name, *_cells(figure)))
        last = name
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    rows.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in RIGHT else cell.ljust(width)
            for cell, width, column in zip(row, widths, COLUMNS, strict=True)
        ).rstrip()
        for row in rows
    )


def _cells(figure: Figure) -> tuple[str, ...]:
    peer = "" if figure.peer is None else f"{shown(figure.peer, figure.unit)}, {figure.peer_name}"
    ratio = "" if figure.ratio is None else shown(figure.ratio)
    target = ""
    if figure.target is not None:
        unit = figure.unit if figure.target.of == "here" else "of the peer's"
        target = f"{figure.target.sign} {shown(figure.target.value, unit)}"
    met = "" if figure.met is None else "yes" if figure.met else "NO"
    return figure.what, shown(figure.here, figure.unit), peer, ratio, target, met
