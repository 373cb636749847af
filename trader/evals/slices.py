"""The same scores on part of the cases: of each year, and of each regime as it was known at the decision."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

import numpy as np
from numpy.typing import NDArray

from trader.data.market import Market
from trader.evals.cases import Cases
from trader.evals.subject import Subject
from trader.features.plain_regime import AVERAGE, MONTH, plain_regime
from trader.measures.forecasts import brier, log_loss

UNKNOWN = "unknown"
"""The regime where there are too few bars to tell."""


@dataclass(frozen=True)
class Slice:
    """The cases of one year, or of one regime."""

    slice: str
    cases: int
    n_eff: float
    brier: float
    log_loss: float
    log_loss_base: float


def years(cases: Cases) -> NDArray[np.str_]:
    """The year of each case, (n,)."""
    return cases.decided.astype("datetime64[Y]").astype(np.str_)


def regimes(cases: Cases, market: Market) -> NDArray[np.str_]:
    """Bull, bear or sideways, (n,), by the plain rule on what was known (`features/plain_regime.py`)."""
    found = []
    for symbol, at in zip(cases.symbol.tolist(), cases.decided.tolist(), strict=True):
        close = market.view(at.replace(tzinfo=UTC)).bars(symbol).close
        known = len(close) > AVERAGE + MONTH
        found.append(plain_regime(close).regime.value if known else UNKNOWN)
    return np.array(found, dtype=np.str_)


def slices(subject: Subject, base: Subject, of: NDArray[np.str_]) -> Iterator[Slice]:
    """A row for each value of `of` (n,) that has a case which the subject answered."""
    for name in np.unique(of[subject.answered]):
        rows = subject.answered & (of == name)
        happened = subject.cases.happened[rows]
        yield Slice(
            str(name),
            int(rows.sum()),
            subject.cases.worth(rows),
            brier(subject.p[rows], happened),
            log_loss(subject.p[rows], happened),
            log_loss(base.p[rows], happened),
        )
