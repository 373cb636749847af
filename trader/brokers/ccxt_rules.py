"""What a venue lets be ordered in one market: the instrument, and the sizes it takes."""

from decimal import Decimal
from typing import Any

from trader.data.feeds.ccxt_exchange import Exchange
from trader.domain.errors import OrderError, UnknownName, UsageError
from trader.domain.instruments import AssetClass, Instrument
from trader.domain.orders import Order, OrderType
from trader.domain.value import Amount, Value, plain


class Rules(Value):
    """One market of a venue."""

    instrument: Instrument
    base: str
    """What is bought."""
    quote: str
    """What it is paid with."""
    min_quantity: Amount = Decimal(0)
    min_notional: Amount = Decimal(0)
    """Quantity times price, at least."""

    def check(self, order: Order, quantity: Decimal, mark: Decimal | None = None) -> None:
        """Raise OrderError, with the number that is wrong and what was allowed, where the venue would not.

        A market order is measured at `mark`, where that is known.
        """
        one = self.instrument
        one.check_quantity(quantity)
        for price in (order.limit_price, order.stop_price):
            if price is not None:
                one.check_price(price)
        if small := self.too_small(order, quantity, mark):
            raise OrderError(small)

    def too_small(self, order: Order, quantity: Decimal, mark: Decimal | None = None) -> str:
        """Why so few units are no order for the venue, with both numbers; empty where they are one."""
        symbol = self.instrument.symbol
        if quantity < self.min_quantity:
            return (
                f"{symbol}: quantity {plain(quantity)} is below the venue's smallest, "
                f"{plain(self.min_quantity)}"
            )
        at = order.limit_price or order.stop_price or (mark if order.type is OrderType.MARKET else None)
        if at is not None and quantity * at < self.min_notional:
            return (
                f"{symbol}: {plain(quantity * at)} {self.quote} is below the venue's smallest order, "
                f"{plain(self.min_notional)} {self.quote}"
            )
        return ""


def rules_of(exchange: Exchange, venue: str, symbol: str) -> Rules:
    """The rules of `symbol` (`BTC/USDT`), of an exchange whose markets are loaded.

    Raises UnknownName for no market, UsageError for one that is no spot market or that nobody can trade now.
    """
    if symbol not in exchange.markets:
        raise UnknownName("symbol", symbol, exchange.markets)
    market = exchange.markets[symbol]
    if not market.get("spot"):
        raise UsageError(
            f"{symbol}: not a spot market of {venue}; contracts, with positions that may be hedged, are not"
            " traded",
            hint="choose a spot market with --symbols",
        )
    if market.get("active") is False:
        raise UsageError(f"{symbol}: {venue} has closed this market for now")
    steps, limits = market["precision"], market["limits"]
    return Rules(
        instrument=Instrument(
            symbol=symbol,
            venue=venue,
            asset_class=AssetClass.CRYPTO,
            currency=market["quote"],
            tick_size=_step(steps, "price", symbol),
            lot_size=_step(steps, "amount", symbol),
            calendar="24/7",
        ),
        base=market["base"],
        quote=market["quote"],
        min_quantity=_least(limits, "amount"),
        min_notional=_least(limits, "cost"),
    )


def _step(steps: Any, name: str, symbol: str) -> Decimal:
    """A smallest step: ccxt gives it as text here."""
    if not isinstance(steps.get(name), str):
        raise UsageError(f"{symbol}: the venue does not say the smallest step of its {name}")
    return Decimal(plain(Decimal(steps[name])))


def _least(limits: Any, name: str) -> Decimal:
    value = (limits.get(name) or {}).get("min")
    return Decimal(plain(Decimal(value))) if isinstance(value, str) else Decimal(0)
