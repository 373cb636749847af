"""What the gate says, sentence by sentence, one tick each side of every limit."""

import pytest

from tests.risk.books import COIN, FUTURE, NOW, D, facts, limits, order, stock, working
from trader.domain.errors import OrderError
from trader.domain.orders import OrderState, RulingOutcome, Side
from trader.risk.facts import Breaker, Quote
from trader.risk.gate import at_collar, rule
from trader.risk.limits import LIMITS

ALLOWED, CUT, REFUSED = RulingOutcome.ALLOWED, RulingOutcome.CUT, RulingOutcome.REFUSED


def ruled(an_order, some_facts=None, **changed):
    return rule(an_order, some_facts or facts(), limits(**changed))


def said(an_order, some_facts=None, **changed):
    ruling = ruled(an_order, some_facts, **changed)
    return ruling.outcome, ruling.quantity, ruling.sentence


def test_an_entry_within_all_limits_is_allowed_whole():
    ruling = ruled(order(quantity=50, limit="100"))
    assert (ruling.outcome, ruling.quantity, ruling.limit, ruling.sentence) == (ALLOWED, 50, "", "")
    assert ruling.asked is None
    assert ruling.permitted is None


def test_an_entry_above_the_position_size_is_cut_to_the_largest_quantity_within_it():
    ruling = ruled(order(quantity=61, limit="100"))
    assert (ruling.outcome, ruling.quantity, ruling.limit) == (CUT, 50, "position_size")
    assert ruling.sentence == "position size: 6.1 % of equity asked, 5 % allowed"
    assert (ruling.asked, ruling.permitted, ruling.quantity_asked) == (0.061, 0.05, 61)


def test_a_cut_below_one_lot_is_a_refusal():
    sentence = "position size: 5.01 % of equity asked, 5 % allowed"
    pricey = facts(prices={"AAPL": "5000"})
    assert said(order(quantity=1, limit="5010"), pricey) == (REFUSED, 0, sentence)


def test_coins_are_cut_to_their_own_lot():
    book = facts(prices={"BTCUSD": "43000"})
    assert ruled(order(symbol="BTCUSD", quantity="1", limit="43001"), book).quantity == D("0.11627")


def test_a_cut_to_the_last_lot_is_still_a_cut():
    assert said(order(quantity=3), position_size=0.001)[:2] == (CUT, 1)
    assert said(order(quantity="3", symbol="BTCUSD"), position_size=0.0005)[:2] == (CUT, D("0.5"))


def test_of_limits_that_leave_the_same_the_first_in_the_table_is_named():
    assert ruled(order(quantity=60), position_size=0.05, gross_exposure=0.05).limit == "position_size"


def test_the_limit_that_leaves_least_is_named():
    rich = facts({"IBM": 970}, cash=3_000)
    assert said(order(quantity=60), rich, position_size=0.05) == (
        CUT,
        30,
        "gross exposure: 103 % of equity asked, 100 % allowed",
    )
    assert said(order(quantity=60), rich, position_size=0.02) == (
        CUT,
        20,
        "position size: 6 % of equity asked, 2 % allowed",
    )


