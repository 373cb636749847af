"""Everything that must stand before the first round: data, book, agents, evidence, broker, desk."""

import secrets
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path

from trader import __version__
from trader.agents.agent import Agent
from trader.agents.track import Rehearsal
from trader.agents.track_cache import scored_history
from trader.brokers.ledger import fold
from trader.brokers.paper import PaperBroker
from trader.brokers.present import rows_of
from trader.brokers.rates import convertible
from trader.clock import Clock
from trader.data.feeds import open_feed
from trader.data.market import Market
from trader.domain.errors import UsageError
from trader.domain.ids import BookId, RunId, ulid
from trader.domain.portfolio import Book, Mode
from trader.domain.value import digest
from trader.forecasters.recipe import Purpose
from trader.graph.assembly import cost_model
from trader.graph.state import Desk
from trader.journal.reader import JournalReader
from trader.journal.records import BookOpened, Noted, RunEnded, RunStarted
from trader.journal.writer import Journal
from trader.memory.cases import Forecasts
from trader.runner.in_place import served
from trader.runner.watching import Observer
from trader.settings import Settings, restored
from trader.settings.memory import Memory
from trader.tools.forecast.forecaster import Forecaster
from trader.workspace import Workspace

DEFAULT_ROUNDS = 250
"""Rounds of a replay when no span is given: about a year of trading days."""


@dataclass(frozen=True)
class Span:
    """The closes that a run decides at, oldest first, and the close before them."""

    closes: tuple[datetime, ...]
    before: datetime | None


def span(market: Market, settings: Settings) -> Span:
    """From `--start` to `--end`, the first `--cycles` of them; by default the last DEFAULT_ROUNDS."""
    run = settings.run
    every = market.closes(market.symbols)
    first = datetime.combine(run.start, time.min, UTC) if run.start else every[0]
    last = datetime.combine(run.end, time.max, UTC) if run.end else every[-1]
    if run.start and run.end and run.start > run.end:
        raise UsageError(f"--start {run.start} is after --end {run.end}")
    if first > every[-1]:
        raise UsageError(
            f"--start {run.start} is after the data, which ends on {every[-1]:%Y-%m-%d}",
            hint=f"the data goes from {every[0]:%Y-%m-%d} to {every[-1]:%Y-%m-%d}",
        )
    chosen = [close for close in every if first <= close <= last]
    if not run.start:
        chosen = chosen[-DEFAULT_ROUNDS:]
    if not chosen:
        raise UsageError(
            f"no bar closes between {first:%Y-%m-%d} and {last:%Y-%m-%d}",
            hint=f"the data goes from {every[0]:%Y-%m-%d} to {every[-1]:%Y-%m-%d}",
        )
    chosen = chosen[: run.cycles]
    earlier = [close for close in every if close < chosen[0]]
    return Span(tuple(chosen), earlier[-1] if earlier else None)


def load_market(settings: Settings) -> Market:
    """The feed that settings name, with its symbols; what only says rates is not traded.

    Raises UsageError where rates are named, and what to trade is not.
    """
    symbols, pairs = settings.run.symbols, settings.paper.rates
    if pairs and not symbols:
        raise UsageError("paper.rates is set, and run.symbols is not", hint="name what to trade: --symbols")
    only = [pair for pair in pairs if pair not in symbols]
    market = open_feed(settings.run.feed, (*symbols, *only), settings.run.timeframe)
    if not only:
        return market
    untraded = {pair: market.instruments[pair].model_copy(update={"tradable": False}) for pair in only}
    return replace(market, instruments={**market.instruments, **untraded})


def market_of(reader: JournalReader, book: Book, feed: str | None = None) -> Market:
    """The bars of a book as its last run read them, with those of its rates; of `feed` instead of its own.

    They may have changed since: the run wrote their digest down.
    """
    runs = reader.runs(book.id)  # none where the program died between opening the book and the first run
    settings = restored(runs[-1].started.settings) if runs else Settings()
    read = {"feed": feed or book.feed, "symbols": book.symbols, "timeframe": book.timeframe}
    return load_market(settings.model_copy(update={"run": settings.run.model_copy(update=read)}))


def find_or_open_book(
    path: Path, journal: Journal, market: Market, settings: Settings, chosen: Span, clock: Clock, new: bool
) -> tuple[Book, bool]:
    """The unfinished book of equal settings and data, or a new one; and whether it was there before."""
    same = book_settings(settings, market, chosen)
    if not new:
        with JournalReader(path) as reader:
            found = reader.unfinished_book(same)
        if found is not None:
            return found, True
    symbols = market.symbols
    book = Book(
        id=BookId(ulid(clock.now(), secrets.token_bytes(10))),
        mode=Mode.PAPER,
        feed=settings.run.feed,
        symbols=symbols,
        timeframe=market.timeframe,
        horizon=settings.desk.horizon or market.timeframe.default_horizon,
        currency=settings.paper.currency,
        calendar=market.instruments[symbols[0]].calendar,
        cash=settings.paper.cash,
        opened_at=chosen.closes[0],
        settings=same,
    )
    journal.append(BookOpened(book=book))
    return book, False


