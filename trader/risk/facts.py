"""All that a ruling may rest on, as one value: the gate asks nothing else and nobody else."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Self

from pydantic import Field, model_validator

from trader.domain.errors import OrderError
from trader.domain.instruments import Instrument
from trader.domain.orders import Order, OrderState
from trader.domain.portfolio import Account, WorkingOrder, sum_exact
from trader.domain.value import Amount, Moment, Number, Value
from trader.risk.protections import Pause

ZERO = Decimal(0)


class Quote(Value):
    """The best prices of one instrument now."""

    bid: Amount
    ask: Amount


NO_QUOTE = Quote(bid=ZERO, ask=ZERO)
"""Where there should be one and nobody has told it: it refuses increases."""


def streak_length(permitted: Decimal | None) -> int:
    """Losses in a row that are a streak, by the setting of that limit: one at least."""
    return max(1, int(permitted or 1))


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
    losses_in_a_row: int = Field(default=0, ge=0)
    """Closed trades that lost, up to the last one."""
    closed: dict[str, Moment] = Field(default_factory=dict)
    """By symbol: where the venue takes no orders now, when it opens. A replay's orders wait for the open."""
    unlent: tuple[str, ...] = ()
    """Symbols that nobody is known to lend: what is sold of them is what is held."""
    entries_today: int = Field(default=0, ge=0)
    """Increases sent in this session."""
    requests_last_minute: int = Field(default=0, ge=0)
    """To the venue, by its clock; protective legs, cancels and simulated time do not count."""
    waiting: int = Field(default=0, ge=0)
    """Requests that the sender holds back to keep the venue's pace."""
    breakers: tuple[Breaker, ...] = ()
    """What has tripped; one that is lifted, or whose time is over, bars nothing."""
    pauses: tuple[Pause, ...] = ()
    """Instruments that protections bar entries in."""
    now: Moment

    @model_validator(mode="after")
    def _one_multiplier(self) -> Self:
        for instrument in self.instruments:
            rate = self.account.rates.get(instrument.currency)
            expected = instrument.multiplier * (rate.worth if rate is not None else 1)
            if self.account.multiplier(instrument.symbol) != expected:
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
        return self.correlations.get(f"{one}|{other}" if one < other else f"{other}|{one}", 1.0)

    def breaker(self, reason: str) -> Breaker | None:
        """The breaker of this limit that bars entries now; the longest where there are several."""
        barring = [one for one in self.breakers if one.reason == reason and one.bars(self.now)]
        return max(barring, key=lambda one: (one.until is None, one.until or one.since), default=None)

    def pause(self, symbol: str) -> Pause | None:
        """The first protection that bars entries in `symbol`."""
        return next((pause for pause in self.pauses if pause.symbol == symbol), None)

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
        beyond that it would turn the position through zero, and that part is an increase. It can still turn
        the position if something placed later closes that first; only the mark is a promise. Mark exits.
        """
        return ZERO if order.reduce_only else max(ZERO, order.quantity - self.free(order))

    def free(self, order: Order) -> Decimal:
        """Units of the position that the order would reduce, and no working order may reduce before it."""
        against = -order.side.sign * self.account.quantity(order.symbol)
        if against <= 0:
            return ZERO
        spoken = sum_exact(
            working.remaining
            for working in self.others(order)
            if working.order.symbol == order.symbol and working.order.side is order.side
        )
        return max(ZERO, against - spoken)

    def direction(self, symbol: str, order: Order | None = None) -> int:
        """+1 where `symbol` is held or being bought, -1 where sold short; positions before orders."""
        held = self.account.quantity(symbol)
        if held:
            return 1 if held > 0 else -1
        if order is not None and symbol == order.symbol:
            return order.side.sign
        opening = (
            working.order.side.sign
            for working in self.account.working
            if working.order.symbol == symbol and not working.order.reduce_only
        )
        return next(opening, 1)

    def with_order(self, order: Order) -> "Facts":
        """The running account: `order` reserved at its worst price, and counted if it is an entry."""
        reserved = WorkingOrder(order=order, state=OrderState.INTENDED)
        working = (*self.others(order), reserved)
        entry = 1 if self.increase(order) > 0 else 0
        return self.model_copy(
            update={
                "account": self.account.model_copy(update={"working": working}),
                "entries_today": self.entries_today + entry,
            }
        )

    def others(self, order: Order) -> Iterator[WorkingOrder]:
        """Working orders but this one: an order does not compete with itself."""
        return (one for one in self.account.working if one.order.client_id != order.client_id)
