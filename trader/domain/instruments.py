"""What is traded: its venue's smallest steps, and how its time is counted."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from trader.domain.errors import OrderError
from trader.domain.value import Amount, Value

MOST_STEPS = Decimal(10) ** 18
"""Lots or ticks that a number may come to: no venue has more, and beyond some 28 digits nothing is exact."""


class AssetClass(StrEnum):
    """Which agents know about it and which limits count it."""

    EQUITY = "equity"
    CRYPTO = "crypto"
    FX = "fx"
    FUTURE = "future"
    INDEX = "index"


class Instrument(Value):
    """One thing that can be traded at one venue."""

    symbol: str
    venue: str
    asset_class: AssetClass
    currency: str
    """What prices, fees and profits are in."""
    tick_size: Amount
    """The smallest step of a price."""
    lot_size: Amount
    """The smallest step of a quantity."""
    multiplier: Amount = Decimal(1)
    """Currency per point per unit; 1 for everything but futures."""
    calendar: str
    """Exchange calendar (`XNYS`), `24/5` or `24/7`."""
    name: str = ""
    tradable: bool = True
    """False for series that agents may look at but whose prices were never traded as they stand."""

    @model_validator(mode="after")
    def _positive(self) -> Self:
        for field in ("tick_size", "lot_size", "multiplier"):
            if getattr(self, field) <= 0:
                raise ValueError(f"{self.symbol}: {field} must be above zero")
        return self

    @property
    def is_future(self) -> bool:
        """Whether it is counted in contracts."""
        return self.asset_class is AssetClass.FUTURE

    def lots(self, quantity: Decimal) -> Decimal:
        """`quantity` cut to whole lots, towards zero."""
        return _step(abs(quantity), self.lot_size, ROUND_FLOOR).copy_sign(quantity)

    def price_at_most(self, price: Decimal) -> Decimal:
        """The nearest tick not above `price`: for a buy limit, so that rounding never passes the limit."""
        return _step(price, self.tick_size, ROUND_FLOOR)

    def price_at_least(self, price: Decimal) -> Decimal:
        """The nearest tick not below `price`: for a sell limit."""
        return _step(price, self.tick_size, ROUND_CEILING)

    def nearest_price(self, price: Decimal) -> Decimal:
        """The nearest tick."""
        return _step(price, self.tick_size, ROUND_HALF_EVEN)

    def notional(self, quantity: Decimal, price: Decimal) -> Decimal:
        """What `quantity` is worth at `price`, signed, in the instrument's currency."""
        return quantity * price * self.multiplier

    def check_quantity(self, quantity: Decimal) -> None:
        """Raise OrderError unless `quantity` is a positive whole number of lots, and no more than can be."""
        if not quantity.is_finite() or quantity <= 0:
            raise OrderError(f"{self.symbol}: quantity {quantity} is not above zero")
        if quantity > MOST_STEPS * self.lot_size:
            raise OrderError(f"{self.symbol}: quantity {quantity:.6G} is more than any venue counts")
        if quantity % self.lot_size != 0:
            raise OrderError(
                f"{self.symbol}: quantity {quantity} is not a multiple of the lot {self.lot_size}"
            )

    def check_price(self, price: Decimal) -> None:
        """Raise OrderError unless `price` is positive and on the tick."""
        if not price.is_finite() or price <= 0:
            raise OrderError(f"{self.symbol}: price {price} is not above zero")
        if price > MOST_STEPS * self.tick_size:
            raise OrderError(f"{self.symbol}: price {price:.6G} is more than any venue counts")
        if price % self.tick_size != 0:
            raise OrderError(f"{self.symbol}: price {price} is off the tick {self.tick_size}")


def _step(amount: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (amount / step).to_integral_value(rounding=rounding) * step
