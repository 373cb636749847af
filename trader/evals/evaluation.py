"""`trader eval`: agents, the desk and the baselines on the resolved decisions of one book.

Everything comes from the journal and the data: the same journal and data, the same numbers, byte for byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trader.data.market import Market
from trader.domain.errors import TraderError, UnknownName, UsageError
from trader.domain.portfolio import Book
from trader.evals.baselines import baselines
from trader.evals.cases import Recorded, gather
from trader.evals.findings import findings, headline
from trader.evals.paired import Difference, difference
from trader.evals.pool import Contribution, contributions
from trader.evals.provenance import Provenance, provenance
from trader.evals.scorers.registry import FORECASTS, USE, scores
from trader.evals.scorers.scorer import Score
from trader.evals.subject import Subject, agent_of, desk_of
from trader.evals.timing import deflated, followed
from trader.journal.reader import JournalReader
from trader.measures.calibration import Bin, reliability
from trader.prompts.prompt import Tier

Floats = NDArray[np.float64]

ALL = "all"
LEVEL = 0.95
"""Of the interval that the first line speaks of, and of all agents' intervals together (Bonferroni)."""
BASE_RATE = "base rate"


@dataclass(frozen=True)
class Slice:
    """The cases of one year."""

    slice: str
    cases: int
    n_eff: float
    brier: float | None
    log_loss: float | None
    log_loss_base: float | None


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


@dataclass(frozen=True)
class Baseline:
    """Something simpler, on the cases that had a pool."""

    name: str
    cases: int
    scores: Mapping[str, Score]
    difference: Difference | None
    """The desk from this."""


@dataclass(frozen=True)
class Evaluation:
    """The whole report."""

    finding: str
    findings: tuple[str, ...]
    """What else has to be known before a number is believed."""
    agents: tuple[Scored, ...]
    desk: Scored
    baselines: tuple[Baseline, ...]
    provenance: Provenance

    @property
    def judged(self) -> tuple[Scored, ...]:
        """Whom bounds are about: the agents that were named, else the desk."""
        return self.agents if self.provenance.named else (self.desk,)


def evaluate(
    reader: JournalReader,
    book: Book,
    market: Market,
    names: Sequence[str] = (),
    *,
    last: int | None = None,
    seed: int = 0,
) -> Evaluation:
    """Score `names`, or every senior, on the newest `last` decisions of `book`, or all.

    Raises UnknownName for an agent that had no turn, UsageError for one that is not a senior, TraderError for
    a book without a decision.
    """
    recorded = gather(reader, book, market, last)
    if not recorded.decisions:
        raise TraderError(
            f"the book {book.id} has no decision yet", hint="`trader run --mode paper` makes some"
        )
    chosen = _chosen(recorded, names)
    cases = recorded.cases
    subjects = {name: agent_of(recorded, name) for name in chosen}
    followers = {name: followed(cases, said) for name, said in zip(cases.agents, cases.said, strict=True)}
    lucky = deflated(followers)
    brought = contributions(cases, seed)
    level = 1.0 - (1.0 - LEVEL) / max(1, sum(1 for one in subjects.values() if len(one)))
    agents = tuple(
        _scored(subject, level, seed, lucky.get(name), brought.get(name))
        for name, subject in subjects.items()
    )
    desk_subject = desk_of(recorded)
    earned = followed(cases, cases.desk)
    desk = _scored(desk_subject, LEVEL, seed, deflated({desk_subject.name: earned})[desk_subject.name], None)
    first = agents[0] if len(names) == 1 and len(agents) == 1 else desk
    return Evaluation(
        finding=headline(first.name, first.difference, BASE_RATE),
        findings=tuple(findings(recorded, reader.runs(book.id), market, chosen)),
        agents=agents,
        desk=desk,
        baselines=tuple(
            Baseline(
                one.name,
                len(one),
                scores(one, FORECASTS) if len(one) else {},
                difference(cases, cases.desk, one.p, one.name, seed=seed),
            )
            for one in baselines(cases)
        ),
        provenance=provenance(recorded, reader.runs(book.id), book, market, names, seed),
    )


def _chosen(recorded: Recorded, names: Sequence[str]) -> list[str]:
    """The seniors to score, sorted. `momentum` stands for `momentum.fast` and `momentum.careful` too."""
    tiers = {turn.agent: turn.tier for turn in recorded.turns}
    seniors = sorted(name for name, tier in tiers.items() if tier == Tier.SENIOR)
    if not names or ALL in names:
        return seniors
    found: list[str] = []
    for name in names:
        mine = [one for one in seniors if one == name or one.startswith(f"{name}.")]
        if not mine and name in tiers:
            raise UsageError(
                f"{name} states no probability: {tiers[name]}s are not scored",
                hint=f"seniors are: {', '.join(seniors)}",
            )
        if not mine:
            raise UnknownName("agent", name, [*seniors, ALL])
        found += mine
    return sorted(set(found))


def _scored(
    subject: Subject, level: float, seed: int, lucky: float | None, brought: Contribution | None
) -> Scored:
    cases = subject.cases
    base = Subject(BASE_RATE, cases, np.where(subject.answered, cases.base_rate, np.nan))
    some = len(subject) > 0
    return Scored(
        name=subject.name,
        cases=len(subject),
        n_eff=cases.worth(subject.answered),
        asked=subject.asked,
        scores=(scores(subject, FORECASTS) if some else dict.fromkeys(FORECASTS)) | scores(subject, USE),
        base=scores(base, FORECASTS) if some else dict.fromkeys(FORECASTS),
        difference=difference(cases, subject.p, base.p, BASE_RATE, level=level, seed=seed),
        deflated_sharpe=None if lucky is None or np.isnan(lucky) else lucky,
        contribution=brought,
        reliability=reliability(subject.forecast, subject.happened),
        years=tuple(_years(subject, base)),
    )


def _years(subject: Subject, base: Subject) -> list[Slice]:
    years = subject.cases.decided.astype("datetime64[Y]")
    found = []
    for year in np.unique(years[subject.answered]):
        rows = subject.answered & (years == year)
        mine, theirs = (
            scores(Subject(one.name, one.cases, np.where(rows, one.p, np.nan)), FORECASTS)
            for one in (subject, base)
        )
        found.append(
            Slice(
                str(year),
                int(rows.sum()),
                subject.cases.worth(rows),
                _float(mine["brier"]),
                _float(mine["log_loss"]),
                _float(theirs["log_loss"]),
            )
        )
    return found


def _float(score: Any) -> float | None:
    return None if score is None else float(score)
