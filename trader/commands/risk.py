"""`trader risk`: how much of each limit is used, what the next entry may be, and rules without sending."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from trader.brokers.present import Present
from trader.commands import output, words
from trader.commands.books import chosen
from trader.commands.config import loaded
from trader.commands.session import Session
from trader.domain.errors import OrderError, UnknownName, UsageError
from trader.domain.ids import ENTRY, DecisionId, client_order_id
from trader.domain.instruments import Instrument
from trader.domain.orders import Order, OrderType, Ruling, RulingOutcome, Side
from trader.domain.value import plain
from trader.journal.reader import JournalReader
from trader.risk import killswitch
from trader.risk.facts import Facts
from trader.risk.gate import at_collar, barred, rule
from trader.risk.limits import LIMITS, Limit, Limits, resolve_limits
from trader.risk.standing import Standing

REFUSED = 3
"""The exit code where not all of an order may be sent."""

CHECKED = DecisionId("check")
"""Whose order it would be: nobody's."""


@dataclass(frozen=True)
class Ruled:
    """What the gate would say of an order; `ruling` is None where it is no order at all."""

    sentence: str
    limit: str = ""
    ruling: Ruling | None = None

    @property
    def allowed(self) -> bool:
        """Whether all of it may be sent as it was asked."""
        return not self.limit and self.ruling is not None and self.ruling.outcome is RulingOutcome.ALLOWED


def show(session: Session, book: str | None) -> None:
    """`risk`."""
    settings, _ = loaded(session)
    limits = resolve_limits(settings.risk)
    with JournalReader(session.workspace.journal) as reader:
        now = chosen(reader, book)
    halted = killswitch.halted(session.workspace.halt)
    standing = Standing.of(now.facts)
    used = {limit.slug: limit.used(standing) for limit in LIMITS}
    following = [_next(one, now.facts, limits) for one in now.facts.instruments if one.tradable]
    if session.json:
        output.document(_document(now, limits, used, following, halted))
        return
    table = output.fitting(
        *("limit", "set to", "used", "counted over", "on breach"),
        rows=[_row(limit, limits.value(limit.slug), used[limit.slug]) for limit in LIMITS],
        right=("set to", "used"),
        spare=("counted over",),
    )
    parts: list[Any] = [table, "", "the next entry, before the next bar:"]
    parts += [f"  {_said(symbol, one)}" for symbol, one in following]
    parts += [f"barred: {text}" for text in _breakers(now.facts)]
    parts.append(f"{halted}; nothing is sent" if halted else "not halted")
    parts.append(f"book {now.book.id} at the close of {words.moment(now.account.as_of)}")
    output.screen(*parts)


def _row(limit: Limit, permitted: Decimal, used: Decimal | None) -> tuple[str, ...]:
    shown = words.NOTHING if used is None else limit.shown(used, permitted)
    set_to = f"{limit.amount(permitted)} {limit.of}"
    return limit.name, set_to, shown, limit.scope.value, limit.on_breach.value


def check(
    session: Session, *, symbol: str, side: str, quantity: str, price: str | None, book: str | None
) -> int:
    """`risk check`: 0 where all of the order may be sent, 3 where not; nothing is sent either way."""
    if side not in list(Side):
        raise UnknownName("side", side, Side)
    units, limit = _number(quantity, "--quantity"), _number(price, "--price") if price is not None else None
    settings, _ = loaded(session)
    limits = resolve_limits(settings.risk)
    with JournalReader(session.workspace.journal) as reader:
        now = chosen(reader, book)
    known = [one.symbol for one in now.facts.instruments]
    if symbol not in known:
        raise UnknownName("symbol", symbol, known)
    halted = killswitch.halted(session.workspace.halt)
    found = Ruled(halted, "halt") if halted else ruled(now.facts, limits, symbol, Side(side), units, limit)
    ruling = found.ruling
    if session.json:
        output.document(
            {
                "allowed": found.allowed,
                "limit": found.limit,
                "asked": ruling.asked if ruling else None,
                "permitted": ruling.permitted if ruling else None,
                "outcome": ruling.outcome.value if ruling else RulingOutcome.REFUSED.value,
                "quantity_asked": units if units.is_finite() else str(units),
                "quantity": ruling.quantity if ruling else Decimal(0),
                "sentence": found.sentence,
                "book": now.book.id,
            }
        )
    else:
        output.screen(found.sentence)
    return 0 if found.allowed else REFUSED


