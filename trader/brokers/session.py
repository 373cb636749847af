"""One bar of one instrument against the orders that wait for it: what fills, in which order, and what ends.

The opening comes first, for the orders that were there before it. Then stops, so that where a stop and a
target fall in one bar it is the stop; then targets; then entries that the bar trades through, with the stops
of what they open.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from trader.brokers.costs import SMALLEST_AMOUNT, CostModel
from trader.brokers.ledger import ONE, TRIGGERED, Ledger, Row, Tracked
from trader.brokers.matching import passed, price_at_open, price_within, trailed
from trader.data.market import TradedBar
from trader.domain.ids import ClientOrderId
from trader.domain.orders import STOPPED, Fill, Order, OrderEvent, OrderState, OrderType, Side, TimeInForce
from trader.domain.portfolio import Rate
from trader.domain.value import plain

AMBIGUOUS = "ambiguous: "
"""How the note of a fill begins where the bar does not say what came first."""

Emit: TypeAlias = Callable[[Row], None]
"""Writes a row down and applies it to the ledger at once."""


class Session:
    """One instrument's bar."""

    def __init__(
        self,
        ledger: Ledger,
        emit: Emit,
        costs: CostModel,
        bar: TradedBar,
        participation: Decimal,
        rate: Rate | None = None,
    ) -> None:
        """`rate` is that of the instrument's currency; None where it is the book's own."""
        self._rate = rate
        self._ledger, self._emit, self._costs, self._bar = ledger, emit, costs, bar
        self._instrument = ledger.instruments[bar.symbol]
        self._present: frozenset[ClientOrderId] = frozenset()
        """Orders that were there before the bar, and had something to fill."""
        self._volume: Decimal | None = None
        """Units that may still trade in this bar; None where the feed has no volume."""
        if bar.volume is not None:
            self._volume = self._instrument.lots(bar.volume * participation)

    def run(self) -> None:
        """Let the bar pass."""
        self._opening()
        self._protect()
        self._enter()
        self._close()

    def _opening(self) -> None:
        """What was there before the bar, reductions first; stops of what fills count from then on."""
        present = self._live()
        self._present = frozenset(tracked.order.client_id for tracked in present)
        in_turn = sorted(present, key=lambda one: not one.order.reduce_only)
        for name in [one.order.client_id for one in in_turn]:
            tracked = self._ledger.orders[name]  # as it stands: the other leg of its bracket may have filled
            if not tracked.working:
                continue
            price = price_at_open(tracked.order, tracked.triggered, self._bar, self._instrument, self._costs)
            if price is not None:
                self._fill(tracked, price, self._bar.opened)
            elif not tracked.triggered and passed(tracked.order, self._bar.open):
                self._trigger(tracked, self._bar.opened, "the open is past the stop, and past the limit")
        self._end_what_is_for_now()
        for tracked in self._since(present):
            self._trigger_if_passed(tracked, self._bar.open, self._bar.opened)

    def _protect(self) -> None:
        """Stops that the bar touches, then targets. Where it reaches both, nobody knows which came first."""
        live = self._live()
        stops = [tracked for tracked in live if tracked.order.type in STOPPED]
        targets = [one for one in live if one.order.reduce_only and one.order.type is OrderType.LIMIT]
        rival = any(self._within(tracked) is not None for tracked in targets)
        note = f"{AMBIGUOUS}stop and target in one bar, the stop is taken" if rival else ""
        for name in [one.order.client_id for one in (*stops, *targets)]:
            tracked = self._ledger.orders[name]  # as it stands: the other leg of its bracket may have filled
            self._fill_within(tracked, note if tracked.order.type in STOPPED else "")

    def _enter(self) -> None:
        """Limits that may open a position, and at once the stops of what they open.

        The way from the open through the limit leads to the stop behind it, so that what touches both has
        touched the stop last.
        """
        for tracked in self._live():
            limit = tracked.order.limit_price
            if tracked.order.reduce_only or tracked.order.type is not OrderType.LIMIT or limit is None:
                continue
            before = self._live()
            self._fill_within(tracked)
            for leg in self._since(before):
                self._trigger_if_passed(leg, limit, self._bar.available)
                if leg.order.type in STOPPED:
                    self._fill_within(self._ledger.orders[leg.order.client_id], "entry and stop in one bar")

    def _close(self) -> None:
        """What ends with the bar: reductions of what is no longer held, and orders for one session."""
        self._sweep()
        self._trail()
        for tracked in self._ledger.working(self._bar.symbol):
            if tracked.order.time_in_force is TimeInForce.DAY:
                done = f"{plain(tracked.filled)} of {plain(tracked.order.quantity)} filled in its session"
                self._end(tracked, OrderState.EXPIRED, done)
        self._sweep()  # legs whose entries have just expired wait for nothing any more

    def _end_what_is_for_now(self) -> None:
        """Orders that fill at once or not at all have had their chance: the open."""
        for tracked in self._ledger.working(self._bar.symbol):
            if tracked.order.time_in_force is TimeInForce.IOC:
                done = f"{plain(tracked.filled)} of {plain(tracked.order.quantity)} filled at once"
                end(
                    self._ledger,
                    self._emit,
                    tracked.order.client_id,
                    OrderState.CANCELLED,
                    self._bar.opened,
                    done,
                )

    def _trail(self) -> None:
        """Trailing stops follow the best price of the bar, for the next one.

        One whose entry filled in this bar follows the close: the best price may have been before the fill.
        """
        for tracked in self._live():
            order, best = tracked.order, self._bar.close
            if order.client_id in self._present:
                best = self._bar.high if order.side is Side.SELL else self._bar.low
            followed = trailed(order, best, self._instrument)
            if followed is not None and not tracked.triggered:
                self._emit(
                    OrderEvent(
                        client_id=order.client_id,
                        state=tracked.state,
                        at=self._bar.available,
                        price=followed,
                        reason=f"follows the market, which was at {plain(best)}",
                    )
                )

    def _sweep(self) -> None:
        """Cancel what may only reduce where nothing is held, but for legs whose entries still work."""
        for tracked in self._ledger.working(self._bar.symbol):
            waits = tracked.order.parent is not None and self._ledger.orders[tracked.order.parent].working
            if tracked.order.reduce_only and not waits and self._reducible(tracked) == 0:
                self._end(tracked, OrderState.CANCELLED, "nothing is left to reduce")

    def _end(self, tracked: Tracked, state: OrderState, reason: str) -> None:
        end(self._ledger, self._emit, tracked.order.client_id, state, self._bar.available, reason)

    def _live(self) -> list[Tracked]:
        """Working orders that have something to fill."""
        return [
            tracked for tracked in self._ledger.working(self._bar.symbol) if armed(tracked, self._ledger) > 0
        ]

    def _since(self, before: Iterable[Tracked]) -> list[Tracked]:
        """What is live now and was not before: legs whose entries have filled."""
        known = {tracked.order.client_id for tracked in before}
        return [tracked for tracked in self._live() if tracked.order.client_id not in known]

    def _trigger_if_passed(self, tracked: Tracked, price: Decimal, at: datetime) -> None:
        """A fill that is already past its stop leaves at the next open."""
        if passed(tracked.order, price):
            self._trigger(tracked, at, f"the market was at {plain(price)} when its entry filled")

    def _trigger(self, tracked: Tracked, at: datetime, why: str) -> None:
        self._emit(
            OrderEvent(
                client_id=tracked.order.client_id, state=tracked.state, at=at, reason=f"{TRIGGERED}: {why}"
            )
        )

    def _within(self, tracked: Tracked) -> Decimal | None:
        return price_within(tracked.order, tracked.triggered, self._bar, self._instrument, self._costs)

    def _fill_within(self, tracked: Tracked, note: str = "") -> None:
        price = self._within(tracked)
        if price is not None and tracked.working:
            self._fill(tracked, price, self._bar.available, note)
        elif tracked.working and not tracked.triggered and self._touched(tracked):
            self._trigger(tracked, self._bar.available, "touched; the limit waits for the market")

    def _touched(self, tracked: Tracked) -> bool:
        """Whether the bar came to the order's stop."""
        buying = tracked.order.side is Side.BUY
        return passed(tracked.order, self._bar.high if buying else self._bar.low)

    def _reducible(self, tracked: Tracked) -> Decimal:
        """Units of the position that the order's side would reduce."""
        return max(Decimal(0), -tracked.order.side.sign * self._ledger.quantity(tracked.order.symbol))

    def _market(self, tracked: Tracked, at: datetime) -> Decimal | None:
        """Where the market was when the order filled: the open, else the stop or limit it came to."""
        if at == self._bar.opened:
            return self._bar.open
        stop, buying = tracked.order.stop_price, tracked.order.side is Side.BUY
        if tracked.triggered or stop is None:
            return tracked.order.limit_price
        return max(stop, self._bar.open) if buying else min(stop, self._bar.open)

    def _fill(self, tracked: Tracked, price: Decimal, at: datetime, note: str = "") -> None:
        """As much as is armed, held (where it may only reduce) and within the bar's volume."""
        order = tracked.order
        wanted = armed(tracked, self._ledger)
        if order.reduce_only:
            wanted = min(wanted, self._reducible(tracked))
        quantity = wanted if self._volume is None else min(wanted, self._volume)
        if quantity < wanted:
            part = f"{plain(quantity)} of {plain(wanted)}, the bar's volume allows no more"
            note = f"{note}; {part}" if note else part
        stopped = order.type in STOPPED and not tracked.triggered
        if quantity == 0:
            if wanted > 0 and stopped:
                self._trigger(tracked, at, note)
            return
        if self._volume is not None:
            self._volume -= quantity
        self._emit(
            Fill(
                id=f"{order.client_id}-{tracked.fills + 1}",
                client_id=order.client_id,
                symbol=order.symbol,
                side=order.side,
                quantity=quantity,
                price=price,
                market=self._market(tracked, at),
                fee=self._fee(quantity, price),
                fee_currency=self._ledger.book.currency,
                rate=ONE if self._rate is None else self._rate.worth,
                rate_source="" if self._rate is None else self._rate.sentence,
                at=at,
                note=note,
            )
        )
        done = self._ledger.orders[order.client_id].remaining == 0
        state = OrderState.FILLED if done else OrderState.PARTLY_FILLED
        kind = "market" if order.limit_price is None else "limit"
        reason = f"{TRIGGERED}: what is left is a {kind} order" if stopped and not done else ""
        self._emit(OrderEvent(client_id=order.client_id, state=state, at=at, reason=reason))
        reduce_rivals(self._ledger, self._emit, order, quantity, at)

    def _fee(self, quantity: Decimal, price: Decimal) -> Decimal:
        """The venue's fee in the book's currency, to the eighth decimal."""
        fee = self._costs.fee(self._instrument, quantity, price)
        return fee if self._rate is None else (fee * self._rate.worth).quantize(SMALLEST_AMOUNT)


