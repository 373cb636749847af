"""What an account held before the book began, and what others have done on it since."""

from collections.abc import Iterable
from decimal import Decimal

from trader.brokers.ccxt_rules import Rules
from trader.brokers.ledger import Ledger
from trader.brokers.reconcile import Difference, Kind
from trader.brokers.venue_account import VenueTrade
from trader.domain.orders import Side
from trader.domain.value import Amount, Value, plain


class Opening(Value):
    """The account when the book began: the journal keeps it, so that a restart compares with the same."""

    account: str
    """The account's name at the venue."""
    balances: dict[str, Amount]
    """What was owned of each asset."""
    trades: dict[str, int]
    """Symbol -> the id of its newest trade."""


class Foreign:
    """Trades that the desk did not place, and assets that its fees were charged in."""

    def __init__(self, opening: Opening) -> None:
        self.opening = opening
        self.trades: dict[tuple[str, str], VenueTrade] = {}
        self._charged: set[tuple[str, str]] = set()
        self._moved: dict[str, Decimal] = {}

    def add(self, trade: VenueTrade, rules: Rules) -> None:
        """Take note of a trade; once, however often it is told."""
        if (trade.symbol, trade.id) in self.trades:
            return
        self.trades[trade.symbol, trade.id] = trade
        sign = 1 if trade.side is Side.BUY else -1
        self._move(rules.base, sign * trade.quantity)
        self._move(rules.quote, -sign * trade.quantity * trade.price)
        self._move(trade.fee_currency or rules.quote, -trade.fee)

    def charge(self, trade: VenueTrade, rules: Rules) -> None:
        """Take note of what a trade of the desk's own cost in a third asset; once."""
        key = (trade.symbol, trade.id)
        if trade.fee and trade.fee_currency not in (rules.base, rules.quote) and key not in self._charged:
            self._charged.add(key)
            self._move(trade.fee_currency, -trade.fee)

    def _move(self, asset: str, amount: Decimal) -> None:
        self._moved[asset] = self._moved.get(asset, Decimal(0)) + amount

    def holdings(self, ledger: Ledger, rules: Iterable[Rules]) -> dict[str, Decimal]:
        """What the account should have of every asset that the book or others have moved."""
        found = dict(self._moved)
        for one in rules:
            found.setdefault(one.quote, Decimal(0))
            found[one.base] = found.get(one.base, Decimal(0)) + ledger.quantity(one.instrument.symbol)
        currency = ledger.book.currency
        found[currency] = found.get(currency, Decimal(0)) + ledger.cash - ledger.book.cash
        return {asset: self.opening.balances.get(asset, Decimal(0)) + moved for asset, moved in found.items()}

    def differences(self) -> tuple[Difference, ...]:
        """Every trade of others, named."""
        return tuple(
            Difference(
                kind=Kind.FOREIGN_TRADE,
                what=f"{trade.symbol} trade {trade.id}",
                journal="nothing",
                venue=f"{trade.side} {plain(trade.quantity)} at {plain(trade.price)}",
            )
            for trade in self.trades.values()
        )