BOUNDARIES = [
    # slug, an order and facts just within, an order and facts just beyond, the sentence beyond
    (
        "position_size",
        (order(quantity=50, limit="100"), facts()),
        (order(quantity=50, limit="100.01"), facts()),
        "position size: 5.0005 % of equity asked, 5 % allowed",
    ),
    (
        "open_positions",
        (order(), facts({"IBM": 1}), {"open_positions": 2}),
        (order(), facts({"IBM": 1, "MSFT": 1}), {"open_positions": 2}),
        "open positions: 3 positions asked, 2 allowed",
    ),
    (
        "gross_exposure",
        (order(quantity=10, limit="100"), facts({"IBM": 990}, cash=1_000)),
        (order(quantity=10, limit="100.01"), facts({"IBM": 990}, cash=1_000)),
        "gross exposure: 100.0001 % of equity asked, 100 % allowed",
    ),
    (
        "correlated",
        (order(), facts({"IBM": 1, "MSFT": 1}, correlations={"AAPL|IBM": 0.9, "AAPL|MSFT": 0.9})),
        (order(), facts({"IBM": 1, "MSFT": 1, "ES": 1}, correlations={}, cash=1_000_000)),
        "correlated: 4 positions over 0.8 correlation asked, 3 allowed",
    ),
    (
        "entries_a_day",
        (order(), facts(entries_today=19)),
        (order(), facts(entries_today=20)),
        "entries a day: 21 entries asked, 20 allowed",
    ),
    (
        "futures_exposure",
        (order(symbol="ES", quantity=2), facts({"ES": 1}, cash=1_000_000)),
        (order(symbol="ES", quantity=2), facts({"ES": 2}, cash=1_000_000)),
        "futures exposure: 4 contracts asked, 3 allowed",
    ),
    (
        "futures_order",
        (order(symbol="ES", quantity=2), facts(cash=1_000_000)),
        (order(symbol="ES", quantity=3), facts(cash=1_000_000)),
        "futures order: 3 contracts asked, 2 allowed",
    ),
    (
        "price_collar",
        (order(limit="105"), facts()),
        (order(limit="105.01"), facts()),
        "price collar: 5.01 % from the last price asked, 5 % allowed",
    ),
    (
        "data_age",
        (order(), facts(data_age={"AAPL": 2.0})),
        (order(), facts(data_age={"AAPL": 2.01})),
        "data age: 2.01 bars asked, 2 allowed",
    ),
    (
        "spread",
        (order(), facts(quotes={"AAPL": Quote(bid=D("99.5"), ask=D("100.5"))})),
        (order(), facts(quotes={"AAPL": Quote(bid=D("99.5"), ask=D("100.51"))})),
        "spread: 1.01 % of the price asked, 1 % allowed",
    ),
    (
        "order_rate",
        (order(), facts(waiting=20, requests_last_minute=10)),
        (order(), facts(waiting=21, requests_last_minute=10)),
        "order rate: 21 requests waiting, 20 allowed",
    ),
]


@pytest.mark.parametrize(
    ("slug", "within", "beyond", "sentence"), BOUNDARIES, ids=[row[0] for row in BOUNDARIES]
)
def test_one_tick_within_is_allowed_and_one_tick_beyond_is_not(slug, within, beyond, sentence):
    def changed(case):
        return case[2] if len(case) == 3 else {}

    allowed = ruled(*within[:2], **changed(within))
    assert (allowed.outcome, allowed.sentence) == (ALLOWED, "")
    ruling = ruled(*beyond[:2], **changed(beyond))
    assert ruling.outcome is not ALLOWED
    assert (ruling.limit, ruling.sentence) == (slug, sentence)
    assert ruling.asked > ruling.permitted


BROKEN = {
    "breakers": (
        Breaker(reason="daily_loss", since=NOW, until=None),
        Breaker(reason="drawdown", since=NOW, until=None),
        Breaker(reason="losing_streak", since=NOW, until=None),
    ),
    "entries_today": 99,
    "waiting": 99,
    "data_age": {},
    "quotes": {"AAPL": Quote(bid=D(1), ask=D(200))},
    "correlations": {},
}


@pytest.mark.parametrize(
    "reduction",
    [
        order(Side.SELL, 100, "95", reduce_only=True),
        order(Side.SELL, 100, "50", reduce_only=True),
        order(Side.SELL, 100, None, reduce_only=True),
        order(Side.SELL, 100, None, stop="90", reduce_only=True),
        order(Side.SELL, 100, "95"),
        order(Side.SELL, 40, None),
    ],
)
def test_a_reduction_passes_every_limit_that_exists_for_increases(reduction):
    everything = limits(**{one.slug: one.lowest for one in LIMITS})
    ruling = rule(reduction, facts({"AAPL": 100}, cash=-50_000, **BROKEN), everything)
    assert (ruling.outcome, ruling.quantity) == (ALLOWED, reduction.quantity)


def test_of_an_order_through_zero_only_the_closing_part_is_a_reduction():
    barred = facts({"AAPL": 100}, **BROKEN)
    assert said(order(Side.SELL, 150, "100"), barred) == (
        CUT,
        100,
        "daily loss: no entries until a person resumes",
    )


def test_an_order_through_zero_is_cut_by_what_it_opens_and_not_by_what_it_closes():
    # 100 are closed; of the 100 that would be sold short 55 are within 5 % of 110,000.
    ruling = ruled(order(Side.SELL, 200, "100"), facts({"AAPL": 100}))
    assert (ruling.outcome, ruling.quantity) == (CUT, 155)
    assert ruling.sentence == "position size: 9.1 % of equity asked, 5 % allowed"


def test_coins_through_zero_keep_the_part_that_closes():
    barred = facts({"BTCUSD": "0.25001"}, **BROKEN)
    assert ruled(order(Side.SELL, "0.5", symbol="BTCUSD"), barred).quantity == D("0.25001")
    free = facts({"BTCUSD": "0.25001"}, cash=100_000)
    assert ruled(order(Side.SELL, "100", symbol="BTCUSD"), free).quantity == D("50.26251")


