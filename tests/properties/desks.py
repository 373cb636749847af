"""One round of a whole desk at any moment of any market, and everything that it comes to, byte for byte."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from tests.tools.markets import START, account, bars, market
from trader.agents.agent import Agent
from trader.agents.track import Rehearsal, score_history
from trader.brokers.ledger import Ledger
from trader.brokers.paper import PaperBroker
from trader.clock import SetClock
from trader.data.market import Market
from trader.domain.ids import BookId, RunId, round_id, signal_id
from trader.domain.learned import LearnedState
from trader.domain.portfolio import Account, Book, Mode
from trader.domain.signals import Signal, SignalSource
from trader.domain.value import canonical_json, digest, jsonable
from trader.graph.assembly import assemble, cost_model
from trader.graph.desk import build_desk
from trader.graph.state import Desk, opened_round
from trader.journal.records import DecisionMade, OrderIntended, RoundOpened, RulingMade, Step
from trader.journal.writer import Memorandum
from trader.memory.cases import Forecasts
from trader.memory.learning import learn
from trader.runner.market_step import facts_at
from trader.settings import Settings, load
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.registry import TOOLS
from trader.tools.tool import Tool
from trader.tools.toolbox import LiveToolbox

SYMBOLS = ("AAA", "BBB", "CCC")
HORIZON = 20
"""Bars. The track has a case at every such close, so a long horizon makes a short test."""

SETTINGS: Settings = load(
    flags={
        "desk.horizon": HORIZON,
        "paper.fee_bps": 0,
        "paper.half_spread_bps": 0,
        "paper.slippage_bps": 0,
        "risk.gross_exposure": 0.08,
    }
)[0]
"""Free trading, so that a small edge is worth an order, and no room for all that the decisions would buy."""


def rising(count: int = 500) -> Market:
    """Three rising shares with news, filings, macro series, dividends and a split, on UTC days."""
    rng = np.random.default_rng(7)
    walks = {
        symbol: bars(symbol, 100.0 * np.exp(np.cumsum(rng.normal(0.0015, 0.012, count))), seed)
        for seed, symbol in enumerate(SYMBOLS)
    }
    return market(count, SYMBOLS, bars=walks)


@dataclass(frozen=True)
class Said:
    """What a round came to, each part as canonical JSON (the track and the forecasts as bytes)."""

    decisions: Mapping[str, str]
    forms: Mapping[tuple[str, str], str]
    """(symbol, agent) -> what it filled in."""
    rulings: tuple[str, ...]
    orders: tuple[str, ...]
    learned: str
    track: Mapping[str, bytes]
    """Record -> what it is said to have forecast in the past."""
    forecasts: Mapping[str, bytes]
    """Symbol -> the forecaster's history."""
    heard: tuple[tuple[str, str], ...] = ()
    """(symbol, agent) in the order in which they answered. The only thing that may differ."""

    def differs(self, other: "Said") -> list[str]:
        """The parts that are not the same."""
        parts = ("decisions", "forms", "rulings", "orders", "learned", "track", "forecasts")
        return [part for part in parts if getattr(self, part) != getattr(other, part)]


