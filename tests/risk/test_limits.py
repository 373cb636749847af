"""The table: its rows, its settings and its sentences. What the gate does with them is in test_gate.py."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.risk.books import D, facts, limits, order, working
from trader.domain.errors import SettingsError, UnknownName
from trader.domain.orders import Side
from trader.risk.document import page
from trader.risk.facts import NO_QUOTE, Quote
from trader.risk.limits import LIMITS, Breach, Scope, Unit, resolve_limits
from trader.risk.standing import Standing

ROWS = {limit.slug: limit for limit in LIMITS}


def asked(slug, an_order, some_facts):
    return ROWS[slug].asked(an_order, Standing.of(some_facts, an_order))


def test_the_table_is_the_one_that_was_agreed():
    B, R, C, Q = Breach.BREAKER, Breach.REFUSE, Breach.CUT, Breach.QUEUE
    book, instrument, one, venue = Scope.BOOK, Scope.INSTRUMENT, Scope.ORDER, Scope.VENUE
    assert [(row.slug, row.default, row.unit, row.scope, row.on_breach) for row in LIMITS] == [
        ("daily_loss", D("0.02"), Unit.SHARE, book, B),
        ("drawdown", D("0.1"), Unit.SHARE, book, B),
        ("losing_streak", 3, Unit.COUNT, book, B),
        ("position_size", D("0.05"), Unit.SHARE, instrument, C),
        ("open_positions", 20, Unit.COUNT, book, R),
        ("gross_exposure", 1, Unit.SHARE, book, C),
        ("correlated", 3, Unit.COUNT, book, R),
        ("entries_a_day", 20, Unit.COUNT, book, R),
        ("futures_exposure", 3, Unit.COUNT, instrument, C),
        ("futures_order", 2, Unit.COUNT, one, C),
        ("price_collar", D("0.05"), Unit.SHARE, one, R),
        ("data_age", 2, Unit.BARS, one, R),
        ("spread", D("0.01"), Unit.SHARE, one, R),
        ("order_rate", 10, Unit.COUNT, venue, Q),
    ]
    assert all(row.source for row in LIMITS)


def test_the_documentation_shows_the_table_as_it_is():
    shown = Path(__file__).parents[2] / "docs" / "limits.md"
    assert shown.read_text() == page(), "run: python -m trader.risk > docs/limits.md"


def test_what_nobody_sets_is_the_default():
    assert resolve_limits({}).permitted == {row.slug: row.default for row in LIMITS}


def test_a_setting_takes_the_place_of_its_default_exactly():
    assert resolve_limits({"position_size": 0.03}).value("position_size") == Decimal("0.03")
    assert resolve_limits({"open_positions": 5}).value("open_positions") == 5


def test_a_limit_that_does_not_exist_names_the_nearest():
    with pytest.raises(SettingsError) as refused:
        resolve_limits({"draw_down": 0.03})
    assert refused.value.message == "[risk] has no setting draw_down"
    assert refused.value.hint == "did you mean drawdown?"
    with pytest.raises(UnknownName, match="unknown limit: stop"):
        limits().value("stop")


@pytest.mark.parametrize(
    ("slug", "value", "message"),
    [
        ("drawdown", -0.1, "[risk] drawdown = -0.1 is not a number of zero or more"),
        ("drawdown", "much", "[risk] drawdown = 'much' is not a number of zero or more"),
        ("drawdown", True, "[risk] drawdown = True is not a number of zero or more"),
        ("drawdown", float("nan"), "[risk] drawdown = nan is not a number of zero or more"),
        ("drawdown", float("inf"), "[risk] drawdown = inf is not a number of zero or more"),
        ("drawdown", D("-0.1"), "[risk] drawdown = -0.1 is not a number of zero or more"),
        ("open_positions", D("2.5"), "[risk] open_positions = 2.5 is not a whole number"),
        (
            "order_rate",
            0,
            "[risk] order_rate = 0 is below 1, the least it may be: exits would never have their turn",
        ),
        ("position_size", 5, "[risk] position_size = 5 is above 1, the most it may be"),
        ("gross_exposure", 10.01, "[risk] gross_exposure = 10.01 is above 10, the most it may be"),
        ("open_positions", 2.5, "[risk] open_positions = 2.5 is not a whole number"),
    ],
)
def test_a_number_that_may_not_be_is_refused(slug, value, message):
    with pytest.raises(SettingsError) as refused:
        resolve_limits({slug: value})
    assert refused.value.message == message


def test_a_quote_that_should_be_there_and_is_not_refuses():
    assert asked("spread", order(), facts(quotes={"AAPL": NO_QUOTE})) == "bid and ask are not known"


def test_a_percentage_is_told_how_shares_are_written():
    for written in (5, "5%", -5):
        with pytest.raises(SettingsError) as refused:
            resolve_limits({"position_size": written})
        assert refused.value.hint == "shares are fractions: 0.05 is 5 %"
    with pytest.raises(SettingsError, match="is above 1000") as counted:
        resolve_limits({"open_positions": 1001})
    assert counted.value.hint == ""


@pytest.mark.parametrize(
    ("slug", "number", "permitted", "sentence"),
    [
        ("position_size", "0.061", "0.05", "position size: 6.1 % of equity asked, 5 % allowed"),
        ("position_size", "0.0501", "0.05", "position size: 5.01 % of equity asked, 5 % allowed"),
        ("position_size", "0.05000001", "0.05", "position size: 5.000001 % of equity asked, 5 % allowed"),
        (
            "position_size",
            "0.0333333",
            "0.0333333",
            "position size: 3.33333 % of equity asked, 3.33333 % allowed",
        ),
        ("position_size", "1e-30", "0", f"position size: 0.{'0' * 27}1 % of equity asked, 0 % allowed"),
        ("gross_exposure", "1.25", "1", "gross exposure: 125 % of equity asked, 100 % allowed"),
        ("open_positions", "21", "20", "open positions: 21 positions asked, 20 allowed"),
        ("correlated", "4", "3", "correlated: 4 positions over 0.8 correlation asked, 3 allowed"),
        ("entries_a_day", "21", "20", "entries a day: 21 entries asked, 20 allowed"),
        ("futures_order", "3", "2", "futures order: 3 contracts asked, 2 allowed"),
        ("price_collar", "0.0667", "0.05", "price collar: 6.7 % from the last price asked, 5 % allowed"),
        ("data_age", "2.04", "2", "data age: 2.04 bars asked, 2 allowed"),
        ("data_age", "3.27", "2", "data age: 3.3 bars asked, 2 allowed"),
        ("spread", "0.0134", "0.01", "spread: 1.3 % of the price asked, 1 % allowed"),
    ],
)
def test_a_sentence_has_both_numbers_and_shows_that_they_differ(slug, number, permitted, sentence):
    assert ROWS[slug].sentence(D(number), D(permitted)) == sentence


def test_position_size_counts_what_is_held_what_works_and_the_order_at_its_worst_price():
    # 100 held at the last price of 100, 20 still to come at 103, 10 asked at 105; equity 100,000 + 10,000.
    book = facts({"AAPL": 100}, working(order(quantity=30, limit="103", name="d0-e1"), filled=10))
    assert (
        asked("position_size", order(quantity=10, limit="105"), book) == D(10_000 + 2_060 + 1_050) / 110_000
    )


def test_orders_that_only_reduce_free_nothing_before_they_fill():
    selling = working(order(Side.SELL, 100, "95", name="d0-x1", reduce_only=True))
    book = facts({"AAPL": 100}, selling)
    assert asked("gross_exposure", order(quantity=10, symbol="IBM"), book) == D(11_000) / 110_000


def test_what_working_orders_close_is_no_exposure_and_what_they_turn_is():
    closing = working(order(Side.SELL, 60, "100", name="d0-x1"))
    turning = working(order(Side.SELL, 60, "100", name="d0-x2"))
    assert asked("gross_exposure", order(symbol="IBM"), facts({"AAPL": 100}, closing)) == D(11_000) / 110_000
    both = facts({"AAPL": 50}, closing, turning)  # 70 short is more than 50 long
    assert asked("gross_exposure", order(symbol="IBM"), both) == D(7_000 + 1_000) / 105_000
    assert asked("position_size", order(Side.SELL, 5), both) == D(7_500) / 105_000
    reducing = working(order(Side.SELL, 40, "100", name="d0-x3", reduce_only=True))
    assert (
        asked("position_size", order(Side.SELL, 5), facts({"AAPL": 50}, reducing, closing))
        == D(5_500) / 105_000
    )


def test_the_rate_counts_this_request():
    assert asked("order_rate", order(), facts(requests_last_minute=9)) == 10


def test_a_short_sale_counts_at_the_dearer_of_limit_and_last_price():
    assert asked("position_size", order(Side.SELL, 10, "96"), facts()) == D(1_000) / 100_000
    assert asked("position_size", order(Side.SELL, 10, "104"), facts()) == D(1_040) / 100_000


def test_working_buys_and_sales_of_one_instrument_are_not_added_up():
    both = facts(
        None, working(order(quantity=10, name="d0-e1")), working(order(Side.SELL, 30, "100", name="d0-e2"))
    )
    assert asked("gross_exposure", order(quantity=5), both) == D(3_000) / 100_000
    assert asked("gross_exposure", order(quantity=25), both) == D(3_500) / 100_000


def test_a_market_order_that_somebody_else_placed_counts_at_the_last_price():
    strangers = (working(order(limit=None, name="x1")), working(order(limit=None, stop="110", name="x2")))
    assert (
        asked("gross_exposure", order(quantity=1), facts(None, *strangers))
        == D(1_000 + 1_100 + 100) / 100_000
    )


def test_futures_are_counted_in_contracts_and_valued_with_their_multiplier():
    held = facts({"ES": 1}, working(order(symbol="ES", quantity=1, name="d0-e1")))
    assert asked("futures_exposure", order(symbol="ES", quantity=2), held) == 4
    assert asked("gross_exposure", order(symbol="ES", quantity=2), held) == D(4 * 100 * 50) / 105_000
    assert asked("futures_exposure", order(), held) is None
    assert asked("futures_order", order(), held) is None


def test_positions_held_being_opened_and_asked_for_are_counted_once_each():
    book = facts({"IBM": 5}, working(order(name="d0-e1")), working(order(name="d0-e2")))
    assert asked("open_positions", order(), book) == 2
    assert asked("open_positions", order(symbol="MSFT"), book) == 3
    protective = working(order(Side.SELL, 5, None, symbol="MSFT", stop="90", reduce_only=True, name="d0-s1"))
    assert asked("open_positions", order(), facts(None, protective)) == 1


def test_correlated_counts_the_position_and_all_that_move_with_it():
    book = facts({"MSFT": 5, "IBM": 5})
    assert asked("correlated", order(), book) == 2
    assert asked("correlated", order(symbol="IBM"), book) == 1


def test_a_long_and_a_short_move_together_where_returns_are_opposed():
    opposed = {"correlations": {"AAPL|MSFT": -0.9}}
    assert asked("correlated", order(), facts({"MSFT": -5}, **opposed)) == 2
    assert asked("correlated", order(), facts({"MSFT": 5}, **opposed)) == 1
    assert asked("correlated", order(Side.SELL), facts({"MSFT": 5}, **opposed)) == 2
    assert (
        asked("correlated", order(Side.SELL), facts(None, working(order(symbol="MSFT", name="d0-e1")))) == 1
    )


def test_a_correlation_that_nobody_knows_counts_as_one():
    nothing_known = facts({"MSFT": 5}, correlations={})
    assert nothing_known.correlation("AAPL", "MSFT") == nothing_known.correlation("MSFT", "AAPL") == 1
    assert asked("correlated", order(), nothing_known) == 2


def test_what_is_being_sold_short_counts_with_its_direction():
    selling = working(order(Side.SELL, symbol="MSFT", name="d0-e1"))
    buying = working(order(symbol="IBM", name="d0-e2"))
    assert asked("correlated", order(), facts(None, buying, selling)) == 1
    assert asked("correlated", order(Side.SELL), facts(None, buying, selling)) == 2


def test_correlation_of_exactly_the_threshold_is_not_over_it():
    assert asked("correlated", order(), facts({"MSFT": 5}, correlations={"AAPL|MSFT": 0.8})) == 1


def test_the_collar_is_measured_both_ways():
    assert asked("price_collar", order(limit="104"), facts()) == D("0.04")
    assert asked("price_collar", order(limit="93"), facts()) == D("0.07")


def test_the_spread_is_a_share_of_the_middle_and_a_feed_of_bars_has_none():
    quoted = facts(quotes={"AAPL": Quote(bid=D(99), ask=D(101))})
    assert asked("spread", order(), quoted) == D("0.02")
    assert asked("spread", order(symbol="IBM"), quoted) is None
    pennies = facts(quotes={"AAPL": Quote(bid=D("0.99"), ask=D("1.01"))})
    assert asked("spread", order(), pennies) == D("0.02")
    locked = facts(quotes={"AAPL": Quote(bid=D(100), ask=D(100))})
    assert asked("spread", order(), locked) == 0


@pytest.mark.parametrize("slug", ["position_size", "gross_exposure"])
def test_with_nothing_left_there_is_no_share_of_it(slug):
    assert asked(slug, order(), facts({"AAPL": 5}, cash=-500)) == "equity is 0, not above zero"


def test_breakers_rows_say_how_the_book_stands():
    book = facts({"AAPL": 10}, cash=96_000)
    assert asked("daily_loss", order(), book) == D("0.03")
    assert asked("drawdown", order(), book) == D("0.515")
    assert asked("daily_loss", order(), facts(cash=120_000)) == 0
    assert asked("losing_streak", order(), book) is None
    began_with_nothing = book.model_copy(
        update={"account": book.account.model_copy(update={"peak": D(0), "day_open": D(0)})}
    )
    assert asked("drawdown", order(), began_with_nothing) == "equity is 0, not above zero"
    assert asked("daily_loss", order(), began_with_nothing) == "equity is 0, not above zero"
    assert asked("drawdown", order(), facts(cash=300_000)) == 0


def test_a_book_of_less_than_one_unit_has_shares_of_it():
    book = facts(cash="0.4")
    account = book.account.model_copy(update={"peak": D("0.8"), "day_open": D("0.5")})
    tiny = book.model_copy(update={"account": account})
    coins = order(symbol="BTCUSD", quantity="0.001")
    slugs = ("daily_loss", "drawdown", "position_size", "gross_exposure")
    assert [asked(slug, coins, tiny) for slug in slugs] == [D("0.2"), D("0.5"), D("0.25"), D("0.25")]
