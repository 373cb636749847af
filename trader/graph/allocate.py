"""One account, many decisions: which orders, in which order, and how much of each the limits leave.

Reductions come first, then the larger edge after costs, ties by symbol; each order is ruled on a running
account on which the orders before it are reserved at their worst price. Money from exits that have not
filled is not spent.
"""

from collections.abc import Iterable
from decimal import Decimal

from trader.domain.decisions import Decision, Outcome
from trader.domain.ids import ENTRY, EXIT, STOP, client_order_id
from trader.domain.instruments import Instrument
from trader.domain.orders import Order, OrderType, Ruling, Side, TimeInForce
from trader.domain.portfolio import Account
from trader.graph.state import Allotment
from trader.risk.facts import Facts
from trader.risk.gate import STOP_SIDE, at_collar, refused, rule, wrong_side
from trader.risk.limits import Limits


def allot(
    decisions: Iterable[Decision], account: Account, facts: Facts, limits: Limits
) -> tuple[Allotment, ...]:
    """An allotment for each decision to trade that comes to at least one lot, refused ones included."""
    instruments = {instrument.symbol: instrument for instrument in facts.instruments}
    wanted = [
        (decision, order_for(decision, account, instruments[decision.symbol], limits))
        for decision in decisions
        if decision.outcome is Outcome.TRADE
    ]
    drafts = sorted(((d, order) for d, order in wanted if order is not None), key=_reductions_then_edge)
    allotments = []
    for (order, ruling), (decision, _) in zip(
        rule_in_turn([order for _, order in drafts], facts, limits), drafts, strict=True
    ):
        stop = protective(order, decision, instruments[decision.symbol]) if ruling.quantity > 0 else None
        passed = wrong_side(stop, facts.last(stop.symbol)) if stop is not None else None
        if passed is not None:
            ruling, stop = refused(order, STOP_SIDE, passed), None
        allotments.append(Allotment(order=order, ruling=ruling, stop=stop))
    return tuple(allotments)


def rule_in_turn(orders: Iterable[Order], facts: Facts, limits: Limits) -> tuple[tuple[Order, Ruling], ...]:
    """Each order as far as it may be sent, with its ruling; what is allowed is reserved for the next.

    A refused order is returned as asked: its ruling says that nothing of it may be sent.
    """
    ruled = []
    for order in orders:
        ruling = rule(order, facts, limits)
        allowed = order if ruling.quantity == 0 else order.model_copy(update={"quantity": ruling.quantity})
        if ruling.quantity > 0:
            facts = facts.with_order(allowed)
        ruled.append((allowed, ruling))
    return tuple(ruled)


def order_for(decision: Decision, account: Account, instrument: Instrument, limits: Limits) -> Order | None:
    """The way from held to target as a marketable limit at the collar; None where it is below one lot."""
    price = account.marks[decision.symbol]
    held = account.quantity(decision.symbol)
    target = (
        Decimal(repr(decision.target_weight)) * account.equity / (price * account.multiplier(decision.symbol))
    )
    difference = target - held if decision.target_weight > 0 else -held
    quantity = abs(instrument.lots(difference))
    if quantity == 0:
        return None
    buying = difference > 0
    reducing = held != 0 and (difference > 0) != (held > 0)
    side = Side.BUY if buying else Side.SELL
    return Order(
        client_id=client_order_id(decision.id, EXIT if reducing else ENTRY),
        decision=decision.id,
        symbol=decision.symbol,
        side=side,
        type=OrderType.LIMIT,
        quantity=quantity,
        limit_price=at_collar(instrument, side, price, limits),
        reduce_only=reducing,
    )


def protective(order: Order, decision: Decision, instrument: Instrument) -> Order | None:
    """The stop that guards what an entry buys; None for a reduction. It works from the entry's fill on."""
    if order.reduce_only or decision.stop is None:
        return None
    return Order(
        client_id=client_order_id(decision.id, STOP),
        decision=decision.id,
        symbol=order.symbol,
        side=Side.SELL,
        type=OrderType.STOP,
        quantity=order.quantity,
        stop_price=instrument.price_at_least(decision.stop),
        time_in_force=TimeInForce.GTC,
        reduce_only=True,
        parent=order.client_id,
    )


def _reductions_then_edge(draft: tuple[Decision, Order]) -> tuple[bool, float, str]:
    decision, order = draft
    return (not order.reduce_only, -(decision.edge or 0.0), decision.symbol)
