"""One agent, or the desk, with every number about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trader.data.market import Market
from trader.evals.cases import Cases, Recorded
from trader.evals.findings import INSUFFICIENT, headline
from trader.evals.knowledge import AFTER, NO_MODEL, SEEN, UNKNOWN, known_then
from trader.evals.paired import Difference, difference
from trader.evals.pool import Contribution
from trader.evals.profit import Stakes, stakes
from trader.evals.scorers.registry import FORECASTS, USE, scores
from trader.evals.scorers.scorer import Score
from trader.evals.slices import Slice, regimes, slices, years
from trader.evals.subject import DESK, Subject
from trader.measures.calibration import Bin, reliability

Floats = NDArray[np.float64]
BASE_RATE = "base rate"


@dataclass(frozen=True)
class Scored:
    """One agent, or the desk."""

    name: str
    cases: int
    n_eff: float
    asked: int
    scores: Mapping[str, Score]
    base: Mapping[str, Score]
    """The base rate's scores on the same cases."""
    difference: Difference | None
    """From the base rate, paired; None without a case."""
    deflated_sharpe: float | None
    contribution: Contribution | None
    """None for the desk, and for who was never in the pool."""
    reliability: tuple[Bin, ...]
    years: tuple[Slice, ...]
    regimes: tuple[Slice, ...]
    knowledge: tuple[Slice, ...]
    """By the side of its models' knowledge cut-offs; empty for who asked none."""
    unseen: Difference | None
    """From the base rate on the cases after the cut-offs; None where none is before one, or none is after."""
    profit: float | None
    """What its probability alone earned a case before the gate, as a share of equity (`profit.py`)."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What every score of one evaluation stands on, computed once."""

    recorded: Recorded
    staked: Stakes
    years: NDArray[np.str_]
    regimes: NDArray[np.str_]
    cut_offs: Mapping[str, date]
    seed: int

    @classmethod
    def of(cls, recorded: Recorded, market: Market, cut_offs: Mapping[str, date], seed: int) -> Self:
        """Of what was recorded."""
        cases = recorded.cases
        staked = stakes(recorded.decisions, cases)
        return cls(recorded, staked, years(cases), regimes(cases, market), cut_offs, seed)

    @property
    def cases(self) -> Cases:
        """The resolved decisions."""
        return self.recorded.cases

    def known(self, name: str) -> NDArray[np.str_]:
        """On which side of a knowledge cut-off each case of an agent, or of the desk, lies."""
        return known_then(self.recorded, self.cut_offs, None if name == DESK else name)

    def profit(self, p: Floats) -> float | None:
        """Mean profit of `p` (n,) a case, over those that had a pool and it answered."""
        earned = self.staked.profits(p, self.cases.returns)
        known = ~np.isnan(earned) & ~np.isnan(p)
        return float(earned[known].mean()) if known.any() else None


def score(
    subject: Subject, level: float, here: Ground, lucky: float | None, brought: Contribution | None
) -> Scored:
    """Everything about one subject; `level` is that of its interval, `lucky` its deflated Sharpe ratio."""
    cases = subject.cases
    base = Subject(BASE_RATE, cases, np.where(subject.answered, cases.base_rate, np.nan))
    some = len(subject) > 0
    known = here.known(subject.name)
    after = np.where(known == AFTER, subject.p, np.nan)
    told = (known == SEEN).any() and not np.isnan(after).all()
    return Scored(
        name=subject.name,
        cases=len(subject),
        n_eff=cases.worth(subject.answered),
        asked=subject.asked,
        scores=(scores(subject, FORECASTS) if some else dict.fromkeys(FORECASTS)) | scores(subject, USE),
        base=scores(base, FORECASTS) if some else dict.fromkeys(FORECASTS),
        difference=difference(cases, subject.p, base.p, BASE_RATE, level=level, seed=here.seed),
        deflated_sharpe=None if lucky is None or np.isnan(lucky) else lucky,
        contribution=brought,
        reliability=reliability(subject.forecast, subject.happened),
        years=tuple(slices(subject, base, here.years)),
        regimes=tuple(slices(subject, base, here.regimes)),
        knowledge=() if (known == NO_MODEL).all() else tuple(slices(subject, base, known)),
        unseen=difference(cases, after, base.p, BASE_RATE, level=level, seed=here.seed) if told else None,
        profit=here.profit(subject.p),
    )


def first_line(first: Scored, known: NDArray[np.str_]) -> str:
    """The first line: about the cases that no model can have read about, where that can be told."""
    if not (known == SEEN).any():
        told = headline(first.name, first.difference, BASE_RATE)
        unsure = (known == UNKNOWN).any() and told.startswith("BETTER")
        return f"{told} The models may have seen these dates." if unsure else told
    if first.unseen is None:
        seen = f"{int((known == SEEN).sum()):,} of {len(known):,} cases"
        return f"{INSUFFICIENT}: {first.name}: the model may have seen {seen}, and none is left to judge by."
    return headline(f"{first.name} after the cut-off", first.unseen, BASE_RATE)
