"""The paper broker: a broker like the others, whose venue is the bars that come. See docs/paper-broker.md.

Its whole state is the ledger, and every change of that is a row that it gave out: fold the rows of the
journal and the broker is where it was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from trader.brokers.actions import act
from trader.brokers.amending import amended
from trader.brokers.borrowing import LENT, charge
from trader.brokers.costs import CostModel
from trader.brokers.funding import fund
from trader.brokers.ledger import NO_RATES, ONE, Ledger, Row
from trader.brokers.session import Session, end
from trader.brokers.walking import Walk
from trader.clock import Clock
from trader.data.adjust import in_time
from trader.data.market import TradedBar
from trader.domain.errors import OrderError
from trader.domain.ids import ClientOrderId
from trader.domain.instruments import Instrument
from trader.domain.market import CorporateAction, OrderBook
from trader.domain.orders import WAITING, Fill, Order, OrderEvent, OrderState, Side
from trader.domain.portfolio import Account, AccountEntry, Rate, sum_exact
from trader.domain.value import plain
from trader.risk.gate import check

PARTICIPATION = Decimal("0.1")
"""Share of a bar's volume that the book may trade."""


@dataclass(frozen=True)
class MarketStep:
    """What one step of the market did to the account."""

    rows: tuple[Row, ...]
    """In the order in which it happened, and in which it must be recorded."""

    @property
    def events(self) -> tuple[OrderEvent, ...]:
        """Steps of orders."""
        return tuple(row for row in self.rows if isinstance(row, OrderEvent))

    @property
    def fills(self) -> tuple[Fill, ...]:
        """Units that changed hands."""
        return tuple(row for row in self.rows if isinstance(row, Fill))

    @property
    def entries(self) -> tuple[AccountEntry, ...]:
        """Splits, dividends and cash in lieu."""
        return tuple(row for row in self.rows if isinstance(row, AccountEntry))


