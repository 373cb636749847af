"""The pictures of a backtest's report."""

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from trader.commands import words
from trader.commands.html.svg import (
    Scale,
    area,
    circle,
    dates,
    line,
    path,
    rect,
    scale,
    svg,
    text,
    ticks,
    triangle,
)
from trader.evals.book_report import BookReport
from trader.evals.curve import Curve
from trader.evals.rivals import Row
from trader.evals.scored import Scored

Floats = NDArray[np.float64]

WIDTH, LEFT, RIGHT = 1080.0, 78.0, 14.0
EQUITY, DRAWDOWN, EXPOSURE, GAP = 300.0, 90.0, 90.0, 34.0
TOP = 12.0


def money_chart(book: BookReport, beside: Floats | None) -> str:
    """Equity with a marker for each fill, drawdown and exposure, one under the other over the same rounds.

    `beside` (n,) is the worth of the baseline, from the same start.
    """
    curve = book.curve
    x = Scale(0.0, float(len(curve.equity) - 1), LEFT, WIDTH - RIGHT)
    second, third = TOP + EQUITY + GAP, TOP + EQUITY + DRAWDOWN + 2 * GAP
    bottom = third + EXPOSURE
    parts = [
        *_dates(curve, x, TOP, bottom),
        *_equity(book, beside, x, TOP),
        *_share(x, -curve.drawdown, second, DRAWDOWN, "fall", "drawdown"),
        *_share(x, curve.exposure, third, EXPOSURE, "held", "exposure"),
    ]
    label = (
        f"Equity from {curve.start:,.0f} to {curve.equity[-1]:,.0f}, with {len(book.markers)} fills; "
        f"drawdown of at most {curve.drawdown.max():.1%}; mean exposure {curve.exposure.mean():.1%}"
    )
    return svg(WIDTH, bottom + 26, label, parts)


def _dates(curve: Curve, x: Scale, top: float, bottom: float) -> Iterator[str]:
    for place, name in dates(curve.as_of):
        yield line(x(place), top, x(place), bottom)
        yield text(x(place), bottom + 18, name, anchor="middle")


def _equity(book: BookReport, beside: Floats | None, x: Scale, top: float) -> Iterator[str]:
    curve = book.curve
    y = scale(curve.equity, top + EQUITY, top, *([] if beside is None else [beside.min(), beside.max()]))
    for tick in ticks(y.low, y.high):
        yield line(LEFT, y(tick), WIDTH - RIGHT, y(tick))
        yield text(LEFT - 8, y(tick) + 4, f"{tick:,.0f}", anchor="end")
    if beside is not None:
        yield f'<path class="line beside" d="{path(x, y, beside)}"/>'
    yield f'<path class="line desk" d="{path(x, y, curve.equity)}"/>'
    for one in book.markers:
        bought = one.side == "buy"
        title = (
            f"{one.at:%Y-%m-%d}: {one.side} {words.amount(one.quantity)} {one.symbol} at "
            f"{words.price(one.price)}"
        )
        place = x(float(one.round)), y(float(curve.equity[one.round]))
        yield triangle(*place, bought, "buy" if bought else "sell", title)


def _share(x: Scale, values: Floats, top: float, height: float, kind: str, name: str) -> Iterator[str]:
    y = scale(values, top + height, top, 0.0)
    for tick in ticks(y.low, y.high, 3):
        yield line(LEFT, y(tick), WIDTH - RIGHT, y(tick))
        yield text(LEFT - 8, y(tick) + 4, f"{tick:.1%}", anchor="end")
    yield f'<path class="area {kind}" d="{area(x, y, values)}"/>'
    yield f'<path class="line thin {kind}" d="{path(x, y, values)}"/>'
    yield text(LEFT, top - 8, name, "name")


def whisker(row: Row, reach: float) -> str:
    """Where the desk's yearly difference from a baseline lies, with its interval, about zero.

    `reach` is what the picture shows on either side; an end that lies beyond it has no cap.
    """
    width, middle = 150.0, 11.0
    low, high = -reach, reach
    x = Scale(low, high, 4.0, width - 4.0)
    parts = [line(x(0.0), 0.0, x(0.0), 22.0, "zero")]
    if row.interval is not None:
        first, last = (x(max(low, min(high, end))) for end in row.interval)
        parts.append(line(first, middle, last, middle, "whisker"))
        inside = [x(end) for end in row.interval if low <= end <= high]
        parts += [line(end, middle - 4, end, middle + 4, "whisker") for end in inside]
    if row.less is not None:
        parts.append(circle(x(max(low, min(high, row.less))), middle, 4.0, "dot", f"{row.less:+.2%} a year"))
    return svg(width, 22.0, f"{row.name}: difference with its interval", parts)


