"""In whatever currency an instrument is quoted, limits and sizes come out as at its rate in the account's."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.risk.books import NOW, facts, limits, order, working
from trader.domain.decisions import Decision, Outcome
from trader.domain.orders import Order, Side
from trader.domain.portfolio import Rate
from trader.graph.allocate import order_for
from trader.graph.approval import Approval
from trader.risk.facts import Facts
from trader.risk.gate import rule
from trader.risk.limits import LIMITS
from trader.risk.standing import Standing

D = Decimal
WORTH = D("1.25")
RATE = Rate(currency="EUR", worth=WORTH, source="close of EURUSD", at=NOW)


def in_euros(one: Order) -> Order:
    """The same order of the same thing, which is quoted in euros."""
    prices = {"limit_price": one.limit_price, "stop_price": one.stop_price}
    changed = {name: price / WORTH for name, price in prices.items() if price is not None}
    return one.model_copy(update=changed) if one.symbol == "AAPL" else one


def converted(known: Facts) -> Facts:
    """The same book, in which AAPL is quoted in euros."""
    account = known.account
    at_work = tuple(one.model_copy(update={"order": in_euros(one.order)}) for one in account.working)
    return Facts.model_validate(
        known.model_dump()
        | {
            "instruments": tuple(
                one.model_copy(update={"currency": "EUR"}) if one.symbol == "AAPL" else one
                for one in known.instruments
            ),
            "account": account.model_copy(
                update={
                    "working": at_work,
                    "marks": account.marks | {"AAPL": account.marks["AAPL"] / WORTH},
                    "multipliers": account.multipliers | {"AAPL": WORTH},
                    "rates": {"EUR": RATE},
                }
            ),
        }
    )


units = st.integers(-60, 60).filter(bool)
sides = st.sampled_from(Side)
prices = st.integers(90, 110).map(str)


@st.composite
def books(draw: st.DrawFn) -> Facts:
    held = {name: draw(units) for name in ("AAPL", "IBM") if draw(st.booleans())}
    waiting = [
        working(order(draw(sides), draw(st.integers(1, 90)), draw(prices), symbol=name, name=f"w{i}-e1"))
        for i, name in enumerate(("AAPL", "MSFT"))
        if draw(st.booleans())
    ]
    cash = draw(st.sampled_from((2_000, 20_000, 100_000)))
    return facts(held, *waiting, cash=cash, prices={"AAPL": draw(prices)})


@settings(max_examples=80, deadline=None)
@given(
    known=books(),
    side=sides,
    quantity=st.integers(1, 400),
    limit=prices,
    symbol=st.sampled_from(("AAPL", "IBM")),
)
def test_what_is_quoted_in_another_currency_is_ruled_on_as_at_its_rate(
    known: Facts, side: Side, quantity: int, limit: str, symbol: str
) -> None:
    asked = order(side, quantity, limit, symbol=symbol)
    here, there = rule(asked, known, limits()), rule(in_euros(asked), converted(known), limits())
    assert (here.outcome, here.quantity, here.limit) == (there.outcome, there.quantity, there.limit)
    assert (here.asked, here.permitted) == (there.asked, there.permitted)
    approval = Approval(over=D(1_000))
    assert approval.needed(asked, known) == approval.needed(in_euros(asked), converted(known))


@settings(max_examples=40, deadline=None)
@given(known=books())
def test_what_is_used_of_each_limit_is_the_same(known: Facts) -> None:
    one, other = Standing.of(known), Standing.of(converted(known))
    assert [limit.used(one) for limit in LIMITS] == [limit.used(other) for limit in LIMITS]
    assert (known.account.equity, known.account.gross) == (one.equity, converted(known).account.gross)
    assert known.account.drawdown == converted(known).account.drawdown


@settings(max_examples=40, deadline=None)
@given(known=books(), weight=st.floats(0, 0.2))
def test_a_decision_comes_to_the_same_order(known: Facts, weight: float) -> None:
    decision = Decision(
        id="d1", book="b", round="r", as_of=NOW, symbol="AAPL", horizon=5, outcome=Outcome.TRADE, cause="",
        held_weight=0.0, target_weight=weight, price=None, learned="",
    )  # fmt: skip
    other = converted(known)
    one = order_for(decision, known.account, known.instrument("AAPL"), limits())
    two = order_for(decision, other.account, other.instrument("AAPL"), limits())
    assert (one and (one.side, one.quantity)) == (two and (two.side, two.quantity))