def test_a_book_that_is_beyond_a_limit_already_may_close_coins_and_open_none():
    full = facts({"BTCUSD": "0.5", "IBM": 600}, cash=39_950)
    sale = order(Side.SELL, "1.5", "98", symbol="BTCUSD")
    assert said(sale, full, gross_exposure=0.5)[:2] == (CUT, D("0.5"))


def test_only_orders_of_the_same_side_and_instrument_may_close_first():
    others = (
        working(order(Side.SELL, 100, "95", symbol="IBM", name="d0-x1", reduce_only=True)),
        working(order(Side.BUY, 100, "95", name="d0-e1")),
    )
    assert (
        ruled(order(Side.SELL, 100, "95"), facts({"AAPL": 100, "IBM": 100}, *others, **BROKEN)).quantity
        == 100
    )


def test_units_that_a_working_order_may_close_first_cannot_be_closed_twice():
    exit_order = working(order(Side.SELL, 100, "95", name="d0-x1", reduce_only=True))
    again = order(Side.SELL, 100, "95")
    assert ruled(again, facts({"AAPL": 100}, exit_order, **BROKEN)).outcome is REFUSED
    assert (
        ruled(
            again.model_copy(update={"reduce_only": True}), facts({"AAPL": 100}, exit_order, **BROKEN)
        ).outcome
        is ALLOWED
    )


def test_an_order_does_not_compete_with_itself():
    entry = order(quantity=50)
    reserved = facts().with_order(entry)
    assert ruled(entry, reserved).quantity == 50
    assert ruled(order(quantity=50, name="d2-e1"), reserved).outcome is REFUSED


@pytest.mark.parametrize("entry", [order(limit=None), order(limit=None, stop="101")])
def test_an_entry_without_a_worst_price_is_refused(entry):
    kind = str(entry.type)
    sentence = f"price collar: a {kind} order has no worst price; an entry is a limit order"
    assert said(entry) == (REFUSED, 0, sentence)


def test_a_symbol_whose_data_has_no_age_is_refused():
    assert said(order(), facts(data_age={})) == (REFUSED, 0, "data age: the age of the data is not known")


@pytest.mark.parametrize(("bid", "ask"), [("0", "1"), ("-1", "1"), ("101", "100")])
def test_a_quote_that_cannot_be_is_refused(bid, ask):
    quoted = facts(quotes={"AAPL": Quote(bid=D(bid), ask=D(ask))})
    assert said(order(), quoted) == (REFUSED, 0, f"spread: bid {bid} and ask {ask} cannot be")


def test_a_book_with_no_equity_buys_nothing():
    assert said(order(), facts(cash=-5)) == (REFUSED, 0, "position size: equity is -5, not above zero")


def test_an_unknown_order_bars_entries_in_its_instrument_and_in_no_other():
    lost = working(order(name="d42-e1"), state=OrderState.UNKNOWN)
    sentence = "order d42-e1 is unknown: no entry in AAPL until that is known"
    assert said(order(), facts(None, lost)) == (REFUSED, 0, sentence)
    assert ruled(order(symbol="IBM"), facts(None, lost)).outcome is ALLOWED
    assert ruled(order(Side.SELL, 10, reduce_only=True), facts({"AAPL": 10}, lost)).outcome is ALLOWED


@pytest.mark.parametrize(
    ("breaker", "sentence"),
    [
        (
            Breaker(
                reason="daily_loss",
                since=NOW,
                until=NOW.replace(month=6, day=4),
                asked=D("0.0234"),
                permitted=D("0.02"),
            ),
            "daily loss: 2.3 % of the day's opening equity, the limit is 2 %; "
            "no entries until 2012-06-04 20:00 UTC",
        ),
        (
            Breaker(reason="drawdown", since=NOW, until=None, asked=D("0.1"), permitted=D("0.1")),
            "drawdown: 10 % from the peak, the limit is 10 %; no entries until a person resumes",
        ),
        (
            Breaker(reason="losing_streak", since=NOW, until=NOW.replace(day=4), asked=D(3), permitted=D(3)),
            "losing streak: 3 losing trades in a row, the limit is 3; no entries until 2012-06-04 20:00 UTC",
        ),
    ],
)
def test_a_breaker_says_what_was_lost_and_until_when(breaker, sentence):
    assert said(order(), facts(breakers=(breaker,))) == (REFUSED, 0, sentence)
    assert ruled(order(), facts(breakers=(breaker,))).limit == breaker.reason


