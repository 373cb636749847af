"""Does an agent earn its place? The pool's log loss without it, from the shifts and weights as recorded.

Weights are renormalised over who is left, as the pool does where an agent abstains; where nobody is left who
answered, the base rate stands.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trader.evals.cases import Cases
from trader.evals.profit import Stakes
from trader.measures.forecasts import expit, log_loss, logit
from trader.measures.shapley import EXACT_UP_TO, exact_shapley, sampled_shapley

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Contribution:
    """What an agent takes from the pool's log loss, in nats a case: above zero it helps."""

    leave_one_out: float
    """The log loss without it, less that of all."""
    shapley: float
    """Its mean over all orders of arrival; the sum over agents is the base rate's loss less the pool's."""
    shapley_error: float
    """Standard error; 0 where it is exact."""
    profit_leave_one_out: float | None = None
    """What the pool earns a case before the gate, less what it earns without it (`profit.py`)."""
    profit_shapley: float | None = None


def pooled_by(cases: Cases, members: NDArray[np.bool_]) -> Floats:
    """The pool's probability (n,) if only `members` (k,) had spoken."""
    share = cases.share * members[:, None]
    total = share.sum(axis=0)
    moved = (share * cases.shift).sum(axis=0)
    mean = np.divide(moved, total, out=np.zeros_like(total), where=total > 0)
    return expit(logit(cases.base_rate) + mean)


def alike(cases: Cases) -> Floats:
    """The pool (n,) with equal weights over whoever answered; NaN where there was no pool."""
    answered = cases.share > 0
    count = answered.sum(axis=0)
    mean = np.divide((cases.shift * answered).sum(axis=0), count, out=np.zeros(len(cases)), where=count > 0)
    return np.where(np.isnan(cases.desk), np.nan, expit(logit(cases.base_rate) + mean))


def contributions(cases: Cases, seed: int = 0, staked: Stakes | None = None) -> dict[str, Contribution]:
    """By agent, on the cases that had a pool; empty where there is none. With `staked` in profit too."""
    rows = ~np.isnan(cases.desk)
    if not rows.any() or not len(cases.agents):
        return {}

    def loss(members: NDArray[np.bool_]) -> float:
        return -log_loss(pooled_by(cases, members)[rows], cases.happened[rows])

    without, values, errors = _shared_out(loss, len(cases.agents), seed)
    earned: list[tuple[float | None, float | None]] = [(None, None)] * len(cases.agents)
    if staked is not None and (known := rows & ~np.isnan(staked.gain)).any():

        def profit(members: NDArray[np.bool_]) -> float:
            return float(staked.profits(pooled_by(cases, members), cases.returns)[known].mean())

        lost, brought, _ = _shared_out(profit, len(cases.agents), seed)
        earned = list(zip(map(float, lost), map(float, brought), strict=True))
    return {
        agent: Contribution(float(without[row]), float(values[row]), float(errors[row]), *earned[row])
        for row, agent in enumerate(cases.agents)
    }


def _shared_out(
    worth: Callable[[NDArray[np.bool_]], float], players: int, seed: int
) -> tuple[Floats, Floats, Floats]:
    """What each takes from all when it leaves, its Shapley value and that value's error, each (players,)."""

    def of(coalition: int) -> float:
        return worth(np.array([bool(coalition >> player & 1) for player in range(players)]))

    everybody = (1 << players) - 1
    if players <= EXACT_UP_TO:
        values = exact_shapley(np.array([of(coalition) for coalition in range(everybody + 1)]))
        errors = np.zeros(players)
    else:
        values, errors = sampled_shapley(of, players, seed=seed)
    whole = of(everybody)
    without = np.array([whole - of(everybody & ~(1 << player)) for player in range(players)])
    return without, values, errors
