"""Which agent answers first, and which instrument comes first, changes nothing but the order of the notes."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langgraph.runtime import Runtime
from langgraph.types import Send

from tests.properties.desks import Moment, Said, rising
from tests.tools.markets import close_of
from trader.agents.roster import roster
from trader.domain.orders import RulingOutcome
from trader.graph import dealing, thinking
from trader.graph.desk import build_desk
from trader.graph.state import Case, Desk, Round
from trader.graph.thinking import Update

AGENTS = roster()
LONGEST_WAIT = 8
"""Turns of the event loop."""

Node = Callable[..., Awaitable[Update]]


def hesitating(node: Node, chance: random.Random) -> Node:
    """The node, with a pause of random length before it thinks and another before it answers."""

    async def wrapped(state: Case, *, runtime: Runtime[Desk]) -> Update:
        await pause(chance)
        update = await node(state, runtime=runtime)
        await pause(chance)
        return update

    return wrapped


async def pause(chance: random.Random) -> None:
    for _ in range(chance.randrange(LONGEST_WAIT)):
        await asyncio.sleep(0)


def unsettle(chance: random.Random, patch: pytest.MonkeyPatch) -> None:
    """From now on every node of a new graph hesitates, and instruments are sent out in any order."""
    speaks, one_each = thinking.speaks, dealing.one_each

    def in_any_order(state: Round) -> list[Send] | Literal["record"]:
        sent = one_each(state)
        return sent if isinstance(sent, str) else chance.sample(sent, len(sent))

    patch.setattr(thinking, "speaks", lambda agent: hesitating(speaks(agent), chance))
    patch.setattr(thinking, "brief", hesitating(thinking.brief, chance))
    patch.setattr(thinking, "consensus", hesitating(thinking.consensus, chance))
    patch.setattr(dealing, "one_each", in_any_order)


@pytest.fixture(scope="module")
def moment() -> Moment:
    """Three shares that the desk would buy more of than the limits allow."""
    return Moment.of(rising(500), close_of(490), AGENTS)


@pytest.fixture(scope="module")
def in_turn(moment: Moment) -> Said:
    """Everybody answers when asked, in the desk's own order."""
    return moment.decide()


def shuffled(moment: Moment, chance: random.Random) -> Said:
    with pytest.MonkeyPatch.context() as patch:
        unsettle(chance, patch)
        graph = build_desk(chance.sample(AGENTS, len(AGENTS)))
        symbols = chance.sample(moment.desk.book.symbols, len(moment.desk.book.symbols))
        return moment.decide(graph, symbols)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_nothing(moment: Moment, in_turn: Said, chance: random.Random) -> None:
    assert shuffled(moment, chance).differs(in_turn) == []


def test_the_order_of_answers_was_another_one_each_time(moment: Moment, in_turn: Said) -> None:
    """Else the test above would shuffle nothing."""
    orders = {shuffled(moment, random.Random(seed)).heard for seed in range(5)}
    assert len(orders) == 5
    assert in_turn.heard not in orders
    assert {who for heard in orders for who in heard} == set(in_turn.heard)


def test_the_limits_had_to_choose(in_turn: Said) -> None:
    """Where there is room for all, nobody sees who came first."""
    assert {json.loads(ruling)["ruling"]["outcome"] for ruling in in_turn.rulings} == set(RulingOutcome)
