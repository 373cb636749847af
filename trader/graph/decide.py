"""Thinking about one instrument. It knows nothing of orders, and a failed agent never fails the decision."""

from collections.abc import Sequence

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from trader.agents.agent import Agent
from trader.graph import thinking
from trader.graph.state import Case, Decided, Desk


def build_decide(agents: Sequence[Agent]) -> "CompiledStateGraph[Case, Desk, Case, Decided]":
    """Brief -> juniors at once -> reports -> seniors at once -> executive -> consensus; each agent a node."""
    juniors = [agent for agent in agents if agent.tier == "junior"]
    seniors = [agent for agent in agents if agent.tier == "senior"]
    (executive,) = (agent for agent in agents if agent.tier == "executive")

    decide = StateGraph(Case, context_schema=Desk, output_schema=Decided)
    decide.add_node("brief", thinking.brief)
    decide.add_node("reports", thinking.reports_are_in, defer=True)
    decide.add_node(executive.name, thinking.speaks(executive), defer=True)
    decide.add_node("consensus", thinking.consensus)
    for agent in juniors:
        decide.add_node(agent.name, thinking.speaks(agent))
        decide.add_edge(agent.name, "reports")
    for agent in seniors:
        decide.add_node(agent.name, thinking.speaks(agent))
        decide.add_edge(agent.name, executive.name)

    decide.add_edge(START, "brief")
    decide.add_conditional_edges(
        "brief", thinking.consulted(juniors, "reports"), [*(agent.name for agent in juniors), "reports"]
    )
    decide.add_conditional_edges(
        "reports",
        thinking.consulted(seniors, executive.name),
        [*(agent.name for agent in seniors), executive.name],
    )
    decide.add_edge(executive.name, "consensus")
    decide.add_edge("consensus", END)
    return decide.compile()
