"""What must hold of the gate for any book and any order."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.risk.books import COIN, FUTURE, INSTRUMENTS, NOW, D, facts, limits, order, working
from trader.domain.ids import ClientOrderId
from trader.domain.orders import OrderState, RulingOutcome, Side
from trader.risk.facts import Breaker, Facts, Quote
from trader.risk.gate import BEYOND, rule
from trader.risk.limits import LIMITS, Breach, Limits
from trader.risk.standing import Standing

SYMBOLS = [one.symbol for one in INSTRUMENTS]
BY_SYMBOL = {one.symbol: one for one in INSTRUMENTS}


def quantities(symbol: str) -> st.SearchStrategy[Decimal]:
    lot = BY_SYMBOL[symbol].lot_size
    most = {COIN.symbol: 200_000, FUTURE.symbol: 6}.get(symbol, 400)
    return st.integers(1, most).map(lambda lots: lots * lot)


@st.composite
def orders(draw: st.DrawFn, name: str = "d9-e1") -> object:
    symbol = draw(st.sampled_from(SYMBOLS))
    tick = BY_SYMBOL[symbol].tick_size
    price = draw(st.integers(int(94 / tick), int(106 / tick))) * tick
    kind = draw(st.sampled_from(["limit", "limit", "limit", "market", "stop"]))
    return order(
        draw(st.sampled_from(Side)),
        str(draw(quantities(symbol))),
        str(price) if kind == "limit" else None,
        symbol=symbol,
        name=name,
        stop=str(price) if kind == "stop" else None,
        reduce_only=draw(st.sampled_from([False, False, False, True])),
    )


@st.composite
def books(draw: st.DrawFn) -> Facts:
    held = {}
    for symbol in draw(st.lists(st.sampled_from(SYMBOLS), unique=True)):
        held[symbol] = str(draw(quantities(symbol)) * draw(st.sampled_from([1, 1, 1, -1])))
    at_venue = []
    for number in range(draw(st.integers(0, 3))):
        one = draw(orders(name=f"d{number}-e1"))
        lot = BY_SYMBOL[one.symbol].lot_size
        filled = draw(st.integers(0, int(one.quantity / lot) - 1)) * lot
        state = draw(st.sampled_from([OrderState.ACKNOWLEDGED] * 9 + [OrderState.UNKNOWN]))
        at_venue.append(working(one, filled=str(filled), state=state))
    breaker = Breaker(reason="drawdown", since=NOW, until=None)
    return facts(
        held,
        *at_venue,
        cash=draw(st.integers(100_000, 900_000) | st.integers(-50_000, 50_000)),
        breakers=draw(st.sampled_from([(), (), (), (), (), (breaker,)])),
        entries_today=draw(st.sampled_from([0, 0, 3, 19, 20])),
        waiting=draw(st.sampled_from([0, 0, 20, 21])),
        data_age=dict.fromkeys(SYMBOLS, draw(st.sampled_from([0.0, 0.0, 2.0, 2.1]))),
        quotes=draw(st.sampled_from([{}, {}, {"AAPL": Quote(bid=D("99.9"), ask=D("101"))}])),
    )


tables = st.fixed_dictionaries(
    {},
    optional={
        "position_size": st.decimals("0.001", 1, places=3),
        "gross_exposure": st.decimals("0.01", 3, places=2),
        "open_positions": st.integers(0, 6),
        "futures_order": st.integers(0, 4),
        "futures_exposure": st.integers(0, 4),
    },
).map(lambda table: limits(**table))


def broken(an_order, some_facts: Facts, table: Limits) -> list[str]:
    """The limits with a number that the order, as far as it is an increase, would be beyond."""
    if some_facts.increase(an_order) == 0:
        return []
    standing = Standing.of(some_facts, an_order)
    beyond = []
    for limit in LIMITS:
        asked = limit.asked(an_order, standing)
        compared = limit.on_breach in (Breach.CUT, Breach.REFUSE)
        if compared and (isinstance(asked, str) or (asked is not None and asked > table.value(limit.slug))):
            beyond.append(limit.slug)
    return beyond


@given(orders(), books(), tables)
def test_what_is_let_through_is_within_every_limit(an_order, some_facts, table):
    ruling = rule(an_order, some_facts, table)
    assert 0 <= ruling.quantity <= an_order.quantity
    if ruling.quantity > 0:
        sent = an_order.model_copy(update={"quantity": ruling.quantity})
        assert broken(sent, some_facts, table) == []


@given(orders(), books(), tables)
@settings(max_examples=200)
def test_one_lot_more_than_a_cut_would_be_beyond_the_limit_that_it_names(an_order, some_facts, table):
    ruling = rule(an_order, some_facts, table)
    limit = next((one for one in LIMITS if one.slug == ruling.limit), None)
    if limit is None or limit.on_breach is not Breach.CUT or ruling.asked is None or ruling.permitted is None:
        return
    if ruling.asked > BEYOND * ruling.permitted:  # a mistake of unit, of which nothing is left
        assert ruling.quantity == an_order.quantity - some_facts.increase(an_order)
        return
    lot = BY_SYMBOL[an_order.symbol].lot_size
    more = an_order.model_copy(update={"quantity": ruling.quantity + lot})
    assert ruling.limit in broken(more, some_facts, table)


@given(orders(), books(), tables)
def test_more_units_never_ask_for_less(an_order, some_facts, table):
    del table
    lot = BY_SYMBOL[an_order.symbol].lot_size
    more = an_order.model_copy(update={"quantity": an_order.quantity + lot})
    standing = Standing.of(some_facts, an_order)
    for limit in LIMITS:
        before, after = limit.asked(an_order, standing), limit.asked(more, standing)
        if isinstance(before, Decimal) and isinstance(after, Decimal):
            assert before <= after


@given(orders(), books(), tables)
def test_a_reduction_is_allowed_whole_whatever_else_is_wrong(an_order, some_facts, table):
    ruling = rule(an_order, some_facts, table)
    increase = some_facts.increase(an_order)
    assert ruling.quantity >= an_order.quantity - increase
    if increase == 0:
        assert ruling.outcome is RulingOutcome.ALLOWED


@given(orders(), books(), tables)
def test_what_is_not_allowed_has_a_limit_and_a_sentence(an_order, some_facts, table):
    ruling = rule(an_order, some_facts, table)
    assert (ruling.outcome is RulingOutcome.ALLOWED) == (ruling.quantity == an_order.quantity)
    assert (ruling.outcome is RulingOutcome.REFUSED) == (ruling.quantity == 0)
    assert bool(ruling.limit) == bool(ruling.sentence) == (ruling.outcome is not RulingOutcome.ALLOWED)


def in_turn(some_orders, some_facts: Facts, table: Limits):
    """As allocate does it: each order on an account where those before it are reserved."""
    ruled = []
    for one in some_orders:
        ruling = rule(one, some_facts, table)
        if ruling.quantity > 0:
            one = one.model_copy(update={"quantity": ruling.quantity})
            some_facts = some_facts.with_order(one)
            ruled.append(one)
    return ruled, some_facts


rounds = st.lists(orders(), max_size=5).map(
    lambda some: [
        one.model_copy(update={"client_id": ClientOrderId(f"r{n}-e1")}) for n, one in enumerate(some)
    ]
)


@given(rounds, books(), tables)
def test_the_gate_changes_nothing_that_allocate_has_passed(some_orders, some_facts, table):
    passed, _ = in_turn(some_orders, some_facts, table)
    again, _ = in_turn(passed, some_facts, table)
    assert again == passed


@given(rounds, books(), tables)
def test_the_running_account_never_goes_beyond_the_book(some_orders, some_facts, table):
    """What was within the book's limits stays so with everything reserved; only increases add to it."""
    probe = order(quantity=1, limit="100", name="p-e1")
    for one in some_orders:
        passed, after = in_turn([one], some_facts, table)
        before_, after_ = Standing.of(some_facts, probe), Standing.of(after, probe)
        if passed and some_facts.increase(passed[0]) > 0:
            assert after_.gross <= max(before_.gross, table.value("gross_exposure") * before_.equity)
            assert len(after_.values) <= max(len(before_.values), table.value("open_positions"))
        elif not claimed(one, some_facts):
            assert (after_.gross, after_.values) == (before_.gross, before_.values)
        some_facts = after


def claimed(one, some_facts: Facts) -> bool:
    """Whether an order without the mark works on the same side: it may then turn the position."""
    return any(
        (other.order.symbol, other.order.side, other.order.reduce_only) == (one.symbol, one.side, False)
        for other in some_facts.account.working
    )


@given(orders(), books(), tables)
def test_the_same_question_has_the_same_answer(an_order, some_facts, table):
    assert rule(an_order, some_facts, table) == rule(
        an_order, Facts.model_validate_json(some_facts.model_dump_json()), table
    )
