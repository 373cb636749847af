"""What flows through the graphs (values), and what rides beside them (live objects)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, TypedDict, TypeVar

from trader.agents.agent import Agent
from trader.brokers.broker import Broker
from trader.brokers.costs import CostModel
from trader.brokers.pacing import Pace
from trader.clock import Clock
from trader.data.market import Market
from trader.domain.decisions import Decision
from trader.domain.ids import RoundId
from trader.domain.learned import LearnedState
from trader.domain.lessons import LearnedThresholds
from trader.domain.opinions import Abstention, Opinion, Verdict
from trader.domain.orders import Order, Ruling
from trader.domain.portfolio import Account, Book
from trader.domain.reports import Report
from trader.domain.signals import Signal
from trader.domain.trades import MarketState
from trader.domain.value import Value
from trader.graph.approval import Approval
from trader.graph.models import Models
from trader.graph.thresholds import Thresholds
from trader.journal.records import RoundOpened
from trader.journal.writer import Recorder
from trader.memory.recall import Memory
from trader.risk.facts import Facts
from trader.risk.limits import Limits
from trader.settings.forecast import Validator
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.toolbox import Toolbox

Item = TypeVar("Item")


def merged(before: dict[str, Item], update: dict[str, Item]) -> dict[str, Item]:
    """Both, sorted by key: what comes out does not depend on who answered first."""
    return dict(sorted({**before, **update}.items()))


class Case(TypedDict, total=False):
    """The state of `decide`: one instrument at one moment."""

    round: RoundId
    as_of: datetime
    symbol: str
    signals: tuple[Signal, ...]
    account: Account
    learned: LearnedState
    conditions: MarketState
    """What rules are held against."""
    consulted: tuple[str, ...]
    """Agents that the brief asked."""
    reports: Annotated[dict[str, Report], merged]
    forms: Annotated[dict[str, Opinion | Abstention], merged]
    records: Annotated[dict[str, str], merged]
    """The learned record that each senior's form belongs to, where a model may have been asked."""
    until: float
    """When answers of models are due, by the stopwatch; absent where no model is asked."""
    verdict: Verdict
    decisions: Annotated[dict[str, Decision], merged]


class Decided(TypedDict):
    """What `decide` hands back to the round."""

    decisions: Annotated[dict[str, Decision], merged]


class Allotment(Value):
    """An order that a decision became, what was ruled of it, and the stop that protects what it buys."""

    order: Order
    ruling: Ruling
    stop: Order | None = None

    @property
    def orders(self) -> tuple[Order, ...]:
        """The order and its stop."""
        return (self.order,) if self.stop is None else (self.order, self.stop)


class Round(TypedDict, total=False):
    """The state of `desk`: every signal of one book that shares one `as_of`."""

    round: RoundId
    as_of: datetime
    signals: tuple[Signal, ...]
    account: Account
    facts: Facts
    learned: LearnedState
    conditions: Mapping[str, MarketState]
    """By symbol, as the round recorded them."""
    accepted: dict[str, tuple[Signal, ...]]
    """Signals that intake let through, by symbol."""
    decisions: Annotated[dict[str, Decision], merged]
    allotments: tuple[Allotment, ...]


def opened_round(
    opened: RoundOpened,
    facts: Facts,
    learned: LearnedState,
    conditions: Mapping[str, MarketState] | None = None,
) -> Round:
    """The state that a round begins with, from what was written down when it was opened."""
    return Round(
        round=opened.round,
        as_of=opened.as_of,
        signals=opened.signals,
        account=opened.account,
        facts=facts,
        learned=learned,
        conditions=conditions or {},
        decisions={},
        allotments=(),
    )


@dataclass(frozen=True)
class Desk:
    """Everything alive that a round needs. It rides in the graph's context and is never part of its state."""

    book: Book
    agents: tuple[Agent, ...]
    thresholds: Thresholds
    limits: Limits
    market: Market
    toolbox: Toolbox
    forecaster: Forecaster
    costs: CostModel
    max_consulted: int
    signal_confidence: float
    stop_atr: float
    """Average ranges below the price where a stop goes when no opinion names one."""
    recorder: Recorder
    broker: Broker
    halted: Callable[[], str | None]
    """Why nothing may be sent, or None. Looked at just before each send."""
    clock: Clock
    reflects: bool = True
    """Whether rules are looked for in the book's own past."""
    learns_from: LearnedThresholds | None = None
    """Where an entry's thresholds were set, where they are learned; None where they are fixed."""
    pooling: str = "map"
    """How weights of the pool are learned."""
    by_regime: bool = False
    """Whether calibration and weights are kept apart by regime where that was better."""
    approval: Approval = field(default_factory=Approval)
    """Which increases wait for a person."""
    pace: Pace | None = None
    """The venue's, where requests must keep one; None where time is simulated."""
    memory: Memory | None = None
    """The book's closed trades, as of the round in hand; None where answers of tools are recorded ones."""
    models: Models | None = None
    """Where models are asked; None where every agent follows its rule."""
    validator: Validator = Validator.OFF
    """What the validator in place may do; off where there is none."""
