"""The gate: one pure function with the last word on every order. No model reaches it.

An entry is a limit order at the collar, and limits are asked at that worst price with every working order
counted. A reduction passes every limit that exists for increases. Of an order that would turn a position
through zero only the part that closes it is a reduction: a cut never goes below that part.
"""

from datetime import datetime
from decimal import Decimal

from trader.domain.errors import OrderError
from trader.domain.instruments import Instrument
from trader.domain.orders import Order, Ruling, RulingOutcome, Side
from trader.domain.portfolio import Account
from trader.domain.value import plain
from trader.risk.asking import Asked
from trader.risk.facts import Breaker, Facts
from trader.risk.limits import LIMITS, WAITING_AT_MOST, Breach, Limit, Limits
from trader.risk.standing import Standing

BEYOND = 10
"""Asked for so many times what is allowed, an order is taken for a mistake of unit, and is refused, not cut:
notional given for units, units for contracts, per cent for fractions."""

STOP_SIDE = "stop_side"
"""Named as the limit for a stop that the market has passed already."""

CLOSED = "market_closed"
"""Named as the limit while the venue takes no orders in the instrument."""

BORROW = "borrow"
"""Named as the limit for a sale of more than is held, where nobody is known to lend the rest."""

UNRESOLVED = "unknown_order"
"""Named as the limit while the venue has not said what became of another order of the instrument."""


def rule(order: Order, facts: Facts, limits: Limits) -> Ruling:
    """Allowed, cut or refused, by which limit, with both numbers.

    Of several limits the one that leaves least is named, the first in the table where they leave the same.
    Raises OrderError for what is no order: an instrument that the book does not have, that is not traded or
    whose currency has no rate, a quantity off the lot, a price off the tick.
    """
    instrument = facts.instrument(order.symbol)
    check(order, instrument)
    check_currency(instrument, facts.account)
    increase = facts.increase(order)
    ruling = _ruling(order, order.quantity)
    if increase == 0:
        return ruling
    closing = instrument.lots(order.quantity - increase)
    unresolved = facts.unresolved(order.symbol)
    if unresolved is not None:
        sentence = (
            f"order {unresolved.order.client_id} is unknown: no entry in {order.symbol} until that is known"
        )
        return _ruling(order, closing, UNRESOLVED, sentence)
    passed = wrong_side(order, facts.last(order.symbol))
    if passed is not None:
        return _ruling(order, closing, STOP_SIDE, passed)
    if order.side is Side.SELL and order.symbol in facts.unlent:
        sentence = (
            f"borrow: {plain(order.quantity)} {order.symbol} to be sold, {plain(closing)} held and free: "
            "whether the rest can be borrowed is not known"
        )
        return _ruling(order, closing, BORROW, sentence, order.quantity, closing)
    opens = facts.closed.get(order.symbol)
    if opens is not None:
        sentence = f"market closed: {order.symbol} takes no orders before {_minute(opens)} UTC"
        return _ruling(order, closing, CLOSED, sentence)
    pause = facts.pause(order.symbol)
    if pause is not None:
        return _ruling(order, closing, pause.rule, pause.sentence, pause.asked, pause.permitted)
    standing = Standing.of(facts, order)
    for limit in LIMITS:
        held = _held_to(limit, limits.value(limit.slug), order, standing, closing)
        if held is not None and held.quantity < ruling.quantity:
            ruling = held
        if ruling.quantity == closing:
            break
    return ruling


def check(order: Order, instrument: Instrument) -> None:
    """Raise OrderError unless the instrument is traded, and quantity and prices are on its steps."""
    if not instrument.tradable:
        raise OrderError(f"{instrument.symbol}: not traded")
    instrument.check_quantity(order.quantity)
    for price in (order.limit_price, order.stop_price, order.trail):
        if price is not None:
            instrument.check_price(price)


def check_currency(instrument: Instrument, account: Account) -> None:
    """Raise OrderError where what the instrument costs cannot be said in the account's currency."""
    if instrument.currency != account.currency and instrument.currency not in account.rates:
        raise OrderError(
            f"{instrument.symbol} is in {instrument.currency}, the account in {account.currency}: "
            "no rate is known"
        )


