"""Which orders a person has to approve before they are sent: increases, of a size that settings name.

A reduction never waits: what holds back risk may not hold up the way out of it.
"""

from decimal import Decimal
from typing import Self

from trader.domain.orders import Order
from trader.domain.value import Amount, Value, plain
from trader.risk.facts import Facts
from trader.risk.standing import worst_price

NEVER, ALWAYS, OVER = "never", "always", "over:"


class Approval(Value):
    """What settings ask for."""

    over: Amount | None = None
    """Increases worth more than this, at their worst price and in the account's currency; None: nothing."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """`never`, `always` or `over:5000`."""
        if text == NEVER:
            return cls()
        return cls(over=Decimal(0) if text == ALWAYS else Decimal(text.removeprefix(OVER)))

    def needed(self, order: Order, facts: Facts) -> str | None:
        """Why the order waits for a person, with both numbers; None where it may be sent."""
        if self.over is None:
            return None
        units = facts.increase(order)
        price = worst_price(order, facts.last(order.symbol))
        worth = units * price * facts.account.multiplier(order.symbol)
        if units == 0 or worth <= self.over:
            return None
        currency = facts.account.currency
        return f"{plain(worth)} {currency} asked, {plain(self.over)} allowed without approval"