def reliability_chart(one: Scored, low: float, high: float) -> str:
    """Frequencies of the event over the forecasts, from `low` to `high`; a dot is as large as its cases."""
    size, edge = 190.0, 26.0
    x, y = Scale(low, high, edge, size - 6), Scale(low, high, size - edge, 6.0)
    most = max((row.cases for row in one.reliability), default=1)
    parts = [rect(edge, 6.0, size - edge - 6, size - edge - 6, "frame")]
    parts.append(line(x(low), y(low), x(high), y(high), "zero"))
    for tick in (low, (low + high) / 2.0, high):
        parts.append(text(x(tick), size - 9, f"{tick:.2f}", anchor="middle"))
        parts.append(text(edge - 3, y(tick) + 4, f"{tick:.2f}", anchor="end"))
    for row in one.reliability:
        title = f"{row.cases:,} cases: forecast {row.forecast:.3f}, happened {row.happened:.3f}"
        radius = 2.5 + 6.5 * float(np.sqrt(row.cases / most))
        parts.append(circle(x(row.forecast), y(row.happened), radius, "dot soft", title))
    return svg(size, size, f"Reliability of {one.name}", parts)


def bars(rows: Sequence[tuple[str, float, str]], unit: str) -> str:
    """A bar from zero for each (name, number, what it says), to the left where it is negative."""
    height, left, width = 26.0, 150.0, 560.0
    numbers = [number for _, number, _ in rows] or [0.0]
    x = Scale(min(0.0, *numbers), max(0.0, *numbers), left + 64, width - 74)
    parts = [line(x(0.0), 0.0, x(0.0), height * len(rows), "zero")]
    for index, (name, number, said) in enumerate(rows):
        middle = index * height + height / 2
        first, last = sorted((x(0.0), x(number)))
        parts.append(text(left - 10, middle + 4, name, "name", "end"))
        parts.append(rect(first, middle - 7, last - first, 14, "up" if number >= 0 else "down", said))
        after = number >= 0
        parts.append(
            text(last + 6 if after else first - 6, middle + 4, said, anchor="start" if after else "end")
        )
    return svg(width, height * max(1, len(rows)), f"{unit}: " + ", ".join(row[2] for row in rows), parts)


def overlay(curves: Sequence[tuple[str, Curve, bool]]) -> str:
    """Every variant's return so far, over its own span in days; the one that is shown on top."""
    height = 240.0
    days = [[(at - one.as_of[0]).total_seconds() / 86_400 for at in one.as_of] for _, one, _ in curves]
    grown = [one.equity / one.start - 1.0 for _, one, _ in curves]
    x = Scale(0.0, max(row[-1] for row in days), LEFT, WIDTH - RIGHT)
    y = scale(np.concatenate(grown), height, TOP, 0.0)
    parts = []
    for tick in ticks(y.low, y.high):
        parts.append(line(LEFT, y(tick), WIDTH - RIGHT, y(tick), "zero" if tick == 0 else "grid"))
        parts.append(text(LEFT - 8, y(tick) + 4, f"{tick:.1%}", anchor="end"))
    for tick in ticks(0.0, x.high, 8):
        parts.append(text(x(tick), height + 18, f"{tick:,.0f}", anchor="middle"))
    parts.append(text(WIDTH - RIGHT, height + 34, "days since its first round", anchor="end"))
    for index in sorted(range(len(curves)), key=lambda one: curves[one][2]):
        name, _, shown = curves[index]
        points = "L".join(
            f"{x(d):.1f} {y(float(v)):.1f}" for d, v in zip(days[index], grown[index], strict=True)
        )
        kind = "desk" if shown else "beside"
        parts.append(f'<path class="line {kind}" d="M{points}"><title>{escape(name)}</title></path>')
    return svg(WIDTH, height + 40, "Return of every variant", parts)


def schedule(book: BookReport) -> str:
    """When what is fitted was fitted anew, along the span."""
    height = 46.0
    first, last = book.curve.as_of[0].timestamp(), book.curve.as_of[-1].timestamp()
    x = Scale(first, last, LEFT, WIDTH - RIGHT)
    parts = [line(LEFT, 14.0, WIDTH - RIGHT, 14.0, "zero")]
    for at in book.refits.cut_offs:
        place = x(max(first, at.timestamp()))
        parts.append(line(place, 6.0, place, 22.0, "refit"))
    moments = book.curve.as_of
    for place, name in dates(moments):
        parts.append(text(x(moments[int(place)].timestamp()), height - 6, name, anchor="middle"))
    return svg(WIDTH, height, f"{len(book.refits.cut_offs)} fits over the span", parts)
