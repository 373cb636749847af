"""Is the best of many variants better than the benchmark, or only the luckiest? Hansen 2005.

"A test for superior predictive ability", Journal of Business and Economic Statistics 23. Unlike White's
reality check it is not made blind by variants that are far worse than the benchmark.
"""

from typing import NamedTuple

import numpy as np

from trader.measures.bootstrap import Floats, Indices


class Superiority(NamedTuple):
    """Probabilities that the best variant would look so good if none were better than the benchmark."""

    statistic: float
    """The largest studentised mean difference; 0 where no variant did better."""
    best: int
    """Whose it is."""
    lower: float
    """As if the variants that did worse did not exist: too small."""
    p: float
    """Hansen's consistent one: the answer."""
    upper: float
    """As if the variants that did worse were as good as the benchmark: too large, as White's is."""


def superior_ability(differences: Floats, picks: Indices) -> Superiority:
    """The test on `differences` (periods, variants): by how much each did better than the benchmark.

    Periods must not overlap, or blocks be as long as they do. `picks` (draws, periods) is which periods each
    resample has, from `bootstrap.drawn_dates`; the same picks, the same answer. The errors that studentise
    are those of the resampled means. A variant that never differs says nothing. Raises ValueError for fewer
    than three periods, no variant, or picks of another number of periods.
    """
    periods, variants = differences.shape
    if periods < 3 or variants < 1 or picks.shape[1] != periods:
        raise ValueError(f"{variants} variants over {periods} periods, resampled over {picks.shape[1]}")
    mean = differences.mean(axis=0)
    # Each resample as counts of the periods in it: the means of all variants are then one product.
    drawn, rows = picks + periods * np.arange(len(picks))[:, None], len(picks) * periods
    counts = np.bincount(drawn.ravel(), minlength=rows).reshape(len(picks), periods)
    resampled = counts @ differences / periods
    error = resampled.std(axis=0)
    varies = error > 1e-12 * np.abs(differences).max(initial=1e-300)
    if not varies.any():
        return Superiority(0.0, 0, 1.0, 1.0, 1.0)
    mean, error, resampled = mean[varies], error[varies], resampled[:, varies]
    ratio = mean / error
    statistic = max(0.0, float(ratio.max()))
    # Equation 11: what is so far below the benchmark is not centred on it.
    near = ratio >= -np.sqrt(2.0 * np.log(np.log(periods)))
    lower, p, upper = (
        float(np.mean(((resampled - centre) / error).max(axis=1).clip(min=0.0) > statistic))
        for centre in (np.maximum(mean, 0.0), np.where(near, mean, 0.0), mean)
    )
    return Superiority(statistic, int(np.flatnonzero(varies)[ratio.argmax()]), lower, p, upper)
