"""All that a ruling may rest on, as one value: the gate asks nothing else and nobody else."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from trader.domain.errors import OrderError
from trader.domain.instruments import Instrument
from trader.domain.orders import Order, OrderState, OrderType, Side
from trader.domain.portfolio import Account, WorkingOrder
from trader.domain.value import Amount, Moment, Number, Value

ZERO = Decimal(0)


class Quote(Value):
    """The best prices of one instrument now."""

    bid: Amount
    ask: Amount


class Breaker(Value):
    """No entries in this book from `since` on."""

    reason: str
    """Slug of the limit that tripped it."""
    since: Moment
    until: Moment | None
    """The first moment at which entries are allowed again; None: when a person resumes."""
    asked: Amount | None = None
    """What was measured, in the limit's unit."""
    permitted: Amount | None = None
    lifted: bool = False
    """A person has resumed."""

    def bars(self, now: Moment) -> bool:
        """Whether entries are barred at `now`."""
        return not self.lifted and self.since <= now and (self.until is None or now < self.until)


class Exposure(NamedTuple):
    """What one instrument may come to."""

    units: Decimal
    value: Decimal
    """In the book's currency, never negative."""


class Facts(Value):
    """One book at one moment. An increase opens or enlarges a position; everything else is a reduction.

    Orders that still work are counted as if they filled at their worst price, increases only: money and room
    that reductions will free are not there before they have filled.
    """

    account: Account
    """With the orders that work at the venue, and those reserved by `with_order`."""
    instruments: tuple[Instrument, ...]
    quotes: dict[str, Quote] = Field(default_factory=dict)
    """By symbol; none where the feed has only bars."""
    correlations: dict[str, Number] = Field(default_factory=dict)
    """`A|B`, in alphabetical order, -> correlation of returns. A pair that is missing counts as one."""
    data_age: dict[str, Number] = Field(default_factory=dict)
    """By symbol: bars of its calendar since the last bar's close. A symbol that is missing is refused."""
    entries_today: int = Field(default=0, ge=0)
    """Increases sent in this session."""
    requests_last_minute: int = Field(default=0, ge=0)
    """To the venue, by its clock; protective legs, cancels and simulated time do not count."""
    waiting: int = Field(default=0, ge=0)
    """Requests that the sender holds back to keep the venue's pace."""
    breakers: tuple[Breaker, ...] = ()
    """What has tripped; one that is lifted, or whose time is over, bars nothing."""
    now: Moment

    @model_validator(mode="after")
    def _one_multiplier(self) -> Self:
        for instrument in self.instruments:
            if self.account.multipliers.get(instrument.symbol, Decimal(1)) != instrument.multiplier:
                raise ValueError(f"{instrument.symbol}: the account values it with another multiplier")
        return self

    def instrument(self, symbol: str) -> Instrument:
        """The description of `symbol`. Raises OrderError where the book has none."""
        found = next((one for one in self.instruments if one.symbol == symbol), None)
        if found is None:
            raise OrderError(f"{symbol}: not an instrument of this book")
        return found

    def last(self, symbol: str) -> Decimal:
        """The last traded price. Raises OrderError where none is known."""
        price = self.account.marks.get(symbol)
        if price is None:
            raise OrderError(f"{symbol}: no price is known")
        return price

    def correlation(self, one: str, other: str) -> float:
        """Correlation of two symbols' returns; one where it is not known."""
        return self.correlations.get("|".join(sorted((one, other))), 1.0)

    def breaker(self, reason: str) -> Breaker | None:
        """The breaker of this limit that bars entries now; the longest where there are several."""
        barring = [one for one in self.breakers if one.reason == reason and one.bars(self.now)]
        return max(barring, key=lambda one: (one.until is None, one.until or one.since), default=None)

    def unresolved(self, symbol: str) -> WorkingOrder | None:
        """An order in `symbol` of which nobody has said whether it reached the venue."""
        return next(
            (
                working
                for working in self.account.working
                if working.order.symbol == symbol and working.state is OrderState.UNKNOWN
            ),
            None,
        )

    def increase(self, order: Order) -> Decimal:
        """How many of the order's units would open or enlarge a position.

        A reduce-only order has none. Another order reduces only what no working order may reduce before it:
        beyond that it would turn the position through zero, and that part is an increase.
        """
        if order.reduce_only:
            return ZERO
        against = -order.side.sign * self.account.quantity(order.symbol)
        if against <= 0:
            return order.quantity
        spoken = sum(
            (
                working.remaining
                for working in self._others(order)
                if working.order.symbol == order.symbol and working.order.side is order.side
            ),
            ZERO,
        )
        return max(ZERO, order.quantity - max(ZERO, against - spoken))

    def exposures(self, order: Order | None = None) -> dict[str, Exposure]:
        """What each instrument may come to, should working increases and `order` fill.

        Held units count at the last price, increases at their worst price; of the two sides the larger.
        """
        units: dict[tuple[str, Side], Decimal] = {}
        value: dict[tuple[str, Side], Decimal] = {}
        reducible: dict[tuple[str, Side], Decimal] = {}
        multipliers = {one.symbol: one.multiplier for one in self.instruments}
        for held in self.account.positions:
            symbol, size = held.symbol, abs(held.quantity)
            side, other = (Side.BUY, Side.SELL) if held.quantity > 0 else (Side.SELL, Side.BUY)
            units[symbol, side] = reducible[symbol, other] = size
            value[symbol, side] = size * self.last(symbol) * multipliers[symbol]
        for one, size in self._increases(order, reducible):
            key = one.symbol, one.side
            units[key] = units.get(key, ZERO) + size
            worst = worst_price(one, self.last(one.symbol)) * multipliers[one.symbol]
            value[key] = value.get(key, ZERO) + size * worst
        worst_of: dict[str, Exposure] = {}
        for symbol, side in units:
            known = worst_of.get(symbol, Exposure(ZERO, ZERO))
            worst_of[symbol] = Exposure(
                max(units[symbol, side], known.units), max(value[symbol, side], known.value)
            )
        return worst_of

    def direction(self, symbol: str, order: Order) -> int:
        """+1 where `symbol` is held or being bought, -1 where sold short; positions before orders."""
        held = self.account.quantity(symbol)
        if held:
            return 1 if held > 0 else -1
        if symbol == order.symbol:
            return order.side.sign
        opening = (
            working.order.side.sign
            for working in self._others(order)
            if working.order.symbol == symbol and not working.order.reduce_only
        )
        return next(opening, 1)

    def with_order(self, order: Order) -> "Facts":
        """The running account: `order` reserved at its worst price, and counted if it is an entry."""
        reserved = WorkingOrder(order=order, state=OrderState.INTENDED)
        working = (*(other for other in self._others(order)), reserved)
        entry = 1 if self.increase(order) > 0 else 0
        return self.model_copy(
            update={
                "account": self.account.model_copy(update={"working": working}),
                "entries_today": self.entries_today + entry,
            }
        )

    def _others(self, order: Order | None) -> Iterator[WorkingOrder]:
        """Working orders but this one: an order does not compete with itself."""
        own = order.client_id if order is not None else None
        return (working for working in self.account.working if working.order.client_id != own)

    def _increases(
        self, order: Order | None, reducible: dict[tuple[str, Side], Decimal]
    ) -> Iterator[tuple[Order, Decimal]]:
        """Every working order and `order` with the units that would open or enlarge a position, where any.

        `reducible`, what orders of that side may still reduce, is used up: by reduce-only orders first.
        """
        plain: list[tuple[Order, Decimal]] = []
        for working in self._others(order):
            key = working.order.symbol, working.order.side
            if not working.order.reduce_only:
                plain.append((working.order, working.remaining))
            elif key in reducible:
                reducible[key] = max(ZERO, reducible[key] - working.remaining)
        if order is not None and not order.reduce_only:
            plain.append((order, order.quantity))
        for one, units in plain:
            free = min(units, reducible.get((one.symbol, one.side), ZERO))
            if free:
                reducible[one.symbol, one.side] -= free
            if units > free:
                yield one, units - free


def worst_price(order: Order, last: Decimal) -> Decimal:
    """Where a filled increase would count most: a buy's limit; for a sale the dearer of limit and last.

    What has no limit has no bound; the last price, or the stop where that is dearer, stands in for it. The
    gate refuses such increases, so they can only be orders that others have placed.
    """
    if order.type is OrderType.LIMIT and order.limit_price is not None:
        return order.limit_price if order.side is Side.BUY else max(order.limit_price, last)
    return max(order.stop_price or last, last)
