"""What each player brought to a joint result, whoever came first (Shapley 1953).

A coalition of n players is a number below 2^n: bit i says whether player i is in it.
"""

from collections.abc import Callable
from math import factorial

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EXACT_UP_TO = 12
"""Players: 4,096 coalitions."""
ORDERS = 2000
"""Orders of arrival drawn beyond that."""


def exact_shapley(worth: Floats) -> Floats:
    """The values (n,) of the game in which coalition c is worth `worth[c]`, shape (2^n,).

    They add up to what everybody together is worth beyond nobody. Raises ValueError where the length is no
    power of two.
    """
    players = len(worth).bit_length() - 1
    if len(worth) != 1 << players:
        raise ValueError(f"{len(worth)} coalitions are not all of any number of players")
    coalitions = np.arange(len(worth))
    size = np.array([int(c).bit_count() for c in coalitions])
    orders = np.array([factorial(s) * factorial(players - s - 1) for s in range(players)], dtype=np.float64)
    values = np.empty(players)
    for player in range(players):
        without = coalitions[(coalitions >> player) & 1 == 0]
        gained = worth[without | (1 << player)] - worth[without]
        values[player] = (orders[size[without]] * gained).sum() / factorial(players)
    return values


def sampled_shapley(
    worth: Callable[[int], float], players: int, orders: int = ORDERS, seed: int = 0
) -> tuple[Floats, Floats]:
    """(values, standard errors), each (players,), from random orders of arrival.

    Castro, Gomez and Tejada 2009. The values of each order add up to the whole, and so do their means.
    """
    random = np.random.default_rng(seed)
    known: dict[int, float] = {}

    def of(coalition: int) -> float:
        if coalition not in known:
            known[coalition] = worth(coalition)
        return known[coalition]

    gained = np.empty((orders, players))
    for row in range(orders):
        there = 0
        for player in random.permutation(players).tolist():
            gained[row, player] = of(there | (1 << player)) - of(there)
            there |= 1 << player
    return gained.mean(axis=0), gained.std(axis=0, ddof=1) / np.sqrt(orders)
