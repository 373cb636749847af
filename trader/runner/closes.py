"""When the next round of a venue is due, and what is done until then and beside it: the account is kept."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from trader.brokers.reconcile import Report
from trader.clock import Clock
from trader.data.feeds.ccxt import PolledBars
from trader.domain.errors import TraderError
from trader.domain.market import Timeframe
from trader.domain.portfolio import Book
from trader.runner.keeping import Keeper
from trader.runner.rounds import Rounds
from trader.runner.watching import Control, Observer
from trader.settings import Settings

LOOK_S = 0.05
"""How often a run that waits looks whether it is to stop."""


@dataclass(frozen=True)
class Due:
    """A round to be taken now."""

    as_of: datetime
    """The close; or when bars that were late had been heard of, to the second above."""
    late: Mapping[str, datetime] = field(default_factory=dict)
    """Symbols whose bar has come after the round of its close, and that close."""


class Watch:
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
        self._late: dict[str, datetime] = {}
        """Symbols that the last round went on without, and its close."""
        self._last: datetime | None = None
        """The close that was looked at last."""

    async def next_round(self, book: Book) -> Due | None:
        """The next close, once its bars are here, or a bar that has come late; None where people stop before.

        A symbol whose bar is not there half a bar later has none: the round goes on without it, and it has a
        round of its own should it come before the next close. A close that went by during the last round is
        taken up for as long.
        """
        length, wait = book.timeframe.duration, timedelta(seconds=self._venue.poll_s)
        close, look = self._next_close(book.timeframe), self._clock.now()
        due = close + timedelta(seconds=self._venue.grace_s)
        while not self._control.stop:
            now = self._clock.now()
            if now >= due:
                await self._read(now)
                late = [symbol for symbol in book.symbols if not self.bars.has(symbol, close)]
                if not late or now >= close + length / 2:
                    self._last, self._late = close, dict.fromkeys(late, close)
                    if len(late) < len(book.symbols):
                        self._tell_late(late, close)
                        return Due(close)
                    self._note(f"no bar closed at {close:%Y-%m-%d %H:%M} UTC: nothing is decided")
                    close = self._next_close(book.timeframe)
                    due = close + timedelta(seconds=self._venue.grace_s)
                else:
                    due = now + wait
            elif self._late and now >= look:
                look = now + wait
                if found := await self._come(close):
                    return found
            await self._look_after(now)
            await asyncio.sleep(LOOK_S)
        return None

    def _next_close(self, timeframe: Timeframe) -> datetime:
        """Closes of before the run are not made up for."""
        now, length = self._clock.now(), timeframe.duration
        gone = last_close(now, timeframe)
        if self._last is None:
            self._last = gone
        return gone if self._last < gone and now < gone + length / 2 else gone + length

    async def _come(self, before: datetime) -> Due | None:
        """Bars that were late and are here by now, before the next close."""
        await self._read(self._clock.now())
        here = {symbol: at for symbol, at in self._late.items() if self.bars.has(symbol, at)}
        heard = (self._clock.now() + timedelta(seconds=1)).replace(microsecond=0)
        if not here or heard >= before:
            return None
        self._late = {symbol: at for symbol, at in self._late.items() if symbol not in here}
        self._note(f"the bar of {', '.join(here)} has come late, and has a round of its own")
        return Due(heard, here)

    def _tell_late(self, late: Sequence[str], close: datetime) -> None:
        if late:
            self._note(
                f"the bar of {', '.join(late)} that closed at {close:%Y-%m-%d %H:%M} UTC "
                "is not here: the round goes on without it"
            )

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
        halted, pulled = self._halted(), self._pulled
        self._pulled = halted is not None
        if halted is not None:
            self._note(f"{halted}; nothing is sent")
        due = now - self._polled >= timedelta(seconds=self._venue.poll_s)
        if halted is not None and (due or not pulled):
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