@dataclass(frozen=True)
class Moment:
    """Everything that is known before a round begins."""

    desk: Desk
    account: Account
    learned: LearnedState
    track: Mapping[str, Forecasts]

    @classmethod
    def of(
        cls,
        source: Market,
        as_of: datetime,
        agents: Sequence[Agent],
        *,
        tools: Iterable[Tool[Any, Any]] = TOOLS,
        settings: Settings = SETTINGS,
        forecaster: Forecaster | None = None,
        scored: bool = True,
        held: Mapping[str, int] | None = None,
    ) -> "Moment":
        """A desk that has seen no other market; `scored`: with each rule's record over the history."""
        book = Book(
            id=BookId("b"),
            mode=Mode.PAPER,
            feed="test",
            symbols=source.symbols,
            timeframe=source.timeframe,
            horizon=settings.desk.horizon or source.timeframe.default_horizon,
            currency="USD",
            calendar="24/7",
            cash=Decimal(100_000),
            opened_at=START,
            settings="",
        )
        clock, costs = SetClock(as_of), cost_model(settings)
        broker = PaperBroker(
            Ledger(book, [source.instruments[symbol] for symbol in source.symbols]), costs, clock
        )
        desk = assemble(
            book,
            settings,
            agents,
            source,
            LiveToolbox(tools),
            forecaster or Forecaster(),
            Memorandum(),
            broker,
            lambda: None,
            clock,
        )
        track: Mapping[str, Forecasts] = {}
        if scored:
            rehearsal = Rehearsal(
                agents=agents,
                market=source,
                toolbox=desk.toolbox,
                forecaster=desk.forecaster,
                cost_of=costs.round_trip,
                symbols=book.symbols,
                horizon=book.horizon,
                before=as_of,
            )
            track = score_history(rehearsal, lambda done, total: None)
        families = {
            agent.record: agent.prompt.family for agent in agents if len(track.get(agent.record, ())) > 0
        }
        learned = learn(source.view(as_of), book.symbols, book.horizon, track, families)
        owned = account(source, as_of, **(held or {source.symbols[0]: 10}))
        return cls(desk, owned.model_copy(update={"peak": owned.equity}), learned, track)

    def decide(self, graph: Any = None, symbols: Sequence[str] | None = None) -> Said:
        """Take the round through the graph, signals in the order of `symbols`."""
        desk, memorandum = self.desk, Memorandum()
        as_of, view = self.account.as_of, self.desk.market.view(self.account.as_of)
        facts = facts_at(view, self.account, desk.book.symbols, (), 0)
        opened = RoundOpened(
            round=round_id(desk.book.id, as_of),
            book=desk.book.id,
            run=RunId("r"),
            as_of=as_of,
            signals=tuple(
                Signal(
                    id=signal_id(SignalSource.USER, symbol, as_of),
                    source=SignalSource.USER,
                    symbol=symbol,
                    timeframe=desk.book.timeframe,
                    at=as_of,
                )
                for symbol in symbols or desk.book.symbols
            ),
            account=self.account,
            learned=digest(self.learned),
        )
        fresh = _with(desk, memorandum)
        asyncio.run(
            (graph or build_desk(desk.agents)).ainvoke(
                opened_round(opened, facts, self.learned), context=fresh
            )
        )
        steps = [record for record in memorandum.records if isinstance(record, Step)]
        made = [record.decision for record in memorandum.records if isinstance(record, DecisionMade)]
        return Said(
            decisions={one.symbol: canonical_json(one.canonical()) for one in sorted(made, key=_symbol)},
            forms={(step.symbol, step.agent): canonical_json([step.form, step.body]) for step in steps},
            rulings=_all(memorandum, RulingMade),
            orders=_all(memorandum, OrderIntended),
            learned=canonical_json(self.learned),
            track={name: _bytes(record) for name, record in self.track.items()},
            forecasts={
                symbol: moments.tobytes() + p.tobytes()
                for symbol, (moments, p) in desk.forecaster.history(view, desk.book.horizon).items()
            },
            heard=tuple((step.symbol, step.agent) for step in steps),
        )


def _with(desk: Desk, memorandum: Memorandum) -> Desk:
    """The desk with a recorder and a broker of its own, so that it may decide the same round again."""
    book = desk.book
    instruments = [desk.market.instruments[symbol] for symbol in book.symbols]
    return replace(
        desk, recorder=memorandum, broker=PaperBroker(Ledger(book, instruments), desk.costs, desk.clock)
    )


def _all(memorandum: Memorandum, kind: type) -> tuple[str, ...]:
    return tuple(
        canonical_json(jsonable(record)) for record in memorandum.records if isinstance(record, kind)
    )


def _bytes(record: Forecasts) -> bytes:
    return b"".join(
        np.ascontiguousarray(column).tobytes()
        for column in (record.decided, record.symbol, record.p_up, record.base_rate)
    )


def _symbol(decision: Any) -> str:
    return str(decision.symbol)
