"""Was the best variant best by luck? Combinatorially symmetric cross-validation (Bailey and others 2017)."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST_VARIANTS = 10
"""With fewer there is nothing to choose from, and the measure says nothing."""


def probability_of_overfitting(returns: Floats, blocks: int = 16) -> float:
    """Share of the splits in which the variant that is best in one half is below the median in the other.

    `returns` (periods, variants) of periods that do not overlap; the periods are cut into `blocks` of equal
    length (an even number; what is left over at the end is not used) and every half of the blocks is tried.
    Variants are compared by their Sharpe ratios. Raises ValueError for fewer than two variants, an odd
    number of blocks, or blocks of fewer than two periods.
    """
    periods, variants = returns.shape
    length = periods // blocks
    if variants < 2 or blocks % 2 or length < 2:
        raise ValueError(f"{variants} variants over {periods} periods cannot be cut into {blocks} blocks")
    cut = returns[: length * blocks].reshape(blocks, length, variants)
    total, squares = cut.sum(axis=1), (cut**2).sum(axis=1)
    chosen = list(combinations(range(blocks), blocks // 2))
    halves = np.zeros((len(chosen), blocks))
    halves[np.arange(len(chosen))[:, None], chosen] = 1.0
    count = length * blocks // 2
    inside = _ratios(halves @ total, halves @ squares, count)
    outside = _ratios((1.0 - halves) @ total, (1.0 - halves) @ squares, count)
    best = inside.argmax(axis=1)
    rows = np.arange(len(chosen))
    mine = outside[rows, best][:, None]
    rank = (outside < mine).sum(axis=1) + 0.5 * ((outside == mine).sum(axis=1) + 1)
    return float(np.mean(rank / (variants + 1) <= 0.5))


def _ratios(total: Floats, squares: Floats, count: int) -> Floats:
    """Sharpe ratios from sums: shape kept; 0 where returns never vary."""
    mean = total / count
    variance = np.maximum(squares - count * mean**2, 0.0) / (count - 1)
    ratios: Floats = np.divide(mean, np.sqrt(variance), out=np.zeros_like(mean), where=variance > 0)
    return ratios
