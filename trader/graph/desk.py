"""The round: many signals, one account. Thinking is in decide.py; here is only what they share."""

from collections.abc import Sequence

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from trader.agents.agent import Agent
from trader.graph import dealing
from trader.graph.decide import build_decide
from trader.graph.state import Desk, Round


def build_desk(agents: Sequence[Agent]) -> "CompiledStateGraph[Round, Desk, Round, Round]":
    """Intake -> decide for every instrument at once -> allocate -> gate -> execute -> record."""
    desk = StateGraph(Round, context_schema=Desk)
    desk.add_node("intake", dealing.intake)  # stale, duplicate, unknown: refused here
    desk.add_node("decide", build_decide(agents))  # one per instrument, at the same time
    desk.add_node("allocate", dealing.allocate, defer=True)  # waits for all: order of arrival cannot matter
    desk.add_node("gate", dealing.gate)  # no model reaches this
    desk.add_node("execute", dealing.execute)  # never retried
    desk.add_node("record", dealing.record)

    desk.add_edge(START, "intake")
    desk.add_conditional_edges("intake", dealing.one_each, ["decide", "record"])  # a Send per instrument
    desk.add_edge("decide", "allocate")
    desk.add_edge("allocate", "gate")
    desk.add_conditional_edges("gate", dealing.by_ruling)  # -> Literal["execute", "record"]
    desk.add_edge("execute", "record")
    desk.add_edge("record", END)
    return desk.compile()  # the journal remembers, not a checkpoint
