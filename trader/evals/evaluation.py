"""`trader eval`: agents, the desk and the baselines on the resolved decisions of one book.

Everything comes from the journal and the data: the same journal and data, the same numbers, byte for byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date

import numpy as np
from numpy.typing import NDArray

from trader.data.market import Market
from trader.domain.errors import TraderError, UnknownName, UsageError
from trader.domain.portfolio import Book, sum_exact
from trader.evals.baselines import baselines
from trader.evals.cases import Cases, Recorded, gather
from trader.evals.choosing import Choice, choice
from trader.evals.curve import LEVEL
from trader.evals.findings import findings
from trader.evals.knowledge import NOTHING, models_of, stated, warnings
from trader.evals.money import Money, money
from trader.evals.other_desks import Beside, OtherDesk
from trader.evals.paired import Difference, difference
from trader.evals.peeking import next_bars, too_good
from trader.evals.pool import contributions
from trader.evals.provenance import Provenance, provenance
from trader.evals.scored import Ground, Scored, first_line, score
from trader.evals.scorers.registry import FORECASTS, scores
from trader.evals.scorers.scorer import Score
from trader.evals.sizing import Trail, trail
from trader.evals.subject import Subject, agent_of, desk_of
from trader.evals.timing import deflated, followed
from trader.journal.reader import JournalReader, Turn
from trader.journal.records import RunStarted
from trader.prompts.prompt import Tier
from trader.settings import restored

Floats = NDArray[np.float64]

ALL = "all"
NOBODY = Beside()


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
    choice: Choice
    """What choosing the best of the agents would be worth."""
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
    beside: Beside = NOBODY,
    cut_offs: Mapping[str, date] = NOTHING,
    account: bool = True,
    seed: int = 0,
) -> Evaluation:
    """Score `names`, or every senior, on the newest `last` decisions of `book`, or all.

    `cut_offs` are the models' as they are stated now: they stand before those that the runs had. Without
    `account` the book's money is left out.

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
    came = money(reader, book, market, min(moments), max(moments), usd, seed) if account else None
    runs = tuple(run.started for run in reader.runs(book.id))
    then = stated(*(restored(run.settings) for run in runs))
    return scored(
        recorded,
        book,
        market,
        runs,
        names,
        account=came,
        beside=beside,
        cut_offs={**then, **cut_offs},
        seed=seed,
    )


def scored(
    recorded: Recorded,
    book: Book,
    market: Market,
    runs: Sequence[RunStarted],
    names: Sequence[str] = (),
    *,
    account: Money | None = None,
    beside: Beside = NOBODY,
    cut_offs: Mapping[str, date] = NOTHING,
    seed: int = 0,
) -> Evaluation:
    """Score `names`, or every senior, on what was recorded; there is at least one decision.

    `beside` are other desks on the same cases, `cut_offs` the knowledge cut-offs of models.

    Raises UnknownName for an agent that had no turn, UsageError for one that is not a senior.
    """
    chosen, cases = seniors_named(recorded.turns, names), recorded.cases
    here = Ground.of(recorded, market, cut_offs, seed)
    subjects = {name: agent_of(recorded, name) for name in chosen}
    followers = {name: followed(cases, said) for name, said in zip(cases.agents, cases.said, strict=True)}
    lucky = deflated(followers)
    brought = contributions(cases, seed, here.staked)
    level = 1.0 - (1.0 - LEVEL) / max(1, sum(1 for one in subjects.values() if len(one)))
    agents = tuple(
        score(subject, level, here, lucky.get(name), brought.get(name)) for name, subject in subjects.items()
    )
    desk_subject = desk_of(recorded)
    earned = followed(cases, cases.desk)
    desk = score(desk_subject, LEVEL, here, deflated({desk_subject.name: earned})[desk_subject.name], None)
    first = agents[0] if len(names) == 1 and len(agents) == 1 else desk
    simpler = (*baselines(cases), *(_beside(one, cases) for one in beside.desks))
    known = here.known(first.name)
    following = next_bars(cases, market)
    peeking = [one for subject in (*subjects.values(), desk_subject) for one in too_good(subject, following)]
    return Evaluation(
        finding=first_line(first, known),
        findings=(
            *peeking,
            *warnings(models_of(recorded), cut_offs, known),
            *findings(recorded, runs, market, chosen),
            *(one.note for one in beside.desks if one.note),
            *beside.missing,
            *(account.missing if account else ()),
        ),
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
            for one in simpler
        ),
        choice=choice(cases, dict(zip(cases.agents, cases.said, strict=True)), cases.base_rate, seed),
        sizing=trail(recorded.decisions),
        money=account,
        cases=cases,
        provenance=provenance(recorded, runs, book, market, names, cut_offs, seed),
    )


def _beside(one: OtherDesk, cases: Cases) -> Subject:
    """Another desk, on the cases that had a pool."""
    places = zip(cases.symbol.tolist(), cases.decided.tolist(), strict=True)
    p = np.array([one.said.get((symbol, at.replace(tzinfo=UTC)), np.nan) for symbol, at in places])
    return Subject(one.name, cases, np.where(np.isnan(cases.desk), np.nan, p))


def seniors_named(turns: Sequence[Turn], names: Sequence[str]) -> list[str]:
    """The seniors to score, sorted. `momentum` stands for `momentum.fast` and `momentum.careful` too.

    Raises UnknownName for an agent that had no turn, UsageError for one that is not a senior.
    """
    tiers = {turn.agent: turn.tier for turn in turns}
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
