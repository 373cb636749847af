"""What an evaluation says, for people and for programs. The numbers are `evals.evaluation`'s."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from trader.commands import words
from trader.commands.output import columns
from trader.domain.value import plain
from trader.evals.evaluation import Baseline, Evaluation, Scored
from trader.evals.paired import Difference

SMALL = 1e4
"""Differences and shares of log loss are shown in ten-thousandths of a nat."""


def document(found: Evaluation, broken: Sequence[str]) -> dict[str, Any]:
    """The document of `eval`."""
    return {
        "finding": found.finding,
        "findings": list(found.findings),
        "agents": [_entry(one) for one in found.agents],
        "desk": _entry(found.desk),
        "baselines": [
            {"name": one.name, "cases": one.cases, **one.scores, "difference": _difference(one.difference)}
            for one in found.baselines
        ],
        "broken": list(broken),
        "provenance": asdict(found.provenance),
    }


def _entry(one: Scored) -> dict[str, Any]:
    return {
        "name": one.name,
        "cases": one.cases,
        "n_eff": one.n_eff,
        "asked": one.asked,
        **one.scores,
        "brier_base": one.base["brier"],
        "log_loss_base": one.base["log_loss"],
        "difference": _difference(one.difference),
        "deflated_sharpe": one.deflated_sharpe,
        "contribution": asdict(one.contribution) if one.contribution else None,
        "reliability": [row._asdict() for row in one.reliability],
        "years": [asdict(row) for row in one.years],
    }


def _difference(one: Difference | None) -> dict[str, Any] | None:
    return None if one is None else {**asdict(one), "decided": one.decided}


def report(found: Evaluation) -> Iterator[RenderableType]:
    """The report, part by part; the first line says how far to believe the rest."""
    yield Text(found.finding, "bold")
    yield Text("")
    yield _forecasts(found)
    yield Text(
        "As stated, before calibration; the desk as pooled. Brier, log loss and ECE: less is better. "
        "Worth: independent cases.",
        "dim",
    )
    yield Text("")
    yield _differences(found)
    yield Text(
        "In ten-thousandths of a nat of log loss; intervals from whole dates in blocks of a horizon or more. "
        "The agents' hold together.",
        "dim",
    )
    yield Text("")
    yield _baselines(found)
    yield Text("")
    yield _use(found)
    if any(len(one.years) > 1 for one in found.judged):
        yield Text("")
        yield _years(found)
    yield Text("")
    yield from (Text(f"note: {sentence}") for sentence in found.findings)
    yield _provenance(found)


def _rows(found: Evaluation) -> tuple[Scored, ...]:
    return (*(one for one in found.agents if one.cases), found.desk)


def _number(score: Any, digits: int = 4) -> str:
    return words.NOTHING if score is None else f"{float(score):.{digits}f}"


def _forecasts(found: Evaluation) -> RenderableType:
    numbers = ("cases", "worth", "Brier", "base", "log loss", "base's", "ECE", "IC", "hit rate", "always up")
    table = columns("forecasts of", *numbers, right=numbers)
    for one in _rows(found):
        table.add_row(
            one.name,
            f"{one.cases:,}",
            f"{one.n_eff:,.0f}",
            _number(one.scores["brier"]),
            _number(one.base["brier"]),
            _number(one.scores["log_loss"]),
            _number(one.base["log_loss"]),
            _number(one.scores["ece"], 3),
            words.NOTHING if one.scores["ic"] is None else f"{float(one.scores['ic']):+.3f}",
            words.share(one.scores["hit_rate"], 1),
            words.share(one.scores["always_up"], 1),
        )
    return table


def _interval(one: Difference | None) -> tuple[str, str, str]:
    """Difference, interval, and cases that are missing."""
    if one is None:
        return (words.NOTHING,) * 3
    if one.low is None or one.high is None:
        return f"{one.log_loss * SMALL:+.1f}", "too little", words.NOTHING
    more = f"{one.more_cases:,}" if one.more_cases else words.NOTHING
    return f"{one.log_loss * SMALL:+.1f}", f"{one.low * SMALL:+.1f} to {one.high * SMALL:+.1f}", more


def _differences(found: Evaluation) -> RenderableType:
    numbers = ("difference", "interval", "more cases", "left out", "Shapley", "deflated Sharpe")
    table = columns("against the base rate", *numbers, right=numbers)
    for one in _rows(found):
        brought = one.contribution
        table.add_row(
            one.name,
            *_interval(one.difference),
            f"{brought.leave_one_out * SMALL:+.1f}" if brought else "",
            f"{brought.shapley * SMALL:+.1f}" if brought else "",
            _number(one.deflated_sharpe, 3),
        )
    return table


def _baselines(found: Evaluation) -> RenderableType:
    numbers = ("Brier", "log loss", "desk less this", "interval")
    table = columns("the desk against", *numbers, right=numbers)
    for one in found.baselines:
        table.add_row(one.name, *_baseline(one))
    return table


def _baseline(one: Baseline) -> tuple[str, ...]:
    between, interval, _ = _interval(one.difference)
    return _number(one.scores.get("brier")), _number(one.scores.get("log_loss")), between, interval


def _use(found: Evaluation) -> RenderableType:
    numbers = ("asked", "abstained", "valid forms", "tokens in", "tokens out", "USD", "median time")
    table = columns("turns of", *numbers, right=numbers)
    for one in (*found.agents, found.desk):
        score = one.scores
        table.add_row(
            one.name,
            f"{one.asked:,}",
            f"{score['abstained']:,}",
            words.share(score["valid_forms"], 1),
            f"{score['tokens_in']:,}",
            f"{score['tokens_out']:,}",
            plain(score["usd"]),  # type: ignore[arg-type]
            words.NOTHING if score["p50_ms"] is None else f"{score['p50_ms']:.1f} ms",
        )
    return table


def _years(found: Evaluation) -> RenderableType:
    numbers = ("year", "cases", "worth", "Brier", "log loss", "base's")
    table = columns("by year", *numbers, right=numbers)
    for one in found.judged:
        for row in one.years:
            table.add_row(
                one.name,
                row.slice,
                f"{row.cases:,}",
                f"{row.n_eff:,.0f}",
                _number(row.brier),
                _number(row.log_loss),
                _number(row.log_loss_base),
            )
    return table


def _provenance(found: Evaluation) -> Text:
    known = found.provenance
    models = ", ".join(known.models) or "no model"
    return Text(
        f"book {known.book}, {known.feed}, {', '.join(known.symbols)} {known.timeframe}, "
        f"horizon {known.horizon}, {known.decisions:,} decisions of {known.first:%Y-%m-%d} to "
        f"{known.last:%Y-%m-%d}; data {known.data}; {models}; "
        f"trader {known.version}; {known.resamples:,} resamples, seed {known.seed}; "
        f"{words.count(known.compared, 'agent')} compared. --json has the prompts' digests and the rest.",
        "dim",
    )
