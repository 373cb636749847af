"""The peer of a decision: LangGraph alone, the same two graphs with nothing in their nodes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

from langgraph.graph.state import CompiledStateGraph

from trader.agents.agent import Agent
from trader.graph import dealing, thinking
from trader.graph.desk import build_desk

NOTHING: dict[str, Any] = {
    "round": "",
    "as_of": None,
    "signals": (),
    "account": None,
    "facts": None,
    "learned": None,
    "decisions": {},
    "allotments": (),
}
"""A round's state."""

Node = Callable[[Any], Awaitable[dict[str, Any]]]


@dataclass
class Turns:
    """How often each node was called."""

    agents: int = 0
    """Brief, agents and consensus: what a journal has a row for."""
    others: int = 0
    nodes: set[str] = field(default_factory=set)

    def node(self, name: str, update: dict[str, Any] | None = None, *, recorded: bool = True) -> Node:
        """A node that does nothing but be called."""
        self.nodes.add(name)

        async def empty(state: Any) -> dict[str, Any]:
            if recorded:
                self.agents += 1
            else:
                self.others += 1
            return update or {}

        return empty


def build_bare(
    agents: Sequence[Agent], symbols: Sequence[str], turns: Turns
) -> "CompiledStateGraph[Any, Any, Any, Any]":
    """The desk's own graph, made by the desk's own code, of empty nodes; every agent is consulted."""
    asked = {"consulted": tuple(agent.name for agent in agents)}
    signals = {"accepted": {symbol: () for symbol in symbols}}

    def of_agent(agent: Agent) -> Node:
        return turns.node(agent.name)

    with ExitStack() as stack:
        for owner, name, node in (
            (thinking, "brief", turns.node("brief", asked)),
            (thinking, "reports_are_in", turns.node("reports", recorded=False)),
            (thinking, "consensus", turns.node("consensus")),
            (thinking, "speaks", of_agent),
            (dealing, "intake", turns.node("intake", signals, recorded=False)),
            (dealing, "allocate", turns.node("allocate", recorded=False)),
            (dealing, "gate", turns.node("gate", recorded=False)),
            (dealing, "execute", turns.node("execute", recorded=False)),
            (dealing, "record", turns.node("record", recorded=False)),
        ):
            stack.enter_context(patch.object(owner, name, node))
        return build_desk(agents)


def round_times(
    agents: Sequence[Agent], symbols: Sequence[str], rounds: int, turns: Turns
) -> tuple[list[float], float]:
    """Milliseconds of each of `rounds` rounds through the empty desk, and of processor time for all."""
    graph = build_bare(agents, symbols, turns)

    async def through() -> list[float]:
        took = []
        for _ in range(rounds):
            began = perf_counter()
            await graph.ainvoke(NOTHING)
            took.append((perf_counter() - began) * 1000.0)
        return took

    began = process_time()
    return asyncio.run(through()), (process_time() - began) * 1000.0
