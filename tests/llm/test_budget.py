from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journal import story
from tests.llm.conftest import call_of
from trader.domain.errors import BudgetSpent
from trader.graph.purse import Purse, lost
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


def test_what_first_calls_leave_is_shared_equally_by_the_further_ones():
    """500 tokens, three agents at 100 each: 200 are left, 66 for each, whoever is the first to want more."""
    purse = Purse(Budget(per_decision_tokens=500), None)
    for agent in ("a", "b", "c"):
        purse.reserve(agent, 1, Cost(tokens=100))
    purse.reserve("c", 1, Cost(tokens=66), first=False)
    with pytest.raises(BudgetSpent, match="of what first calls left, the budget of a decision is 66 tokens"):
        purse.reserve("c", 1, Cost(tokens=1), first=False)
    purse.reserve("a", 1, Cost(tokens=60), first=False)
    purse.reserve("b", 1, Cost(tokens=66), first=False)
    purse.reserve("a", 2, Cost(tokens=400))  # what was really taken counts from the next stage on


@given(st.permutations(["a", "b", "c", "d"]), st.lists(st.integers(0, 90), min_size=4, max_size=4))
def test_who_is_mended_does_not_depend_on_who_answers_first(order: list[str], wants: list[int]):
    want = dict(zip("abcd", wants, strict=True))

    def mended(in_order: list[str]) -> set[str]:
        purse, fitting = Purse(Budget(per_decision_tokens=400), None), set()
        for agent in "abcd":
            purse.reserve(agent, 1, Cost(tokens=50))
        for agent in in_order:
            try:
                purse.reserve(agent, 1, Cost(tokens=want[agent]), first=False)
            except BudgetSpent:
                continue
            fitting.add(agent)
        return fitting

    assert mended(order) == mended(list("abcd"))


def test_an_agent_has_a_budget_of_its_own():
    purse = Purse(Budget(per_agent_tokens=100, per_agent_usd=Decimal("0.01")), None)
    purse.reserve("a", 1, Cost(tokens=100))
    purse.reserve("b", 1, Cost(tokens=60))
    with pytest.raises(BudgetSpent, match="the budget of an agent is 100 tokens, and 101 might be needed"):
        purse.reserve("a", 1, Cost(tokens=1), first=False)
    with pytest.raises(BudgetSpent, match=r"an agent is 0\.01 USD"):
        purse.reserve("b", 1, Cost(usd=Decimal("0.02")), first=False)


def test_what_was_reserved_and_never_heard_of_is_lost_and_counts_in_full():
    reserved = [
        story.call_reserved(asked=0),
        story.call_reserved(asked=1),
        story.call_reserved(agent="value", tokens=70, usd=Decimal("0.01")),
    ]
    heard = [story.model_called(), story.model_called(agent="value", error_kind="BudgetSpent")]
    assert lost(reserved, heard) == {
        reserved[0].decision: Cost(usd=Decimal("0.014"), tokens=4070),
    }
    assert lost(reserved[:1], heard) == {}
    purse = Purse(Budget(per_decision_tokens=5000), None, lost=Cost(tokens=4070))
    with pytest.raises(BudgetSpent):
        purse.reserve("a", 0, Cost(tokens=1000))
