"""From rows and a recipe to a model on disk: walk the folds, fit on everything, write the card."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from trader.domain.market import Timeframe
from trader.forecasters import store
from trader.forecasters.card import Card, Fold, Spread
from trader.forecasters.drift import spread
from trader.forecasters.learners.registry import learner
from trader.forecasters.paths import scored
from trader.forecasters.pipeline import Pipeline, fit
from trader.forecasters.recipe import Recipe
from trader.forecasters.samples import Samples, check_trainable
from trader.forecasters.scores import log_losses, score
from trader.forecasters.walking import OutOfSample, inputs_of, walk

EXPLAINED = 500
"""Newest rows that an input's importance is the mean of."""

Progress = Callable[[int, int], None]
"""Called with folds done and folds in all."""


@dataclass(frozen=True)
class About:
    """What a card says besides what was computed."""

    feed: str
    symbols: tuple[str, ...]
    timeframe: Timeframe
    trained_until: datetime
    left_out: tuple[str, ...]
    cost: float
    program: str


def identity(samples: Samples, recipe: Recipe) -> str:
    """The id of the model that this recipe makes of these rows: the same again has the same."""
    return f"{recipe.name}-{recipe.digest(samples.digest)[:12]}"


def train(
    models: Path,
    samples: Samples,
    recipe: Recipe,
    about: About,
    *,
    now: Callable[[], datetime],
    progress: Progress,
    stopped: Callable[[], bool] = lambda: False,
    workers: int = 1,
) -> Card | None:
    """The card of the trained model, or None where `stopped` said so between two folds.

    Folds that were done before are not done again, nor is a model that is there. Raises UsageError for rows
    that teach nothing.
    """
    check_trainable(samples)
    id = identity(samples, recipe)
    if id in store.ids(models):
        return store.card(models, id)
    folds = store.FoldFolder(models / id)
    parts: list[OutOfSample] = []
    for done, total, part in walk(samples, recipe, folds, workers=workers):
        parts.append(part)
        progress(done, total)
        if stopped() and done < total:
            return None
    model = fit(samples, recipe)
    found = OutOfSample.joined(parts)
    histories = () if recipe.held_out is None else scored(parts, recipe.folds, recipe.held_out)
    tested = replace(found, weight=found.weight / len(histories)) if histories else found
    versions = {learner(member, recipe.size).version() for member in recipe.members}
    card = Card(
        id=id,
        recipe=recipe,
        feed=about.feed,
        symbols=about.symbols,
        timeframe=about.timeframe,
        data=samples.digest,
        trained_from=_moment(samples.decided[0]),
        trained_until=about.trained_until,
        trained_at=now(),
        rows=len(samples),
        n_eff=samples.n_eff,
        base_rate=samples.base_rate,
        candidates=samples.names,
        cost=about.cost,
        left_out=about.left_out,
        inputs=model.inputs,
        members=model.members,
        interval=model.interval,
        scores=score(tested, recipe.horizon),
        folds=tuple(_fold(part) for part in parts),
        paths=histories,
        spreads=_spreads(model, samples),
        libraries=tuple(sorted(versions)),
        program=about.program,
    )
    return store.save(models / id, card, model, tested)


def _fold(part: OutOfSample) -> Fold:
    losses = log_losses(part.p, part.happened)
    return Fold(
        begins=_moment(part.decided.min()),
        ends=_moment(part.decided.max()),
        cases=len(part),
        log_loss=float(losses.mean()),
        against_baseline=float((losses - log_losses(part.baseline, part.happened)).mean()),
    )


def _spreads(model: Pipeline, samples: Samples) -> tuple[Spread, ...]:
    inputs = inputs_of(model, samples)
    gains = np.abs(model.shifts(inputs[-EXPLAINED:])[:, :-1]).mean(axis=0)
    return tuple(
        spread(name, inputs[:, column].astype(np.float64), samples.begins, float(gains[column]))
        for column, name in enumerate(model.inputs)
    )


def _moment(at: np.datetime64) -> datetime:
    return datetime.fromtimestamp(int(at.astype("datetime64[s]").astype(np.int64)), UTC)
