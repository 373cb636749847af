"""What it costs to be short of what somebody must lend: charged session by session."""

from decimal import Decimal

from trader.brokers.costs import SMALLEST_AMOUNT
from trader.brokers.ledger import ONE, Ledger
from trader.brokers.session import Emit
from trader.data.market import TradedBar
from trader.domain.instruments import AssetClass
from trader.domain.portfolio import AccountEntry, EntryKind
from trader.domain.value import plain

LENT = frozenset({AssetClass.EQUITY, AssetClass.CRYPTO, AssetClass.INDEX})
"""Must be borrowed to be sold short. Currencies and futures need not be."""

SESSIONS_A_YEAR = Decimal(252)
DAYS_A_YEAR = Decimal(365)
"""Of what trades every day. Either way a year of being short costs the annual rate."""


def charge(
    ledger: Ledger, emit: Emit, symbol: str, bar: TradedBar, rate: Decimal | None, worth: Decimal = ONE
) -> None:
    """A session's part of the annual rate on what is short when its first bar opens, at that open.

    `worth` is what a unit of the instrument's currency is worth in the book's.
    """
    instrument, held = ledger.instruments[symbol], ledger.quantity(symbol)
    name = f"{symbol}-{bar.opened.date()}-{EntryKind.BORROW}"
    if rate is None or held >= 0 or instrument.asset_class not in LENT or ledger.knows(name):
        return
    sessions = DAYS_A_YEAR if instrument.calendar == "24/7" else SESSIONS_A_YEAR
    owed = instrument.notional(-held, bar.open) * rate / sessions * worth
    cash = owed.quantize(SMALLEST_AMOUNT)
    if cash == 0:
        return
    emit(
        AccountEntry(
            id=name,
            kind=EntryKind.BORROW,
            at=bar.opened,
            symbol=symbol,
            cash=-cash,
            note=f"{plain(-held)} short at {plain(bar.open)}, {plain(rate)} a year",
        )
    )
