"""`trader eval`: agents, the desk and the baselines on the resolved decisions of one book.

Everything comes from the journal and the data: the same journal and data, the same numbers, byte for byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trader.data.market import Market
from trader.domain.errors import TraderError, UnknownName, UsageError
from trader.domain.portfolio import Book, sum_exact
from trader.evals.baselines import baselines
from trader.evals.cases import Cases, Recorded, gather
from trader.evals.curve import LEVEL
from trader.evals.findings import findings, headline
from trader.evals.money import Money, money
from trader.evals.paired import Difference, difference
from trader.evals.peeking import next_bars, too_good
from trader.evals.pool import Contribution, contributions
from trader.evals.profit import Stakes, stakes
from trader.evals.provenance import Provenance, provenance
from trader.evals.scorers.registry import FORECASTS, USE, scores
from trader.evals.scorers.scorer import Score
from trader.evals.sizing import Trail, trail
from trader.evals.slices import Slice, regimes, slices, years
from trader.evals.subject import Subject, agent_of, desk_of
from trader.evals.timing import deflated, followed
from trader.journal.reader import JournalReader
from trader.journal.records import RunStarted
from trader.measures.calibration import Bin, reliability
from trader.prompts.prompt import Tier

Floats = NDArray[np.float64]

ALL = "all"
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
    profit: float | None
    """What its probability alone earned a case before the gate, as a share of equity (`profit.py`)."""


@dataclass(frozen=True)
class Baseline:
    """Something simpler, on the cases that had a pool."""

    name: str
    cases: int
    scores: Mapping[str, Score]
    difference: Difference | None
    """The desk from this."""
    profit: float | None
    """What it earned a case before the gate, sized as the desk is."""


@dataclass(frozen=True)
class Evaluation:
    """The whole report."""

    finding: str
    findings: tuple[str, ...]
    """What else has to be known before a number is believed."""
    agents: tuple[Scored, ...]
    desk: Scored
    baselines: tuple[Baseline, ...]
    sizing: tuple[Trail, ...]
    money: Money | None
    """None where no account was kept: of a data set."""
    cases: Cases
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
    moments = [made.as_of for made in recorded.decisions]
    usd = sum_exact(call.usd for call in recorded.calls)
    account = money(reader, book, market, min(moments), max(moments), usd)
    runs = tuple(run.started for run in reader.runs(book.id))
    return scored(recorded, book, market, runs, names, account=account, seed=seed)


def scored(
    recorded: Recorded,
    book: Book,
    market: Market,
    runs: Sequence[RunStarted],
    names: Sequence[str] = (),
    *,
    account: Money | None = None,
    seed: int = 0,
) -> Evaluation:
    """Score `names`, or every senior, on what was recorded; there is at least one decision.

    Raises UnknownName for an agent that had no turn, UsageError for one that is not a senior.
    """
    chosen, cases = _chosen(recorded, names), recorded.cases
    here = _Ground.of(recorded, market, seed)
    subjects = {name: agent_of(recorded, name) for name in chosen}
    followers = {name: followed(cases, said) for name, said in zip(cases.agents, cases.said, strict=True)}
    lucky = deflated(followers)
    brought = contributions(cases, seed, here.staked)
    level = 1.0 - (1.0 - LEVEL) / max(1, sum(1 for one in subjects.values() if len(one)))
    agents = tuple(
        _scored(subject, level, here, lucky.get(name), brought.get(name))
        for name, subject in subjects.items()
    )
    desk_subject = desk_of(recorded)
    earned = followed(cases, cases.desk)
    desk = _scored(desk_subject, LEVEL, here, deflated({desk_subject.name: earned})[desk_subject.name], None)
    first = agents[0] if len(names) == 1 and len(agents) == 1 else desk
    following = next_bars(cases, market)
    peeking = [one for subject in (*subjects.values(), desk_subject) for one in too_good(subject, following)]
    return Evaluation(
        finding=headline(first.name, first.difference, BASE_RATE),
        findings=(*peeking, *findings(recorded, runs, market, chosen)),
        agents=agents,
        desk=desk,
        baselines=tuple(
            Baseline(
                one.name,
                len(one),
                scores(one, FORECASTS) if len(one) else {},
                difference(cases, cases.desk, one.p, one.name, seed=seed),
                here.profit(one.p),
            )
            for one in baselines(cases)
        ),
        sizing=trail(recorded.decisions),
        money=account,
        cases=cases,
        provenance=provenance(recorded, runs, book, market, names, seed),
    )


@dataclass(frozen=True, eq=False)
class _Ground:
    """What every score of one evaluation stands on, computed once."""

    cases: Cases
    staked: Stakes
    years: NDArray[np.str_]
    regimes: NDArray[np.str_]
    seed: int

    @classmethod
    def of(cls, recorded: Recorded, market: Market, seed: int) -> Self:
        cases = recorded.cases
        staked = stakes(recorded.decisions, cases)
        return cls(cases, staked, years(cases), regimes(cases, market), seed)

    def profit(self, p: Floats) -> float | None:
        """Mean profit of `p` (n,) a case, over those that had a pool and it answered."""
        earned = self.staked.profits(p, self.cases.returns)
        known = ~np.isnan(earned) & ~np.isnan(p)
        return float(earned[known].mean()) if known.any() else None


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
    subject: Subject, level: float, here: _Ground, lucky: float | None, brought: Contribution | None
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
        difference=difference(cases, subject.p, base.p, BASE_RATE, level=level, seed=here.seed),
        deflated_sharpe=None if lucky is None or np.isnan(lucky) else lucky,
        contribution=brought,
        reliability=reliability(subject.forecast, subject.happened),
        years=tuple(slices(subject, base, here.years)),
        regimes=tuple(slices(subject, base, here.regimes)),
        profit=here.profit(subject.p),
    )
