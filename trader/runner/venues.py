"""Where the account of a book lives, as its rounds see it: in the bars of a replay, or at a venue."""

from datetime import datetime
from typing import Protocol

from trader.brokers.broker import BookBroker
from trader.brokers.paper import MarketStep, PaperBroker
from trader.clock import SetClock
from trader.data.market import Market
from trader.runner.market_step import actions_between
from trader.runner.opening import Span


class Venue(Protocol):
    """Between two rounds something happens to the account."""

    @property
    def broker(self) -> BookBroker:
        """Where orders go."""
        ...

    def arrive(self, as_of: datetime) -> None:
        """A bar has closed at this moment."""
        ...

    async def step(self, as_of: datetime) -> MarketStep:
        """Let everything happen to the account that comes before this close."""
        ...


class PaperVenue:
    """The bars of a replay: each close moves the clock, and its bars meet the orders that wait for them."""

    def __init__(self, broker: PaperBroker, market: Market, span: Span, clock: SetClock) -> None:
        self.broker = broker
        self._market, self._span, self._clock = market, span, clock

    def arrive(self, as_of: datetime) -> None:
        """The clock is at this close."""
        self._clock.set(as_of)

    async def step(self, as_of: datetime) -> MarketStep:
        """Its bars, and the actions that came into effect since the close before."""
        symbols = self.broker.ledger.book.symbols
        index = self._span.closes.index(as_of)
        before = self._span.closes[index - 1] if index else self._span.before
        bars = {s: bar for s in symbols if (bar := self._market.bar_at(s, as_of)) is not None}
        return self.broker.advance(bars, actions_between(self._market, symbols, before, as_of))
