"""Trained models as people and programs read them."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING, Any

from trader.commands import output, words
from trader.forecasters.card import Card
from trader.forecasters.drift import Drift
from trader.forecasters.scores import Measured
from trader.journal.model_records import ModelEvent, ModelTrained
from trader.runner.promoting import Promotion

if TYPE_CHECKING:
    from rich.console import RenderableType

BAR = 40
"""Columns of the reliability plot: a probability of one."""
SHOWN = 10
"""Inputs of a card that a screen has room for."""


@contextmanager
def folds() -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, a line for each fold elsewhere; both on stderr."""
    if not sys.stderr.isatty():
        yield lambda done, total: output.say(f"fold {done} of {total}")
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("folds"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=output.terminal(sys.stderr), transient=True) as bar:
        task = bar.add_task("folds", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def listing(known: Sequence[ModelTrained], state: Mapping[str, str]) -> "RenderableType":
    """A line for each model, the newest last."""
    rows = (
        (
            one.id,
            state[one.id],
            f"{one.trained_until:%Y-%m-%d}",
            f"{one.rows:,}",
            f"{one.log_loss:.5f}",
            f"{one.against_base_rate:+.5f}",
            f"{one.against_baseline:+.5f}",
            f"{one.horizon} bars of {one.timeframe}, {one.label}, {', '.join(one.symbols)}",
        )
        for one in known
    )
    headings = ("model", "state", "until", "rows", "log loss", "base rate", "logistic", "forecasts")
    return output.listing(*headings, rows=rows, right=("rows", "log loss", "base rate", "logistic"))


def summary(card: Card) -> list["RenderableType"]:
    """What training found, in a few lines."""
    found = card.scores
    if card.paths:
        won = sum(path.against_base_rate < 0.0 for path in card.paths)
        verdict = (
            f"{won} of {len(card.paths)} paths better than the base rate; no record of what could be known"
        )
    elif found.against_base_rate.high < 0.0:
        verdict = "better than the base rate, beyond luck"
    else:
        verdict = "INSUFFICIENT EVIDENCE: no better than the base rate beyond luck"
    return [
        f"{card.id}: {verdict}",
        "",
        output.pairs(
            ("trained on", f"{card.rows:,} rows worth {card.n_eff:,.0f} cases, {_span(card)}"),
            ("tested on", _tested(card)),
            ("log loss", _interval(found.log_loss, 5)),
            ("  less the base rate's", _interval(found.against_base_rate, 5, sign=True)),
            ("  less logistic's", _interval(found.against_baseline, 5, sign=True)),
            *_paths(card),
            ("Brier score", _interval(found.brier, 5)),
            ("area under the curve", f"{found.auc:.4f}"),
            ("calibration error", f"{found.calibration_error:.4f}"),
            (f"inside the {card.interval.level:.0%} interval", _interval(found.coverage, 3)),
        ),
        "",
        f"trader models show {card.id}" + ("" if card.paths else f"     trader models promote {card.id}"),
    ]


def _tested(card: Card) -> str:
    cases, held_out = card.scores.cases, card.recipe.held_out
    if held_out is None:
        return f"{cases:,} rows in {len(card.folds)} folds, each after what it learned from"
    return f"{cases:,} forecasts: every {held_out} of {card.recipe.folds} blocks, learned from the others"


def _paths(card: Card) -> Iterator[tuple[str, str]]:
    """How far the paths of combinatorial splits lie apart; nothing where there are none."""
    for name, losses in (
        ("  less the base rate's, by path", sorted(path.against_base_rate for path in card.paths)),
        ("  less logistic's, by path", sorted(path.against_baseline for path in card.paths)),
    ):
        if losses:
            yield name, f"from {losses[0]:+.5f} to {losses[-1]:+.5f}, {median(losses):+.5f} in the middle"


def card(card: Card, drift: Drift | None, why: str, events: Sequence[ModelEvent]) -> list["RenderableType"]:
    """The whole card."""
    recipe = card.recipe
    parts: list[RenderableType] = [
        *summary(card)[:-2],
        "",
        output.pairs(
            ("forecasts", f"{recipe.label} over {recipe.horizon} bars of {card.timeframe}"),
            ("symbols", ", ".join(card.symbols)),
            ("data", f"{card.data} from {card.feed}"),
            ("inputs", f"{len(card.inputs)} of {len(card.candidates)}, chosen in each fold by itself"),
            ("left out", ", ".join(card.left_out) or "none"),
            ("trees", recipe.size),
            ("folds", f"{recipe.tests}, {recipe.embargo} bars apart from what they learned from"),
            ("libraries", ", ".join(card.libraries)),
            ("program", card.program),
            ("trained", f"{words.moment(card.trained_at)} UTC"),
        ),
        "",
        _members(card),
        "",
        "What it leans on, over its newest rows:",
        _inputs(card),
        "",
        "Forecast beside frequency, out of sample:",
        _reliability(card),
        "",
        "Folds:",
        _folds(card),
        "",
        f"Drift: {drift.sentence if drift else why or 'not looked for'}",
    ]
    for event in events:
        parts.append(f"{words.moment(event.at)} {event.kind}: {event.text}")
    return parts


def trial(found: Promotion) -> list["RenderableType"]:
    """The rule's word, comparison by comparison."""
    table = output.columns("against", "cases", "log loss", "between", "and", "better", right=("cases",))
    for one in found.trial.compared:
        loss = one.log_loss
        ends = (f"{loss.value:+.5f}", f"{loss.low:+.5f}", f"{loss.high:+.5f}")
        table.add_row(one.against, f"{one.cases:,}", *ends, "yes" if one.better else "no")
    said = f"{found.trial.model} is in place" if found.promoted else f"{found.trial.model} is not promoted"
    if found.promoted and found.replaced:
        said += f", and {found.replaced} is not any more"
    return [table, "", f"{said}: {found.text}", f"models trained in this workspace: {found.trial.tried}"]


def document(card: Card, drift: Drift | None) -> dict[str, Any]:
    """The card as JSON, with drift where it was looked for."""
    found = card.model_dump(mode="json")
    return {**found, "drift": None if drift is None else drift.model_dump(mode="json")}


def _members(card: Card) -> "RenderableType":
    table = output.columns("member", "weight", "log loss", "calibration", right=("weight", "log loss"))
    for member in card.members:
        scaled = member.calibration
        slopes = f"{scaled.intercept:+.3f}, {scaled.above:.3f} ln p, {-scaled.below:.3f} ln(1 - p)"
        table.add_row(member.learner, f"{member.weight:.3f}", f"{member.loss:.5f}", slopes)
    return table


def _inputs(card: Card) -> "RenderableType":
    table = output.columns("input", "mean shift", right=("mean shift",))
    for one in sorted(card.spreads, key=lambda spread: -spread.gain)[:SHOWN]:
        table.add_row(one.name, f"{one.gain:.4f}")
    return table


def _reliability(card: Card) -> "RenderableType":
    table = output.columns("forecast", "happened", "cases", "", right=("forecast", "happened", "cases"))
    for row in card.scores.reliability:
        table.add_row(f"{row.forecast:.3f}", f"{row.happened:.3f}", f"{row.cases:,}", _bar(row.happened))
    return table


def _bar(share: float) -> str:
    return "#" * max(1, round(share * BAR))


def _folds(card: Card) -> "RenderableType":
    table = output.columns("from", "to", "cases", "log loss", "less logistic's", right=("cases", "log loss"))
    for fold in card.folds:
        table.add_row(
            f"{fold.begins:%Y-%m-%d}",
            f"{fold.ends:%Y-%m-%d}",
            f"{fold.cases:,}",
            f"{fold.log_loss:.5f}",
            f"{fold.against_baseline:+.5f}",
        )
    return table


def _interval(found: Measured, digits: int, *, sign: bool = False) -> str:
    shape = f"{'+' if sign else ''}.{digits}f"
    return f"{found.value:{shape}}, between {found.low:{shape}} and {found.high:{shape}}"


def _span(card: Card) -> str:
    return f"{card.trained_from:%Y-%m-%d} to {card.trained_until:%Y-%m-%d}"
