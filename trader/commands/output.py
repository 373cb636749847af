"""How everything prints: stdout is data, stderr is talk, and colour is for terminals.

A screen is a value: commands build something that rich can draw, and it is drawn once, here. On a terminal it
is as wide as the terminal. Elsewhere it is as wide as it needs to be, without colour, and nothing is folded.
"""

import io
import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TextIO

from trader.domain.value import jsonable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

UNBOUNDED = 4000
"""Columns of what is not a terminal: more than any line here has."""
GAP = 2
"""Columns between two columns of a table."""
WIDE = 110
"""Columns from which lists have room for a sentence at the end of each line."""


def document(value: Any) -> None:
    """One JSON document on stdout. Plain ASCII, so that it survives every encoding."""
    print(json.dumps(jsonable(value), indent=2, allow_nan=False))


def screen(*parts: "RenderableType", stream: TextIO | None = None) -> None:
    """Each part on stdout (or `stream`), one under the other."""
    target = stream or sys.stdout
    if target.isatty():
        terminal(target).print(*parts, sep="\n")
    else:
        target.write(drawn(*parts, width=UNBOUNDED, encoding=target.encoding))


def say(text: str) -> None:
    """A line for the person at the keyboard, on stderr: no program reads it."""
    print(text, file=sys.stderr, flush=True)


def terminal(stream: TextIO) -> "Console":
    """A console that takes text as it is: no markup, no guessing at what deserves a colour."""
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False)


def drawn(*parts: "RenderableType", width: int, encoding: str | None = "utf-8") -> str:
    """What `parts` look like without colour at a width; where the encoding has no lines, with ASCII ones."""
    from rich.console import Console

    paper = io.TextIOWrapper(io.BytesIO(), encoding=encoding or "utf-8", errors="replace", newline="\n")
    console = Console(
        file=paper,
        width=width,
        color_system=None,
        force_terminal=False,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    console.print(*parts, sep="\n")
    paper.seek(0)
    return "".join(f"{line.rstrip()}\n" for line in paper.read().splitlines())


def columns(*headings: str, right: tuple[str, ...] = (), wraps: tuple[str, ...] = ()) -> "Table":
    """An empty table in the house's style: `right` stand over numbers, cells under `wraps` may wrap."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
    for heading in headings:
        justify: Literal["left", "right"] = "right" if heading in right else "left"
        table.add_column(heading, justify=justify, no_wrap=heading not in wraps, overflow="fold")
    return table


def listing(
    *headings: str,
    rows: Iterable[Sequence[str]],
    right: tuple[str, ...] = (),
    wraps: tuple[str, ...] = (),
) -> "Table":
    """A line for each row. The last column is long: a terminal narrower than WIDE does without it."""
    shown = headings if width() >= WIDE else headings[:-1]
    table = columns(*shown, right=right, wraps=(*wraps, headings[-1]))
    for row in rows:
        table.add_row(*row[: len(shown)])
    return table


def fitting(
    *headings: str, rows: Iterable[Sequence[str]], right: tuple[str, ...] = (), spare: tuple[str, ...] = ()
) -> "RenderableType":
    """A line for each row, with nothing cut off: what people read here they copy into other commands.

    Where the terminal has no room for that the columns of `spare` go, in that order; where that is not
    enough, each row is a block of lines.
    """
    from rich.cells import cell_len
    from rich.console import Group

    lines, room = [tuple(row) for row in rows], width()
    kept = tuple(range(len(headings)))
    for gone in ("", *spare):
        kept = tuple(i for i in kept if headings[i] != gone)
        widths = (max(cell_len(line[i]) for line in (headings, *lines)) for i in kept)
        if sum(widths) + GAP * (len(kept) - 1) <= room:
            table = columns(*(headings[i] for i in kept), right=right)
            for line in lines:
                table.add_row(*(line[i] for i in kept))
            return table
    labelled = (
        pairs(*((heading, cell) for heading, cell in zip(headings, line, strict=True) if cell))
        for line in lines
    )
    return Group(*(part for block in labelled for part in (block, "")))


def pairs(*rows: tuple[str, "RenderableType"]) -> "Table":
    """Labels and what they label, without headings."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, GAP, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in rows:
        table.add_row(label, value)
    return table


def width() -> int:
    """Columns that stdout has: the terminal's, else more than anybody needs."""
    return terminal(sys.stdout).width if sys.stdout.isatty() else UNBOUNDED
