"""When later cases contradict a rule: Page's test, case by case.

    S = max(0, S + weight (ln L(case | turned) - ln L(case | rule)))

The rule's own rate is held against its mirror image about what was expected, so that a rule which turns round
is given up soonest, and one that has merely faded a little later. Page 1954, "Continuous inspection schemes",
Biometrika 41.
"""

from math import log

import numpy as np

from trader.memory.experience import Floats

LIMIT = 5.0
"""Of S: a rule that holds at 70 % where 50 % is expected is given up wrongly once in some 700 cases, and
after some 15 where it has turned to 30 %."""
NEAREST = 0.05
"""Rates are kept so far from 0 and 1: a single case must not settle it."""


def contradiction(happened: Floats, weight: Floats, rate: float, base_rate: float) -> float:
    """The largest S over cases (n,) in order of time; 0 for none.

    The largest, and not the last: what was given up stays given up.
    """
    held = min(max(rate, NEAREST), 1.0 - NEAREST)
    turned = min(max(2.0 * base_rate - held, NEAREST), 1.0 - NEAREST)
    gains = weight * np.where(happened > 0, log(turned / held), log((1.0 - turned) / (1.0 - held)))
    path = np.concatenate([[0.0], np.cumsum(gains)])
    return float((path - np.minimum.accumulate(path)).max())
