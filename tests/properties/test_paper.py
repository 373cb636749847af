"""What must hold of the paper account for any market and any orders."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.brokers.street import BOOK, FREE, Street, action, bar_of, order
from tests.risk.books import INSTRUMENTS
from trader.brokers.costs import CostModel
from trader.brokers.ledger import fold
from trader.data.market import TradedBar
from trader.domain.market import ActionKind, CorporateAction
from trader.domain.orders import Fill, Order, OrderState, Side, TimeInForce
from trader.domain.portfolio import AccountEntry

D = Decimal
SYMBOLS = ("AAPL", "IBM")
cents = st.integers(9_000, 11_000).map(lambda price: D(price) / 100)
units = st.integers(1, 60)


@dataclass(frozen=True)
class Day:
    """What is sent and cancelled before a bar, the bar, and what takes effect with it."""

    orders: tuple[Order, ...]
    cancelled: tuple[str, ...]
    bars: dict[str, TradedBar]
    actions: tuple[CorporateAction, ...]
    restart: bool


@st.composite
def brackets(draw: st.DrawFn, name: str) -> tuple[Order, ...]:
    """An entry, long or short, with a stop and perhaps a target; or an order by itself."""
    symbol, side = draw(st.sampled_from(SYMBOLS)), draw(st.sampled_from([Side.BUY, Side.BUY, Side.SELL]))
    other = Side.SELL if side is Side.BUY else Side.BUY
    quantity, good = draw(units), draw(st.sampled_from(TimeInForce))
    first = order(side, quantity, str(draw(cents)), symbol=symbol, name=f"{name}-e1", good=good)
    kind = draw(st.sampled_from(["bracket", "bracket", "exit", "plain", "market", "stop"]))
    if kind == "bracket":
        leg = {"symbol": symbol, "parent": first.client_id, "reduce_only": True, "good": TimeInForce.GTC}
        stop = order(other, quantity, None, stop=str(draw(cents)), name=f"{name}-s1", **leg)
        target = order(other, quantity, str(draw(cents)), name=f"{name}-t1", **leg)
        return (first, stop, target) if draw(st.booleans()) else (first, stop)
    if kind == "plain":
        return (first,)
    price = {"limit": None, "stop": str(draw(cents))} if kind == "stop" else {}
    if kind == "market":
        price = {"limit": None}
    reduce_only = kind == "exit" or draw(st.booleans())
    return (
        order(other, quantity, symbol=symbol, name=f"{name}-x1", reduce_only=reduce_only, good=good, **price),
    )


@st.composite
def bars(draw: st.DrawFn, symbol: str, day: int) -> TradedBar:
    prices = [draw(cents) for _ in range(4)]
    volume = draw(st.sampled_from([None, None, 0, 90, 300]))
    return bar_of(symbol, day, f"{prices[0]} {max(prices)} {min(prices)} {prices[1]}", volume)


@st.composite
def days(draw: st.DrawFn) -> list[Day]:
    made = []
    names: list[str] = []
    for number in range(1, draw(st.integers(2, 7)) + 1):
        sent = tuple(
            one for part in range(draw(st.integers(0, 2))) for one in draw(brackets(f"d{number}n{part}"))
        )
        cancelled = tuple(draw(st.lists(st.sampled_from(names), max_size=1))) if names else ()
        names += [one.client_id for one in sent]
        traded = [symbol for symbol in SYMBOLS if draw(st.integers(0, 5))]
        happening = draw(st.sampled_from(["", "", "", "split", "dividend"]))
        amount = {"split": st.sampled_from(["2", "1.5", "0.1"]), "dividend": st.just("0.37")}
        acts = ()
        if happening:
            where = draw(st.sampled_from(SYMBOLS))
            acts = (action(where, number, ActionKind(happening), draw(amount[happening])),)
        made.append(
            Day(sent, cancelled, {s: draw(bars(s, number)) for s in traded}, acts, draw(st.booleans()))
        )
    return made


def lived(some_days: list[Day], costs: CostModel = FREE, restarts: bool = True) -> Street:
    street = Street(costs)
    for day in some_days:
        street.submit(*day.orders)
        for name in day.cancelled:
            street.cancel(name)
        street.step(day.bars, *day.actions)
        if day.restart and restarts:
            street.restart()
    return street


@given(days())
@settings(max_examples=150)
def test_the_journal_folds_to_the_broker_as_it_is(some_days):
    street = lived(some_days)
    assert vars(fold(BOOK, INSTRUMENTS, street.rows)) == vars(street.ledger)


@given(days(), st.data())
def test_a_restart_between_any_two_rows_changes_nothing(some_days, data):
    street = lived(some_days)
    cut = data.draw(st.integers(0, len(street.rows)))
    ledger = fold(BOOK, INSTRUMENTS, street.rows[:cut])
    repeated = [row for row in street.rows[:cut] if isinstance(row, Fill | AccountEntry | Order)]
    for row in (*repeated, *street.rows[cut:]):
        ledger.apply(row)
    assert vars(ledger) == vars(street.ledger)


@given(days())
def test_a_broker_that_was_restarted_goes_on_as_if_it_had_not_been(some_days):
    assert lived(some_days).rows == lived(some_days, restarts=False).rows


@given(days(), st.sampled_from([FREE, CostModel()]))
@settings(max_examples=150)
def test_cash_and_units_are_exact_sums(some_days, costs):
    street = lived(some_days, costs)
    cash, held = BOOK.cash, Counter()
    for row in street.rows:
        if isinstance(row, Fill):
            cash -= row.signed_quantity * row.price + row.fee
            held[row.symbol] += row.signed_quantity
        elif isinstance(row, AccountEntry):
            cash += row.cash
            held[row.symbol] += row.quantity
    assert street.ledger.cash == cash
    assert {symbol: street.ledger.quantity(symbol) for symbol in held} == held


@given(days(), st.sampled_from([FREE, CostModel()]))
def test_no_profit_is_lost_or_made_between_trades_and_cash(some_days, costs):
    ledger = lived(some_days, costs).ledger
    made = sum(trade.realised for trade in ledger.closed)
    open_ = sum(held.realised - held.cost for held in ledger.holdings.values())
    assert made + open_ == ledger.cash - BOOK.cash


@given(days(), st.randoms(use_true_random=False))
def test_fills_in_any_order_and_any_number_of_times_are_the_same_cash_and_units(some_days, random):
    street = lived([Day(d.orders, d.cancelled, d.bars, (), False) for d in some_days], CostModel())
    fills = street.fills * 2
    random.shuffle(fills)
    ledger = fold(BOOK, INSTRUMENTS, [row for row in street.rows if isinstance(row, Order)] + fills)
    assert ledger.cash == street.ledger.cash
    assert {s: ledger.quantity(s) for s in SYMBOLS} == {s: street.ledger.quantity(s) for s in SYMBOLS}
    assert {name: one.filled for name, one in ledger.orders.items()} == {
        name: one.filled for name, one in street.ledger.orders.items()
    }


@given(days(), st.sampled_from([FREE, CostModel()]))
@settings(max_examples=150)
def test_every_fill_is_one_that_the_market_allowed(some_days, costs):
    """Checked a second way, fill by fill, with what was held before each."""
    street = Street(costs)
    sent = {}
    for day in some_days:
        sent |= {one.client_id: street.clock.now() for one in day.orders}
        street.submit(*day.orders)
        held = Counter({symbol: street.ledger.quantity(symbol) for symbol in SYMBOLS})
        step = street.step(day.bars, *day.actions)
        for row in step.rows:
            if isinstance(row, Fill):
                one = street.ledger.orders[row.client_id].order
                assert row.at > sent[row.client_id]
                assert allowed(row, one, day.bars[row.symbol], costs)
                assert not one.reduce_only or reduces(row, held[row.symbol])
                held[row.symbol] += row.signed_quantity
            elif isinstance(row, AccountEntry):
                held[row.symbol] += row.quantity
        for symbol, bar in day.bars.items():
            traded = sum(fill.quantity for fill in step.fills if fill.symbol == symbol)
            assert bar.volume is None or traded <= bar.volume / 10
        after_the_bar(street, day)


def allowed(fill: Fill, one: Order, bar: TradedBar, costs: CostModel) -> bool:
    """Within the order's limit, at a moment of the bar, and without costs at a price that traded."""
    within_limit = one.limit_price is None or (fill.price - one.limit_price) * fill.side.sign <= 0
    within_bar = bar.low <= fill.price <= bar.high or costs is not FREE
    return within_limit and within_bar and fill.at in (bar.opened, bar.available)


def reduces(fill: Fill, held: Decimal) -> bool:
    after = held + fill.signed_quantity
    return abs(after) < abs(held) and after * held >= 0


def after_the_bar(street: Street, day: Day) -> None:
    for tracked in street.ledger.working():
        assert 0 <= tracked.filled < tracked.order.quantity
        if tracked.order.symbol not in day.bars:
            continue
        assert tracked.order.time_in_force is TimeInForce.GTC
        parent = tracked.order.parent
        waits = parent is not None and street.ledger.orders[parent].working
        if tracked.order.reduce_only and not waits:
            assert street.ledger.quantity(tracked.order.symbol) * tracked.order.side.sign < 0
    for symbol in day.bars:
        held = street.ledger.quantity(symbol)
        assert held == held.to_integral_value(), "fractions have been paid out"


@given(days())
def test_every_order_ends_or_works_and_every_end_has_a_reason(some_days):
    street = lived(some_days)
    for name, tracked in street.ledger.orders.items():
        assert tracked.state is not OrderState.INTENDED
        if tracked.state in (OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED):
            assert street.reason(name)
        if tracked.state is OrderState.FILLED:
            assert tracked.remaining == 0
