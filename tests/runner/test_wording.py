"""Asking for words: paid for, cached and given up like any other call of the desk's."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.llm.server import Reply, Server, serving
from tests.memory.test_wording import GOOD, answer, rule
from tests.properties.desks import Moment, rising
from trader.agents.roster import roster
from trader.clock import SystemClock
from trader.domain.ids import RoundId, RunId
from trader.graph.insisting import InsistentModels
from trader.graph.models import LiveModels
from trader.graph.purse import Day
from trader.graph.state import Desk
from trader.journal.records import CallReserved
from trader.journal.writer import Memorandum
from trader.llm.budget import Budget, Price
from trader.llm.cache import AnswerCache
from trader.llm.litellm_client import LitellmClient
from trader.runner.wording import Worded, put_into_words, spokesman
from trader.settings.llm import Role
from trader.tools.moments import as_datetime

RULE, ROUND = rule(), RoundId("r1")


@pytest.fixture(scope="module")
def bare() -> Desk:
    """A desk whose agents follow rules."""
    market = rising(30)
    as_of = as_datetime(market.bars[market.symbols[0]].available[-1])
    return Moment.of(market, as_of, roster(), scored=False).desk


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving(Reply(answer(), tokens=(200, 30, 0))) as one:
        yield one


async def worded(
    bare: Desk, server: Server, folder: Path, budget: Budget, *, insist: bool = False
) -> tuple[Worded, Memorandum]:
    """One rule put into words by the executive's model."""
    everyone = Role(models=("openai/small",), api_base=server.api_base)
    clock, memorandum = SystemClock(), Memorandum()
    client, cache = LitellmClient(clock), AnswerCache(folder / "answers.sqlite3", 10, lambda note: None)
    await client.prepare()  # the import is no part of a deadline
    try:
        day = Day(budget, {"openai/small": Price()}, clock, spent=bare.book.cash * 0)
        models = LiveModels(client, {}, clock, 20.0, day, RunId("run"), cache)
        agents = roster(roles={"everyone": everyone})
        desk = replace(
            bare, agents=agents, models=InsistentModels(models) if insist else models, recorder=memorandum
        )
        return await put_into_words(desk, (RULE,), frozenset({RULE.id}), ROUND), memorandum
    finally:
        await client.close()
        cache.close()


async def test_the_same_question_is_answered_with_the_same_bytes_and_not_asked_again(
    bare: Desk, server: Server, tmp_path: Path
) -> None:
    first, _ = await worded(bare, server, tmp_path, Budget())
    second, _ = await worded(bare, server, tmp_path, Budget())
    assert len(server.requests) == 1
    assert first.rules[0].wording is not None
    assert first.rules[0].wording.text == GOOD
    assert second.rules == first.rules
    assert [call.source for call in (*first.calls, *second.calls)] == ["", "cache"]


async def test_where_the_budget_is_spent_nobody_is_asked_and_the_template_stands_alone(
    bare: Desk, server: Server, tmp_path: Path
) -> None:
    made, _ = await worded(bare, server, tmp_path, Budget(per_decision_tokens=10))
    assert server.requests == []
    assert made.rules == (RULE,)
    (change,) = made.changes
    assert change.text.startswith("the template alone: the budget of a decision is 10 tokens")
    assert [call.error_kind for call in made.calls] == ["BudgetSpent"]


async def test_what_it_may_cost_is_reserved_under_the_rule_before_it_is_asked(
    bare: Desk, server: Server, tmp_path: Path
) -> None:
    made, memorandum = await worded(bare, server, tmp_path, Budget(per_decision_tokens=10_000))
    reserved = [one for one in memorandum.records if isinstance(one, CallReserved)]
    assert [(one.decision, one.call) for one in reserved] == [(RULE.id, made.calls[0].call)]


async def test_without_a_model_or_a_new_rule_there_is_nothing_to_do(bare: Desk) -> None:
    assert await put_into_words(bare, (RULE,), frozenset({RULE.id}), ROUND) == Worded((RULE,))
    assert spokesman(bare.agents) is None


def test_the_executive_s_model_is_asked_before_any_other() -> None:
    roles = {"fast": Role(models=("openai/small",)), "careful": Role(models=("openai/large",))}
    assert spokesman(roster(roles=roles)) == roles["careful"]
    alone = roster(tables={"executive": {"model": "none"}}, roles={"fast": roles["fast"]})
    assert spokesman(alone) == roles["fast"]


async def test_a_backtest_asks_for_the_same_words(bare: Desk, server: Server, tmp_path: Path) -> None:
    here, _ = await worded(bare, server, tmp_path / "run", Budget())
    there, _ = await worded(bare, server, tmp_path / "backtest", Budget(), insist=True)
    assert here.rules[0].wording is not None
    assert here.rules == there.rules
