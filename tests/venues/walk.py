"""A market that moves by itself, on a clock that runs as fast as a test wants."""

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.venues.binance import Bar
from tests.venues.server import StandIn

START = datetime(2025, 3, 3, tzinfo=UTC)
TICK = Decimal("0.01")


@dataclass
class FastClock:
    """Now runs `factor` times as fast as the wall; the stopwatch is the wall's."""

    start: datetime
    factor: float
    _began: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=(time.monotonic() - self._began) * self.factor)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Walk:
    """A random walk with a drift: the bar of a moment is the same whenever it is asked for."""

    clock: FastClock
    minutes: int = 15
    past: int = 400
    seed: int = 7
    drift: float = 0.003
    swing: float = 0.001
    """So much smaller than the drift that no stop is reached, however many bars a slow machine lets pass."""
    closes: list[float] = field(default_factory=lambda: [30_000.0])

    def bars(self, symbol: str, interval: str) -> list[Bar]:
        """From `past` bars before the start to the one that is being made."""
        length = timedelta(minutes=self.minutes)
        count = self.past + int((self.clock.now() - self.clock.start) / length) + 1
        return [self._bar(number) for number in range(count)]

    def last(self) -> Decimal:
        """What the market trades at now."""
        return Decimal(self.bars("", "")[-1][4])

    def _bar(self, number: int) -> Bar:
        while len(self.closes) <= number + 1:
            step = random.Random(self.seed * 1_000_003 + len(self.closes)).gauss(self.drift, self.swing)
            self.closes.append(self.closes[-1] * (1 + step))
        opened, closed = self.closes[number], self.closes[number + 1]
        at = self.clock.start + timedelta(minutes=self.minutes) * (number - self.past)
        prices = (opened, max(opened, closed) * 1.001, min(opened, closed) * 0.999, closed)
        first, high, low, last = (str(Decimal(price).quantize(TICK)) for price in prices)
        return int(at.timestamp() * 1000), first, high, low, last, "12.5"


def moved_by(venue: StandIn, symbol: str, walk: Walk) -> StandIn:
    """The venue's market is this walk: orders meet its price of the moment they arrive."""

    def bars(asked: str, interval: str) -> list[Bar]:
        return walk.bars(asked, interval)

    answer = venue.venue.answer

    def moving(method: str, path: str, query: str, headers: object) -> object:
        price = walk.last()
        if venue.exchange.last.get(symbol) != price:
            venue.exchange.print_trade(symbol, price)
        return answer(method, path, query, headers)  # type: ignore[arg-type]

    venue.venue.bars = bars
    venue.venue.answer = moving  # type: ignore[method-assign]
    return venue
