"""A desk from its settings: the one place that turns settings into thresholds, limits and costs."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from trader.agents.agent import Agent
from trader.brokers.broker import Broker
from trader.brokers.costs import CostModel
from trader.clock import Clock
from trader.data.market import Market
from trader.domain.lessons import LearnedThresholds
from trader.domain.portfolio import Book
from trader.graph.approval import Approval
from trader.graph.models import Models
from trader.graph.state import Desk
from trader.graph.thresholds import Thresholds
from trader.journal.writer import Recorder
from trader.memory.recall import Memory
from trader.risk.limits import Limits, resolve_limits
from trader.settings import Settings
from trader.settings.forecast import Validator
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.toolbox import Toolbox


def assemble(
    book: Book,
    settings: Settings,
    agents: Sequence[Agent],
    market: Market,
    toolbox: Toolbox,
    forecaster: Forecaster,
    recorder: Recorder,
    broker: Broker,
    halted: Callable[[], str | None],
    clock: Clock,
    models: Models | None = None,
    memory: Memory | None = None,
) -> Desk:
    """Everything alive that the rounds of `book` need."""
    limits = resolve_limits(settings.risk)
    return Desk(
        book=book,
        agents=tuple(agents),
        thresholds=thresholds(settings, limits),
        limits=limits,
        market=market,
        toolbox=toolbox,
        forecaster=forecaster,
        costs=cost_model(settings),
        max_consulted=settings.desk.max_consulted,
        signal_confidence=settings.desk.signal_confidence,
        stop_atr=settings.desk.stop_atr,
        recorder=recorder,
        broker=broker,
        halted=halted,
        clock=clock,
        approval=Approval.parse(settings.run.approval),
        models=models,
        pooling=settings.desk.pooling,
        by_regime=settings.desk.regimes == "tried",
        reflects=settings.memory.rules == "on",
        learns_from=LearnedThresholds(
            agreement=settings.desk.minimum_agreement, signal_confidence=settings.desk.signal_confidence
        )
        if settings.memory.thresholds == "learned"
        else None,
        memory=memory,
        validator=Validator.OFF if forecaster.validator is None else settings.forecast.validator,
    )


def thresholds(settings: Settings, limits: Limits) -> Thresholds:
    """What consensus needs, from the desk's settings and the limits that sizing respects in advance."""
    desk = settings.desk
    return Thresholds(
        quorum=desk.quorum,
        minimum_agreement=desk.minimum_agreement,
        self_agreement=desk.self_agreement,
        kelly_fraction=desk.kelly_fraction,
        volatility_ceiling=desk.volatility_ceiling,
        band=desk.band,
        band_share=desk.band_share,
        position_limit=float(limits.value("position_size")),
        drawdown_limit=float(limits.value("drawdown")),
        positions=int(limits.value("open_positions")),
    )


def cost_model(settings: Settings) -> CostModel:
    """What trading costs on paper."""
    paper = settings.paper
    return CostModel(
        total_bps=_exact(paper.cost_bps),
        fee_bps=_exact(paper.fee_bps),
        half_spread_bps=_exact(paper.half_spread_bps),
        slippage_bps=_exact(paper.slippage_bps),
    )


def _exact(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(repr(number))
