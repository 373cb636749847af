"""What nobody should have asked for is refused, by name: which number is wrong, and what was allowed."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from tests.risk.books import COIN, FUTURE, INSTRUMENTS, NOW, facts, limits, order, stock
from trader.domain.decisions import Decision, Outcome
from trader.domain.errors import OrderError, SettingsError
from trader.domain.ids import BookId, RoundId, decision_id
from trader.domain.orders import Order, OrderType, RulingOutcome, Side
from trader.graph.allocate import allot
from trader.risk.gate import BEYOND, rule
from trader.risk.limits import LIMITS, Unit, resolve_limits

D = Decimal
MIXED_UP = 500
REFUSED = RulingOutcome.REFUSED


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (order(symbol="TSLA"), "TSLA: not an instrument of this book"),
        (order(quantity="0.5"), "AAPL: quantity 0.5 is not a multiple of the lot 1"),
        (
            order(symbol="BTCUSD", quantity="0.000001"),
            "quantity 0.000001 is not a multiple of the lot 0.00001",
        ),
        (order(limit="100.005"), "AAPL: price 100.005 is off the tick 0.01"),
        (order(symbol="ES", limit="100.10"), "ES: price 100.10 is off the tick 0.25"),
        (order(quantity="1e30"), "AAPL: quantity 1E+30 is more than any venue counts"),
        (order(limit="1e40"), "AAPL: price 1E+40 is more than any venue counts"),
        (order(Side.SELL, limit=None, stop="90.001"), "AAPL: price 90.001 is off the tick 0.01"),
    ],
)
def test_what_is_no_order_is_an_error_that_names_the_number_and_the_step(asked: Order, says: str) -> None:
    with pytest.raises(OrderError) as wrong:
        rule(asked, facts(), limits())
    assert says in wrong.value.message


@pytest.mark.parametrize("field", ["quantity", "limit_price"])
@pytest.mark.parametrize("number", ["0", "-1", "NaN", "Infinity", "-Infinity"])
def test_an_order_cannot_be_made_of_a_number_that_is_none(field: str, number: str) -> None:
    given = order().model_dump() | {field: D(number)}
    with pytest.raises(ValidationError):
        Order.model_validate(given)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"limit_price": None}, "d1-e1: a limit order, and no other, has a limit price"),
        ({"type": OrderType.MARKET}, "d1-e1: a limit order, and no other, has a limit price"),
        ({"stop_price": D(90)}, "d1-e1: a stop order, and no other, has a stop price"),
        ({"type": OrderType.STOP_LIMIT}, "d1-e1: a stop order, and no other, has a stop price"),
        ({"trail": D(1)}, "d1-e1: a trailing stop, and no other, has a distance to trail by"),
    ],
)
def test_an_order_has_the_prices_of_its_type_and_no_others(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Order.model_validate(order().model_dump() | changes)


def test_an_instrument_whose_currency_has_no_rate_is_refused() -> None:
    foreign = stock("SAP").model_copy(update={"currency": "EUR"})
    known = facts(prices={"SAP": "100"}, instruments=(*INSTRUMENTS, foreign))
    with pytest.raises(OrderError, match="SAP is in EUR, the account in USD: no rate is known"):
        rule(order(symbol="SAP"), known, limits())


@pytest.mark.parametrize(
    ("side", "stop", "says"),
    [
        (Side.BUY, "99.99", "stop 99.99 of a buy must be above the last price, 100"),
        (Side.BUY, "100", "stop 100 of a buy must be above the last price, 100"),
        (Side.SELL, "100.01", "stop 100.01 of a sell must be below the last price, 100"),
        (Side.SELL, "100", "stop 100 of a sell must be below the last price, 100"),
    ],
)
def test_a_stop_on_the_wrong_side_is_refused(side: Side, stop: str, says: str) -> None:
    ruling = rule(order(side, limit=None, stop=stop), facts(), limits())
    assert (ruling.outcome, ruling.limit, ruling.sentence) == (REFUSED, "stop_side", says)


def test_a_stop_on_its_own_side_is_not_refused_for_that() -> None:
    for side, stop in ((Side.BUY, "100.01"), (Side.SELL, "99.99")):
        assert rule(order(side, limit=None, stop=stop), facts(), limits()).limit == "price_collar"


@pytest.mark.parametrize(("stop", "placed"), [("100.01", False), ("100", False), ("99.99", True)])
def test_an_entry_whose_stop_is_on_the_wrong_side_is_not_sent(stop: str, placed: bool) -> None:
    known = facts()
    decided = Decision(
        id=decision_id(BookId("b"), NOW, "AAPL", 5),
        book=BookId("b"),
        round=RoundId("r"),
        as_of=NOW,
        symbol="AAPL",
        horizon=5,
        outcome=Outcome.TRADE,
        cause="for the test",
        held_weight=0.0,
        target_weight=0.03,
        price=D(100),
        stop=D(stop),
        learned="",
    )
    (item,) = allot([decided], known.account, known, limits())
    assert (item.ruling.quantity > 0) is placed
    assert (item.stop is not None) is placed
    assert placed or (item.ruling.limit == "stop_side" and stop in item.ruling.sentence)


def test_what_nobody_is_known_to_lend_is_sold_only_as_far_as_it_is_held() -> None:
    known = facts({"AAPL": 10}, unlent=("AAPL",))
    short = rule(order(Side.SELL, 25, "98"), known, limits())
    assert (short.outcome, short.limit, short.quantity) == (RulingOutcome.CUT, "borrow", 10)
    assert (short.asked, short.permitted) == (25, 10)
    assert short.sentence.startswith("borrow: 25 AAPL to be sold, 10 held and free")
    assert rule(order(Side.SELL, 10, "98"), known, limits()).outcome is RulingOutcome.ALLOWED
    assert rule(order(Side.BUY, 10), known, limits()).outcome is RulingOutcome.ALLOWED
    assert rule(order(Side.SELL, 10, "98", symbol="IBM"), known, limits()).outcome is RulingOutcome.ALLOWED
    nothing = rule(order(Side.SELL, 10, "98"), facts(unlent=("AAPL",)), limits())
    assert (nothing.outcome, nothing.limit) == (REFUSED, "borrow")


def test_a_stale_price_is_refused_with_its_age() -> None:
    ruling = rule(order(), facts(data_age={"AAPL": 2.5}), limits())
    assert ruling.sentence == "data age: 2.5 bars asked, 2 allowed"


def test_a_closed_market_is_refused_until_it_opens_and_reductions_pass() -> None:
    known = facts({"AAPL": 10}, closed={"AAPL": NOW + timedelta(hours=17, minutes=30)})
    ruling = rule(order(), known, limits())
    assert (ruling.outcome, ruling.limit) == (REFUSED, "market_closed")
    assert ruling.sentence == "market closed: AAPL takes no orders before 2012-06-02 13:30 UTC"
    assert rule(order(symbol="IBM"), known, limits()).outcome is RulingOutcome.ALLOWED
    assert rule(order(Side.SELL, 10, "98"), known, limits()).outcome is RulingOutcome.ALLOWED


def test_ten_times_what_is_allowed_is_cut_and_more_is_a_mistake() -> None:
    known = facts(prices={"AAPL": "100"})
    assert limits().value("position_size") == D("0.05")
    cut = rule(order(quantity=50 * BEYOND), known, limits())
    assert (cut.outcome, cut.quantity) == (RulingOutcome.CUT, 50)
    mistaken = rule(order(quantity=50 * BEYOND + 1), known, limits())
    assert (mistaken.outcome, mistaken.limit) == (REFUSED, "position_size")
    assert mistaken.sentence.startswith("position size: 50.1 % of equity asked, 5 % allowed")
    assert "is the unit right?" in mistaken.sentence


def mixed_up(chance: random.Random) -> tuple[str, Order]:
    """An order within the limits, with its quantity in another unit than it is in."""
    kind = chance.choice(["notional", "points", "cents", "per cent"])
    share = chance.uniform(0.01, 0.045)
    if kind == "notional":  # dollars where shares are meant
        return kind, order(quantity=int(100_000 * share), limit="104")
    if kind == "points":  # units of the index where contracts are meant
        return kind, order(symbol="ES", quantity=chance.randint(1, 2) * 50, limit="104")
    if kind == "cents":  # a hundredth of a coin counted as coins
        return kind, order(symbol="BTCUSD", quantity=int(100_000 * share / 100) * 100, limit="104")
    return kind, order(quantity=int(100_000 * share / 100) * 100, limit="104")  # 3 for 0.03


def test_units_that_were_mixed_up_are_refused_with_both_numbers() -> None:
    seen = set()
    for seed in range(MIXED_UP):
        kind, asked = mixed_up(random.Random(seed))
        known = facts(cash=100_000, prices={FUTURE.symbol: "100", COIN.symbol: "100"})
        ruling = rule(asked, known, limits())
        assert (ruling.outcome, ruling.quantity) == (REFUSED, 0), (seed, kind, ruling)
        assert ruling.asked is not None
        assert ruling.permitted is not None
        assert ruling.asked > BEYOND * ruling.permitted
        assert "asked" in ruling.sentence
        assert "allowed" in ruling.sentence
        seen.add((kind, ruling.limit))
    assert {kind for kind, _ in seen} == {"notional", "points", "cents", "per cent"}
    assert {limit for kind, limit in seen if kind != "points"} == {"position_size"}


@pytest.mark.parametrize("limit", [one for one in LIMITS if one.unit is Unit.SHARE], ids=lambda one: one.slug)
def test_a_percentage_for_a_fraction_is_an_error_of_settings(limit) -> None:
    percentage = limit.default * 100
    if percentage <= limit.highest:
        percentage = limit.highest + 1
    with pytest.raises(SettingsError, match=f"{limit.slug} = .* is above") as wrong:
        resolve_limits({limit.slug: percentage})
    assert "fractions" in wrong.value.hint
