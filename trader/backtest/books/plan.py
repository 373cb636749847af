"""What a backtest is going to do, before it does it: its books, and everything that they come from.

The id is made from the plan: the same command over the same data, prompts and program names the same
backtest, and goes on with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any

from trader import __version__
from trader.agents.roster import roster
from trader.agents.track_cache import program_digest
from trader.data.market import Market
from trader.domain.errors import UsageError
from trader.domain.ids import BacktestId, backtest_id
from trader.domain.market import Timeframe
from trader.domain.value import Moment, Value, digest
from trader.runner import opening
from trader.runner.opening import Span
from trader.settings import Settings
from trader.workspace import Workspace

WARM_UP = 252
"""Bars before the first decision: momentum and most of what the forecaster reads look back a year of days."""


class PlannedBook(Value):
    """One account, one strategy, one span."""

    number: int
    """From 1; the first is the one that the others are variants of."""
    varied: dict[str, str]
    """What is different from the first book: setting -> value, as text."""
    symbols: tuple[str, ...]
    first: Moment
    last: Moment
    """The closes of its first and last round."""
    rounds: int
    horizon: int
    data: str
    """Digest of its data."""
    settings: dict[str, Any]
    """As the journal has them too."""

    @property
    def name(self) -> str:
        """`01`: the name of its folder."""
        return f"{self.number:02}"

    @property
    def label(self) -> str:
        """What tells it from the others, for people."""
        return ", ".join(f"{key}={value}" for key, value in self.varied.items()) or "as configured"


class Plan(Value):
    """A whole backtest."""

    id: BacktestId
    command: str
    """What to type to go on with it."""
    feed: str
    timeframe: Timeframe
    symbols: tuple[str, ...]
    currency: str
    version: str
    program: str
    """Digest of the program's source: a changed rule is another rule."""
    prompts: dict[str, str]
    """Agent -> digest of its prompt file."""
    made_at: Moment
    books: tuple[PlannedBook, ...]

    @property
    def rounds(self) -> int:
        """Of all books."""
        return sum(book.rounds for book in self.books)


@dataclass(frozen=True)
class Variant:
    """What one book is made from."""

    varied: Mapping[str, str]
    settings: Settings
    market: Market


def make_plan(
    workspace: Workspace,
    variants: Sequence[Variant],
    *,
    command: str,
    now: datetime,
) -> Plan:
    """A book for each of `variants`.

    Raises UsageError where there is too little data before or in a span, or a currency has no rate.
    """
    books = tuple(_planned(number, one) for number, one in enumerate(variants, 1))
    base, market = variants[0].settings, variants[0].market
    agents = roster(workspace.prompts, base.agents, roles=base.llm.roles)
    prompts = {agent.prompt.name: agent.prompt.digest for agent in agents}
    same = [program_digest(), prompts, [_identity(*one) for one in zip(books, variants, strict=True)]]
    return Plan(
        id=backtest_id(digest(same)),
        command=command,
        feed=base.run.feed,
        timeframe=market.timeframe,
        symbols=tuple(dict.fromkeys(symbol for book in books for symbol in book.symbols)),
        currency=base.paper.currency,
        version=__version__,
        program=program_digest(),
        prompts=prompts,
        made_at=now,
        books=books,
    )


def _identity(book: PlannedBook, one: Variant) -> dict[str, Any]:
    """What makes it another book, as plain JSON."""
    asked = one.settings.model_copy(update={"llm": one.settings.llm.as_asked})
    return {**book.model_dump(mode="json"), "settings": asked.model_dump(mode="json")}


def _planned(number: int, one: Variant) -> PlannedBook:
    opening.check_currencies(one.market, one.settings)
    chosen = _checked_span(one.market, one.settings)
    return PlannedBook(
        number=number,
        varied=dict(one.varied),
        symbols=one.market.symbols,
        first=chosen.closes[0],
        last=chosen.closes[-1],
        rounds=len(chosen.closes),
        horizon=_horizon(one.market, one.settings),
        data=one.market.digest,
        settings=one.settings.model_dump(mode="json"),
    )


def folds(market: Market, settings: Settings, count: int) -> list[tuple[date, date]]:
    """The span of `settings` in `count` consecutive parts of equal length, first and last day of each.

    Raises UsageError where a part would be too short.
    """
    closes = opening.span(market, settings).closes
    fewest = _horizon(market, settings) + 2
    if len(closes) < fewest * count:
        raise UsageError(
            f"--folds {count}: {len(closes)} closes are too few: a fold needs {fewest}",
            hint="fewer folds, or a longer span",
        )
    edges = [len(closes) * part // count for part in range(count + 1)]
    parts = [(closes[a].date(), closes[b - 1].date()) for a, b in pairwise(edges)]
    shared = [one for one, (_, end) in enumerate(parts[:-1]) if end >= parts[one + 1][0]]
    if shared:
        raise UsageError("--folds: two folds would share a day", hint="a longer span, or fewer folds")
    return parts


def _checked_span(market: Market, settings: Settings) -> Span:
    """The span, where there is enough before it to judge by and enough in it to judge."""
    chosen = opening.span(market, settings)
    every = market.closes(market.symbols)
    start = settings.run.start
    first = every[min(WARM_UP, len(every) - 1)]
    hint = f"--start {first:%Y-%m-%d} or later, or data that begins earlier"
    if start and datetime.combine(start, time.max, every[0].tzinfo) < every[0]:
        raise UsageError(
            f"--start {start} is before the data, which begins on {every[0]:%Y-%m-%d}", hint=hint
        )
    before = sum(1 for close in every if close < chosen.closes[0])
    if before < WARM_UP:
        raise UsageError(
            f"{before} closes before {chosen.closes[0]:%Y-%m-%d}: the desk needs {WARM_UP} to warm up",
            hint=hint if len(every) > WARM_UP else "data that begins earlier",
        )
    fewest = _horizon(market, settings) + 2
    if len(chosen.closes) < fewest:
        raise UsageError(
            f"{len(chosen.closes)} closes are too few: with a horizon of "
            f"{_horizon(market, settings)} bars a backtest needs {fewest}",
            hint="a later --end, or a shorter desk.horizon",
        )
    return chosen


def _horizon(market: Market, settings: Settings) -> int:
    return settings.desk.horizon or market.timeframe.default_horizon
