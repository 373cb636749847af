"""When a model takes the place of another: only where it was better out of sample, beyond its luck.

Three comparisons, all of the log loss, case by case on the same cases, each with a 95 % interval from
resampled dates; in each the whole interval must lie below zero:

- against the base rate of what each fold was trained on: the model knows something at all;
- against logistic regression fitted to the same folds: it is worth its complexity (not asked of that itself);
- against the one in place, on the cases that both forecast.
"""

import numpy as np

from trader.domain.errors import Refused
from trader.domain.market import Floats, Times
from trader.domain.value import Value
from trader.forecasters.card import Card
from trader.forecasters.learners.registry import BASELINE
from trader.forecasters.scores import Measured, difference
from trader.forecasters.walking import OutOfSample

FEWEST_COMMON = 250
"""Cases that both have forecast."""

Said = dict[str, tuple[Times, Floats]]
"""Forecasts by symbol: (decided, p), each by decision moment."""


class Compared(Value):
    """One comparison of the rule."""

    against: str
    cases: int
    log_loss: Measured
    """The model's less the other's."""

    @property
    def better(self) -> bool:
        """Whether the whole interval lies below zero."""
        return self.log_loss.high < 0.0

    @property
    def sentence(self) -> str:
        """For a person."""
        found = self.log_loss
        return (
            f"log loss {found.value:+.5f} against {self.against}, "
            f"between {found.low:+.5f} and {found.high:+.5f} on {self.cases:,} cases"
        )


class Trial(Value):
    """What the rule found."""

    model: str
    compared: tuple[Compared, ...]
    tried: int
    """Models trained in this workspace: the more are tried, the likelier one is lucky."""

    @property
    def passed(self) -> bool:
        """Whether every comparison is won."""
        return all(one.better for one in self.compared)

    @property
    def sentence(self) -> str:
        """The first comparison that is not won, or all that were."""
        lost = [one.sentence for one in self.compared if not one.better]
        return lost[0] if lost else "; ".join(one.sentence for one in self.compared)


def trial(card: Card, found: OutOfSample, in_place: str, said: Said | None, tried: int) -> Trial:
    """Put a model to the rule. `said` is what the one in place forecast; None where nothing is in place.

    Raises Refused where the two have too few cases in common.
    """
    horizon = card.recipe.horizon
    compared = [
        Compared(against="the base rate", cases=len(found), log_loss=card.scores.against_base_rate),
    ]
    if card.recipe.members != (BASELINE,):
        compared.append(
            Compared(against="logistic regression", cases=len(found), log_loss=card.scores.against_baseline)
        )
    if said is not None:
        rows, other = common(found, said)
        if len(rows) < FEWEST_COMMON:
            raise Refused(
                f"{card.id} and {in_place} share {len(rows)} forecast cases, and {FEWEST_COMMON} are needed",
                hint="train both on the same data",
            )
        part = OutOfSample.of_rows(found, rows)
        compared.append(
            Compared(against=in_place, cases=len(rows), log_loss=difference(part, other, horizon))
        )
    return Trial(model=card.id, compared=tuple(compared), tried=tried)


def common(found: OutOfSample, said: Said) -> tuple[np.ndarray, Floats]:
    """Rows of `found` that `said` has too, ascending, and what it said of each."""
    rows, other = [], []
    for symbol, (decided, p) in said.items():
        own = np.flatnonzero(found.symbol == symbol)
        _, mine, theirs = np.intersect1d(found.decided[own], decided, return_indices=True)
        rows.append(own[mine])
        other.append(p[theirs])
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0)
    at, values = np.concatenate(rows), np.concatenate(other)
    order = np.argsort(at, kind="stable")
    return at[order], values[order]


def said_by(found: OutOfSample) -> Said:
    """A model's forecasts out of sample, by symbol."""
    return {
        str(symbol): (found.decided[found.symbol == symbol], found.p[found.symbol == symbol])
        for symbol in np.unique(found.symbol)
    }
