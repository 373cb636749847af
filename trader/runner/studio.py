"""The two graphs as LangGraph Studio opens them (`langgraph.json`): one moment of the sample, picked by hand.

Studio can type a day and a symbol, but not an account or a broker. So each graph is wrapped in one whose only
node opens that moment: a new paper account in memory, agents from the packaged prompts with nothing learned
of them yet, and no journal.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from trader.agents.agent import Agent
from trader.agents.roster import roster
from trader.brokers.ledger import fold
from trader.brokers.paper import PaperBroker
from trader.clock import SetClock
from trader.data.feeds import open_feed
from trader.data.market import Market
from trader.domain.errors import UsageError
from trader.domain.ids import BookId, round_id, signal_id, ulid
from trader.domain.portfolio import Book, Mode
from trader.domain.signals import Signal, SignalSource
from trader.domain.value import Value, jsonable
from trader.graph.assembly import assemble, cost_model
from trader.graph.decide import build_decide
from trader.graph.desk import build_desk
from trader.graph.state import Case, Desk, Round
from trader.journal.writer import Memorandum
from trader.memory.learning import learn
from trader.runner.market_step import facts_at, marks_at
from trader.settings import Settings
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.toolbox import LiveToolbox


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


@dataclass(frozen=True)
class Sample:
    """What stays the same from one moment to the next."""

    agents: tuple[Agent, ...]
    market: Market
    toolbox: LiveToolbox
    forecaster: Forecaster


def decide() -> Graph:
    """One instrument at one moment."""
    sample = _sample()
    graph = build_decide(sample.agents)

    async def node(asked: Asked) -> Update:
        desk, opened = _opened(sample, asked)
        symbol = asked.symbol or desk.book.symbols[0]
        if symbol not in desk.book.symbols:
            raise UsageError(f"no such symbol: {symbol}", hint=", ".join(desk.book.symbols))
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
        return _answer(await graph.ainvoke(case, context=desk))

    return _wrapped(node, "decide")


def desk() -> Graph:
    """Every instrument at one moment, and the one account."""
    sample = _sample()
    graph = build_desk(sample.agents)

    async def node(asked: Asked) -> Update:
        desk, opened = _opened(sample, asked)
        return _answer(await graph.ainvoke(opened, context=desk))

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
def _sample() -> Sample:
    """Read once: the server makes its graphs anew for every request."""
    return Sample(roster(), open_feed("sample"), LiveToolbox(), Forecaster())


def _opened(sample: Sample, asked: Asked) -> tuple[Desk, Round]:
    """A desk with a new account, and the round of the moment that was asked for."""
    settings, market, symbols = Settings(), sample.market, sample.market.symbols
    as_of = _close(market, asked.day)
    view = market.view(as_of)
    book = Book(
        id=BookId(ulid(as_of, bytes(10))),
        mode=Mode.PAPER,
        feed="sample",
        symbols=symbols,
        timeframe=market.timeframe,
        horizon=market.timeframe.default_horizon,
        currency=settings.paper.currency,
        calendar=market.instruments[symbols[0]].calendar,
        cash=settings.paper.cash,
        opened_at=as_of,
        settings="",
    )
    clock = SetClock(as_of)
    ledger = fold(book, [market.instruments[symbol] for symbol in symbols], ())
    broker = PaperBroker(ledger, cost_model(settings), clock, Decimal(repr(settings.paper.participation)))
    account = broker.account(as_of, marks_at(view, symbols), book.cash, book.cash)
    desk = assemble(
        book,
        settings,
        sample.agents,
        market,
        sample.toolbox,
        sample.forecaster,
        Memorandum(),
        broker,
        lambda: None,
        clock,
    )
    return desk, Round(
        round=round_id(book.id, as_of),
        as_of=as_of,
        signals=tuple(_signal(market, symbol, as_of) for symbol in account.marks),
        account=account,
        facts=facts_at(view, account, symbols, (), 0),
        learned=learn(view, symbols, book.horizon, {}, {}),
        decisions={},
        allotments=(),
    )


def _signal(market: Market, symbol: str, as_of: datetime) -> Signal:
    return Signal(
        id=signal_id(SignalSource.BAR, symbol, as_of),
        source=SignalSource.BAR,
        symbol=symbol,
        timeframe=market.timeframe,
        at=as_of,
    )


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