def ruled(
    facts: Facts, limits: Limits, symbol: str, side: Side, quantity: Decimal, price: Decimal | None = None
) -> Ruled:
    """What the gate says of a limit order at `price`; where it is None, at the collar."""
    try:
        order = _order(facts, limits, symbol, side, quantity, price)
        ruling = rule(order, facts, limits)
    except OrderError as error:
        return Ruled(error.message, "order")
    if ruling.outcome is RulingOutcome.ALLOWED:
        worth = f"{side} {plain(quantity)} {symbol} at {plain(order.limit_price or Decimal(0))} or better"
        return Ruled(f"allowed: {worth}", ruling=ruling)
    verb = f"cut to {plain(ruling.quantity)}" if ruling.outcome is RulingOutcome.CUT else "refused"
    return Ruled(f"{verb}: {ruling.sentence}", ruling.limit, ruling)


def _order(
    facts: Facts, limits: Limits, symbol: str, side: Side, quantity: Decimal, price: Decimal | None
) -> Order:
    instrument = facts.instrument(symbol)
    instrument.check_quantity(quantity)
    if price is not None:
        instrument.check_price(price)
    try:
        return Order(
            client_id=client_order_id(CHECKED, ENTRY),
            decision=CHECKED,
            symbol=symbol,
            side=side,
            type=OrderType.LIMIT,
            quantity=quantity,
            limit_price=price or at_collar(instrument, side, facts.last(symbol), limits),
            reduce_only=quantity <= -side.sign * facts.account.quantity(symbol),
        )
    except ValidationError as error:
        raise OrderError(f"{symbol}: {error.errors()[0]['msg']}") from None


def _next(instrument: Instrument, facts: Facts, limits: Limits) -> tuple[str, Ruled]:
    """What an entry as large as the limits could allow would be cut to, or why there is not even a lot."""
    try:
        price = at_collar(instrument, Side.BUY, facts.last(instrument.symbol), limits)
        room = limits.value("position_size") * Standing.of(facts).equity
        largest = (
            instrument.lots(room / (price * facts.account.multiplier(instrument.symbol)))
            + instrument.lot_size
        )
    except OrderError as error:
        return instrument.symbol, Ruled(error.message, "order")
    most = ruled(facts, limits, instrument.symbol, Side.BUY, largest)
    if most.ruling is None or most.ruling.quantity > 0:
        return instrument.symbol, most
    return instrument.symbol, ruled(facts, limits, instrument.symbol, Side.BUY, instrument.lot_size)


def _said(symbol: str, one: Ruled) -> str:
    if one.ruling is None or one.ruling.quantity == 0:
        return f"{symbol}: {one.sentence}"
    by = f", by {one.limit.replace('_', ' ')}" if one.limit else ""
    return f"{symbol}: up to {plain(one.ruling.quantity)}{by}"


def _breakers(facts: Facts) -> list[str]:
    """Of each that bars entries now, why and until when."""
    rows: dict[str, Limit] = {limit.slug: limit for limit in LIMITS}
    return [
        *(barred(rows[one.reason], one) for one in facts.breakers if one.bars(facts.now)),
        *(pause.sentence for pause in facts.pauses),
    ]


def _document(
    now: Present,
    limits: Limits,
    used: dict[str, Decimal | None],
    following: list[tuple[str, Ruled]],
    halted: str | None,
) -> dict[str, Any]:
    facts = now.facts
    return {
        "limits": [
            {
                "name": limit.slug,
                "value": float(limits.value(limit.slug)),
                "unit": limit.unit.value,
                "of": limit.of,
                "scope": limit.scope.value,
                "on_breach": limit.on_breach.value,
                "used": None if (so_far := used[limit.slug]) is None else float(so_far),
            }
            for limit in LIMITS
        ],
        "halted": halted is not None,
        "halt": halted,
        "breakers": [one for one in facts.breakers if one.bars(facts.now)],
        "pauses": list(facts.pauses),
        "next": [
            {
                "symbol": symbol,
                "allowed": one.ruling.quantity if one.ruling else Decimal(0),
                "limit": one.limit,
                "sentence": one.sentence,
            }
            for symbol, one in following
        ],
        "book": now.book.id,
        "as_of": facts.now,
    }


def _number(text: str, option: str) -> Decimal:
    """What was typed, NaN included: whether it can be ordered is the gate's word. Raises UsageError."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise UsageError(f"{option}: {text} is not a number", hint=f"for example {option} 10") from None
