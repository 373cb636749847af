from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.llm.conftest import call_of
from trader.domain.errors import BudgetSpent
from trader.graph.purse import Purse
from trader.llm.budget import (
    Budget,
    Cost,
    Price,
    Spend,
    actual_cost,
    shortfall,
    tokens_at_most,
    worst_case,
)
from trader.llm.client import Answer, Message

amounts = st.decimals(min_value=0, max_value=10, places=4)
costs = st.builds(Cost, usd=amounts, tokens=st.integers(0, 50_000))


def test_the_worst_case_is_the_whole_prompt_and_an_answer_of_full_length() -> None:
    call = call_of(max_output_tokens=500)
    cost = worst_case(call, Price(usd_in=Decimal("0.001"), usd_out=Decimal("0.01")))
    prompt = cost.tokens - 500
    assert prompt > tokens_at_most("Will it rise?")
    assert cost.usd == prompt * Decimal("0.001") + Decimal(5)


def test_a_longer_prompt_costs_more() -> None:
    short, long = call_of(), call_of(messages=(Message(role="user", content="Will it rise? " * 100),))
    assert worst_case(long, Price()).tokens - worst_case(short, Price()).tokens > 99 * 4


def test_tokens_are_counted_from_above() -> None:
    assert tokens_at_most("") == 0
    assert tokens_at_most("volatility") == 4
    assert tokens_at_most("0.1234") == 6
    assert tokens_at_most("ab12") == 3
    assert tokens_at_most("a  b") == 3
    assert tokens_at_most("株価") == 6


def admitted(purse: Purse, asks: list[Cost], stage: int = 0) -> list[Cost]:
    """Those that fit, asked in this order."""
    fitting = []
    for cost in asks:
        try:
            purse.reserve("a", stage, cost)
        except BudgetSpent:
            continue
        fitting.append(cost)
    return fitting


def test_a_stage_is_reserved_in_the_order_of_its_agents() -> None:
    purse = Purse(Budget(per_decision_tokens=100), None)
    first, second, third = Cost(tokens=60), Cost(tokens=50), Cost(tokens=40)
    purse.reserve("a", 0, first)
    with pytest.raises(BudgetSpent, match="the budget of a decision is 100 tokens, and 110 might be needed"):
        purse.reserve("a", 0, second)
    purse.reserve("a", 0, third)


def test_a_budget_of_nought_lets_only_free_models_speak() -> None:
    nought = Budget(per_decision_usd=Decimal(0), per_day_usd=Decimal(0))
    assert shortfall(Spend(), nought, Cost(tokens=900)) == ""
    assert shortfall(Spend(), nought, Cost(usd=Decimal("0.0001"))) != ""
    assert shortfall(Spend(), Budget(per_decision_tokens=0), Cost(tokens=1)) != ""


def test_a_day_counts_the_decisions_before() -> None:
    spend = Spend(day_usd=Decimal("1.99"))
    budget = Budget(per_decision_usd=Decimal(1), per_day_usd=Decimal(2))
    assert shortfall(spend, budget, Cost(usd=Decimal("0.01"))) == ""
    assert "a day is 2 USD" in shortfall(spend, budget, Cost(usd=Decimal("0.02")))


def test_no_budget_is_no_limit() -> None:
    assert shortfall(Spend(), Budget(), Cost(usd=Decimal(10**9), tokens=10**9)) == ""


def test_an_answer_costs_what_it_says() -> None:
    answer = Answer(text="", tokens_in=100, tokens_out=20, tokens_cached=64, usd=Decimal("0.03"), ms=1.0)
    assert actual_cost(answer) == Cost(usd=Decimal("0.03"), tokens=120)


@given(st.lists(costs, max_size=12), amounts, st.integers(0, 100_000))
def test_reservations_never_pass_the_budget(asked: list[Cost], usd: Decimal, tokens: int) -> None:
    budget = Budget(per_decision_usd=usd, per_day_usd=usd, per_decision_tokens=tokens)
    fitting = admitted(Purse(budget, usd), asked)
    assert sum((cost.usd for cost in fitting), Decimal(0)) <= usd
    assert sum(cost.tokens for cost in fitting) <= tokens


@given(st.lists(st.tuples(costs, costs), max_size=8))
def test_after_settling_only_what_was_spent_counts_in_the_next_stage(pairs: list[tuple[Cost, Cost]]) -> None:
    actual = sum(actual.tokens for _, actual in pairs)
    purse = Purse(Budget(per_decision_tokens=1_000_000), None)
    for reserved, _ in pairs:
        purse.reserve("a", 0, reserved)
    for _, took in pairs:
        purse.settle(took)
    with pytest.raises(BudgetSpent):
        purse.reserve("a", 1, Cost(tokens=1_000_001 - actual))
    purse.reserve("a", 1, Cost(tokens=1_000_000 - actual))
