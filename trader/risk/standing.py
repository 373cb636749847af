"""What a book comes to should everything that works fill at its worst price: made once for each ruling."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Self, TypeAlias

from trader.domain.orders import Order, Side
from trader.domain.portfolio import sum_exact
from trader.risk.facts import ZERO, Facts

Key: TypeAlias = tuple[str, bool]
"""One side of one instrument: its symbol, and whether it is the long one. (A hash of an enum is slow.)"""
ONE = Decimal(1)


class Exposure(NamedTuple):
    """What one side of an instrument may come to."""

    units: Decimal
    value: Decimal
    """At worst prices, in the book's currency, never negative."""


NONE = Exposure(ZERO, ZERO)


@dataclass(frozen=True, eq=False)
class Standing:
    """The facts, and what follows from them before the order in hand.

    Held units count at the last price. Of the orders that work only increases count, at their worst price;
    what they would reduce is not free before it has filled.
    """

    facts: Facts
    equity: Decimal
    sides: Mapping[Key, Exposure]
    """Long and short; both where working orders would turn a position."""
    values: Mapping[str, Decimal]
    """Of each instrument held or being opened the larger of its sides: both cannot come about."""
    gross: Decimal
    """All these values together."""
    multipliers: Mapping[str, Decimal]
    """Of the account's currency per point per unit, where it is not 1."""
    free: Decimal = ZERO
    """Units of the order in hand that would only reduce: what no working order may reduce before it."""

    @classmethod
    def of(cls, facts: Facts, order: Order | None = None) -> Self:
        """Everything but `order`, which does not compete with itself."""
        account = facts.account
        multipliers = account.multipliers
        sides: dict[Key, Exposure] = {}
        reducible: dict[Key, Decimal] = {}
        equity = account.cash
        for held in account.positions:
            symbol, units, long = held.symbol, abs(held.quantity), held.quantity > 0
            value = units * facts.last(symbol)
            if symbol in multipliers:
                value *= multipliers[symbol]
            equity = equity + value if long else equity - value
            sides[symbol, long] = Exposure(units, value)
            reducible[symbol, not long] = units
        for one, units in _increases(facts, order, reducible):
            key = one.symbol, one.side is Side.BUY
            known = sides.get(key, NONE)
            value = units * worst_price(one, facts.last(one.symbol)) * multipliers.get(one.symbol, ONE)
            sides[key] = Exposure(known.units + units, known.value + value)
        values: dict[str, Decimal] = {}
        for (symbol, _), exposure in sides.items():
            values[symbol] = max(exposure.value, values.get(symbol, ZERO))
        free = facts.free(order) if order is not None else ZERO
        return cls(facts, equity, sides, values, sum_exact(values.values()), multipliers, free)

    def exposure(self, order: Order) -> Exposure:
        """What its side of its instrument may come to with the order in hand, or with a part of it."""
        known = self.sides.get((order.symbol, order.side is Side.BUY), NONE)
        if order.reduce_only or order.quantity <= self.free:
            return known
        units = order.quantity - self.free
        worst = worst_price(order, self.facts.last(order.symbol))
        added = units * worst * self.multipliers.get(order.symbol, ONE)
        return Exposure(known.units + units, known.value + added)

    def gross_with(self, order: Order) -> Decimal:
        """What everything may come to with the order."""
        known = self.values.get(order.symbol, ZERO)
        return self.gross - known + max(known, self.exposure(order).value)


def _increases(
    facts: Facts, order: Order | None, reducible: dict[Key, Decimal]
) -> Iterator[tuple[Order, Decimal]]:
    """Every other working order with its units that would open or enlarge a position, where it has any.

    `reducible`, what orders of that side may still reduce, is used up: by reduce-only orders first.
    """
    plain, own = [], order.client_id if order is not None else None
    for working in facts.account.working:
        if working.order.client_id == own:
            continue
        if not working.order.reduce_only:
            plain.append(working)
        elif (key := (working.order.symbol, working.order.side is Side.BUY)) in reducible:
            reducible[key] = max(ZERO, reducible[key] - working.remaining)
    for working in plain:
        key = working.order.symbol, working.order.side is Side.BUY
        free = min(working.remaining, reducible.get(key, ZERO))
        if free:
            reducible[key] -= free
        if working.remaining > free:
            yield working.order, working.remaining - free


def worst_price(order: Order, last: Decimal) -> Decimal:
    """Where a filled increase would count most: a buy's limit; for a sale the dearer of limit and last.

    What has no limit has no bound; the last price, or the stop where that is dearer, stands in for it. The
    gate refuses such increases, so they can only be orders that others have placed.
    """
    if order.limit_price is not None:
        return order.limit_price if order.side is Side.BUY else max(order.limit_price, last)
    return max(order.stop_price or last, last)
