"""One order book against the orders that wait: each takes the levels that are there, from the best one out.

What a book shows is all that fills: no slippage is added, and nothing is at a price that nobody has offered.
An order meets only books that were taken when it had been at the venue for its latency.
"""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from trader.brokers.costs import SMALLEST_AMOUNT, CostModel
from trader.brokers.ledger import ONE, TRIGGERED, Ledger, Tracked
from trader.brokers.matching import passed
from trader.brokers.session import Emit, armed, end, reduce_rivals
from trader.domain.market import Level, OrderBook
from trader.domain.orders import STOPPED, Fill, Order, OrderEvent, OrderState, Side, TimeInForce
from trader.domain.portfolio import Rate
from trader.domain.value import plain


class Walk:
    """One book of one instrument."""

    def __init__(
        self,
        ledger: Ledger,
        emit: Emit,
        costs: CostModel,
        book: OrderBook,
        latency: timedelta,
        rate: Rate | None = None,
    ) -> None:
        """`rate` is that of the instrument's currency; None where it is the ledger's own."""
        self._ledger, self._emit, self._costs = ledger, emit, costs
        self._book, self._latency, self._rate = book, latency, rate
        self._instrument = ledger.instruments[book.symbol]
        self._left = {Side.BUY: list(book.asks), Side.SELL: list(book.bids)}
        """What a buyer, and a seller, may still take."""

    def run(self) -> None:
        """Let every order that is there take what it can, reductions first; what is for now then ends."""
        there = [one for one in self._ledger.working(self._book.symbol) if self._arrived(one)]
        for name in [one.order.client_id for one in sorted(there, key=lambda one: not one.order.reduce_only)]:
            tracked = self._ledger.orders[name]  # as it stands: the other leg of its bracket may have filled
            if tracked.working and armed(tracked, self._ledger) > 0:
                self._meet(tracked)
        for one in there:
            tracked = self._ledger.orders[one.order.client_id]
            if tracked.working and tracked.order.time_in_force is TimeInForce.IOC:
                done = f"{plain(tracked.filled)} of {plain(tracked.order.quantity)} filled at once"
                name = tracked.order.client_id
                end(self._ledger, self._emit, name, OrderState.CANCELLED, self._book.at, done)

    def _arrived(self, tracked: Tracked) -> bool:
        since = tracked.acknowledged
        return since is not None and self._book.at >= since + self._latency

    def _meet(self, tracked: Tracked) -> None:
        order, levels = tracked.order, self._left[tracked.order.side]
        if not levels:
            return
        best = levels[0].price
        if order.type in STOPPED and not tracked.triggered:
            if not passed(order, best):
                return
            self._tell(order, tracked.state, f"{TRIGGERED}: the best price is {plain(best)}")
        wanted = armed(tracked, self._ledger)
        if order.reduce_only:
            held = -order.side.sign * self._ledger.quantity(order.symbol)
            wanted = min(wanted, max(Decimal(0), held))
        taken, rest = taken_of(levels, order, wanted)
        self._left[order.side] = rest
        for level in taken:
            self._fill(order, level, best)

    def _fill(self, order: Order, level: Level, best: Decimal) -> None:
        number = self._ledger.orders[order.client_id].fills + 1
        fee = self._costs.fee(self._instrument, level.quantity, level.price)
        worth = ONE if self._rate is None else self._rate.worth
        self._emit(
            Fill(
                id=f"{order.client_id}-{number}",
                client_id=order.client_id,
                symbol=order.symbol,
                side=order.side,
                quantity=level.quantity,
                price=level.price,
                market=best,
                fee=(fee * worth).quantize(SMALLEST_AMOUNT),
                fee_currency=self._ledger.book.currency,
                rate=worth,
                rate_source="" if self._rate is None else self._rate.sentence,
                at=self._book.at,
            )
        )
        done = self._ledger.orders[order.client_id].remaining == 0
        self._tell(order, OrderState.FILLED if done else OrderState.PARTLY_FILLED)
        reduce_rivals(self._ledger, self._emit, order, level.quantity, self._book.at)

    def _tell(self, order: Order, state: OrderState, reason: str = "") -> None:
        self._emit(OrderEvent(client_id=order.client_id, state=state, at=self._book.at, reason=reason))


def taken_of(levels: Iterable[Level], order: Order, wanted: Decimal) -> tuple[list[Level], list[Level]]:
    """What an order takes of the levels, and what it leaves. A limit takes none that is worse than it."""
    taken, rest = [], []
    for level in levels:
        within = order.limit_price is None or (level.price - order.limit_price) * order.side.sign <= 0
        units = min(wanted, level.quantity) if within else Decimal(0)
        if units > 0:
            taken.append(Level(price=level.price, quantity=units))
            wanted -= units
        if units < level.quantity:
            rest.append(Level(price=level.price, quantity=level.quantity - units))
    return taken, rest
