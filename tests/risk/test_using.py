"""How much of each limit a book uses before its next order."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.risk.books import NOW, facts, limits, order, working
from trader.domain.orders import Side
from trader.domain.portfolio import Account
from trader.risk import asking
from trader.risk.facts import Breaker, Facts, Quote
from trader.risk.gate import rule
from trader.risk.limits import LIMITS
from trader.risk.standing import Standing, worst_price

D = Decimal


def used(known: Facts, slug: str) -> Decimal | None:
    (limit,) = (one for one in LIMITS if one.slug == slug)
    return limit.used(Standing.of(known))


def with_account(known: Facts, **changes: object) -> Facts:
    account = Account.model_validate({**known.account.model_dump(), **changes})
    return known.model_copy(update={"account": account})


def test_an_empty_book_uses_nothing():
    known = facts(data_age={})
    expected = {
        "spread": None,
        "data_age": None,
        "price_collar": None,
        "futures_order": None,
        "drawdown": D("0.5"),
    }
    assert {limit.slug: used(known, limit.slug) for limit in LIMITS} == {
        limit.slug: expected.get(limit.slug, D(0)) for limit in LIMITS
    }


@pytest.mark.parametrize(
    ("changes", "day", "peak"),
    [
        ({"day_open": D(100_000), "peak": D(100_000)}, D(0), D(0)),
        ({"day_open": D(102_000), "peak": D(125_000)}, 1 - D(100_000) / D(102_000), D("0.2")),
        ({"day_open": D(90_000), "peak": D(90_000)}, D(0), D(0)),
        ({"day_open": D(0), "peak": D(0)}, None, None),
        ({"day_open": D("0.5"), "peak": D("0.5")}, D(0), D(0)),
    ],
)
def test_losses_are_shares_of_where_they_are_measured_from(changes, day, peak):
    known = with_account(facts(), **changes)
    assert (used(known, "daily_loss"), used(known, "drawdown")) == (day, peak)


def test_positions_count_with_the_orders_that_would_enlarge_them():
    entry = working(order(quantity=10, limit="104", symbol="IBM"))
    known = facts({"AAPL": 30, "MSFT": -20}, entry, cash=99_000)
    equity = 99_000 + 3_000 - 2_000
    assert used(known, "open_positions") == 3
    assert used(known, "position_size") == D(3_000) / equity
    assert used(known, "gross_exposure") == D(3_000 + 2_000 + 1_040) / equity


def test_a_book_without_equity_has_no_shares():
    known = with_account(facts({"AAPL": 30}), cash=D(-3_000))
    assert used(known, "position_size") is None
    assert used(known, "gross_exposure") is None


def test_a_book_of_less_than_one_unit_has_shares_of_it():
    known = facts({"BTCUSD": "0.002"}, cash="0.3")
    assert (used(known, "position_size"), used(known, "gross_exposure")) == (D("0.4"), D("0.4"))


@pytest.mark.parametrize(
    ("held", "together"),
    [
        ({"AAPL": 10}, 1),
        ({"AAPL": 10, "IBM": 10}, 1),
        ({"AAPL": 10, "MSFT": 10}, 2),
        ({"AAPL": 10, "MSFT": -10}, 1),
        ({"AAPL": -10, "MSFT": -10}, 2),
        ({"AAPL": 10, "MSFT": 10, "IBM": 10}, 2),
    ],
)
def test_correlated_is_the_largest_group_around_one_position(held, together):
    assert used(facts(held), "correlated") == together


def test_positions_that_move_against_each_other_are_one_bet_long_and_short():
    opposed = {"AAPL|IBM": -0.9}
    assert used(facts({"AAPL": 10, "IBM": -10}, correlations=opposed), "correlated") == 2
    assert used(facts({"AAPL": 10, "IBM": 10}, correlations=opposed), "correlated") == 1
    assert used(facts({"AAPL": 10, "IBM": 10}, correlations={"AAPL|IBM": 0.8}), "correlated") == 1


def test_counters_and_ages_are_as_the_facts_have_them():
    known = facts(
        entries_today=7,
        losses_in_a_row=2,
        requests_last_minute=4,
        data_age={"AAPL": 0.5, "IBM": 1.25},
        quotes={"AAPL": Quote(bid=D(99), ask=D(101)), "IBM": Quote(bid=D(100), ask=D(100))},
    )
    slugs = ("entries_a_day", "losing_streak", "order_rate", "data_age", "spread")
    assert [used(known, slug) for slug in slugs] == [7, 2, 4, D("1.25"), D("0.02")]
    assert used(facts(quotes={"AAPL": Quote(bid=D(0), ask=D(1))}), "spread") is None
    pennies = facts(quotes={"AAPL": Quote(bid=D("0.99"), ask=D("1.01"))})
    assert used(pennies, "spread") == D("0.02")


def test_contracts_are_counted_of_futures_only_and_by_side():
    long = working(order(quantity=2, symbol="ES", name="d1-e1"))
    short = working(order(Side.SELL, 3, symbol="ES", name="d2-e1"))
    assert used(facts({"AAPL": 50}), "futures_exposure") == 0
    assert used(facts({"AAPL": 50, "ES": 1}, long), "futures_exposure") == 3
    assert used(facts({"ES": -1}, long, short), "futures_exposure") == 4


# What rulings are made of


def test_a_short_position_is_owed_and_what_buys_it_back_is_no_increase():
    standing = Standing.of(facts({"AAPL": -20}, cash=102_000))
    assert standing.equity == 100_000
    assert standing.sides == {("AAPL", False): (20, 2_000)}
    back = order(quantity=20, limit="104")
    known = facts({"AAPL": -20})
    assert (known.free(back), known.increase(back)) == (20, 0)
    assert known.increase(order(quantity=25, limit="104")) == 5
    standing = Standing.of(known, back)
    assert standing.exposure(order(quantity=25, limit="104")) == (5, 520)
    for reduction in (order(quantity=10), order(quantity=25, reduce_only=True)):
        assert standing.exposure(reduction) == (0, 0)


def test_of_both_sides_of_an_instrument_the_larger_counts():
    sale = working(order(Side.SELL, 90, "100", name="d2-e1"))
    standing = Standing.of(facts({"AAPL": 30}, sale))
    assert standing.sides == {("AAPL", True): (30, 3_000), ("AAPL", False): (60, 6_000)}
    assert standing.values == {"AAPL": 6_000}
    assert standing.gross == 6_000
    assert Standing.of(facts({"AAPL": 60}, sale)).values == {"AAPL": 6_000}, "30 short are less"


def test_an_order_that_has_filled_to_its_last_unit_opens_nothing_more():
    filled = working(order(quantity=10, name="d2-e1"), filled=10)
    assert used(facts(None, filled), "open_positions") == 0
    assert Standing.of(facts({"AAPL": 10}, filled)).sides == {("AAPL", True): (10, 1_000)}


def test_a_purchase_counts_at_its_limit_and_a_sale_at_the_dearer_price():
    assert worst_price(order(limit="90"), D(100)) == 90
    assert worst_price(order(limit="104"), D(100)) == 104
    assert worst_price(order(Side.SELL, limit="90"), D(100)) == 100
    assert worst_price(order(Side.SELL, limit="104"), D(100)) == 104
    assert worst_price(order(limit=None), D(100)) == 100
    assert worst_price(order(limit=None, stop="110"), D(100)) == 110
    assert worst_price(order(Side.SELL, limit=None, stop="90"), D(100)) == 100


def test_an_order_that_works_already_does_not_compete_with_itself():
    sale = order(Side.SELL, 10, "100", name="d2-x1")
    known = facts({"AAPL": 10}, working(sale))
    assert known.increase(sale) == 0
    assert known.increase(order(Side.SELL, 10, "100", name="d3-x1")) == 10
    assert len(known.with_order(sale).account.working) == 1
    after_it = working(order(quantity=3, symbol="IBM", name="d6-e1"))
    both = facts({"AAPL": 10}, working(sale), after_it)
    assert Standing.of(both, sale).values == {"AAPL": 1_000, "IBM": 300}
    entry = order(Side.SELL, 10, "100", symbol="IBM", name="d4-e1")
    assert facts(None, working(entry)).direction("IBM", entry) == -1
    other = order(quantity=1, symbol="AAPL", name="d5-e1")
    assert facts(None, working(entry)).direction("IBM", other) == -1
    assert facts().direction("IBM", other) == 1
    assert facts({"IBM": -1}).direction("IBM", other) == -1
    assert facts({"IBM": 7}).direction("IBM", other) == 1


def test_a_breaker_refuses_with_what_it_measured_and_what_was_permitted():
    lost = Breaker(reason="daily_loss", since=NOW, until=None, asked=D("0.023"), permitted=D("0.02"))
    ruling = rule(order(), facts(breakers=(lost,)), limits())
    assert (ruling.limit, ruling.asked, ruling.permitted) == ("daily_loss", 0.023, 0.02)
    streak = Breaker(reason="losing_streak", since=NOW, until=None, asked=D(3), permitted=D(3))
    standing = Standing.of(facts(breakers=(streak,)))
    assert asking.losses_in_a_row(order(), standing) == 3
    assert asking.losses_in_a_row(order(), Standing.of(facts(breakers=(lost,)))) is None


def test_a_cut_of_an_order_that_turns_a_position_keeps_what_closes_it():
    """In lots of a hundred-thousandth: 0.5 held, 1.5 to be sold, of which half a coin may be short."""
    known = facts({"BTCUSD": "0.5"}, prices={"BTCUSD": "10000"}, cash=95_000)
    ruling = rule(order(Side.SELL, "1.5", "9800", symbol="BTCUSD"), known, limits())
    assert (ruling.limit, ruling.quantity) == ("position_size", 1)


def test_a_losing_streak_whose_pause_is_over_counts_no_more() -> None:
    def counted(losses: int, until: timedelta | None) -> Decimal | None:
        tripped = (
            ()
            if until is None
            else (
                Breaker(
                    reason="losing_streak",
                    since=NOW - timedelta(days=9),
                    until=NOW + until,
                    asked=D(3),
                    permitted=D(3),
                ),
            )
        )
        return used(facts(losses_in_a_row=losses, breakers=tripped), "losing_streak")

    ended, lasts = timedelta(days=-1), timedelta(days=1)
    assert [counted(2, None), counted(3, lasts), counted(3, ended), counted(4, ended)] == [2, 3, 0, 1]
