"""What the page of a backtest says of agents: calibration, scores, and what each brought to the pool."""

from math import ceil, floor
from typing import Any

from trader.commands import words
from trader.commands.html import charts
from trader.evals.book_report import BookReport
from trader.evals.scored import Scored

SMALL = 1e4
"""Log loss is shown in ten-thousandths of a nat."""


def of_agents(book: BookReport) -> dict[str, Any]:
    """The page's variables that are about agents."""
    return {
        "reliability": _reliabilities(book),
        "agents": [_agent(one) for one in _scored(book)],
        **_attribution(book),
    }


def _scored(book: BookReport) -> tuple[Scored, ...]:
    found = book.evaluation
    return (*(one for one in found.agents if one.cases), found.desk)


def _reliabilities(book: BookReport) -> list[dict[str, Any]]:
    """A picture for each, all of one scale: from the tenth below the least number to the tenth above."""
    shown = [one for one in _scored(book) if one.reliability]
    every = [number for one in shown for row in one.reliability for number in (row.forecast, row.happened)]
    if not every:
        return []
    low, high = floor(10 * min(every)) / 10, ceil(10 * max(every)) / 10
    return [_reliable(one, low, max(high, low + 0.1)) for one in shown]


def _reliable(one: Scored, low: float, high: float) -> dict[str, Any]:
    ece = one.scores["ece"]
    note = f"{one.cases:,} cases" + ("" if ece is None else f", ECE {float(ece):.3f}")
    return {"name": one.name, "note": note, "picture": charts.reliability_chart(one, low, high)}


def _agent(one: Scored) -> tuple[str, ...]:
    between = one.difference
    shown = words.NOTHING
    if between is not None:
        shown = f"{between.log_loss * SMALL:+.1f}"
        if between.low is not None and between.high is not None:
            shown += f" ({between.low * SMALL:+.1f} to {between.high * SMALL:+.1f})"
    return (
        one.name,
        f"{one.cases:,}",
        f"{one.n_eff:,.0f}",
        _score(one.scores["brier"], 4),
        _score(one.base["brier"], 4),
        _score(one.scores["ece"], 3),
        _score(one.scores["ic"], 3),
        words.share(one.scores["hit_rate"], 1),
        words.share(one.scores["always_up"], 1),
        shown,
    )


def _score(value: Any, digits: int) -> str:
    return words.NOTHING if value is None else f"{float(value):.{digits}f}"


def _attribution(book: BookReport) -> dict[str, Any]:
    brought = [(one.name, one.contribution) for one in book.evaluation.agents if one.contribution]
    if not brought:
        return {"shapley": "", "left_out": ""}
    shapley = [(name, one.shapley * SMALL, f"{one.shapley * SMALL:+.1f}") for name, one in brought]
    out = [(name, one.leave_one_out * SMALL, f"{one.leave_one_out * SMALL:+.1f}") for name, one in brought]
    return {
        "shapley": charts.bars(shapley, "Shapley values"),
        "left_out": charts.bars(out, "Leave one out"),
    }
