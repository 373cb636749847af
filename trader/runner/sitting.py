"""A desk that decides at any moment of a market, from an account that nothing happens to.

For what asks what a desk would say rather than what became of its book: data sets of cases, behaviour cases,
and the check that it does not look ahead. Nothing is sent, nothing is traded, nothing is learned on the way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from langgraph.graph.state import CompiledStateGraph

from trader.agents.agent import Agent
from trader.brokers.ledger import Ledger
from trader.brokers.rates import rates_at
from trader.clock import Clock, SetClock
from trader.data.market import Market
from trader.domain.ids import BookId, RunId, round_id, signal_id
from trader.domain.learned import LearnedState
from trader.domain.portfolio import Account, Book, Mode, Position
from trader.domain.signals import Signal, SignalSource
from trader.domain.value import digest
from trader.graph.again import Deaf
from trader.graph.assembly import assemble
from trader.graph.desk import build_desk
from trader.graph.models import Models
from trader.graph.state import Desk, Round, opened_round
from trader.journal.records import RoundOpened
from trader.journal.writer import Memorandum
from trader.memory.cases import Forecasts
from trader.memory.learning import learn
from trader.runner.market_step import facts_at, marks_at
from trader.settings import Settings
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.registry import TOOLS
from trader.tools.tool import Tool
from trader.tools.toolbox import LiveToolbox

Graph = CompiledStateGraph[Round, Desk, Round, Round]


@dataclass(frozen=True)
class Sitting:
    """One desk on one market."""

    desk: Desk
    graph: Graph
    rates: tuple[str, ...] = ()
    """Pairs that say what other currencies are worth."""

    @classmethod
    def of(
        cls,
        market: Market,
        settings: Settings,
        agents: Sequence[Agent],
        *,
        tools: Iterable[Tool[Any, Any]] = TOOLS,
        forecaster: Forecaster | None = None,
        models: Models | None = None,
        graph: Graph | None = None,
        clock: Clock | None = None,
    ) -> Self:
        """With a forecaster that has seen no other market, unless one is given."""
        symbols = market.symbols
        book = Book(
            id=BookId(digest([market.timeframe, symbols, settings])),
            mode=Mode.PAPER,
            feed=settings.run.feed,
            symbols=symbols,
            timeframe=market.timeframe,
            horizon=settings.desk.horizon or market.timeframe.default_horizon,
            currency=settings.paper.currency,
            calendar=market.instruments[symbols[0]].calendar,
            cash=settings.paper.cash,
            opened_at=market.closes(symbols)[0],
            settings="",
        )
        own = Forecaster(seed=settings.run.seed, refit_bars=settings.desk.refit_forecaster)
        desk = assemble(
            book,
            settings,
            agents,
            market,
            LiveToolbox(tools),
            forecaster or own,
            Memorandum(),
            Deaf(),
            lambda: None,
            clock or SetClock(book.opened_at),
            models,
        )
        return cls(desk, graph or build_desk(agents), settings.paper.rates)

    def learned(self, as_of: datetime, track: Mapping[str, Forecasts] | None = None) -> LearnedState:
        """Base rates and payoffs as known then; of agents what `track`, by record, gives away."""
        book, known = self.desk.book, track or {}
        families = {
            agent.record: agent.prompt.family
            for agent in self.desk.agents
            if len(known.get(agent.record, ()))
        }
        return learn(self.desk.market.view(as_of), book.symbols, book.horizon, known, families)

    def account(self, as_of: datetime, held: Mapping[str, Decimal] | None = None) -> Account:
        """The book's cash, and units bought at the last price before."""
        book, view = self.desk.book, self.desk.market.view(as_of)
        marks, rates = marks_at(view, book.symbols), rates_at(view, self.rates, book.currency)
        ledger = Ledger(book, self.desk.market.instruments.values())
        empty = ledger.account(as_of, marks, book.cash, book.cash, rates)
        positions = tuple(
            Position(
                symbol=symbol,
                quantity=units,
                cost=units * marks[symbol] * empty.multiplier(symbol),
                opened_at=book.opened_at,
            )
            for symbol, units in (held or {}).items()
        )
        cash = book.cash - sum((one.cost for one in positions), Decimal(0))
        account = empty.model_copy(update={"positions": positions, "cash": cash})
        return account.model_copy(update={"peak": account.equity, "day_open": account.equity})

    async def decide(
        self,
        as_of: datetime,
        account: Account | None = None,
        learned: LearnedState | None = None,
        symbols: Iterable[str] | None = None,
    ) -> Memorandum:
        """Everything that the desk says of `symbols` at that moment; of all that have a price."""
        memorandum = Memorandum()
        opened = self.opened(as_of, account, learned, symbols)
        await self.graph.ainvoke(opened, context=replace(self.desk, recorder=memorandum))
        return memorandum

    def opened(
        self,
        as_of: datetime,
        account: Account | None = None,
        learned: LearnedState | None = None,
        symbols: Iterable[str] | None = None,
    ) -> Round:
        """The state that a round of that moment begins with."""
        book, market = self.desk.book, self.desk.market
        account = account or self.account(as_of)
        learned = learned or self.learned(as_of)
        asked = [symbol for symbol in symbols or book.symbols if symbol in account.marks]
        opened = RoundOpened(
            round=round_id(book.id, as_of),
            book=book.id,
            run=RunId("sitting"),
            as_of=as_of,
            signals=tuple(
                Signal(
                    id=signal_id(SignalSource.USER, symbol, as_of),
                    source=SignalSource.USER,
                    symbol=symbol,
                    timeframe=book.timeframe,
                    at=as_of,
                )
                for symbol in asked
            ),
            account=account,
            learned=digest(learned),
        )
        facts = facts_at(market.view(as_of), account, book.symbols, (), 0)
        return opened_round(opened, facts, learned)
