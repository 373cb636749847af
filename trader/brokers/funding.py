"""What a perpetual contract costs while it is held: at fixed hours its longs pay its shorts, or are paid."""

from datetime import timedelta
from decimal import Decimal

from trader.brokers.costs import SMALLEST_AMOUNT
from trader.brokers.ledger import ONE, Ledger
from trader.brokers.session import Emit
from trader.data.market import TradedBar
from trader.domain.instruments import Instrument
from trader.domain.portfolio import AccountEntry, EntryKind
from trader.domain.value import plain

EVERY = timedelta(hours=8)
"""From midnight in UTC: what Binance, Bybit and OKX began with, and most of their contracts still have."""


def perpetual(instrument: Instrument) -> bool:
    """Whether it is a contract that never ends: a future that trades day and night."""
    return instrument.is_future and instrument.calendar == "24/7"


def fund(
    ledger: Ledger, emit: Emit, symbol: str, bar: TradedBar, rate: Decimal | None, worth: Decimal = ONE
) -> None:
    """Charge what was held when the bar opened for every fixed hour of the bar, its opening included.

    At the open, as nobody knows the price in between. Above zero longs pay. `worth` is what a unit of the
    instrument's currency is worth in the book's.
    """
    instrument, held = ledger.instruments[symbol], ledger.quantity(symbol)
    name = f"{symbol}-{bar.opened:%Y-%m-%dT%H:%M}-{EntryKind.FUNDING}"
    if rate is None or held == 0 or not perpetual(instrument) or ledger.knows(name):
        return
    times = _hours(bar)
    cash = (-instrument.notional(held, bar.open) * rate * times * worth).quantize(SMALLEST_AMOUNT)
    if cash == 0:
        return
    emit(
        AccountEntry(
            id=name,
            kind=EntryKind.FUNDING,
            at=bar.opened,
            symbol=symbol,
            cash=cash,
            note=f"{plain(held)} at {plain(bar.open)}, {plain(rate)} every eight hours, {times} of them",
        )
    )


def _hours(bar: TradedBar) -> int:
    """Fixed hours from the bar's opening on, and before its end."""
    midnight = bar.opened.replace(hour=0, minute=0, second=0, microsecond=0)
    before = -(-(bar.opened - midnight) // EVERY)
    return max(0, -(-(bar.available - midnight) // EVERY) - before)
