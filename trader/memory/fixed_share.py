"""Weights learned from case to case: exponential on log loss, with a share given back.

    w_i <- w_i p_i(outcome)^v        v: what the case is worth, at most one a date
    w_i <- (1 - SHARE) w_i + SHARE prior_i

The mixture `sum w_i p_i` then loses at most `ln(1 / prior_i) + T ln(1 / (1 - SHARE))` more over T dates than
any one record i; without the share, ln N for equal priors (Herbster and Warmuth 1998). What a record did
long ago fades, so that the weights follow a market that turns. The desk pools log-odds with these weights,
where the bound is a guide: it is proven for the mixture. Who is silent is taken to say what the others say
together, which leaves its weight as it was (Freund and others 1997).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHARE = 0.01
"""Given back at each date that is worth a whole case: a record's past counts for some hundred cases."""


def fixed_share(
    p: Floats,
    answered: NDArray[np.bool_],
    happened: Floats,
    worth: Floats,
    date: NDArray[np.int64],
    prior: Floats,
) -> Floats:
    """The weights after all cases, shape (k,), one in sum.

    `p` (n, k) are forecasts of the event, `answered` (n, k) where there is one, `happened` (n,) 0 or 1,
    `worth` (n,) what each case counts, `date` (n,) the number of its date, rising. `prior` (k,) sums to one.
    """
    weights = prior.copy()
    chance = np.where(happened[:, None] > 0, p, 1.0 - p)
    for rows in _dates(date):
        weights = _step(weights, chance[rows], answered[rows], worth[rows], prior)
    return weights


def mixture_loss(
    p: Floats,
    answered: NDArray[np.bool_],
    happened: Floats,
    worth: Floats,
    date: NDArray[np.int64],
    prior: Floats,
) -> float:
    """The weighted log loss of the mixture over all cases, each forecast with the weights before it."""
    weights, total = prior.copy(), 0.0
    chance = np.where(happened[:, None] > 0, p, 1.0 - p)
    for rows in _dates(date):
        there = answered[rows]
        share = np.where(there, weights, 0.0)
        sums = share.sum(axis=1)
        mixed = (share * chance[rows]).sum(axis=1) / np.where(sums > 0, sums, 1.0)
        said = sums > 0
        total -= float(capped(worth[rows])[said] @ np.log(mixed[said]))
        weights = _step(weights, chance[rows], there, worth[rows], prior)
    return total


def capped(worth: Floats) -> Floats:
    """What the cases of one date count: at most one together, which the bound needs (Hoelder)."""
    return worth / max(1.0, float(worth.sum()))


def _dates(date: NDArray[np.int64]) -> Sequence[slice]:
    starts = np.flatnonzero(np.diff(date, prepend=date[:1] - 1)) if len(date) else np.zeros(0, np.int64)
    ends = np.append(starts[1:], len(date))
    return [slice(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]


def _step(
    weights: Floats, chance: Floats, answered: NDArray[np.bool_], worth: Floats, prior: Floats
) -> Floats:
    """One date: the silent are taken to have said what the others said together."""
    v = capped(worth)
    share = np.where(answered, weights, 0.0)
    sums = share.sum(axis=1, keepdims=True)
    mixed = (share * chance).sum(axis=1, keepdims=True) / np.where(sums > 0, sums, 1.0)
    said = np.where(answered, chance, np.where(sums > 0, mixed, 1.0))
    gained = weights * np.exp(v @ np.log(np.maximum(said, 1e-12)))
    back = SHARE * float(v.sum())
    moved: Floats = (1.0 - back) * gained / gained.sum() + back * prior
    return moved