def wrong_side(order: Order, last: Decimal) -> str | None:
    """Why the stop of an order would not wait for anything, with both prices; None where it waits."""
    stop = order.stop_price
    if stop is None or (stop - last) * order.side.sign > 0:
        return None
    side = "above" if order.side is Side.BUY else "below"
    return f"stop {plain(stop)} of a {order.side} must be {side} the last price, {plain(last)}"


def refused(order: Order, limit: str, sentence: str) -> Ruling:
    """Nothing of the order may be sent."""
    return _ruling(order, Decimal(0), limit, sentence)


def at_collar(instrument: Instrument, side: Side, last: Decimal, limits: Limits) -> Decimal:
    """The worst price an order may have: the collar away from the last price, rounded inwards."""
    collar = limits.value("price_collar")
    if side is Side.BUY:
        return instrument.price_at_most(last * (1 + collar))
    return instrument.price_at_least(last * (1 - collar))


def _held_to(
    limit: Limit, permitted: Decimal, order: Order, standing: Standing, closing: Decimal
) -> Ruling | None:
    """What one limit makes of the order; None where it lets all of it pass."""
    facts = standing.facts
    if limit.on_breach is Breach.BREAKER:
        breaker = facts.breaker(limit.slug)
        if breaker is None:
            return None
        return _ruling(order, closing, limit.slug, barred(limit, breaker), breaker.asked, breaker.permitted)
    if limit.on_breach is Breach.QUEUE:
        if facts.waiting <= WAITING_AT_MOST:
            return None
        sentence = f"{limit.name}: {facts.waiting} requests waiting, {WAITING_AT_MOST} allowed"
        return _ruling(order, closing, limit.slug, sentence, Decimal(facts.waiting), Decimal(WAITING_AT_MOST))
    asked = limit.asked(order, standing)
    if isinstance(asked, str):
        return _ruling(order, closing, limit.slug, f"{limit.name}: {asked}")
    if asked is None or asked <= permitted:
        return None
    quantity = closing
    if limit.on_breach is Breach.CUT and asked > BEYOND * permitted:
        sentence = f"{limit.sentence(asked, permitted)}; that is no size to be cut, is the unit right?"
        return _ruling(order, closing, limit.slug, sentence, asked, permitted)
    if limit.on_breach is Breach.CUT:
        quantity = _largest(limit, permitted, order, standing, closing)
    return _ruling(order, quantity, limit.slug, limit.sentence(asked, permitted), asked, permitted)


def barred(limit: Limit, breaker: Breaker) -> str:
    """Why there are no entries, and until when: "daily loss: 2.3 % of the day's opening equity, …"."""
    until = "a person resumes" if breaker.until is None else f"{_minute(breaker.until)} UTC"
    measured = ""
    if breaker.asked is not None and breaker.permitted is not None:
        shown = limit.shown(breaker.asked, breaker.permitted)
        measured = f"{shown} {limit.of}, the limit is {limit.amount(breaker.permitted)}; "
    return f"{limit.name}: {measured}no entries until {until}"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _largest(limit: Limit, permitted: Decimal, order: Order, standing: Standing, closing: Decimal) -> Decimal:
    """The most whole lots within the limit, at least `closing`. More lots never ask for less."""
    lot = standing.facts.instrument(order.symbol).lot_size
    fits, breaks = int(closing / lot), int(order.quantity / lot)
    while breaks - fits > 1:
        middle = (fits + breaks) // 2
        part = order.model_copy(update={"quantity": middle * lot})
        if _within(limit.asked(part, standing), permitted):
            fits = middle
        else:
            breaks = middle
    return fits * lot


def _within(asked: Asked, permitted: Decimal) -> bool:
    return isinstance(asked, Decimal) and asked <= permitted


def _ruling(
    order: Order,
    quantity: Decimal,
    limit: str = "",
    sentence: str = "",
    asked: Decimal | None = None,
    permitted: Decimal | None = None,
) -> Ruling:
    outcome = RulingOutcome.CUT if quantity > 0 else RulingOutcome.REFUSED
    return Ruling(
        client_id=order.client_id,
        symbol=order.symbol,
        outcome=RulingOutcome.ALLOWED if quantity == order.quantity else outcome,
        limit=limit,
        asked=None if asked is None else float(asked),
        permitted=None if permitted is None else float(permitted),
        quantity_asked=order.quantity,
        quantity=quantity,
        sentence=sentence,
    )
