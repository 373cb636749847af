"""Where the account of a book lives, as its rounds see it: in the bars of a replay, or at a venue."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from trader.brokers.broker import BookBroker
from trader.brokers.paper import MarketStep, PaperBroker
from trader.brokers.rates import rates_at
from trader.clock import SetClock
from trader.data.market import Market
from trader.domain.portfolio import Rate
from trader.risk.facts import Quote
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

    async def quotes(self) -> dict[str, Quote]:
        """The best prices now, by symbol; none where there are only bars."""
        ...

    async def step(self, as_of: datetime, between: bool = False) -> MarketStep:
        """Let everything happen to the account that comes before this close.

        `between` two closes, where a bar has come late: orders for one bar go on.
        """
        ...


class PaperVenue:
    """The bars of a replay: each close moves the clock, and its bars meet the orders that wait for them."""

    def __init__(
        self, broker: PaperBroker, market: Market, span: Span, clock: SetClock, pairs: Sequence[str] = ()
    ) -> None:
        """`pairs` of the market give the rates of other currencies than the book's."""
        self.broker, self._pairs = broker, pairs
        self._market, self._span, self._clock = market, span, clock

    def arrive(self, as_of: datetime) -> None:
        """The clock is at this close, and rates are as of it."""
        self._clock.set(as_of)
        self.broker.rates = self._rates(as_of)

    async def quotes(self) -> dict[str, Quote]:
        """A replay has bars only."""
        return {}

    async def step(self, as_of: datetime, between: bool = False) -> MarketStep:
        """Its bars, and the actions that came into effect since the close before. Here none comes late."""
        symbols = self.broker.ledger.book.symbols
        index = self._span.closes.index(as_of)
        before = self._span.closes[index - 1] if index else self._span.before
        bars = {s: bar for s in symbols if (bar := self._market.bar_at(s, as_of)) is not None}
        actions = actions_between(self._market, symbols, before, as_of)
        return self.broker.advance(bars, actions, self._rates(before) if before else {})

    def _rates(self, as_of: datetime) -> dict[str, Rate]:
        return rates_at(self._market.view(as_of), self._pairs, self.broker.ledger.book.currency)
