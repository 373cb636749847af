"""What a report rests on, so that it can be made again and compared with another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from trader import __version__
from trader.data.market import Market
from trader.domain.portfolio import Book
from trader.evals.cases import Recorded
from trader.evals.knowledge import models_of
from trader.journal.records import RunStarted
from trader.measures.bootstrap import DRAWS


@dataclass(frozen=True)
class Provenance:
    """Everything that the numbers come from."""

    book: str
    feed: str
    symbols: tuple[str, ...]
    timeframe: str
    horizon: int
    named: tuple[str, ...]
    """The agents that were asked for; none: all."""
    decisions: int
    cases: int
    n_eff: float
    first: datetime
    last: datetime
    """Of the decisions."""
    data_recorded: tuple[str, ...]
    """Digests of the data that the runs had."""
    data: str
    """Digest of the data that outcomes are taken from."""
    data_first: datetime
    data_last: datetime
    """Its first and last close."""
    version: str
    versions_recorded: tuple[str, ...]
    prompts: dict[str, list[str]]
    """Agent -> digests of its prompt file in these decisions."""
    models: tuple[str, ...]
    cut_offs: dict[str, date | None]
    """Model -> its knowledge cut-off as stated; None where nothing is."""
    seeds: tuple[int, ...]
    """Of the runs."""
    correlation: float
    resamples: int
    shortest_block: int
    """Dates."""
    seed: int
    """Of the resampling."""
    compared: int
    """Agents that were compared: so many variants the deflated Sharpe ratios count as tried."""


def provenance(
    recorded: Recorded,
    runs: Sequence[RunStarted],
    book: Book,
    market: Market,
    names: Sequence[str],
    cut_offs: Mapping[str, date],
    seed: int,
) -> Provenance:
    """Of one evaluation; there is at least one decision."""
    cases, closes = recorded.cases, market.closes(book.symbols)
    prompts: dict[str, set[str]] = {}
    for turn in recorded.turns:
        if turn.prompt:
            prompts.setdefault(turn.agent, set()).add(turn.prompt)
    models = models_of(recorded)
    return Provenance(
        book=book.id,
        feed=book.feed,
        symbols=book.symbols,
        timeframe=book.timeframe.value,
        horizon=book.horizon,
        named=tuple(name for name in names if name != "all"),
        decisions=len(recorded.decisions),
        cases=len(cases),
        n_eff=cases.worth(cases.decided == cases.decided),
        first=min(made.as_of for made in recorded.decisions),
        last=max(made.as_of for made in recorded.decisions),
        data_recorded=tuple(sorted({run.data_digest for run in runs})),
        data=market.digest,
        data_first=closes[0],
        data_last=closes[-1],
        version=__version__,
        versions_recorded=tuple(sorted({run.version for run in runs})),
        prompts={agent: sorted(digests) for agent, digests in sorted(prompts.items())},
        models=models,
        cut_offs={name: cut_offs.get(name) for name in models},
        seeds=tuple(sorted({run.seed for run in runs})),
        correlation=cases.correlation,
        resamples=DRAWS,
        shortest_block=book.horizon,
        seed=seed,
        compared=len(cases.agents),
    )