def reduce_rivals(ledger: Ledger, emit: Emit, order: Order, filled: Decimal, at: datetime) -> None:
    """Of a bracket's legs one cancels the other: what one has closed the others do not close again."""
    for rival in ledger.working(order.symbol):
        if order.parent is None or rival.order.parent != order.parent:
            continue
        if rival.order.client_id == order.client_id:
            continue
        name, left = rival.order.client_id, rival.order.quantity - filled
        closed = f"{order.client_id} has closed {plain(filled)}"
        if left <= rival.filled:
            emit(OrderEvent(client_id=name, state=OrderState.CANCELLED, at=at, reason=closed))
        else:
            emit(OrderEvent(client_id=name, state=rival.state, at=at, quantity=left, reason=closed))


def armed(tracked: Tracked, ledger: Ledger) -> Decimal:
    """Units that may fill now. A leg has its entry's quantity: all but what that has yet to fill."""
    if tracked.order.parent is None or not ledger.orders[tracked.order.parent].working:
        return tracked.remaining
    return max(Decimal(0), tracked.remaining - ledger.orders[tracked.order.parent].remaining)


def end(
    ledger: Ledger, emit: Emit, client_id: ClientOrderId, state: OrderState, at: datetime, reason: str
) -> None:
    """End a working order; its protective legs keep what has filled, and end with it where nothing has."""
    missing, filled = ledger.orders[client_id].remaining, ledger.orders[client_id].filled
    emit(OrderEvent(client_id=client_id, state=state, at=at, reason=reason))
    for leg in ledger.working():
        if leg.order.parent != client_id:
            continue
        name = leg.order.client_id
        if leg.remaining <= missing:
            why = "what its entry opened is closed" if filled else "its entry did not fill"
            emit(OrderEvent(client_id=name, state=OrderState.CANCELLED, at=at, reason=why))
        else:
            left = leg.order.quantity - missing
            why = f"its entry filled {plain(filled)} of {plain(filled + missing)}"
            emit(OrderEvent(client_id=name, state=leg.state, at=at, quantity=left, reason=why))
