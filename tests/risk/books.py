"""Small accounts and orders to rule on: three stocks, a future, 100,000 of cash unless said otherwise."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from trader.domain.ids import ClientOrderId, DecisionId
from trader.domain.instruments import AssetClass, Instrument
from trader.domain.orders import Order, OrderState, OrderType, Side, TimeInForce
from trader.domain.portfolio import Account, Position, WorkingOrder
from trader.risk.facts import Facts
from trader.risk.limits import Limits, resolve_limits

NOW = datetime(2012, 6, 1, 20, 0, tzinfo=UTC)
D = Decimal


def stock(symbol: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        venue="XNYS",
        asset_class=AssetClass.EQUITY,
        currency="USD",
        tick_size=D("0.01"),
        lot_size=D(1),
        calendar="XNYS",
    )


FUTURE = Instrument(
    symbol="ES",
    venue="XCME",
    asset_class=AssetClass.FUTURE,
    currency="USD",
    tick_size=D("0.25"),
    lot_size=D(1),
    multiplier=D(50),
    calendar="CMES",
)
COIN = Instrument(
    symbol="BTCUSD",
    venue="OTC",
    asset_class=AssetClass.CRYPTO,
    currency="USD",
    tick_size=D("0.01"),
    lot_size=D("0.00001"),
    calendar="24/7",
)
INSTRUMENTS = (stock("AAPL"), stock("IBM"), stock("MSFT"), FUTURE, COIN)


def order(
    side: Side = Side.BUY,
    quantity: str | int = 10,
    limit: str | None = "100",
    *,
    symbol: str = "AAPL",
    name: str = "d1-e1",
    stop: str | None = None,
    reduce_only: bool = False,
    parent: str | None = None,
    good: TimeInForce = TimeInForce.DAY,
) -> Order:
    """A limit order; a stop where `stop` is given; a market order where neither is."""
    kind = OrderType.STOP if stop else OrderType.LIMIT if limit else OrderType.MARKET
    return Order(
        client_id=ClientOrderId(name),
        decision=DecisionId(name.split("-")[0]),
        symbol=symbol,
        side=side,
        type=kind,
        quantity=D(quantity),
        limit_price=D(limit) if kind is OrderType.LIMIT and limit else None,
        stop_price=D(stop) if stop else None,
        reduce_only=reduce_only,
        parent=ClientOrderId(parent) if parent else None,
        time_in_force=good,
    )


def working(of: Order, filled: str | int = 0, state: OrderState = OrderState.ACKNOWLEDGED) -> WorkingOrder:
    return WorkingOrder(order=of, state=state, filled=D(filled))


def facts(
    held: dict[str, int | str] | None = None,
    *at_venue: WorkingOrder,
    cash: str | int = 100_000,
    prices: dict[str, str] | None = None,
    **more: object,
) -> Facts:
    """A book with these units, all instruments at 100, and these working orders."""
    marks = {one.symbol: D(100) for one in INSTRUMENTS} | {s: D(p) for s, p in (prices or {}).items()}
    positions = tuple(
        Position(symbol=s, quantity=D(q), cost=D(q) * marks[s], opened_at=NOW - timedelta(days=9))
        for s, q in (held or {}).items()
    )
    account = Account(
        as_of=NOW,
        currency="USD",
        cash=D(cash),
        positions=positions,
        working=at_venue,
        marks=marks,
        multipliers={"ES": D(50)},
        peak=D(200_000),
        day_open=D(100_000),
    )
    given = {
        "account": account,
        "instruments": INSTRUMENTS,
        "data_age": dict.fromkeys(marks, 0.0),
        "correlations": {"AAPL|IBM": 0.3, "AAPL|MSFT": 0.9, "IBM|MSFT": 0.2},
        "now": NOW,
    }
    return Facts(**(given | more))


def limits(**changed: object) -> Limits:
    """The defaults, but for these."""
    return resolve_limits(changed)
