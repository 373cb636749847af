"""Is it too good to be true? Hit rates that nobody who cannot see ahead has for long.

Two tests, each on the side of the base rate that an agent takes: of the event, and of the next bar alone.
Whoever peeks at the next bar is right about it nearly always, while the event, which is longer, may look like
luck. A rate counts as found where the lower end of its interval (Wilson 1927, 99.9 %, on as many cases as
they are worth) is above what is credible. `trader check lookahead` proves what this can only suspect.
"""

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from trader.data.market import Market
from trader.evals.cases import Cases
from trader.evals.subject import Subject
from trader.memory.cases import case_weights

Floats = NDArray[np.float64]

CREDIBLE = 0.60
"""Of directions over days, out of sample. Published rates that last are between 50 and 56 %."""
BEYOND = 0.05
"""How far above saying the same every time it has to be besides, where the market went one way."""
Z = NormalDist().inv_cdf(0.9995)


def next_bars(cases: Cases, market: Market) -> Floats:
    """The return of the bar after each case, close to close as traded, (n,); NaN after the last bar."""
    found = np.full(len(cases), np.nan)
    for symbol in np.unique(cases.symbol):
        bars, rows = market.bars[str(symbol)], np.flatnonzero(cases.symbol == symbol)
        at = np.searchsorted(bars.available, cases.decided[rows])
        there = at + 1 < len(bars)
        found[rows[there]] = bars.close[at[there] + 1] / bars.close[at[there]] - 1.0
    return found


def too_good(subject: Subject, following: Floats) -> Iterator[str]:
    """A sentence for each test that says so; `following` (n,) are the returns of the next bars."""
    cases = subject.cases
    lean = np.sign(subject.p - cases.base_rate)
    taken = ~np.isnan(lean) & (lean != 0.0)
    event = np.where(cases.happened == 1.0, 1.0, -1.0)
    bar = np.sign(following)
    for what, came, horizon in (
        (f"of the next {cases.horizon} bars", event, cases.horizon),
        ("of the next bar alone", bar, 1),
    ):
        rows = taken & ~np.isnan(came) & (came != 0.0)
        if not rows.any():
            continue
        worth = float(case_weights(cases.decided[rows], cases.clock, horizon, cases.correlation).sum())
        rate, same = float((lean == came)[rows].mean()), float((came[rows] > 0).mean())
        least = lower_bound(rate, worth)
        if least > max(CREDIBLE, max(same, 1.0 - same) + BEYOND):
            yield (
                f"{subject.name} takes the right side {what} in {rate:.0%} of cases, at least {least:.0%}: "
                f"nobody does who cannot see ahead; `trader check lookahead` finds out how"
            )


def lower_bound(rate: float, n: float) -> float:
    """The lower end of Wilson's interval for a share seen in `n` cases; 0 for none."""
    if n <= 0:
        return 0.0
    middle = rate + Z * Z / (2.0 * n)
    reach = Z * float(np.sqrt(rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)))
    return max(0.0, (middle - reach) / (1.0 + Z * Z / n))
