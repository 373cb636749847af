"""The ccxt adapter between the stand-in of its venue and a journal in memory."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from pydantic import SecretStr

from tests.brokers.street import BOOK
from tests.venues.binance import KEY, SECRET
from tests.venues.exchange import Listing
from tests.venues.server import StandIn, serving, stand_in
from trader.brokers.ccxt_broker import MARGIN_S, CcxtBroker
from trader.brokers.ccxt_client import CcxtClient, connected
from trader.brokers.foreign import Opening
from trader.brokers.ledger import Row, fold
from trader.brokers.reconcile import Report
from trader.clock import SystemClock
from trader.data.feeds.ccxt_exchange import Address, Keys
from trader.domain.ids import ClientOrderId
from trader.domain.orders import Fill, Order, OrderEvent, OrderState
from trader.domain.portfolio import Account
from trader.journal.records import AccountMoved, FillReceived, OrderChanged, OrderIntended
from trader.journal.writer import Memorandum
from trader.runner.keeping import Keeper

D = Decimal
SHARE = Listing("AAPL", "USD", lot=D(1), min_notional=D(5))
SYMBOL = "AAPL/USD"
WINDOW_MS = 1000
PROTECTS = re.compile(r"^POST /order .*-s\d+$")


@dataclass
class LeapClock(SystemClock):
    """The machine's clock, whose stopwatch a test can move on."""

    leapt: float = field(default=0.0)

    def monotonic(self) -> float:
        return super().monotonic() + self.leapt

    def leap(self, seconds: float) -> None:
        self.leapt += seconds


