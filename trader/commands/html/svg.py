"""Charts as SVG text. Colours are classes of the page's style, which follows a light or a dark scheme."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_POINTS = 1200
"""Of a line: more than a screen shows. What is left out keeps the extremes of its place."""


@dataclass(frozen=True)
class Scale:
    """From values to pixels, linear."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.start + share * (self.end - self.start)


def scale(values: Sequence[float] | Floats, start: float, end: float, *also: float) -> Scale:
    """One that holds all of `values` and `also`, with a little room."""
    every = [*(float(v) for v in values), *also]
    low, high = min(every), max(every)
    room = (high - low) * 0.04 or abs(high) * 0.01 or 1.0
    return Scale(low - room, high + room, start, end)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers between `low` and `high`: steps of 1, 2 or 5."""
    if not high > low:
        return [low]
    raw = (high - low) / about
    size = 10.0 ** floor(log10(raw))
    step = next(size * one for one in (1, 2, 5, 10) if size * one >= raw)
    return [step * number for number in range(ceil(low / step), floor(high / step) + 1)]


def dates(moments: Sequence[datetime], about: int = 7) -> list[tuple[float, str]]:
    """(position of the first moment, name) of days, months or years that begin within, about so many."""
    spans = ("%Y-%m-%d", "%b %Y", "%Y")
    for span in spans:
        firsts: dict[str, int] = {}
        for index, at in enumerate(moments):
            firsts.setdefault(at.strftime(span), index)
        found = [(float(index), name) for name, index in firsts.items()][1:]
        if len(found) <= 2 * about or span == spans[-1]:
            return found[:: max(1, ceil(len(found) / about))]
    return []


def path(x: Scale, y: Scale, values: Floats) -> str:
    """The `d` of a line through `values` at 0, 1, 2, …."""
    places = _thinned(values)
    return "M" + "L".join(f"{x(float(i)):.1f} {y(float(values[i])):.1f}" for i in places)


def area(x: Scale, y: Scale, values: Floats) -> str:
    """The `d` of what is between `values` and zero."""
    floor_y = y(0.0)
    return f"{path(x, y, values)}L{x(float(len(values) - 1)):.1f} {floor_y:.1f}L{x(0.0):.1f} {floor_y:.1f}Z"


def text(x: float, y: float, said: str, kind: str = "tick", anchor: str = "start") -> str:
    """A piece of text."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str = "grid") -> str:
    """A straight line."""
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def rect(x: float, y: float, width: float, height: float, kind: str, title: str = "") -> str:
    """A filled rectangle; what it says when pointed at."""
    inner = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.0):.1f}" '
        f'height="{max(height, 0.0):.1f}">{inner}</rect>'
    )


def triangle(x: float, y: float, up: bool, kind: str, title: str) -> str:
    """A marker that points at (x, y) from below or above."""
    side = 1 if up else -1
    points = f"{x:.1f},{y + 3 * side:.1f} {x - 4:.1f},{y + 10 * side:.1f} {x + 4:.1f},{y + 10 * side:.1f}"
    return f'<polygon class="{kind}" points="{points}"><title>{escape(title)}</title></polygon>'


def circle(x: float, y: float, radius: float, kind: str, title: str) -> str:
    """A dot."""
    inner = f"<title>{escape(title)}</title>"
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">{inner}</circle>'


def svg(width: float, height: float, label: str, parts: Iterator[str] | Sequence[str]) -> str:
    """A whole picture, with what a reader who does not see it is told."""
    inside = "".join(parts)
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(label)}" '
        f'xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
    )


def _thinned(values: Floats) -> list[int]:
    """Indices of at most MOST_POINTS: the lowest and the highest of each stretch, the first and the last."""
    if len(values) <= MOST_POINTS:
        return list(range(len(values)))
    edges = np.linspace(0, len(values), MOST_POINTS // 2, dtype=int)
    kept = {0, len(values) - 1}
    for first, last in itertools.pairwise(edges):
        if last > first:
            kept |= {first + int(np.argmin(values[first:last])), first + int(np.argmax(values[first:last]))}
    return sorted(int(index) for index in kept)
