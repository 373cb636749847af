"""Other terms for an order that works at a venue: its end, confirmed, and another order in its place.

A venue's own amendment is a cancel and a new order in one request, and says too little when only one of the
two came about. So each is a step of its own, that can be asked for by its client id. In between nothing
works: what fills meanwhile counts, and what is held is protected again once the keeper looks.
"""

from collections.abc import Iterator
from decimal import Decimal

from trader.brokers.amending import amended
from trader.brokers.ledger import Ledger, Tracked
from trader.domain.errors import OrderError
from trader.domain.ids import ClientOrderId, DecisionId, client_order_id
from trader.domain.orders import STOPPED, Order
from trader.domain.value import plain
from trader.risk.gate import check


def wanted(
    ledger: Ledger,
    client_id: ClientOrderId,
    quantity: Decimal | None,
    price: Decimal | None,
    limit_price: Decimal | None,
) -> Order | None:
    """The order in the terms that are asked for, under its old id; None for what does not work.

    Raises OrderError for terms that cannot be.
    """
    tracked = ledger.orders.get(client_id)
    if tracked is None or not tracked.working:
        return None
    changed = amended(tracked, quantity, price, limit_price, None)
    check(changed, ledger.instruments[changed.symbol])
    if quantity is not None and changed.parent is not None:
        raise OrderError(f"{client_id}: a stop covers what is held; its quantity is not asked for")
    return changed


def replacement(ledger: Ledger, terms: Order) -> tuple[Order, ...]:
    """What takes the place of an order that has ended: what is left of it, then the stop of an entry.

    Nothing where nothing is left.
    """
    left = terms.quantity - ledger.orders[terms.client_id].filled
    if left <= 0:
        return ()
    names = _free(ledger, terms)
    changes: dict[str, object] = {"client_id": next(names), "quantity": left}
    one = terms.model_copy(update=changes)
    leg = _leg(ledger, terms.client_id)
    if leg is None:
        return (one,)
    stop: dict[str, object] = {
        "client_id": next(_free(ledger, leg.order)),
        "quantity": left,
        "parent": one.client_id,
    }
    return one, leg.order.model_copy(update=stop)


def sentence(order: Order) -> str:
    """The terms, for a note."""
    prices = [plain(price) for price in (order.stop_price, order.limit_price) if price is not None]
    return f"{order.side} {plain(order.quantity)} {order.symbol} at {', then '.join(prices) or 'the market'}"


def _leg(ledger: Ledger, parent: ClientOrderId) -> Tracked | None:
    """The newest stop that hangs on an entry."""
    legs = [one for one in ledger.orders.values() if one.order.parent == parent and one.order.type in STOPPED]
    return legs[-1] if legs else None


def _free(ledger: Ledger, order: Order) -> Iterator[ClientOrderId]:
    """Ids of the order's decision and kind that nobody has."""
    decision, _, leg = order.client_id.rpartition("-")
    number = 1
    while True:
        name = client_order_id(DecisionId(decision), leg[0], number)
        if name not in ledger.orders:
            yield name
        number += 1
