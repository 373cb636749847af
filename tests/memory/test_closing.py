"""A closed trade from fills, decisions and bars: longs, shorts, parts, splits, and every way to end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from tests.tools.markets import START, close_of, instrument
from trader.brokers.ledger import Ledger
from trader.data.market import Market
from trader.domain.decisions import Contribution, Decision, Outcome, Payoff, Pool
from trader.domain.ids import BookId, ClientOrderId, DecisionId, RoundId
from trader.domain.market import ActionKind, Bars, CorporateAction, Regime, Timeframe
from trader.domain.orders import Fill, Order, OrderType, Side
from trader.domain.portfolio import AccountEntry, Book, EntryKind, Mode, RoundTrip
from trader.domain.signals import Direction
from trader.domain.trades import ClosedTrade, ExitReason, MarketState
from trader.memory.closing import closed_trade, excursion_of

ENTRY, EXIT = "d" + "a" * 16, "d" + "b" * 16
DAY = timedelta(days=1)
BOOK = Book(
    id=BookId("book"),
    mode=Mode.PAPER,
    feed="test",
    symbols=("AAA",),
    timeframe=Timeframe.D1,
    horizon=5,
    currency="USD",
    calendar="24/7",
    cash=Decimal(100_000),
    opened_at=START,
    settings="",
)
STATE = MarketState(rsi=60.0, adx=30.0, trend=0.1, macd=-0.2, bollinger=1.2, regime=Regime.BULL)


class Dealer:
    """Fills orders on a ledger, a day after another."""

    def __init__(self) -> None:
        self.ledger, self.fills = Ledger(BOOK, [instrument("AAA")]), 0

    def fill(self, order: str, side: Side, units: int, price: str, at: datetime, **terms: Any) -> "Dealer":
        id = ClientOrderId(order)
        asked = {"type": OrderType.MARKET, "reduce_only": "-e" not in order} | terms
        if id not in self.ledger.orders:
            self.ledger.apply(
                Order(client_id=id, decision=DecisionId(order[:17]), symbol="AAA", side=side,
                      quantity=Decimal(units), **asked)
            )  # fmt: skip
        self.fills += 1
        self.ledger.apply(
            Fill(id=str(self.fills), client_id=id, symbol="AAA", side=side, quantity=Decimal(units),
                 price=Decimal(price), fee=Decimal(1), fee_currency="USD", at=at)
        )  # fmt: skip
        return self

    @property
    def trip(self) -> RoundTrip:
        return self.ledger.closed[-1]


def decision(**changes: Any) -> Decision:
    contributions = tuple(
        Contribution(
            agent=agent, record=f"{agent}/rule:{agent}", p_up=p, p_calibrated=p, shift=0.0, weight=0.5
        )
        for agent, p in (("value", 0.48), ("momentum", 0.6))
    )
    pool = Pool(
        base_rate=0.52, contributions=contributions, p_up=0.56, n_eff=90.0, sigma_p=0.03, agreement=1.0
    )
    fields: dict[str, Any] = {
        "id": ENTRY,
        "book": BOOK.id,
        "round": RoundId("r"),
        "as_of": close_of(9),
        "symbol": "AAA",
        "horizon": 5,
        "outcome": Outcome.TRADE,
        "cause": "edge",
        "held_weight": 0.0,
        "target_weight": 0.05,
        "price": Decimal(100),
        "stop": Decimal(92),
        "pool": pool,
        "payoff": Payoff(mean_gain=0.04, mean_loss=0.03, cost=0.002),
        "edge": 0.01,
        "learned": "l",
    }  # fmt: skip
    return Decision(**fields | changes)


def market(lows: Sequence[float], highs: Sequence[float], splits: Sequence[CorporateAction] = ()) -> Market:
    opened = np.datetime64(START.date(), "s") + np.arange(len(lows)) * np.timedelta64(86400, "s")
    low, high = np.array(lows, float), np.array(highs, float)
    middle = (low + high) / 2
    bars = Bars(
        symbol="AAA", timeframe=Timeframe.D1, opened=opened, available=opened + np.timedelta64(1, "D"),
        open=middle, high=high, low=low, close=middle, volume=np.full(len(low), 1e6),
    )  # fmt: skip
    return Market(Timeframe.D1, {"AAA": instrument("AAA")}, {"AAA": bars}, actions={"AAA": tuple(splits)})


def remembered(dealer: Dealer, source: Market | None = None, made: Decision | None = None) -> ClosedTrade:
    path = excursion_of(source.view(close_of(60)), dealer.trip) if source else None
    return closed_trade(BOOK, dealer.trip, close_of(60), made, STATE, path, dealer.ledger.orders)


def test_a_long_with_parts_is_one_trade_with_averages_and_every_fee() -> None:
    dealer = (
        Dealer()
        .fill(f"{ENTRY}-e1", Side.BUY, 10, "100", close_of(9))
        .fill("d" + "c" * 16 + "-e1", Side.BUY, 10, "110", close_of(12))
        .fill(f"{EXIT}-x1", Side.SELL, 5, "120", close_of(15))
        .fill(f"{EXIT}-x1", Side.SELL, 15, "100", close_of(17))
    )
    trade = remembered(dealer, made=decision())
    assert (trade.side, trade.quantity, trade.entry, trade.exit) == (Direction.LONG, 20, 105, 105)
    assert trade.profit == -4
    assert trade.net_return == pytest.approx(-4 / 2100)
    assert (trade.decision, trade.exit_reason, trade.exit_decision) == (ENTRY, ExitReason.DECISION, EXIT)
    assert [(one.agent, one.p_up) for one in trade.stated] == [("momentum", 0.6), ("value", 0.48)]
    assert (trade.p_up, trade.base_rate, trade.confidence) == (0.56, 0.52, 0.56)
    assert trade.stop_distance == pytest.approx(0.08)
    assert trade.reward_to_risk == pytest.approx(0.5)
    assert not trade.won


def test_a_short_gains_where_the_price_falls_and_its_confidence_is_the_other_way_round() -> None:
    dealer = (
        Dealer()
        .fill(f"{ENTRY}-e1", Side.SELL, 10, "100", close_of(9))
        .fill(f"{EXIT}-x1", Side.BUY, 10, "90", close_of(12))
    )
    lows, highs = [95.0] * 20, [105.0] * 20
    lows[11] = 85.0
    trade = remembered(dealer, market(lows, highs), decision())
    assert (trade.side, trade.profit, trade.bars) == (Direction.SHORT, 98, 3)
    assert trade.favourable == pytest.approx(0.15)
    assert trade.adverse == pytest.approx(0.05)
    assert trade.confidence == pytest.approx(0.44)
    assert trade.confluence["trend"] == -1.0
    assert trade.confluence["bands"] == 1.0


def test_the_way_that_the_price_went_is_undone_of_splits_and_ends_with_the_exit() -> None:
    split = CorporateAction(
        symbol="AAA", ex_date=close_of(10).date(), kind=ActionKind.SPLIT, amount=Decimal(2),
        effective=close_of(10),
    )  # fmt: skip
    dealer = Dealer().fill(f"{ENTRY}-e1", Side.BUY, 10, "100", close_of(8))
    dealer.ledger.apply(
        AccountEntry(id="s", kind=EntryKind.SPLIT, at=close_of(10), symbol="AAA", quantity=Decimal(10))
    )
    dealer.fill(f"{EXIT}-x1", Side.SELL, 20, "55", close_of(13))
    lows, highs = [90.0] * 11 + [45.0] * 20, [110.0] * 11 + [57.0] * 20
    highs[13] = 80.0  # the bar in which it was sold, at its open: what came after is not the trade's
    trade = remembered(dealer, market(lows, highs, [split]), decision())
    assert (trade.entry, trade.quantity) == (50, 20)
    assert trade.adverse == pytest.approx(0.1)
    assert trade.favourable == pytest.approx(0.14)
    assert trade.bars == 5


def test_in_and_out_within_one_bar_is_measured_by_its_own_prices() -> None:
    dealer = (
        Dealer()
        .fill(f"{ENTRY}-e1", Side.BUY, 10, "100", close_of(9))
        .fill(f"{ENTRY}-s1", Side.SELL, 10, "92", close_of(9))
    )
    trade = remembered(dealer, market([50.0] * 20, [150.0] * 20), decision())
    assert (trade.bars, trade.favourable) == (0, 0.0)
    assert trade.adverse == pytest.approx(0.08)


@pytest.mark.parametrize(
    ("order", "reason", "by"),
    [
        (f"{EXIT}-x1", ExitReason.DECISION, EXIT),
        (f"{ENTRY}-s2", ExitReason.STOP, ENTRY),
        (f"{ENTRY}-t1", ExitReason.TARGET, ENTRY),
        ("f" + "d" * 16 + "-x1", ExitReason.PERSON, "f" + "d" * 16),
        (f"{EXIT}-e1", ExitReason.TURNED, EXIT),
    ],
)
def test_the_order_that_filled_last_says_why_it_ended(order: str, reason: ExitReason, by: str) -> None:
    dealer = Dealer().fill(f"{ENTRY}-e1", Side.BUY, 10, "100", close_of(9))
    dealer.fill(order, Side.SELL, 10, "101", close_of(12))
    trade = remembered(dealer)
    assert (trade.exit_reason, trade.exit_decision) == (reason, by)


def test_turning_closes_one_trade_and_opens_the_next_by_the_same_order() -> None:
    dealer = Dealer().fill(f"{ENTRY}-e1", Side.BUY, 10, "100", close_of(9))
    dealer.fill(f"{EXIT}-e1", Side.SELL, 25, "101", close_of(12))
    first = remembered(dealer)
    dealer.fill(f"{ENTRY[:-1]}c-x1", Side.BUY, 15, "99", close_of(14))
    second = remembered(dealer)
    assert (first.exit_reason, second.decision, second.side) == (ExitReason.TURNED, EXIT, Direction.SHORT)
    assert first.id != second.id


def test_units_paid_out_in_cash_end_a_trade_without_an_order() -> None:
    dealer = Dealer().fill(f"{ENTRY}-e1", Side.BUY, 10, "100", close_of(9))
    dealer.ledger.apply(
        AccountEntry(id="c", kind=EntryKind.CASH_IN_LIEU, at=close_of(12), symbol="AAA",
                     quantity=Decimal(-10), cash=Decimal(990))
    )  # fmt: skip
    trade = remembered(dealer)
    assert (trade.exit_reason, trade.exit_decision, trade.exit) == (ExitReason.ACTION, "", 99)


def test_a_take_profit_is_the_reward_that_was_at_stake() -> None:
    dealer = Dealer().fill(f"{ENTRY}-e1", Side.BUY, 10, "100", close_of(9))
    dealer.fill(
        f"{ENTRY}-t1", Side.SELL, 10, "112", close_of(12), type=OrderType.LIMIT, limit_price=Decimal(112),
        parent=ClientOrderId(f"{ENTRY}-e1"),
    )  # fmt: skip
    trade = remembered(dealer, made=decision())
    assert trade.target_distance == pytest.approx(0.12)
    assert trade.reward_to_risk == pytest.approx(1.5)


def test_what_nobody_recorded_is_not_made_up() -> None:
    dealer = Dealer().fill(f"{ENTRY}-e1", Side.BUY, 10, "100", close_of(9))
    dealer.fill(f"{EXIT}-x1", Side.SELL, 10, "101", close_of(12))
    trade = remembered(dealer)
    assert (trade.decided_at, trade.p_up, trade.edge, trade.stop_distance, trade.reward_to_risk) == (
        None,
    ) * 5
    assert (trade.bars, trade.adverse, trade.favourable) == (None, None, None)
    late = market([90.0] * 5, [110.0] * 5)
    assert (
        excursion_of(late.view(close_of(4)), dealer.trip.model_copy(update={"opened_at": START - DAY}))
        is None
    )
