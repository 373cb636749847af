"""Rows to train on: noise with as much of a signal as is asked for, overlapping labels, two symbols."""

import numpy as np

from trader.forecasters.recipe import Recipe, recipe
from trader.forecasters.samples import Samples

HORIZON = 5


def rows(count: int = 900, signal: float = 1.0, inputs: int = 6, seed: int = 0, gaps: bool = True) -> Samples:
    """`count` rows, two a bar; the event follows the first two inputs and their product."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, inputs)).astype(np.float32)
    odds = signal * (x[:, 0] - 0.5 * x[:, 1] + x[:, 0] * x[:, 1])
    size = np.exp(rng.normal(-3.5, 0.3, count))
    returns = size * (0.4 * odds + rng.normal(size=count))
    happened = (returns > 0.0).astype(np.float64)
    if gaps:
        x[rng.random(x.shape) < 0.03] = np.nan
    bar = np.arange(count) // 2
    start = np.datetime64("2010-01-01T21:00:00", "s")
    return Samples(
        names=tuple(f"input_{place}" for place in range(inputs)),
        inputs=x,
        decided=start + bar * np.timedelta64(86400, "s"),
        symbol=np.array(["AAA", "BBB"])[np.arange(count) % 2],
        begins=bar.astype(np.int64),
        ends=(bar + HORIZON).astype(np.int64),
        returns=returns,
        happened=happened,
        weight=np.full(count, 1.0 / HORIZON),
        scale=size,
    )


def asked(name: str = "logistic", **changes: object) -> Recipe:
    return recipe(name, HORIZON, **{"folds": 3, "best": 4, **changes})
