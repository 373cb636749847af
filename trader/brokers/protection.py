"""Which protective orders are due at a venue that knows no legs: pure, from the ledger.

A venue takes a stop only for units that are held. So a leg sleeps until its entry has filled, is sent for
what has filled, and what fills later, or is left of an exit that did not fill, gets a further leg.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal

from trader.brokers.ledger import Ledger, Tracked
from trader.domain.ids import STOP, ClientOrderId, DecisionId, client_order_id
from trader.domain.orders import STOPPED, Order, OrderState, OrderType
from trader.domain.portfolio import sum_exact

ASLEEP = (OrderState.INTENDED, OrderState.NEVER_ARRIVED)
"""Where a leg stands that may still be sent under its own id."""

MOST_STOPS = 3
"""Stops of one position side by side. Binance allows five in a market, whoever placed them."""


def legs_due(
    ledger: Ledger, passed: Collection[ClientOrderId], refused: Mapping[ClientOrderId, Decimal]
) -> tuple[Order, ...]:
    """One order for each position of which some units are neither protected nor being sold.

    `passed` are stops that the venue has refused because the market is past them: what they would have
    protected leaves at the market. `refused` are legs that it has not taken for another reason, with their
    units: asking again for just as many would be the same again.
    """
    due = (_due(ledger, symbol, passed, refused) for symbol in sorted(ledger.holdings))
    return tuple(order for order in due if order is not None)


def coverable(ledger: Ledger, order: Order) -> Decimal:
    """Units that an order may close, in whole lots: held, and promised to no other working order."""
    held = max(Decimal(0), -order.side.sign * ledger.quantity(order.symbol))
    promised = sum_exact(
        one.remaining
        for one in ledger.working(order.symbol)
        if one.order.side is order.side and one.order.client_id != order.client_id
    )
    instrument = ledger.instruments[order.symbol]
    return min(order.quantity, instrument.lots(max(Decimal(0), held - promised)))


def rivals(ledger: Ledger, order: Order) -> tuple[ClientOrderId, ...]:
    """Stops that hold the units which a person or the desk wants to sell: they go before the exit is sent."""
    return tuple(
        one.order.client_id
        for one in _reducing(ledger, order.symbol)
        if one.order.type in STOPPED and one.order.side is order.side
    )


def crowd(ledger: Ledger, symbol: str) -> tuple[ClientOrderId, ...]:
    """The working stops of a position where there are so many that one should take the place of all."""
    stops = tuple(
        one.order.client_id for one in _reducing(ledger, symbol) if one.order.type is OrderType.STOP
    )
    return stops if len(stops) >= MOST_STOPS else ()


def _due(
    ledger: Ledger,
    symbol: str,
    passed: Collection[ClientOrderId],
    refused: Mapping[ClientOrderId, Decimal],
) -> Order | None:
    legs = _legs(ledger, symbol)
    stop = next((one for one in reversed(legs) if one.order.type in STOPPED), None)
    if stop is None:
        return None
    changes: dict[str, object] = {"quantity": abs(ledger.quantity(symbol))}
    if stop.order.client_id in passed:
        changes |= {"type": OrderType.MARKET, "stop_price": None, "limit_price": None}
    if stop.state in ASLEEP:
        changes["quantity"] = min(abs(ledger.quantity(symbol)), stop.order.quantity)
    else:
        changes["client_id"] = _next_id(ledger, stop.order.decision)
    wanted = stop.order.model_copy(update=changes)
    quantity = coverable(ledger, wanted)
    if quantity == 0 or refused.get(legs[-1].order.client_id) == quantity:
        return None
    if crowd(ledger, symbol):
        quantity = ledger.instruments[symbol].lots(abs(ledger.quantity(symbol)))
    return wanted.model_copy(update={"quantity": quantity})


def _legs(ledger: Ledger, symbol: str) -> list[Tracked]:
    """What protects the position, or has: stops, and exits in their place, those of the newest entry last.

    Not in the order of the ledger: a further leg of an older entry may have been sent while the newer one
    waited for its turn, and after a restart they stand the other way round.
    """
    side = -1 if ledger.quantity(symbol) > 0 else 1
    entered = {name: number for number, name in enumerate(ledger.orders)}
    legs = [
        (entered[one.order.parent], one)
        for one in ledger.orders.values()
        if one.order.symbol == symbol
        and one.order.parent is not None
        and one.order.side.sign == side
        and ledger.orders[one.order.parent].filled > 0
    ]
    return [one for _, one in sorted(legs, key=lambda leg: leg[0])]


def _next_id(ledger: Ledger, decision: DecisionId) -> ClientOrderId:
    number = 1
    while (name := client_order_id(decision, STOP, number)) in ledger.orders:
        number += 1
    return name


def _reducing(ledger: Ledger, symbol: str) -> tuple[Tracked, ...]:
    return tuple(one for one in ledger.working(symbol) if one.order.reduce_only)