class CcxtDesk:
    """Speaks of AAPL as the suite does; the venue lists it against the dollar."""

    def __init__(self, venue: StandIn, address: Address) -> None:
        self.venue, self._address = venue, address
        self.clock = LeapClock()
        self.book = BOOK.model_copy(update={"symbols": (SYMBOL,), "feed": "ccxt:binance", "calendar": "24/7"})
        self.journal = Memorandum()
        self.client: CcxtClient
        self.keeper: Keeper
        self.broker: CcxtBroker
        self.opening: Opening
        self.report: Report
        self._held = AsyncExitStack()

    async def open(self, first: bool = True) -> None:
        keys = Keys(SecretStr(KEY), SecretStr(SECRET))
        self.client = await self._held.enter_async_context(connected(self._address, keys, self.clock))
        rules = await self.client.prepare((SYMBOL,))
        if first:
            account, balances = await self.client.whose()
            trades = {SYMBOL: await self.client.last_trade(SYMBOL)}
            self.opening = Opening(account=account, balances=balances, trades=trades)
        ledger = fold(self.book, [one.instrument for one in rules.values()], self.rows)
        self.broker = CcxtBroker(self.client, ledger, rules, self.opening, self.clock)
        self.keeper = Keeper(self.broker, self.book.id, self.journal, self.clock)
        self.report = await self.keeper.start()

    async def close(self) -> None:
        await self._held.aclose()

    @property
    def rows(self) -> list[Row]:
        found: list[Row] = []
        for record in self.journal.records:
            match record:
                case OrderIntended(order=row) | OrderChanged(event=row) | FillReceived(fill=row):
                    found.append(row)
                case AccountMoved(entry=row):
                    found.append(row)
        return found

    @property
    def fills(self) -> list[Fill]:
        return [row for row in self.rows if isinstance(row, Fill)]

    @property
    def events(self) -> list[OrderEvent]:
        return [row for row in self.rows if isinstance(row, OrderEvent)]

    async def send(self, *orders: Order) -> list[OrderState]:
        states = []
        for one in orders:
            await self.keeper.send(listed(one))
            states.append(self.broker.ledger.orders[one.client_id].state)
        return states

    async def cancel(self, name: str) -> list[OrderState]:
        return [event.state for event in await self.keeper.cancel(ClientOrderId(name))]

    async def amend(self, name: str, **terms: Decimal) -> str:
        instead = await self.keeper.amend(ClientOrderId(name), **terms)
        return name if instead is None else instead.client_id

    def intend(self, one: Order) -> None:
        intended = OrderIntended(book=self.book.id, round="", order=listed(one), at=self.clock.now())
        self.journal.append(intended)

    async def trades_at(self, price: str, volume: int | None = None) -> None:
        """A tenth of what trades is for the desk, as on paper."""
        self.venue.exchange.print_trade("AAPLUSD", D(price), None if volume is None else D(volume) // 10)
        await self.keeper.step(self.clock.now())

    async def restart(self) -> None:
        """A new process, long enough after the old one that nothing of it can still arrive."""
        await self._held.aclose()
        self._held = AsyncExitStack()
        await self.open(first=False)
        await self.wait_out()

    async def wait_out(self) -> None:
        self.clock.leap(self.client.window_s + MARGIN_S)
        await self.keeper.refresh()

    def account(self, price: str) -> Account:
        cash = self.book.cash
        account = self.broker.account(self.clock.now(), {SYMBOL: D(price)}, cash, cash)
        positions = tuple(held.model_copy(update={"symbol": "AAPL"}) for held in account.positions)
        return account.model_copy(update={"positions": positions, "marks": {"AAPL": D(price)}})

    # What goes wrong

    def lose_reply(self, how: str = "none") -> None:
        """The venue takes the next order, and nobody hears of it."""
        self.venue.fault("POST /order", reply=how)

    def lose_request(self) -> None:
        """The next order never arrives."""
        self.venue.fault("POST /order", reply="none", apply=False)

    def lose_cancel_reply(self) -> None:
        self.venue.fault("DELETE /order", reply="none")

    def lose_cancel_request(self) -> None:
        """Neither the next cancel arrives, nor its silent second try."""
        self.venue.fault("DELETE /order", reply="none", apply=False, times=2)

    def fall_silent(self, requests: int) -> None:
        """The venue answers none of so many requests."""
        for on in ("GET /openOrders", "GET /order", "GET /myTrades", "GET /account"):
            self.venue.fault(on, reply="none", apply=False, times=requests)

    def speak_again(self) -> None:
        self.venue.faults.clear()

    def end_at_venue(self, name: str, status: str) -> None:
        self.venue.exchange.end(name, status)

    def trade_away(self, price: str, volume: int | None = None) -> None:
        """The market trades while the desk looks away."""
        self.venue.exchange.print_trade("AAPLUSD", D(price), None if volume is None else D(volume) // 10)

    def repeat_and_reorder(self) -> None:
        """The venue tells its fills newest first, and each twice."""
        self.venue.venue.shuffle = True

    def skew(self, seconds: float) -> None:
        """The venue's clock goes off."""
        self.venue.skew_ms = int(seconds * 1000)

    def at_venue(self, name: str) -> int:
        """How many orders of this id the venue has ever taken."""
        return sum(one.client_id == name for one in self.venue.exchange.orders.values())

    @property
    def orders_sent(self) -> int:
        """Requests that could have moved something, stops that protect left out."""
        return sum(
            one.startswith(("POST", "DELETE")) and not PROTECTS.search(one) for one in self.venue.venue.asked
        )

    @property
    def truth(self) -> tuple[Decimal, Decimal]:
        """Cash and units as the venue has them."""
        balances = self.venue.exchange.balances
        return balances["USD"], balances.get("AAPL", D(0))


def listed(one: Order) -> Order:
    return one.model_copy(update={"symbol": SYMBOL}) if one.symbol == "AAPL" else one


@asynccontextmanager
async def ccxt_desk(liquid: bool = False, share: Listing = SHARE) -> AsyncIterator[CcxtDesk]:
    """A desk with 100,000 dollars at a venue where AAPL is at 100; where liquid, orders fill at once."""
    venue = stand_in(share, liquid=liquid, USD="100000", AAPL="0")
    venue.exchange.last["AAPLUSD"] = D(100)
    async with serving(venue):
        desk = CcxtDesk(venue, Address("binance", venue.url, WINDOW_MS, timeout_s=2.0))
        await desk.open()
        try:
            yield desk
        finally:
            await desk.close()
