"""Whole histories put together from combinatorial splits: how much luck there is in one of them.

Of N blocks with k held out each block is tested C(N - 1, k - 1) times, each time by a model fitted to other
rows. Taking the first test of every block, then the second, gives so many paths, each over all rows once.
Source: Lopez de Prado 2018, section 12.4.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from trader.domain.value import Number, Value
from trader.forecasters.scores import area, log_losses
from trader.forecasters.walking import OutOfSample


class Path(Value):
    """One path. Differences are of the mean log loss: below zero the model is better."""

    cases: int
    log_loss: Number
    against_base_rate: Number
    against_baseline: Number
    auc: Number


def scored(parts: Sequence[OutOfSample], blocks: int, held_out: int) -> tuple[Path, ...]:
    """Every path of the splits, which are in the order of `splits.combinatorial`."""
    return tuple(_scored(path) for path in paths(parts, blocks, held_out))


def paths(parts: Sequence[OutOfSample], blocks: int, held_out: int) -> Iterator[OutOfSample]:
    """Each path's forecasts, oldest block first."""
    moments = np.unique(np.concatenate([part.decided for part in parts]))
    spans = np.array_split(moments, blocks)
    chosen = list(combinations(range(blocks), held_out))
    testing = [[parts[at] for at, held in enumerate(chosen) if block in held] for block in range(blocks)]
    for tests in zip(*testing, strict=True):
        yield OutOfSample.joined(
            [_within(part, *span[[0, -1]]) for part, span in zip(tests, spans, strict=True)]
        )


def _within(part: OutOfSample, first: np.datetime64, last: np.datetime64) -> OutOfSample:
    inside = (part.decided >= first) & (part.decided <= last)
    return OutOfSample.of_rows(part, np.flatnonzero(inside))


def _scored(path: OutOfSample) -> Path:
    losses = log_losses(path.p, path.happened)
    return Path(
        cases=len(path),
        log_loss=float(losses.mean()),
        against_base_rate=float((losses - log_losses(path.base, path.happened)).mean()),
        against_baseline=float((losses - log_losses(path.baseline, path.happened)).mean()),
        auc=area(path.p, path.happened),
    )
