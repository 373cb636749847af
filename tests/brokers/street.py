"""A paper broker, its market and its journal: tests place orders and let bars pass."""

from collections.abc import Coroutine, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from tests.risk.books import COIN, FUTURE, INSTRUMENTS, order
from trader.brokers.costs import CostModel
from trader.brokers.ledger import Ledger, Row, fold
from trader.brokers.paper import PARTICIPATION, MarketStep, PaperBroker
from trader.clock import SetClock
from trader.data.market import TradedBar
from trader.domain.ids import BookId
from trader.domain.market import ActionKind, CorporateAction, Timeframe
from trader.domain.orders import Fill, Order, OrderEvent, OrderState
from trader.domain.portfolio import AccountEntry, Book, Mode

__all__ = ["COIN", "FREE", "FUTURE", "OPENED", "Street", "action", "bar_of", "order"]

D = Decimal
OPENED = datetime(2012, 6, 1, 20, 0, tzinfo=UTC)
NO_INTEREST = D(0)
"""Whatever is sold short can be borrowed, and costs nothing."""
FREE = CostModel(fee_bps=D(0), half_spread_bps=D(0), slippage_bps=D(0))
"""So that tests of what fills can say prices as they are in the bar."""

BOOK = Book(
    id=BookId("b1"),
    mode=Mode.PAPER,
    feed="test",
    symbols=tuple(one.symbol for one in INSTRUMENTS),
    timeframe=Timeframe.D1,
    horizon=5,
    currency="USD",
    calendar="XNYS",
    cash=D(100_000),
    opened_at=OPENED,
    settings="0" * 24,
)


def bar_of(symbol: str, day: int, prices: str, volume: str | int | None = None) -> TradedBar:
    """`prices` are "open high low close"; day 1 is the first after the book was opened."""
    close_at = OPENED + timedelta(days=day)
    opened, high, low, close = (D(price) for price in prices.split())
    return TradedBar(
        symbol=symbol,
        opened=close_at - timedelta(hours=6, minutes=30),
        available=close_at,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=None if volume is None else D(volume),
    )


def action(symbol: str, day: int, kind: ActionKind, amount: str) -> CorporateAction:
    effective = OPENED + timedelta(days=day, hours=-6, minutes=-30)
    return CorporateAction(
        symbol=symbol,
        ex_date=date(2012, 6, 1) + timedelta(days=day),
        kind=kind,
        amount=D(amount),
        effective=effective,
    )


Answer = TypeVar("Answer")


def done(work: Coroutine[Any, Any, Answer]) -> Answer:
    """What a coroutine returns that waits for nothing: no event loop is needed for it."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("the paper broker waits for nobody")


class Street:
    """Everything the broker gave out is in `rows`, as the journal would have it."""

    def __init__(
        self,
        costs: CostModel = FREE,
        participation: Decimal = PARTICIPATION,
        book: Book = BOOK,
        borrow_rate: Decimal | None = NO_INTEREST,
    ) -> None:
        self.borrow_rate = borrow_rate
        self.book, self.costs, self.participation = book, costs, participation
        self.clock = SetClock(OPENED)
        self.rows: list[Row] = []
        self.day = 0
        self.broker = self._broker(Ledger(book, INSTRUMENTS))

    def _broker(self, ledger: Ledger) -> PaperBroker:
        return PaperBroker(ledger, self.costs, self.clock, self.participation, self.borrow_rate)

    @property
    def ledger(self) -> Ledger:
        return self.broker.ledger

    def submit(self, *orders: Order) -> list[OrderState]:
        """Write the intents down, then send. The state of each afterwards."""
        states = []
        for one in orders:
            self.rows.append(one)
            self.rows += done(self.broker.submit(one))
            states.append(self.ledger.orders[one.client_id].state)
        return states

    def cancel(self, name: str) -> list[OrderEvent]:
        events = list(done(self.broker.cancel(name)))
        self.rows += events
        return events

    def find(self, name: str) -> OrderState | None:
        return done(self.broker.find(name))

    def bar(
        self,
        prices: str = "",
        *actions: CorporateAction,
        symbol: str = "AAPL",
        volume: int | str | None = None,
        **others: str,
    ) -> MarketStep:
        """Let a day pass: `prices` are those of `symbol`, `others` those of other symbols."""
        bars: Mapping[str, str] = {symbol: prices, **others} if prices else others
        return self.step(
            {name: bar_of(name, self.day + 1, text, volume) for name, text in bars.items()}, *actions
        )

    def step(self, bars: Mapping[str, TradedBar], *actions: CorporateAction) -> MarketStep:
        self.day += 1
        self.clock.set(OPENED + timedelta(days=self.day))
        step = self.broker.advance(bars, actions)
        self.rows += step.rows
        return step

    def restart(self) -> None:
        """As after a crash: a new broker from what was written down."""
        self.broker = self._broker(fold(self.book, INSTRUMENTS, self.rows))

    def state(self, name: str) -> OrderState:
        return self.ledger.orders[name].state

    def reason(self, name: str) -> str:
        """Why the order stands as it does."""
        return [row.reason for row in self.rows if isinstance(row, OrderEvent) and row.client_id == name][-1]

    @property
    def fills(self) -> list[Fill]:
        return [row for row in self.rows if isinstance(row, Fill)]

    @property
    def traded(self) -> list[tuple[str, Decimal, Decimal]]:
        """Client id, signed quantity and price of each fill."""
        return [(fill.client_id, fill.signed_quantity, fill.price) for fill in self.fills]

    @property
    def entries(self) -> list[AccountEntry]:
        return [row for row in self.rows if isinstance(row, AccountEntry)]
