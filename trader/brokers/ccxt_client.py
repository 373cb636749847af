"""One account at an exchange, asked through ccxt: each request sent once, each answer checked or an error.

Nothing here decides anything; what an answer means for an order is in `ccxt_broker.py`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar

from trader.brokers.ccxt_answers import (
    account_of,
    balances_of,
    order_of,
    orders_of,
    quote_of,
    trades_of,
)
from trader.brokers.ccxt_dialects import Dialect, dialect_of
from trader.brokers.ccxt_rules import Rules, rules_of
from trader.brokers.position_mode import check_kept
from trader.brokers.venue_account import VenueOrder, VenueTrade
from trader.clock import Clock
from trader.data.feeds.ccxt_errors import (
    NotThere,
    RefusedByVenue,
    Silent,
    Throttled,
    Unanswered,
    Unbelievable,
    Withheld,
    asked,
)
from trader.data.feeds.ccxt_exchange import Address, Exchange, Keys, opened
from trader.domain.errors import Refused, TraderError
from trader.domain.ids import ClientOrderId
from trader.domain.orders import Order, TimeInForce
from trader.domain.value import plain
from trader.risk.facts import Quote

Answer = TypeVar("Answer")

PAGE = 500
"""Trades and orders in one answer."""
PAUSE_S = 10.0
"""How long a venue is left alone that wants fewer requests and does not say for how long."""


class CcxtClient:
    """Requests and answers. Raises of `ccxt_errors`: RefusedByVenue, NotThere, or Unanswered and its kin."""

    def __init__(self, exchange: Exchange, address: Address, clock: Clock) -> None:
        self.address = address
        self.exchange, self._clock = exchange, clock
        self._dialect: Dialect = dialect_of(address.exchange)
        self._secrets = tuple(
            secret for secret in (exchange.apiKey, exchange.secret) if isinstance(secret, str) and secret
        )
        self._silent_until = 0.0
        self._look: Callable[[], str | None] = _nothing

    @property
    def window_s(self) -> float:
        """How long after it was signed a request may still be carried out."""
        return self.address.recv_window_ms / 1000

    async def prepare(self, symbols: tuple[str, ...]) -> dict[str, Rules]:
        """Read the venue's clock and the rules of its markets; those of `symbols`. Raises TraderError.

        UsageError where it keeps positions in a way that this program does not.
        """
        check_kept(self.address.name, self._dialect.positions)
        try:
            await self._ask(self.exchange.load_time_difference())
            await self._ask(self.exchange.load_markets())
        except (Unanswered, RefusedByVenue) as error:
            raise TraderError(
                f"{self.address.name} does not answer: {error.message}",
                hint="is the network up?",
            ) from None
        return {symbol: rules_of(self.exchange, self.address.exchange, symbol) for symbol in symbols}

    async def whose(self) -> tuple[str, dict[str, Decimal]]:
        """The account's name at the venue, and what it owns. An answer proves that the keys fit."""
        try:
            answer = await self._ask(self.exchange.fetch_balance())
        except (Unanswered, RefusedByVenue) as error:
            raise Refused(
                f"{self.address.name} does not show its account: {error.message}",
                hint="the keys in .env must be those of its sandbox: docs/trading-a-sandbox.md",
            ) from None
        return account_of(answer), balances_of(answer)

    async def balances(self) -> dict[str, Decimal]:
        """What the account owns of each asset, free and locked."""
        return balances_of(await self._ask(self.exchange.fetch_balance()))

    def look_before_sending(self) -> None:
        """From now on `create` looks once more when its first byte is due: after pacing, and connecting."""
        from aiohttp import TraceConfig  # ccxt has it loaded by now

        self.exchange.open()
        looking = TraceConfig()
        looking.on_request_headers_sent.append(self._about_to_leave)
        looking.freeze()
        self.exchange.session.trace_configs.append(looking)

    async def _about_to_leave(self, session: object, context: object, request: Any) -> None:
        """Aiohttp calls this before it writes anything of a request. Raises Withheld."""
        if request.method == "POST" and (halted := self._look()) is not None:
            raise Withheld(halted)

    async def create(
        self, order: Order, quantity: Decimal, halted: Callable[[], str | None] = lambda: None
    ) -> VenueOrder:
        """Send an order, once. The answer is believed only where it is about this very order.

        Raises Withheld, and has sent nothing, where `halted` gives a reason when the first byte is due.
        """
        self._look = halted
        try:
            return await self._created(order, quantity)
        finally:
            self._look = _nothing

    async def _created(self, order: Order, quantity: Decimal) -> VenueOrder:
        kind = "limit" if order.limit_price is not None else "market"
        params: dict[str, str] = {"clientOrderId": order.client_id}
        if order.stop_price is not None:
            params["stopLossPrice"] = plain(order.stop_price)
        if order.time_in_force is TimeInForce.IOC and order.limit_price is not None:
            params["timeInForce"] = "IOC"
        price = plain(order.limit_price) if order.limit_price is not None else None
        answer = await self._ask(
            self.exchange.create_order(order.symbol, kind, order.side.value, plain(quantity), price, params),
            self._dialect.refusals,
        )
        placed = order_of(answer)
        if not _same(placed, order, quantity):
            raise Unbelievable(f"the answer to {order.client_id} is about another order: {placed}")
        return placed

    async def cancel(self, client_id: ClientOrderId, symbol: str) -> None:
        """Ask for the end of an order. Its answer is not read: it has another id, and says too little."""
        await self._ask(self.exchange.cancel_order(None, symbol, {"clientOrderId": client_id}))

    async def find(self, client_id: ClientOrderId, symbol: str) -> VenueOrder:
        """The order with this client id, asked for or looked for. Raises NotThere."""
        if not self._dialect.by_client_id:
            return await self._scan(client_id, symbol)
        answer = await self._ask(self.exchange.fetch_order(None, symbol, {"clientOrderId": client_id}))
        found = order_of(answer)
        if found.client_id != client_id:
            raise Unbelievable(f"asked for {client_id}, the venue told of {found.client_id}")
        return found

    async def by_venue_id(self, venue_id: str, symbol: str) -> VenueOrder:
        """The order that the venue calls so. Raises NotThere."""
        return order_of(await self._ask(self.exchange.fetch_order(venue_id, symbol)))

    async def quote(self, symbol: str) -> Quote:
        """The best prices now."""
        return quote_of(await self._ask(self.exchange.fetch_ticker(symbol)))

    async def open_orders(self, symbol: str) -> tuple[VenueOrder, ...]:
        """Everything of the account that works in `symbol`."""
        return orders_of(await self._ask(self.exchange.fetch_open_orders(symbol)))

    async def trades(self, symbol: str, after: int) -> AsyncIterator[tuple[VenueTrade, ...]]:
        """The account's trades in `symbol` with an id above `after`, page by page, oldest first."""
        while True:
            params = {self._dialect.trade_cursor: after + 1}
            answer = await self._ask(self.exchange.fetch_my_trades(symbol, None, PAGE, params))
            page = tuple(trade for trade in trades_of(answer) if trade.rank[0] > after)
            if not page:
                return
            yield page
            if len(page) < PAGE:
                return
            after = page[-1].rank[0]

    async def last_trade(self, symbol: str) -> int:
        """The id of the account's newest trade in `symbol`; 0 where it has none."""
        page = trades_of(await self._ask(self.exchange.fetch_my_trades(symbol, None, 1)))
        return page[-1].rank[0] if page else 0

    async def _scan(self, client_id: ClientOrderId, symbol: str) -> VenueOrder:
        """Look through what works and through what has ended lately."""
        for orders in (
            await self.open_orders(symbol),
            orders_of(await self._ask(self.exchange.fetch_orders(symbol, None, PAGE))),
        ):
            for one in reversed(orders):
                if one.client_id == client_id:
                    return one
        raise NotThere(f"{client_id}: neither among the open orders nor among the recent ones")

    async def _ask(self, request: Awaitable[Answer], codes: frozenset[int] = frozenset()) -> Answer:
        """Ask, unless the venue has asked for silence: then raises Silent."""
        left = self._silent_until - self._clock.monotonic()
        if left > 0:
            if hasattr(request, "close"):
                request.close()
            raise Silent(f"not sent: the venue wants no request for another {left:.0f} s")
        try:
            return await asked(request, self._secrets, codes)
        except Throttled:
            self._silent_until = self._clock.monotonic() + self._pause_s()
            raise
        except RefusedByVenue as error:
            if "InvalidNonce" in error.message:
                await asked(self.exchange.load_time_difference(), self._secrets)
            raise

    def _pause_s(self) -> float:
        """What the venue's last answer says of how long to wait."""
        headers = self.exchange.last_response_headers or {}
        told = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
        return float(told) if str(told).isdecimal() else PAUSE_S


def _nothing() -> None:
    """No reason to hold anything back."""


def _same(placed: VenueOrder, order: Order, quantity: Decimal) -> bool:
    """Whether the venue tells of what it was asked for. What it adds (an average price) does not count."""
    return (
        (placed.client_id, placed.symbol, placed.side, placed.quantity)
        == (order.client_id, order.symbol, order.side, quantity)
        and order.limit_price in (None, placed.limit_price)
        and order.stop_price in (None, placed.stop_price)
    )


@asynccontextmanager
async def connected(address: Address, keys: Keys, clock: Clock) -> AsyncIterator[CcxtClient]:
    """A client of the exchange's sandbox until the block ends. Raises as `ccxt_exchange.opened`."""
    async with opened(address, keys) as exchange:
        client = CcxtClient(exchange, address, clock)
        client.look_before_sending()
        yield client
