"""The clock of a venue: each close of its bars, as it comes, is a round; in between the account is kept."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from trader.brokers.ccxt_broker import CcxtBroker
from trader.brokers.ccxt_client import connected
from trader.brokers.pacing import Pace
from trader.brokers.reconcile import Report
from trader.clock import Clock
from trader.data.feeds.ccxt import PolledBars
from trader.data.feeds.ccxt_exchange import Keys
from trader.domain.errors import TraderError
from trader.domain.market import Timeframe
from trader.domain.portfolio import Book
from trader.graph.assembly import assemble
from trader.journal.reader import JournalReader
from trader.journal.records import Noted, RoundClosed
from trader.journal.writer import Journal
from trader.llm.cassette import Cassette
from trader.risk.killswitch import halted
from trader.runner import opening
from trader.runner.asking import asked_models, staffed
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

LOOK_S = 0.05
"""How often a run that waits looks whether it is to stop."""


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
            return halted(workspace.halt)

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
        watch = _Watch(settings, keeper, bars, clock, control, observer, stopped, rounds)
        try:
            trading = _trade(rounds, watch, book, settings.run.cycles)
            finished = await opening.ended(trading, journal, run_id, clock)
        finally:
            for sentence in keeper.still_open():
                observer.note(f"still works at {address.name}: {sentence}")
        market = bars.market(clock.now())
    return Ran(book, run_id, finished, workspace.journal, clock.monotonic() - began, market)


async def _trade(rounds: Rounds, watch: "_Watch", book: Book, cycles: int | None) -> bool:
    """Close after close, once the account is compared; True where as many as were asked for are done."""
    watch.tell(await watch.keeper.start())
    done = 0
    while cycles is None or done < cycles:
        close = await watch.next_close(book)
        if close is None:
            return False
        rounds.know(watch.bars.market(close))
        async with watch.beside():
            closed = await rounds.take(close)
        watch.observer.round_closed(closed)
        for waits in rounds.waiting.known.values():
            watch.observer.note(asking(waits.asked.order))
        await watch.keeper.refresh()
        done += 1
    return True


class _Watch:
    """What is done between two rounds and beside them: looking after the account, waiting for bars."""

    def __init__(
        self,
        settings: Settings,
        keeper: Keeper,
        bars: PolledBars,
        clock: Clock,
        control: Control,
        observer: Observer,
        halted: Callable[[], str | None],
        rounds: Rounds,
    ) -> None:
        self._rounds = rounds
        self.keeper, self.bars, self.observer = keeper, bars, observer
        self._venue, self._clock, self._control, self._halted = settings.venue, clock, control, halted
        self._polled = self._reconciled = clock.now()
        self._pulled = False
        """Whether the desk was halted at the last look."""
        self._told: set[str] = set()

    async def next_close(self, book: Book) -> datetime | None:
        """The next close, once its bars are here; None where people want to stop before.

        A symbol whose bar is not there half a bar later has none: the round goes on without it.
        """
        close = last_close(self._clock.now(), book.timeframe) + book.timeframe.duration
        due = close + timedelta(seconds=self._venue.grace_s)
        latest = close + book.timeframe.duration / 2
        while not self._control.stop:
            now = self._clock.now()
            if now >= due:
                await self._read(now)
                if now >= latest or all(self.bars.has(symbol, close) for symbol in book.symbols):
                    late = [symbol for symbol in book.symbols if not self.bars.has(symbol, close)]
                    if len(late) < len(book.symbols):
                        if late:
                            self._note(
                                f"the bar of {', '.join(late)} that closed at {close:%Y-%m-%d %H:%M} UTC "
                                "is not here: the round goes on without it"
                            )
                        return close
                    self._note(f"no bar closed at {close:%Y-%m-%d %H:%M} UTC: nothing is decided")
                    return await self.next_close(book)
                due = now + timedelta(seconds=self._venue.poll_s)
            await self._look_after(now)
            await asyncio.sleep(LOOK_S)
        return None

    async def _read(self, now: datetime) -> None:
        try:
            await self.bars.read(now)
        except TraderError as error:
            self._note(f"bars: {error.message}")

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Look after the account while a round waits for its models.

        The round has taken its account as a value, and sees nothing of it. What was begun is finished.
        """
        over = asyncio.Event()

        async def keep() -> None:
            while not over.is_set():
                await self._poll(self._clock.now())
                await asyncio.sleep(LOOK_S)

        keeping = asyncio.create_task(keep())
        try:
            yield
        finally:
            over.set()
            await keeping

    async def _look_after(self, now: datetime) -> None:
        """Poll, hear what people ask, and compare the account."""
        if not await self._poll(now):
            return
        for text in await self._rounds.listen():
            self.observer.note(text)
        if now - self._reconciled >= timedelta(seconds=self._venue.reconcile_s):
            self._reconciled = now
            self.tell(await self.keeper.reconcile())

    async def _poll(self, now: datetime) -> bool:
        """Look at working orders where it is time, and end entries under HALT, at once when it comes."""
        halted, pulled = self._halted() is not None, self._pulled
        self._pulled = halted
        due = now - self._polled >= timedelta(seconds=self._venue.poll_s)
        if halted and (due or not pulled):
            for client_id in await self.keeper.cancel_entries():
                self._note(f"halted, and the end of {client_id} is not confirmed")
        if due:
            self._polled = now
            await self.keeper.refresh()
        return due

    def tell(self, report: Report) -> None:
        """Every difference, once."""
        for difference in report.explained:
            self._note(difference.sentence)
        for difference in report.inexplicable:
            self._note(f"{difference.sentence}: nothing is opened until that is explained")

    def _note(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self.observer.note(text)


def last_close(now: datetime, timeframe: Timeframe) -> datetime:
    """The latest moment, not after `now`, at which a bar of a market that never closes has closed."""
    length = int(timeframe.duration.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // length * length, UTC)


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
