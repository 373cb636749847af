"""A recipe walked through its history: each fold fits a pipeline of its own and tests it on what came after.

Of combinatorial splits: on what was held out, be it before or after what was learned from.

A fold that is done is handed to its keeper at once, so a training that was stopped goes on behind it.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from trader.domain.errors import UsageError
from trader.domain.market import Floats, Times
from trader.forecasters.learners.registry import BASELINE
from trader.forecasters.pipeline import Pipeline, fit
from trader.forecasters.recipe import Recipe
from trader.forecasters.samples import Rows, Samples, check_trainable
from trader.forecasters.splits import Split, combinatorial, walk_forward


@dataclass(frozen=True, eq=False)
class OutOfSample:
    """Forecasts of rows that were not trained on, n of them, by decision moment."""

    decided: Times
    symbol: NDArray[np.str_]
    happened: Floats
    weight: Floats
    p: Floats
    base: Floats
    """The base rate of the rows trained on: what is forecast with no model."""
    baseline: Floats
    """What logistic regression says, fitted to the same rows."""
    covered: Floats
    """1 where the return was inside the interval."""

    def __len__(self) -> int:
        return len(self.p)

    @classmethod
    def joined(cls, parts: "list[OutOfSample]") -> Self:
        """One after the other."""
        return cls(*(np.concatenate([getattr(one, field.name) for one in parts]) for field in fields(cls)))

    @classmethod
    def of_rows(cls, whole: "OutOfSample", rows: Rows) -> Self:
        """These rows and no others."""
        return cls(*(getattr(whole, field.name)[rows] for field in fields(cls)))


class Keeper(Protocol):
    """Where folds are kept as they finish."""

    def kept(self, fold: int) -> OutOfSample | None:
        """A fold that was done before; None where it was not, or is damaged."""
        ...

    def keep(self, fold: int, tested: OutOfSample) -> None:
        """Whole or not at all."""
        ...


def splits_of(samples: Samples, recipe: Recipe) -> tuple[Split, ...]:
    """The folds of a recipe. Raises UsageError where they cannot be."""
    labels = samples.begins, samples.ends
    if recipe.held_out is None:
        found = walk_forward(*labels, recipe.folds, embargo=recipe.embargo)
    else:
        found = combinatorial(*labels, recipe.folds, recipe.held_out, embargo=recipe.embargo)
    kept = tuple(split for split in found if len(split.test))
    if not kept or any(len(np.unique(samples.happened[split.train])) < 2 for split in kept):
        raise UsageError(
            "a fold has nothing to learn from: its past knows one outcome only, or none",
            hint="take fewer folds or a longer history",
        )
    return kept


def walk(
    samples: Samples, recipe: Recipe, keeper: Keeper, *, workers: int = 1
) -> Iterator[tuple[int, int, OutOfSample]]:
    """(folds done, folds in all, the fold's forecasts), in the order of the folds.

    With several workers folds are fitted beside each other; what comes out is the same. Raises UsageError.
    """
    check_trainable(samples)
    splits = splits_of(samples, recipe)

    def one(fold: int) -> OutOfSample:
        found = keeper.kept(fold)
        if found is None:
            found = try_fold(samples, splits[fold], recipe)
            keeper.keep(fold, found)
        return found

    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(one, fold) for fold in range(len(splits))]
        try:
            for done, answer in enumerate(waiting, 1):
                yield done, len(splits), answer.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def try_fold(samples: Samples, split: Split, recipe: Recipe) -> OutOfSample:
    """Fit on the one part, forecast the other."""
    past, future = samples.take(split.train), samples.take(split.test)
    model = fit(past, recipe)
    alone = recipe.members == (BASELINE,)
    baseline = model if alone else fit(past, recipe.model_copy(update={"members": (BASELINE,)}))
    low, high = model.interval.around(_odds(model, future), future.scale)
    return OutOfSample(
        decided=future.decided,
        symbol=future.symbol,
        happened=future.happened,
        weight=future.weight,
        p=model.probabilities(inputs_of(model, future)),
        base=np.full(len(future), past.base_rate),
        baseline=baseline.probabilities(inputs_of(baseline, future)),
        covered=((future.returns >= low) & (future.returns <= high)).astype(np.float64),
    )


def inputs_of(model: Pipeline, samples: Samples) -> NDArray[np.float32]:
    """The columns that the model reads, in its order."""
    places = [samples.names.index(name) for name in model.inputs]
    return np.ascontiguousarray(samples.inputs[:, places])


def _odds(model: Pipeline, samples: Samples) -> Floats:
    return model.log_odds(inputs_of(model, samples))