class PaperBroker:
    """Fills orders from the next bar of their instrument, never from one that had closed before."""

    name = "paper"

    def __init__(
        self,
        ledger: Ledger,
        costs: CostModel,
        clock: Clock,
        participation: Decimal = PARTICIPATION,
        borrow_rate: Decimal | None = None,
        funding_rate: Decimal | None = None,
        rates: Mapping[str, Rate] = NO_RATES,
    ) -> None:
        self.ledger = ledger
        """Restored by `fold`, or a new one."""
        self._borrow_rate = borrow_rate
        """A year, as a fraction of what is short; None where nobody knows, and nothing is lent."""
        self.rates = rates
        """Of other currencies now; those without one are refused."""
        self._funding_rate = funding_rate
        """Every eight hours, as a fraction of what a perpetual is worth; longs pay it to shorts."""
        self._costs, self._clock, self._participation = costs, clock, participation
        self._rows: list[Row] = []

    async def submit(self, *orders: Order) -> tuple[OrderEvent, ...]:
        """Accept each order, or reject it with a reason; nothing for one that was sent before."""
        for order in orders:
            self.ledger.apply(order)
        for order in orders:
            if self.ledger.orders[order.client_id].state is OrderState.INTENDED:
                reason = self._objection(order)
                self._step(order.client_id, OrderState.SUBMITTED)
                self._step(
                    order.client_id, OrderState.REJECTED if reason else OrderState.ACKNOWLEDGED, reason
                )
        return self._taken().events

    async def cancel(self, client_id: ClientOrderId) -> tuple[OrderEvent, ...]:
        """End a working order, and its legs where nothing has filled."""
        if client_id in self.ledger.orders and self.ledger.orders[client_id].working:
            end(
                self.ledger, self._emit, client_id, OrderState.CANCELLED, self._clock.now(), "as it was asked"
            )
        return self._taken().events

    async def amend(
        self,
        client_id: ClientOrderId,
        *,
        quantity: Decimal | None = None,
        price: Decimal | None = None,
        limit_price: Decimal | None = None,
        trail: Decimal | None = None,
    ) -> tuple[OrderEvent, ...]:
        """Change a working order; nothing for what does not work. What asks for more must have been ruled on.

        `price` is its stop, or its limit where it has no stop; `limit_price` the limit beside a stop. Raises
        OrderError for terms that cannot be, and then changes nothing.
        """
        tracked = self.ledger.orders.get(client_id)
        if tracked is None or not tracked.working:
            return ()
        changed = amended(tracked, quantity, price, limit_price, trail)
        check(changed, self.ledger.instruments[changed.symbol])
        if quantity is not None and self._bracketed(tracked.order):
            raise OrderError(f"{client_id}: the quantities of an entry and its legs belong together")
        self._emit(
            OrderEvent(
                client_id=client_id,
                state=tracked.state,
                at=self._clock.now(),
                quantity=quantity,
                price=price,
                limit_price=limit_price,
                trail=trail,
                reason="amended, as it was asked",
            )
        )
        return self._taken().events

    def _bracketed(self, order: Order) -> bool:
        """Whether it is a leg, or has legs that work."""
        legs = self.ledger.working(order.symbol)
        return order.parent is not None or any(leg.order.parent == order.client_id for leg in legs)

    async def find(self, client_id: ClientOrderId) -> OrderState | None:
        """Where the order stands; None where it was never sent."""
        tracked = self.ledger.orders.get(client_id)
        if tracked is None or tracked.state in WAITING or tracked.state is OrderState.NOT_SENT:
            return None
        return tracked.state

    def lends(self, instrument: Instrument) -> bool:
        """What need not be borrowed always; what must, where settings say what that costs."""
        return self._borrow_rate is not None or instrument.asset_class not in LENT

    def account(
        self, as_of: datetime, marks: Mapping[str, Decimal], peak: Decimal, day_open: Decimal
    ) -> Account:
        """The account as a value, at these last traded prices."""
        return self.ledger.account(as_of, marks, peak, day_open, self.rates)

    def advance(
        self,
        bars: Mapping[str, TradedBar],
        actions: Iterable[CorporateAction] = (),
        rates: Mapping[str, Rate] | None = None,
    ) -> MarketStep:
        """One step of the market: bars that closed together, and the actions in effect since they opened.

        Actions come first, then the instruments in alphabetical order. An instrument without a bar trades
        nothing, and its orders for one session keep waiting for theirs. `rates` are those that were known
        when the bars opened; None: as they are now.
        """
        known = self.rates if rates is None else rates
        for action in sorted(actions, key=in_time):
            act(self.ledger, self._emit, action, bars.get(action.symbol), self._worth(action.symbol, known))
        for symbol, bar in sorted(bars.items()):
            charge(self.ledger, self._emit, symbol, bar, self._borrow_rate, self._worth(symbol, known))
            fund(self.ledger, self._emit, symbol, bar, self._funding_rate, self._worth(symbol, known))
            rate = known.get(self.ledger.instruments[symbol].currency)
            Session(self.ledger, self._emit, self._costs, bar, self._participation, rate).run()
        return self._taken()

    def meet(self, book: OrderBook, latency: timedelta = timedelta()) -> MarketStep:
        """What an order book fills, level by level, of the orders that were `latency` at the venue before it.

        An instrument has books or bars, not both. Sessions do not end here: orders for one day go on.
        """
        rate = self.rates.get(self.ledger.instruments[book.symbol].currency)
        Walk(self.ledger, self._emit, self._costs, book, latency, rate).run()
        return self._taken()

    def _worth(self, symbol: str, rates: Mapping[str, Rate]) -> Decimal:
        instrument = self.ledger.instruments.get(symbol)
        rate = rates.get(instrument.currency) if instrument is not None else None
        return ONE if rate is None else rate.worth

    def _objection(self, order: Order) -> str:
        """Why the venue would not take the order; empty where it would."""
        instrument = self.ledger.instruments.get(order.symbol)
        if instrument is None:
            return f"{order.symbol}: not an instrument of this book"
        currency = self.ledger.book.currency
        if instrument.currency != currency and instrument.currency not in self.rates:
            return f"{order.symbol} is in {instrument.currency}, the book in {currency}: no rate is known"
        if order.symbol in self.ledger.delisted:
            return f"{order.symbol} trades no more: it was delisted"
        try:
            check(order, instrument)
        except OrderError as error:
            return error.message
        return self._leg_objection(order) or self._short_objection(order, instrument)

    def _short_objection(self, order: Order, instrument: Instrument) -> str:
        """Why what an order would sell short cannot be borrowed; empty where it can, or need not be."""
        if order.reduce_only or order.side is Side.BUY or self.lends(instrument):
            return ""
        selling = sum_exact(
            tracked.remaining
            for tracked in self.ledger.working(order.symbol)
            if tracked.order.side is Side.SELL and not tracked.order.reduce_only
            if tracked.order.client_id != order.client_id
        )
        held = max(Decimal(0), self.ledger.quantity(order.symbol) - selling)
        if order.quantity <= held:
            return ""
        short = f"{plain(order.quantity)} {order.symbol} to be sold, {plain(held)} held"
        return f"{short}: whether the rest can be borrowed is not known"

    def _leg_objection(self, order: Order) -> str:
        """Why an order is no protective leg of its parent; empty where it is, or has none."""
        if order.parent is None:
            return ""
        parent = self.ledger.orders.get(order.parent)
        if parent is None or not (parent.working or parent.filled):
            return f"its entry {order.parent} is not at the venue"
        fits = (
            order.reduce_only
            and order.symbol == parent.order.symbol
            and order.side is not parent.order.side
            and order.quantity == parent.order.quantity
        )
        return "" if fits else "a leg reduces what its entry opens: same instrument and quantity, other side"

    def _step(self, client_id: ClientOrderId, state: OrderState, reason: str = "") -> None:
        self._emit(OrderEvent(client_id=client_id, state=state, at=self._clock.now(), reason=reason))

    def _emit(self, row: Row) -> None:
        self.ledger.apply(row)
        self._rows.append(row)

    def _taken(self) -> MarketStep:
        """What was emitted since it was last asked."""
        rows, self._rows = tuple(self._rows), []
        return MarketStep(rows)
