"""Whether the world still is what a model was trained on: its inputs, and how well it forecasts.

The population stability index of an input is sum (now - then) ln(now / then) over ten parts of its training
rows and one for rows without a value (Siddiqi 2006). By custom above 0.25 is another population; but a slow
input leaves its history's shares in every half year, so it must also be above all half years of the training.
"""

import numpy as np

from trader.domain.market import Floats
from trader.domain.value import Number, Value
from trader.forecasters.card import Card, Spread
from trader.forecasters.samples import Matrix, Rows
from trader.forecasters.scores import Measured

PARTS = 10
WINDOW = 126
"""Bars: half a year of days."""
UNSTABLE = 0.25
LEAST_SHARE = 1e-3
"""Of a part that has no row: a share of zero has no logarithm."""


class Moved(Value):
    """An input that is not what it was."""

    name: str
    index: Number
    usual: Number
    """The largest index of a half year of the training."""


class Drift(Value):
    """What a look at the newest bars found."""

    model: str
    rows: int
    """Of inputs, after the training."""
    moved: tuple[Moved, ...]
    cases: int
    """Forecasts after the training that have resolved, of the last WINDOW bars."""
    brier: Measured | None
    """Of those; None where there are too few."""
    expected: Number
    """The upper end of the card's Brier score."""

    @property
    def worse(self) -> bool:
        """Whether forecasts are worse than out of sample in training, beyond luck."""
        return self.brier is not None and self.brier.low > self.expected

    @property
    def found(self) -> bool:
        """Whether there is any."""
        return bool(self.moved) or self.worse

    @property
    def sentence(self) -> str:
        """For a person."""
        said = []
        if self.moved:
            first = self.moved[0]
            more = f" and {len(self.moved) - 1} more" if len(self.moved) > 1 else ""
            said.append(f"{first.name} is not what it was (stability {first.index:.2f}){more}")
        if self.worse and self.brier is not None:
            said.append(
                f"Brier score {self.brier.value:.4f} on {self.cases} cases, {self.expected:.4f} expected"
            )
        return "; ".join(said) or "no drift found"


def spread(name: str, values: Floats, bar: Rows, gain: float) -> Spread:
    """An input over its training rows (n,), `bar` the number of each row's bar."""
    known = values[np.isfinite(values)]
    borders = np.unique(np.quantile(known, np.arange(1, PARTS) / PARTS)) if len(known) else np.zeros(0)
    whole = shares(values, borders)
    usual = 0.0
    for start in range(int(bar.min()), int(bar.max()) - WINDOW + 2, WINDOW):
        window = values[(bar >= start) & (bar < start + WINDOW)]
        if len(window):
            usual = max(usual, stability(whole, shares(window, borders)))
    return Spread(name=name, borders=tuple(borders), shares=tuple(whole), usual=usual, gain=gain)


def shares(values: Floats, borders: Floats) -> Floats:
    """Of rows in each part, and of those without a value; they add up to one."""
    known = values[np.isfinite(values)]
    counts = np.bincount(np.searchsorted(borders, known, side="left"), minlength=len(borders) + 1)
    return np.append(counts, len(values) - len(known)) / max(1, len(values))


def stability(then: Floats, now: Floats) -> float:
    """The population stability index, 0 where both are the same."""
    before, after = np.maximum(then, LEAST_SHARE), np.maximum(now, LEAST_SHARE)
    return float(((after - before) * np.log(after / before)).sum())


def moved(card: Card, inputs: Matrix) -> tuple[Moved, ...]:
    """Inputs of rows (n, k), columns as the card has them, that are not what they were, farthest first."""
    found = []
    for column, then in enumerate(card.spreads):
        now = shares(inputs[:, column].astype(np.float64), np.array(then.borders))
        index = stability(np.array(then.shares), now)
        if index > max(UNSTABLE, then.usual):
            found.append(Moved(name=then.name, index=index, usual=then.usual))
    return tuple(sorted(found, key=lambda one: -one.index))
