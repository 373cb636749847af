"""The truth of a small exchange: orders, trades and balances on exact decimals, and the rules it enforces.

It speaks no protocol (`binance.py` does) and knows nothing of `trader`: what it says happened is what tests
compare with.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

D = Decimal
ZERO = D(0)
TICK, LOT, MIN_NOTIONAL, MAX_QUANTITY = D("0.01"), D("0.00001"), D(5), D(9000)
OPEN = ("NEW", "PARTIALLY_FILLED")
MAX_ORDERS = 20
MAX_STOPS = 5


class Refusal(Exception):
    """An answer that is an error: the HTTP status, the venue's code, its words."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass(frozen=True)
class Listing:
    """A market: its smallest steps and its filters."""

    base: str
    quote: str
    tick: Decimal = TICK
    lot: Decimal = LOT
    min_notional: Decimal = MIN_NOTIONAL
    max_quantity: Decimal = MAX_QUANTITY
    types: tuple[str, ...] = ("LIMIT", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT")

    @property
    def symbol(self) -> str:
        return self.base + self.quote


@dataclass
class Placed:
    """An order as the venue has it."""

    id: int
    client_id: str
    symbol: str
    side: str
    type: str
    quantity: Decimal
    price: Decimal
    stop: Decimal
    time_in_force: str
    at_ms: int
    status: str = "NEW"
    filled: Decimal = ZERO
    spent: Decimal = ZERO
    triggered: bool = False
    updated_ms: int = 0

    @property
    def left(self) -> Decimal:
        return self.quantity - self.filled

    @property
    def open(self) -> bool:
        return self.status in OPEN

    @property
    def waits_for_stop(self) -> bool:
        return self.type.startswith("STOP_LOSS") and not self.triggered


@dataclass(frozen=True)
class Trade:
    """Units that changed hands."""

    id: int
    order: int
    symbol: str
    buyer: bool
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    at_ms: int


@dataclass
class Exchange:
    """One account. A market trades when `print_trade` says so, and at once where `liquid`."""

    listings: dict[str, Listing]
    balances: dict[str, Decimal]
    now_ms: Callable[[], int]
    fee: Decimal = ZERO
    """Share of what is received, and charged in it."""
    fee_asset: str = ""
    """Where set, fees are converted at `fee_rate` and charged in this asset."""
    liquid: bool = False
    last: dict[str, Decimal] = field(default_factory=dict)
    orders: dict[int, Placed] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)
    depth: Decimal | None = None
    """Units that one new order can take at once, where the market is liquid; None: as many as it wants."""

    def place(
        self,
        symbol: str,
        side: str,
        type_: str,
        quantity: Decimal,
        price: Decimal = ZERO,
        stop: Decimal = ZERO,
        time_in_force: str = "GTC",
        client_id: str = "",
    ) -> Placed:
        listing = self.listing(symbol)
        self._check(listing, side, type_, quantity, price, stop)
        if any(one.open and one.client_id == client_id for one in self.orders.values()):
            raise Refusal(-2010, "Duplicate order sent.")
        number = len(self.orders) + 1
        one = Placed(
            number,
            client_id or f"own{number}",
            symbol,
            side,
            type_,
            quantity,
            price,
            stop,
            time_in_force,
            self.now_ms(),
            updated_ms=self.now_ms(),
        )
        self._check_funds(listing, one)
        self.orders[number] = one
        if (self.liquid or type_ == "MARKET") and symbol in self.last:
            self._match(one, self.last[symbol], self.depth)
        if one.open and (type_ == "MARKET" or time_in_force in ("IOC", "FOK")):
            self._finish(one, "EXPIRED")
        return one

    def cancel(self, one: Placed) -> None:
        if not one.open:
            raise Refusal(-2011, "Unknown order sent.")
        self._finish(one, "CANCELED")

    def end(self, client_id: str, status: str) -> None:
        """The venue itself ends an order: EXPIRED, CANCELED, REJECTED."""
        self._finish(self.of_client(client_id), status)

    def print_trade(self, symbol: str, price: Decimal, quantity: Decimal | None = None) -> None:
        """The market trades at a price; so many units are there for this account's orders."""
        self.last[symbol] = price
        left = quantity
        for one in list(self.orders.values()):
            if one.symbol == symbol and one.open and (left is None or left > 0):
                before = one.filled
                self._match(one, price, left)
                left = left if left is None else left - (one.filled - before)

    def of_client(self, client_id: str) -> Placed:
        """The newest order with this id. Raises Refusal."""
        for one in reversed(self.orders.values()):
            if one.client_id == client_id:
                return one
        raise Refusal(-2013, "Order does not exist.")

    def open_orders(self, symbol: str = "") -> Iterator[Placed]:
        return (one for one in self.orders.values() if one.open and symbol in ("", one.symbol))

    def locked(self, asset: str) -> Decimal:
        total = ZERO
        for one in self.open_orders():
            listing = self.listings[one.symbol]
            if one.side == "SELL" and listing.base == asset:
                total += one.left
            if one.side == "BUY" and listing.quote == asset:
                total += one.left * (one.price or one.stop)
        return total

    def free(self, asset: str) -> Decimal:
        return self.balances.get(asset, ZERO) - self.locked(asset)

    def listing(self, symbol: str) -> Listing:
        if symbol not in self.listings:
            raise Refusal(-1121, "Invalid symbol.")
        return self.listings[symbol]

    def _check(
        self, listing: Listing, side: str, type_: str, quantity: Decimal, price: Decimal, stop: Decimal
    ) -> None:
        if type_ not in listing.types:
            raise Refusal(-1116, "Invalid orderType.")
        if quantity <= 0 or quantity % listing.lot or quantity > listing.max_quantity:
            raise Refusal(-1013, "Filter failure: LOT_SIZE")
        for one in (price, stop):
            if one < 0 or one % listing.tick:
                raise Refusal(-1013, "Filter failure: PRICE_FILTER")
        last = self.last.get(listing.symbol)
        at = price or stop or last or ZERO
        if quantity * at < listing.min_notional:
            raise Refusal(-1013, "Filter failure: NOTIONAL")
        if last and price and not last / 5 <= price <= last * 5:
            raise Refusal(-1013, "Filter failure: PERCENT_PRICE_BY_SIDE")
        if last and stop and (last <= stop if side == "SELL" else last >= stop):
            raise Refusal(-2010, "Stop price would trigger immediately.")
        working = [one for one in self.open_orders(listing.symbol)]
        if len(working) >= MAX_ORDERS:
            raise Refusal(-1013, "Filter failure: MAX_NUM_ORDERS")
        if stop and sum(one.waits_for_stop for one in working) >= MAX_STOPS:
            raise Refusal(-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")

    def _check_funds(self, listing: Listing, one: Placed) -> None:
        if one.side == "SELL":
            short = one.quantity > self.free(listing.base)
        else:
            price = one.price or one.stop or self.last.get(listing.symbol, ZERO)
            short = one.quantity * price > self.free(listing.quote)
        if short:
            raise Refusal(-2010, "Account has insufficient balance for requested action.")

    def _match(self, one: Placed, price: Decimal, most: Decimal | None) -> None:
        if one.waits_for_stop:
            if price <= one.stop if one.side == "SELL" else price >= one.stop:
                one.triggered = True
            else:
                return
        if one.price and (price > one.price if one.side == "BUY" else price < one.price):
            return
        units = one.left if most is None else min(one.left, most)
        if units > 0:
            self._trade(one, price, units)

    def _trade(self, one: Placed, price: Decimal, units: Decimal) -> None:
        listing = self.listings[one.symbol]
        buying = one.side == "BUY"
        received, asset = (units, listing.base) if buying else (units * price, listing.quote)
        fee = (received * self.fee).quantize(D("0.00000001"))
        if self.fee_asset:
            fee, asset = (units * price * self.fee / 100).quantize(D("0.00000001")), self.fee_asset
        sign = 1 if buying else -1
        self._move(listing.base, sign * units)
        self._move(listing.quote, -sign * units * price)
        self._move(asset, -fee)
        one.filled += units
        one.spent += units * price
        one.status = "FILLED" if one.left == 0 else "PARTIALLY_FILLED"
        one.updated_ms = self.now_ms()
        self.trades.append(
            Trade(len(self.trades) + 1, one.id, one.symbol, buying, price, units, fee, asset, self.now_ms())
        )

    def _move(self, asset: str, amount: Decimal) -> None:
        self.balances[asset] = self.balances.get(asset, ZERO) + amount

    def _finish(self, one: Placed, status: str) -> None:
        one.status, one.updated_ms = status, self.now_ms()
