"""What a probability would have earned before the gate: sized as the desk sizes it, from flat, on each case.

A case earns its weight times what the event returned less the costs of the round trip. That says what a
forecast is worth in money without asking what the account happened to hold; it is no trading result.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trader.domain.decisions import Decision
from trader.evals.cases import Cases
from trader.tools.kelly import PRIOR_CASES

Floats = NDArray[np.float64]
CEILINGS = ("volatility ceiling", "senior caps")


@dataclass(frozen=True, eq=False)
class Stakes:
    """What sizing needs beside a probability, as it was at each case. Arrays (n,), NaN without a pool."""

    gain: Floats
    loss: Floats
    cost: Floats
    n_eff: Floats
    fraction: Floats
    shared: Floats
    ceiling: Floats
    """The least of the ceilings; infinite where there is none."""
    throttle: Floats

    def weights(self, p: Floats) -> Floats:
        """The share of equity that `p` (n,) justifies from flat: 0 where its edge is not above its error.

        The formulas are those of `tools/kelly.py`.
        """
        sigma = np.sqrt(p * (1.0 - p) / (self.n_eff + PRIOR_CASES))
        edge = p * self.gain - (1.0 - p) * self.loss - self.cost
        g, lost = self.gain - self.cost, self.loss + self.cost
        b = np.where(g > 0.0, g, np.nan) / lost
        f = p - (1.0 - p) / b
        variance = ((b + 1.0) / b * sigma) ** 2
        believed = f * f / (f * f + variance)
        full = np.maximum(f, 0.0) / lost * believed * self.fraction / self.shared
        weight = np.minimum(full, self.ceiling) * self.throttle
        wanted: Floats = np.where(edge > sigma * (self.gain + self.loss), np.nan_to_num(weight), 0.0)
        return wanted

    def profits(self, p: Floats, returns: Floats) -> Floats:
        """What each case earned, (n,), as a share of equity; NaN without a pool."""
        earned: Floats = np.where(np.isnan(self.gain), np.nan, self.weights(p) * (returns - self.cost))
        return earned


def stakes(decisions: tuple[Decision, ...], cases: Cases) -> Stakes:
    """Of each case, from the decision that it was."""
    of = {(made.symbol, made.as_of.replace(tzinfo=None)): made for made in decisions}
    rows = [_row(of.get(place)) for place in zip(cases.symbol.tolist(), cases.decided.tolist(), strict=True)]
    columns = np.array(rows, dtype=np.float64).reshape(len(rows), 8).T
    return Stakes(*columns)


def _row(made: Decision | None) -> tuple[float, ...]:
    if made is None or made.pool is None or made.payoff is None:
        return (float("nan"),) * 8
    steps = {step.name: step.value for step in made.sizing}
    return (
        made.payoff.mean_gain,
        made.payoff.mean_loss,
        made.payoff.cost,
        made.pool.n_eff,
        steps["fraction"],
        steps["sharing"],
        min((steps[name] for name in CEILINGS if name in steps), default=float("inf")),
        steps["drawdown throttle"],
    )
