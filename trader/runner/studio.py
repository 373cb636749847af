"""The two graphs as LangGraph Studio opens them (`langgraph.json`): one moment of the sample, picked by hand.

Studio can type a day and a symbol, but not an account or a broker. So each graph is wrapped in one whose only
node opens that moment: a new account in memory, agents from the packaged prompts with nothing learned
of them yet, and no journal.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from trader.agents.roster import roster
from trader.data.feeds import open_feed
from trader.data.market import Market
from trader.domain.errors import UsageError
from trader.domain.value import Value, jsonable
from trader.graph.decide import build_decide
from trader.graph.state import Case, Desk, Round
from trader.journal.writer import Memorandum
from trader.runner.sitting import Sitting
from trader.settings import Settings


class Asked(Value):
    """What a person types."""

    day: str = ""
    """2012-06-01, whose close it is then. Empty: the last of the data."""
    symbol: str = ""
    """For `decide`. Empty: the first of the feed."""


class Answered(Value):
    """What comes back, as JSON."""

    decisions: list[dict[str, Any]] = []
    orders: list[dict[str, Any]] = []
    """With the ruling on each; none from `decide`, which knows nothing of orders."""


class Look(Asked, Answered):
    """The state of either wrapper."""


Graph = CompiledStateGraph[Look, None, Asked, Answered]
Update = dict[str, object]


def decide() -> Graph:
    """One instrument at one moment."""
    sitting = _sitting()
    graph = build_decide(sitting.desk.agents)

    async def node(asked: Asked) -> Update:
        opened = _opened(sitting, asked)
        symbol = asked.symbol or sitting.desk.book.symbols[0]
        if symbol not in sitting.desk.book.symbols:
            raise UsageError(f"no such symbol: {symbol}", hint=", ".join(sitting.desk.book.symbols))
        case = Case(
            round=opened["round"],
            as_of=opened["as_of"],
            symbol=symbol,
            signals=tuple(signal for signal in opened["signals"] if signal.symbol == symbol),
            account=opened["account"],
            learned=opened["learned"],
            reports={},
            forms={},
            decisions={},
        )
        return _answer(await graph.ainvoke(case, context=_unrecorded(sitting)))

    return _wrapped(node, "decide")


def desk() -> Graph:
    """Every instrument at one moment, and the one account."""
    sitting = _sitting()

    async def node(asked: Asked) -> Update:
        opened = _opened(sitting, asked)
        return _answer(await sitting.graph.ainvoke(opened, context=_unrecorded(sitting)))

    return _wrapped(node, "desk")


def _wrapped(node: Any, name: str) -> Graph:
    graph = StateGraph(Look, input_schema=Asked, output_schema=Answered)
    graph.add_node(name, node)
    graph.add_edge(START, name)
    graph.add_edge(name, END)
    return graph.compile(name=name)


def _answer(state: Any) -> Update:
    return {
        "decisions": [jsonable(decision) for decision in state["decisions"].values()],
        "orders": [jsonable(allotment) for allotment in state.get("allotments", ())],
    }


@cache
def _sitting() -> Sitting:
    """Opened once: the server makes its graphs anew for every request."""
    return Sitting.of(open_feed("sample"), Settings(), roster())


def _unrecorded(sitting: Sitting) -> Desk:
    return replace(sitting.desk, recorder=Memorandum())


def _opened(sitting: Sitting, asked: Asked) -> Round:
    """The round of the moment that was asked for."""
    return sitting.opened(_close(sitting.desk.market, asked.day))


def _close(market: Market, day: str) -> datetime:
    """The last close of that day or before it."""
    closes = market.closes(market.symbols)
    try:
        end = datetime.combine(date.fromisoformat(day), time.max, UTC) if day else closes[-1]
    except ValueError:
        raise UsageError(f"not a day: {day}", hint="write 2012-06-01") from None
    before = [close for close in closes if close <= end]
    if not before:
        raise UsageError(f"no bar had closed by {day}", hint=f"the data begins on {closes[0]:%Y-%m-%d}")
    return before[-1]
