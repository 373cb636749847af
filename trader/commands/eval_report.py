"""What an evaluation says, for people and for programs. The numbers are `evals.evaluation`'s."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from trader.commands import words
from trader.commands.eval_account import account, account_document, chosen
from trader.commands.output import columns
from trader.domain.value import plain
from trader.evals.evaluation import Baseline, Evaluation
from trader.evals.paired import Difference
from trader.evals.scored import Scored
from trader.evals.scorers.scorer import Score
from trader.evals.slices import Slice

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
            {
                "name": one.name,
                "cases": one.cases,
                **one.scores,
                "difference": _difference(one.difference),
                "profit": one.profit,
            }
            for one in found.baselines
        ],
        "sizing": [asdict(row) for row in found.sizing],
        "choice": asdict(found.choice),
        "money": account_document(found.money) if found.money else None,
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
        "regimes": [asdict(row) for row in one.regimes],
        "knowledge": [asdict(row) for row in one.knowledge],
        "unseen": _difference(one.unseen),
        "profit": one.profit,
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
        "The agents' hold together. Profit: hundredths of a basis point of equity a case, before the gate.",
        "dim",
    )
    yield Text("")
    yield _baselines(found)
    yield chosen(found.choice, "agents")
    yield Text("")
    yield _use(found)
    for heading, slices in SLICES.items():
        if any(len(slices(one)) > 1 for one in found.judged):
            yield Text("")
            yield _sliced(found, heading, slices)
    if found.sizing:
        yield Text("")
        yield _sizing(found)
    if found.money:
        yield Text("")
        yield from account(found.money)
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
    numbers = (
        "difference",
        "interval",
        "more cases",
        "left out",
        "Shapley",
        "in profit",
        "profit",
        "deflated Sharpe",
    )
    table = columns("against the base rate", *numbers, right=numbers)
    for one in _rows(found):
        brought = one.contribution
        table.add_row(
            one.name,
            *_interval(one.difference),
            f"{brought.leave_one_out * SMALL:+.1f}" if brought else "",
            f"{brought.shapley * SMALL:+.1f}" if brought else "",
            _points(brought.profit_shapley) if brought else "",
            _points(one.profit),
            _number(one.deflated_sharpe, 3),
        )
    return table


def _baselines(found: Evaluation) -> RenderableType:
    numbers = ("Brier", "log loss", "desk less this", "interval", "profit")
    table = columns("the desk against", *numbers, right=numbers)
    for one in found.baselines:
        table.add_row(one.name, *_baseline(one))
    return table


def _baseline(one: Baseline) -> tuple[str, ...]:
    between, interval, _ = _interval(one.difference)
    scores = _number(one.scores.get("brier")), _number(one.scores.get("log_loss"))
    return *scores, between, interval, _points(one.profit)


def _points(profit: float | None) -> str:
    """Hundredths of a basis point."""
    return words.NOTHING if profit is None else f"{profit * 1e6:+.1f}"


def _use(found: Evaluation) -> RenderableType:
    numbers = (
        "asked",
        "abstained",
        "valid forms",
        "tool errors",
        "tokens in",
        "tokens out",
        "USD",
        "USD a hit",
        "median time",
        "95 %",
    )
    table = columns("turns of", *numbers, right=numbers)
    for one in (*found.agents, found.desk):
        score = one.scores
        table.add_row(
            one.name,
            f"{one.asked:,}",
            f"{score['abstained']:,}",
            words.share(score["valid_forms"], 1),
            f"{score['tool_errors']:,}",
            f"{score['tokens_in']:,}",
            f"{score['tokens_out']:,}",
            _dollars(score["usd"]),
            _dollars(score["usd_per_hit"]),
            *(words.NOTHING if ms is None else f"{ms:.1f} ms" for ms in (score["p50_ms"], score["p95_ms"])),
        )
    return table


def _dollars(score: Score) -> str:
    return plain(score) if isinstance(score, Decimal) else words.NOTHING


def _by_year(one: Scored) -> tuple[Slice, ...]:
    return one.years


def _by_regime(one: Scored) -> tuple[Slice, ...]:
    return one.regimes


def _by_knowledge(one: Scored) -> tuple[Slice, ...]:
    return one.knowledge


SLICES = {"by year": _by_year, "by regime": _by_regime, "by knowledge": _by_knowledge}


def _sliced(found: Evaluation, heading: str, slices: Callable[[Scored], tuple[Slice, ...]]) -> RenderableType:
    numbers = ("cases", "worth", "Brier", "log loss", "base's")
    table = columns(heading, "", *numbers, right=numbers)
    for one in found.judged:
        for row in slices(one):
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


def _sizing(found: Evaluation) -> RenderableType:
    numbers = ("decisions", "mean weight after", "made smaller")
    table = columns("the desk's sizing", *numbers, right=numbers)
    for row in found.sizing:
        table.add_row(row.step, f"{row.decisions:,}", words.share(row.mean_weight, 2), f"{row.cuts:,}")
    return table


def _provenance(found: Evaluation) -> Text:
    known = found.provenance
    models = ", ".join(f"{name} ({day or 'cut-off unknown'})" for name, day in known.cut_offs.items())
    return Text(
        f"book {known.book}, {known.feed}, {', '.join(known.symbols)} {known.timeframe}, "
        f"horizon {known.horizon}, {known.decisions:,} decisions of {known.first:%Y-%m-%d} to "
        f"{known.last:%Y-%m-%d}; data {known.data}; {models or 'no model'}; "
        f"trader {known.version}; {known.resamples:,} resamples, seed {known.seed}; "
        f"{words.count(known.compared, 'agent')} compared. --json has the prompts' digests and the rest.",
        "dim",
    )
