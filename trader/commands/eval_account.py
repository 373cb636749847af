"""The account of an evaluated book beside its baselines, and what choosing the best of several is worth."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from trader.commands import words
from trader.commands.output import pairs
from trader.commands.performance import performance_row, performance_table
from trader.evals.choosing import Choice
from trader.evals.money import Money
from trader.evals.rivals import AT_EXPOSURE, HELD


def account(found: Money) -> Iterator[RenderableType]:
    """The account in a few lines, then its baselines on the same rounds."""
    told, factor = found.performance, words.NOTHING
    if found.profit_factor is not None:
        factor = f"{found.profit_factor:.2f}"
    yield pairs(
        ("the account", ""),
        ("net return", f"{found.net_return:+.2%} after models, {told.net_return:+.2%} before"),
        ("Sortino, a year", words.NOTHING if told.sortino is None else f"{told.sortino:+.2f}"),
        ("profit factor", f"{factor} on {words.count(found.trades, 'closed trade')}"),
        ("turnover, a year", f"{found.turnover:.2f} times the equity"),
        ("basis points a side", ", ".join(f"{bps}: {r:+.2%}" for bps, r in found.at_bps.items())),
    )
    yield Text("")
    yield performance_table(found.desk, found.baselines)
    yield from (Text(f"{row.name}: {row.note}", "dim") for row in found.baselines if row.note)


def account_document(found: Money) -> dict[str, Any]:
    """The same of a document."""
    passive = {row.name: row.performance.net_return for row in found.baselines}
    return {
        "net_return": found.net_return,
        "performance": asdict(found.performance),
        "profit_factor": found.profit_factor,
        "trades": found.trades,
        "turnover": found.turnover,
        "exposure": found.desk.exposure,
        "buy_and_hold": passive[HELD],
        "buy_and_hold_at_exposure": passive[AT_EXPOSURE],
        "at_bps": dict(found.at_bps),
        "baselines": [performance_row(row) for row in found.baselines],
    }


def chosen(found: Choice, what: str) -> Text:
    """A line under what several were compared in."""
    if found.why_not:
        return Text(
            f"The best of several {what}: overfitting and superiority not applicable, {found.why_not}.", "dim"
        )
    return Text(
        f"The best of {found.variants} {what}, on {found.dates:,} dates: probability of overfitting "
        f"{found.overfitting:.2f}, chance of so good a best one if none were better {found.superior:.3f}.",
        "dim",
    )
