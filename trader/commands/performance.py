"""What an account came to beside its baselines: of a backtest, and of a book that is evaluated."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from trader.commands import words
from trader.commands.output import columns
from trader.evals.rivals import Row


def performance_table(desk: Row, baselines: Sequence[Row]) -> Table:
    """A line for the desk and for each baseline."""
    numbers = (
        "net return",
        "a year",
        "Sharpe",
        "interval",
        "drawdown",
        "exposure",
        "desk less this",
        "its interval",
    )
    table = columns("", *numbers, right=numbers)
    for one in (desk, *baselines):
        table.add_row(*_row(one))
    return table


def _row(one: Row) -> tuple[str, ...]:
    known = one.performance
    ratio, interval = known.sharpe, known.sharpe_interval
    return (
        one.name,
        words.change(known.net_return),
        words.change(known.annual_return),
        words.NOTHING if ratio is None else f"{ratio:.2f}",
        words.NOTHING if interval is None else f"{interval[0]:.2f} to {interval[1]:.2f}",
        words.share(known.max_drawdown, 1),
        words.share(one.exposure, 1),
        "" if one.less is None else words.change(one.less),
        "" if one.interval is None else f"{words.change(one.interval[0])} to {words.change(one.interval[1])}",
    )


def performance_row(one: Row) -> dict[str, Any]:
    """The same line of a document."""
    return {
        "name": one.name,
        **asdict(one.performance),
        "exposure": one.exposure,
        "desk_less_this": one.less,
        "interval": one.interval,
        "decided": one.decided,
        "note": one.note,
    }