def book_settings(settings: Settings, market: Market, chosen: Span) -> str:
    """The digest by which the same command finds its book again.

    How fast it runs does not matter to it, nor how many answers are kept, what is known about the models, or
    whether there is an index.
    """
    paced = settings.run.model_copy(update={"speed": 0.0})
    unindexed = settings.memory.model_copy(update={"index": Memory().index, "embedding": Memory().embedding})
    same = settings.model_copy(update={"run": paced, "llm": settings.llm.as_asked, "memory": unindexed})
    return digest([same, market.digest, chosen.closes[0], chosen.closes[-1]])


def check_currencies(market: Market, settings: Settings) -> None:
    """Every instrument is in the account's currency, or in one whose rate `paper.rates` gives.

    Raises UsageError.
    """
    currency = settings.paper.currency
    known = convertible(market.instruments, settings.paper.rates, currency)
    for symbol in market.symbols:
        other = market.instruments[symbol].currency
        if other not in known:
            raise UsageError(
                f"{symbol} is quoted in {other}, the account is in {currency}: no rate is known",
                hint=f'paper.rates = ["{other}{currency}"], or ["{currency}{other}"] where the feed has that'
                f' one, or paper.currency = "{other}"',
            )


def start_run(
    journal: Journal, book: Book, agents: tuple[Agent, ...], market: Market, settings: Settings, clock: Clock
) -> RunId:
    """Write down that a process begins to work on the book, with all that makes its decisions."""
    run = RunId(ulid(clock.now(), secrets.token_bytes(10)))
    for agent in agents:
        journal.put(agent.prompt.text)
    journal.append(
        RunStarted(
            run=run,
            book=book.id,
            at=clock.now(),
            mode=book.mode,
            version=__version__,
            seed=settings.run.seed,
            settings=settings.model_dump(mode="json"),
            settings_digest=book.settings,
            prompts={agent.prompt.name: agent.prompt.digest for agent in agents},
            data_digest=market.digest,
        ),
        *(Noted(book=book.id, at=clock.now(), kind="data", text=note) for note in market.notes),
    )
    return run


async def ended(trading: Awaitable[bool], journal: Journal, run: RunId, clock: Clock) -> bool:
    """What `trading` returns, whether it came to its end; however it ends, the journal says how."""
    reason = "failed"
    try:
        finished = await trading
        reason = "finished" if finished else "stopped"
    except BaseException as error:
        reason = f"failed: {type(error).__name__}: {error}"
        raise
    finally:
        journal.append(RunEnded(run=run, at=clock.now(), reason=reason))
        journal.commit()
    return finished


def restore_broker(
    reader: JournalReader, book: Book, market: Market, settings: Settings, clock: Clock
) -> PaperBroker:
    """The paper account as the journal has it: the fold of everything that happened to it."""
    rows = rows_of(reader.movements(book.id))
    instruments = [market.instruments[symbol] for symbol in book.symbols]
    participation = Decimal(repr(settings.paper.participation))
    borrow, funding = settings.paper.borrow_rate, settings.paper.funding_rate
    return PaperBroker(
        fold(book, instruments, rows),
        cost_model(settings),
        clock,
        participation,
        None if borrow is None else Decimal(repr(borrow)),
        None if funding is None else Decimal(repr(funding)),
    )


def forecaster_of(workspace: Workspace, settings: Settings, before: datetime | None = None) -> Forecaster:
    """The forecaster that settings name, keeping its models in the workspace's cache.

    With the trained models that are in place, or were `before`.

    Raises DamagedModel where a promoted model is not what was written.
    """
    place = served(workspace, settings, before)
    return Forecaster(
        workspace.cache / "forecast",
        seed=settings.run.seed,
        refit_bars=settings.desk.refit_forecaster,
        promoted=place.get(Purpose.FORECAST),
        validator=place.get(Purpose.VALIDATOR),
        notes=tuple(
            f"the {purpose} {one.card.id} is asked of closes after {one.card.trained_until:%Y-%m-%d %H:%M}"
            for purpose, one in place.items()
        ),
    )


def prior_forecasts(
    workspace: Workspace, desk: Desk, before: datetime, observer: Observer
) -> dict[str, Forecasts]:
    """What every rule said over the history before the book's first round, from the cache where known."""
    return scored_history(
        workspace.cache / "track",
        Rehearsal(
            agents=desk.agents,
            market=desk.market,
            toolbox=desk.toolbox,
            forecaster=desk.forecaster,
            cost_of=desk.costs.round_trip,
            symbols=desk.book.symbols,
            horizon=desk.book.horizon,
            before=before,
        ),
        lambda done, total: observer.preparing("scoring the rules over their history", done, total),
    )
