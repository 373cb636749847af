"""A hidden Markov model with Gaussian observations: fitted by EM, and filtered forward only.

At each bar the market is in one of K states that nobody sees; the state moves by a transition matrix, and
what is seen is normal, each column on its own, with the state's means and variances. The filter gives the
probability of each state from what was seen up to and including a bar; the smoother, which also looks at
later bars, is used inside the fit alone, on bars that are all past. Sources: Hamilton 1989, "A new approach
to the economic analysis of nonstationary time series and the business cycle", Econometrica 57; Baum and
others 1970 for the fit; Rabiner 1989 for the scaled recursions.

A step of the recursion is a product of matrices, and products may be bracketed: blocks of 32 bars are walked
side by side from every state, and then joined one after the other. That is a twentieth of the steps.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from trader.domain.market import Floats

_LEAST_VARIANCE = 0.01
"""Of a state, as a part of the column's own variance: EM would else close a state around one observation."""
_PRIOR_STAY, _PRIOR_LEAVE = 10.0, 0.5
"""Transitions of each kind seen before the first bar: no transition is ever impossible, and states last."""
_BLOCK = 32
"""Bars of a block: about the square root of five years of days, where both walks are short."""
_START_STAY = 0.95
"""The start value: a state lasts twenty bars."""


@dataclass(frozen=True, eq=False)
class HiddenMarkov:
    """A fitted model of K states over D columns."""

    transition: Floats
    """(K, K): row i holds the probabilities of the next state after state i."""
    mean: Floats
    """(K, D)."""
    variance: Floats
    """(K, D)."""
    iterations: int
    """Steps of EM that were made."""
    converged: bool
    """Whether the last of them still changed the likelihood by less than the tolerance."""

    def reordered(self, order: Floats | list[int]) -> Self:
        """The same model with its states in another order."""
        rows = np.asarray(order, np.intp)
        transition = self.transition[np.ix_(rows, rows)]
        return type(self)(transition, self.mean[rows], self.variance[rows], self.iterations, self.converged)


def filtered(model: HiddenMarkov, seen: Floats) -> Floats:
    """P(state at t | observations up to t), shape (n, K), from (n, D). Row t reads no later row of `seen`."""
    return _forward(model.transition, _scaled_densities(model, seen)[0])[0]


def fit(seen: Floats, states: int, *, by: int, iterations: int = 40, tolerance: float = 1e-4) -> HiddenMarkov:
    """EM from the quantiles of column `by`; states come back in rising order of that column's mean.

    `seen` has the shape (n, D), finite, with some spread in each column. The start values are a function of
    the data alone, so the fit is too. At most `iterations` steps; it stops before where the mean
    log-likelihood of a bar rises by less than `tolerance`. Raises ValueError for too few rows or a column
    that never moves.
    """
    if len(seen) < 10 * states:
        raise ValueError(f"{states} states need {10 * states} rows, has {len(seen)}")
    centre, spread = seen.mean(axis=0), seen.std(axis=0)
    if not (spread > 0.0).all():
        raise ValueError("a column never moves")
    x = (seen - centre) / spread
    model = _start(x, states, by)
    before = -np.inf
    for step in range(1, iterations + 1):
        model, likelihood = _improved(model, x, step)
        if likelihood - before < tolerance:
            model = HiddenMarkov(model.transition, model.mean, model.variance, step, True)
            break
        before = likelihood
    whole = HiddenMarkov(
        model.transition,
        model.mean * spread + centre,
        model.variance * spread**2,
        model.iterations,
        model.converged,
    )
    return whole.reordered(list(np.argsort(whole.mean[:, by], kind="stable")))


def _start(x: Floats, states: int, by: int) -> HiddenMarkov:
    """States that are the quantile groups of column `by`, in the order of its values, ties by row."""
    groups = np.array_split(np.argsort(x[:, by], kind="stable"), states)
    transition = np.full((states, states), (1.0 - _START_STAY) / max(1, states - 1))
    np.fill_diagonal(transition, _START_STAY)
    mean = np.array([x[rows].mean(axis=0) for rows in groups])
    variance = np.array([np.maximum(x[rows].var(axis=0), _LEAST_VARIANCE) for rows in groups])
    return HiddenMarkov(transition, mean, variance, 0, False)


def _improved(model: HiddenMarkov, x: Floats, step: int) -> tuple[HiddenMarkov, float]:
    """One step of EM, and the mean log-likelihood of a bar under the model that went in."""
    densities, highest = _scaled_densities(model, x)
    alpha, scale = _forward(model.transition, densities)
    # What is seen from a bar on, by the state at it, is the same recursion from the other end.
    later = _forward(model.transition.T, densities[::-1])[0][::-1]
    share = alpha.copy()
    share[:-1] *= later[1:] @ model.transition.T
    whole = share.sum(axis=1, keepdims=True)
    share /= whole
    moves = model.transition * ((alpha[:-1] / whole[:-1]).T @ later[1:])
    moves += np.where(np.eye(len(moves), dtype=bool), _PRIOR_STAY, _PRIOR_LEAVE)
    weight = share.sum(axis=0)[:, None] + 1e-12
    mean = share.T @ x / weight
    variance = np.maximum(share.T @ x**2 / weight - mean**2, _LEAST_VARIANCE)
    likelihood = float((np.log(scale) + highest).mean())
    transition = moves / moves.sum(axis=1, keepdims=True)
    return HiddenMarkov(transition, mean, variance, step, False), likelihood


def _scaled_densities(model: HiddenMarkov, x: Floats) -> tuple[Floats, Floats]:
    """Each row's densities over its largest, (n, K), and that largest's log, (n,): nothing underflows."""
    away = (x[:, None, :] - model.mean) ** 2 / model.variance
    logs = -0.5 * (away + np.log(2.0 * np.pi * model.variance)).sum(axis=2)
    highest = logs.max(axis=1)
    return np.exp(logs - highest[:, None]), highest


def _forward(transition: Floats, densities: Floats) -> tuple[Floats, Floats]:
    """Filtered probabilities (n, K), and each row's divisor (n,). Before the first bar all is even."""
    count, states = densities.shape
    blocks = -(-count // _BLOCK)
    padded = np.ones((blocks * _BLOCK, states))
    padded[:count] = densities
    steps = padded.reshape(blocks, _BLOCK, 1, states)
    # By bar of the block: row i is what is reached from state i. Densities are at most one and no transition
    # is impossible, so products over a block neither overflow nor vanish.
    reached = np.empty((_BLOCK, blocks, states, states))
    last = np.tile(np.eye(states), (blocks, 1, 1))
    for step in range(_BLOCK):
        moved = (last.reshape(-1, states) @ transition).reshape(last.shape)
        last = np.multiply(moved, steps[:, step], out=reached[step])
    begun = np.empty((blocks, states))
    now = np.full(states, 1.0 / states)
    for block, through in enumerate(reached[-1]):
        begun[block] = now
        now = now @ through
        now /= now.sum()
    alpha = (begun[:, :, None] * reached).sum(axis=2)
    whole = alpha.sum(axis=2)
    alpha /= whole[:, :, None]
    divisor = whole.copy()
    divisor[1:] /= whole[:-1]
    return alpha.swapaxes(0, 1).reshape(-1, states)[:count], divisor.T.reshape(-1)[:count]
