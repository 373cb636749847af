"""The clock of a venue: each close of its bars, as it comes, is a round; in between the account is kept."""

from contextlib import AsyncExitStack
from dataclasses import replace

from trader.brokers.ccxt_broker import CcxtBroker
from trader.brokers.ccxt_client import connected
from trader.brokers.pacing import Pace
from trader.clock import Clock
from trader.data.feeds.ccxt import PolledBars
from trader.data.feeds.ccxt_exchange import Keys
from trader.domain.market import Timeframe
from trader.domain.portfolio import Book
from trader.graph.assembly import assemble
from trader.journal.reader import JournalReader
from trader.journal.records import Noted, RoundClosed
from trader.journal.writer import Journal
from trader.llm.cassette import Cassette
from trader.risk.killswitch import withheld
from trader.runner import opening
from trader.runner.asking import asked_models, staffed
from trader.runner.closes import Watch, last_close
from trader.runner.drifting import watched
from trader.runner.indexing import Indexing
from trader.runner.keeping import Keeper
from trader.runner.live_opening import address_of, ledger_of, open_book
from trader.runner.loop import Ran
from trader.runner.opening import Span
from trader.runner.pausing import asking
from trader.runner.rounds import Rounds
from trader.runner.watching import Control, Observer, Opening
from trader.settings import Settings, Sources
from trader.tools.toolbox import LiveToolbox
from trader.workspace import Workspace


async def run_live(
    workspace: Workspace,
    settings: Settings,
    keys: Keys,
    *,
    observer: Observer,
    control: Control,
    clock: Clock,
    sources: Sources | None = None,
    cassette: Cassette | None = None,
) -> Ran:
    """Trade an exchange's sandbox on its own bars until `control.stop` is set or `run.cycles` are done.

    What was sent is finished first; protective stops stay at the venue, and what remains open is told. Raises
    TraderError for whatever keeps the desk from working.
    """
    began = clock.monotonic()
    address, timeframe = address_of(settings), settings.run.timeframe or Timeframe.D1
    async with AsyncExitStack() as held:
        held.enter_context(workspace.hold())
        agents, used = await staffed(workspace, settings, sources, clock)
        observer.preparing(f"asking {address.name}", 0, 1)
        client = await held.enter_async_context(connected(address, keys, clock))
        rules = await client.prepare(settings.run.symbols)
        journal = held.enter_context(Journal.open(workspace.journal))
        reader = held.enter_context(JournalReader(workspace.journal))
        last = last_close(clock.now(), timeframe)
        book, opened_with, resumed = await open_book(reader, journal, client, rules, settings, clock, last)
        bars = PolledBars(
            client.exchange,
            address.name,
            {symbol: one.instrument for symbol, one in rules.items()},
            timeframe,
            book.opened_at - settings.venue.history * timeframe.duration,
        )
        await bars.read(clock.now())
        market = bars.market(clock.now())
        run_id = opening.start_run(journal, book, agents, market, used, clock)
        journal.commit()

        def stopped() -> str | None:
            return withheld(workspace.halt, dry_run=settings.run.dry_run)

        broker = CcxtBroker(client, ledger_of(reader, book, rules), rules, opened_with, clock, stopped)
        keeper = Keeper(broker, book.id, journal, clock, stopped)
        _abandon(reader, journal, book, clock)
        models = await held.enter_async_context(
            asked_models(
                settings,
                agents,
                reader,
                book,
                run_id,
                clock,
                folder=workspace.cache,
                note=observer.note,
                cassette=cassette,
            )
        )
        forecaster = opening.forecaster_of(workspace, settings)
        observer = watched(
            observer,
            workspace,
            settings,
            forecaster.promoted,
            lambda at: bars.market(at).view(at),
            journal.append,
        )
        desk = assemble(
            book,
            settings,
            agents,
            bars.market(book.opened_at),
            LiveToolbox(),
            forecaster,
            journal,
            broker,
            stopped,
            clock,
            models,
        )
        desk = replace(desk, pace=Pace(desk.limits.value("order_rate"), clock))
        prior = opening.prior_forecasts(workspace, desk, book.opened_at, observer)
        index = Indexing.of(workspace, settings, book, reader, observer.note)
        held.callback(index.close)
        refit = settings.desk.refit_bars
        rounds = Rounds(desk, keeper, Span((), None), run_id, refit, prior, reader, index)
        observer.opened(
            Opening(
                book=book,
                run=run_id,
                resumed=resumed,
                rounds=rounds.done + (settings.run.cycles or 0),
                done=rounds.done,
                agents=agents,
                notes=(*market.notes, *forecaster.notes),
                journal=workspace.journal,
            )
        )
        watch = Watch(settings, keeper, bars, clock, control, observer, stopped, rounds)
        try:
            trading = _trade(rounds, watch, book, settings.run.cycles)
            finished = await opening.ended(trading, journal, run_id, clock)
        finally:
            for sentence in keeper.still_open():
                observer.note(f"still works at {address.name}: {sentence}")
        market = bars.market(clock.now())
    return Ran(book, run_id, finished, workspace.journal, clock.monotonic() - began, market)


async def _trade(rounds: Rounds, watch: Watch, book: Book, cycles: int | None) -> bool:
    """Close after close, once the account is compared; True where as many as were asked for are done."""
    watch.tell(await watch.keeper.start())
    done = 0
    while cycles is None or done < cycles:
        due = await watch.next_round(book)
        if due is None:
            return False
        for text in await rounds.listen():
            watch.observer.note(text)
        rounds.know(watch.bars.market(due.as_of))
        async with watch.beside():
            closed = await rounds.take(due.as_of, due.late)
        watch.observer.round_closed(closed)
        for waits in rounds.waiting.known.values():
            watch.observer.note(asking(waits.asked.order))
        await watch.keeper.refresh()
        done += not due.late
    return True


def _abandon(reader: JournalReader, journal: Journal, book: Book, clock: Clock) -> None:
    """A round that a killed process left open is not decided later, at prices that have gone by.

    What it had sent is at the venue, and is found there.
    """
    unclosed = reader.open_round(book.id)
    if unclosed is None:
        return
    text = f"the round of {unclosed.as_of:%Y-%m-%d %H:%M} UTC was interrupted, and is not run again"
    journal.append(
        Noted(book=book.id, round=unclosed.round, at=clock.now(), kind="round_abandoned", text=text),
        RoundClosed(round=unclosed.round, book=book.id, as_of=unclosed.as_of, at=clock.now()),
    )
    journal.commit()
