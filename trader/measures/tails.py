"""Value at risk and expected shortfall of a sample of returns: historical, and by Cornish and Fisher.

A loss is positive. Levels are whole per cents, so that the share of the sample in the tail is exact.
Sources: Acerbi and Tasche 2002, "On the coherence of expected shortfall", Journal of Banking and Finance 26
(the historical pair, for which the shortfall is never the smaller); Cornish and Fisher 1938; Favre and
Galeano 2002; Boudt, Peterson and Croux 2008, "Estimation and decomposition of downside risk for portfolios
with non-normal returns", Journal of Risk 11 (the shortfall under the expansion).
"""

from math import exp, pi, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from trader.domain.market import Floats

_FAR = -5.0
"""Standard deviations within which the expansion must rise: beyond lie three cases in ten million."""


class Tail(NamedTuple):
    """Both numbers of one level, as fractions; below zero where even that case was a gain."""

    value_at_risk: float
    """The loss that all but the worst cases stay within."""
    expected_shortfall: float
    """The mean loss of those worst cases."""


class Moments(NamedTuple):
    """Of a sample."""

    mean: float
    deviation: float
    skewness: float
    excess: float
    """Kurtosis less three."""


def historical(returns: Floats, level: int) -> Tail:
    """The tail of the sample itself, shape (n,), n >= 1; `level` per cent, from 50 to 99.

    The worst (100 - level) % of n need not be a whole number of cases: the last of them counts by its part.
    """
    worst = np.sort(returns)
    share = len(worst) * (100 - level)
    whole, part = divmod(share, 100)
    edge = float(worst[whole] if part else worst[whole - 1])
    mean = (float(worst[:whole].sum()) * 100 + part * edge) / share
    return Tail(-edge, max(-mean, -edge))


def cornish_fisher(returns: Floats, level: int) -> Tail | None:
    """The tail of a distribution with the sample's first four moments; `level` per cent, from 50 to 99.

    None where the sample has no spread, or its skewness and kurtosis are beyond what the expansion can
    bear: there its quantiles fall where they should rise (Maillard 2012).
    """
    found = moments(returns)
    return None if found is None else expansion(found, level)


def moments(returns: Floats) -> Moments | None:
    """Of a sample, shape (n,), n >= 1; None where it has no spread."""
    mean = float(returns.sum()) / len(returns)
    away = returns - mean
    squares = away * away
    variance = float(squares.sum()) / len(returns)
    deviation = sqrt(variance)
    if not deviation > 0.0:
        return None
    third, fourth = float(squares @ away) / len(returns), float(squares @ squares) / len(returns)
    return Moments(mean, deviation, third / (variance * deviation), fourth / variance**2 - 3.0)


def expansion(of: Moments, level: int) -> Tail | None:
    """What `cornish_fisher` says of a sample with these moments."""
    mean, deviation, s, k = of
    normal, share = NormalDist(), (100 - level) / 100
    z = normal.inv_cdf(share)
    if not _rises(s, k, z):
        return None
    # The moments of a normal variable below z: the expansion is a polynomial, so its mean is one in these.
    density = exp(-0.5 * z * z) / sqrt(2.0 * pi) / share
    first, second, third = -density, 1.0 - z * density, -(z * z + 2.0) * density
    edge = _expanded(s, k, z, z * z, z**3)
    beyond = _expanded(s, k, first, second, third)
    return Tail(-(mean + deviation * edge), -(mean + deviation * beyond)) if beyond <= edge else None


def _expanded(s: float, k: float, z: float, z2: float, z3: float) -> float:
    return z + (z2 - 1.0) * s / 6.0 + (z3 - 3.0 * z) * k / 24.0 - (2.0 * z3 - 5.0 * z) * s * s / 36.0


def _rises(s: float, k: float, until: float) -> bool:
    """Whether the slope, a parabola in z, is positive from five deviations below zero to `until`."""
    curve, line, level = k / 8.0 - s * s / 6.0, s / 3.0, 1.0 - k / 8.0 + 5.0 * s * s / 36.0
    lowest = -line / (2.0 * curve) if curve > 0.0 else until
    return all(curve * z * z + line * z + level > 0.0 for z in (_FAR, until, min(max(lowest, _FAR), until)))