def test_a_breaker_ends_at_its_until_and_when_it_is_lifted():
    def outcome(**changed):
        return ruled(order(), facts(breakers=(Breaker(reason="drawdown", **changed),))).outcome

    later, earlier = NOW.replace(hour=21), NOW.replace(hour=19)
    assert outcome(since=NOW, until=later) is REFUSED
    assert outcome(since=earlier, until=NOW) is ALLOWED
    assert outcome(since=later, until=None) is ALLOWED
    assert outcome(since=NOW, until=None, lifted=True) is ALLOWED


def test_of_two_breakers_the_one_that_lasts_longest_is_named():
    def sentence(*until):
        breakers = [Breaker(reason="daily_loss", since=NOW.replace(day=1), until=one) for one in until]
        return ruled(order(), facts(breakers=tuple(breakers))).sentence

    monday, tuesday = NOW.replace(day=4), NOW.replace(day=5)
    assert sentence(monday, None, tuesday) == "daily loss: no entries until a person resumes"
    assert sentence(monday, tuesday, monday) == "daily loss: no entries until 2012-06-05 20:00 UTC"


def test_a_breaker_without_both_numbers_says_none():
    half = Breaker(reason="drawdown", since=NOW, until=None, asked=D("0.1"))
    assert ruled(order(), facts(breakers=(half,))).sentence == "drawdown: no entries until a person resumes"


def test_a_queue_holds_back_and_refuses_nothing_by_itself():
    assert ruled(order(), facts(requests_last_minute=500)).outcome is ALLOWED


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (order(symbol="TSLA"), "TSLA: not an instrument of this book"),
        (order(quantity="1.5"), "AAPL: quantity 1.5 is not a multiple of the lot 1"),
        (order(limit="100.001"), "AAPL: price 100.001 is off the tick 0.01"),
        (
            order(Side.SELL, 1, None, stop="90.001", reduce_only=True),
            "AAPL: price 90.001 is off the tick 0.01",
        ),
    ],
)
def test_what_is_no_order_is_an_error_and_gets_no_ruling(broken, message):
    with pytest.raises(OrderError) as refused:
        ruled(broken)
    assert refused.value.message == message


def test_an_instrument_that_is_only_looked_at_cannot_be_ordered():
    seen = facts(instruments=(stock("AAPL").model_copy(update={"tradable": False}),))
    with pytest.raises(OrderError, match="AAPL: not traded"):
        ruled(order(), seen)


def test_an_instrument_without_a_price_cannot_be_entered():
    book = facts()
    unpriced = book.model_copy(update={"account": book.account.model_copy(update={"marks": {}})})
    with pytest.raises(OrderError, match="AAPL: no price is known"):
        ruled(order(), unpriced)


def test_an_account_that_values_a_future_without_its_multiplier_is_no_fact():
    book = facts()
    wrong = book.account.model_copy(update={"multipliers": {}})
    with pytest.raises(ValueError, match="ES: the account values it with another multiplier"):
        facts(account=wrong)


@pytest.mark.parametrize("counter", ["entries_today", "requests_last_minute", "waiting"])
def test_counters_begin_at_zero_and_are_never_below(counter):
    assert getattr(facts(), counter) == getattr(facts(**{counter: 0}), counter) == 0
    with pytest.raises(ValueError, match=counter):
        facts(**{counter: -1})


def test_the_collar_is_rounded_inwards_to_the_tick():
    assert at_collar(stock("AAPL"), Side.BUY, D("33.33"), limits()) == D("34.99")
    assert at_collar(stock("AAPL"), Side.SELL, D("33.33"), limits()) == D("31.67")
    assert at_collar(FUTURE, Side.BUY, D("2000.25"), limits()) == D("2100.25")
    assert at_collar(COIN, Side.SELL, D("43000.01"), limits(price_collar=0.1)) == D("38700.01")


def test_a_reserved_order_counts_as_an_entry_and_a_reduction_does_not():
    book = facts({"IBM": 10}, entries_today=4)
    assert book.with_order(order()).entries_today == 5
    assert book.with_order(order(quantity="0.5", symbol="BTCUSD")).entries_today == 5
    assert book.with_order(order(Side.SELL, 10, symbol="IBM")).entries_today == 4
    assert book.with_order(order(Side.SELL, 10, symbol="IBM", reduce_only=True)).entries_today == 4
