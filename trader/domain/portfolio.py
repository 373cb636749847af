"""The account as a value: taken once at the start of a round and read by everybody."""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from trader.domain.ids import BookId
from trader.domain.market import Timeframe
from trader.domain.orders import Order, OrderState
from trader.domain.value import Amount, Moment, Value


class Mode(StrEnum):
    """Whose money."""

    PAPER = "paper"
    LIVE = "live"


class Book(Value):
    """One account with one strategy. Its id is in every key, and nothing learned crosses it."""

    id: BookId
    mode: Mode
    feed: str
    symbols: tuple[str, ...]
    timeframe: Timeframe
    horizon: int = Field(gt=0)
    currency: str
    calendar: str
    cash: Amount
    """Opening balance."""
    opened_at: Moment
    settings: str
    """Digest of settings, feed, data and span: a run with the same digest goes on with the book."""


class EntryKind(StrEnum):
    """Why cash or units moved without a trade."""

    DEPOSIT = "deposit"
    DIVIDEND = "dividend"
    SPLIT = "split"
    CASH_IN_LIEU = "cash_in_lieu"
    BORROW = "borrow"
    FEE = "fee"
    """Charged in units of what was bought, or in a third asset."""


class AccountEntry(Value):
    """A movement that is not a fill. Idempotent by id."""

    id: str
    kind: EntryKind
    at: Moment
    symbol: str = ""
    cash: Amount = Decimal(0)
    """In the book's currency, signed."""
    quantity: Amount = Decimal(0)
    """Units added by a split, or taken as a fee, signed."""
    note: str = ""


class Position(Value):
    """Units held of one instrument; negative when short."""

    symbol: str
    quantity: Amount
    cost: Amount
    """What the held units cost in all, fees included, signed like the quantity."""
    opened_at: Moment
    realised: Amount = Decimal(0)
    """Profit taken since the position was opened, fees and dividends included."""


class RoundTrip(Value):
    """One round trip of a position, from flat to flat or to the other side, as the account knows it."""

    symbol: str
    opened_at: Moment
    closed_at: Moment
    quantity: Amount
    """Units bought and sold in all, in units of the close; negative where it was short."""
    entry: Amount
    """Average price in, before fees, in units of the close."""
    exit: Amount
    """Average price out, before fees, in units of the close."""
    realised: Amount
    """All cash that came out less all that went in: fees and dividends included."""
    cost: Amount
    """What all that was entered had cost, fees left out; above zero, for a short too."""
    stopped: bool = False
    """Whether a stop ended it."""
    opened_by: str = ""
    """Client id of the order that opened it."""
    closed_by: str = ""
    """Client id of the order that filled last; empty where no order closed it."""


class WorkingOrder(Value):
    """An order that may still fill."""

    order: Order
    state: OrderState
    filled: Amount = Decimal(0)

    @property
    def remaining(self) -> Decimal:
        """Units still to come."""
        return self.order.quantity - self.filled


class Account(Value):
    """One account at one moment. Everything in the book's currency."""

    as_of: Moment
    currency: str
    cash: Amount
    positions: tuple[Position, ...] = ()
    working: tuple[WorkingOrder, ...] = ()
    marks: dict[str, Amount] = Field(default_factory=dict)
    """Last traded price of each symbol of the book, as traded."""
    multipliers: dict[str, Amount] = Field(default_factory=dict)
    """Currency per point per unit, where it is not 1."""
    peak: Amount
    """Highest equity at any mark so far."""
    day_open: Amount
    """Equity at the close of the session before."""

    def position(self, symbol: str) -> Position | None:
        """The position in `symbol`, if any."""
        return next((held for held in self.positions if held.symbol == symbol), None)

    def quantity(self, symbol: str) -> Decimal:
        """Units held of `symbol`, zero where none."""
        held = self.position(symbol)
        return held.quantity if held else Decimal(0)

    def value(self, symbol: str) -> Decimal:
        """Market value of the position in `symbol`, signed."""
        held = self.position(symbol)
        return self._value(held) if held else Decimal(0)

    def _value(self, held: Position) -> Decimal:
        return held.quantity * self.marks[held.symbol] * self.multipliers.get(held.symbol, Decimal(1))

    @property
    def equity(self) -> Decimal:
        """Cash and the market value of all positions."""
        return self.cash + sum_exact(self._value(held) for held in self.positions)

    @property
    def gross(self) -> Decimal:
        """The sizes of all positions added up."""
        return sum_exact(abs(self._value(held)) for held in self.positions)

    @property
    def drawdown(self) -> Decimal:
        """How far equity is below its peak, as a share of the peak."""
        return max(Decimal(0), 1 - self.equity / self.peak) if self.peak > 0 else Decimal(0)

    def weight(self, symbol: str) -> Decimal:
        """Market value of the position as a share of equity; zero where equity is not positive."""
        equity = self.equity
        return self.value(symbol) / equity if equity > 0 else Decimal(0)


def sum_exact(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum of decimals, zero for none."""
    return sum(amounts, Decimal(0))
