"""Rules scored over the history before a run: what each agent would have said, asked as the desk asks.

There is no second, vectorised version of any rule: at every h-th close each agent is asked through the same
tools, the same report and the same rule as on the desk, from a view that ends there. Cases h bars apart do
not overlap, so little is lost by leaving out those between.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from trader.agents.agent import Agent
from trader.agents.case import Case
from trader.data.market import Market
from trader.data.view import MarketView
from trader.domain.instruments import Instrument
from trader.domain.learned import SymbolEvidence
from trader.domain.market import to_datetime64
from trader.domain.opinions import Opinion
from trader.domain.reports import Report
from trader.memory.base_rates import symbol_evidence
from trader.memory.cases import Forecasts
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.tool import ToolContext
from trader.tools.toolbox import Toolbox

Progress = Callable[[int, int], None]
"""Called with closes done and closes in all."""


@dataclass
class _Column:
    """One record's forecasts while they are collected."""

    decided: list[np.datetime64] = field(default_factory=list)
    symbol: list[str] = field(default_factory=list)
    p_up: list[float] = field(default_factory=list)
    base_rate: list[float] = field(default_factory=list)


def score_history(
    agents: Sequence[Agent],
    market: Market,
    toolbox: Toolbox,
    forecaster: Forecaster,
    cost_of: Callable[[Instrument], float],
    symbols: tuple[str, ...],
    horizon: int,
    before: datetime,
    progress: Progress,
) -> Mapping[str, Forecasts]:
    """Forecasts by record, at every `horizon`-th close before `before`, of each senior with a rule."""
    seniors = [agent for agent in agents if agent.tier == "senior" and agent.policy is not None]
    needed = {name for agent in seniors for name in agent.prompt.reads}
    juniors = [agent for agent in agents if agent.tier == "junior" and agent.name in needed]
    columns = {agent.record: _Column() for agent in seniors}
    closes = [close for close in market.closes(symbols) if close < before][::horizon]

    for done, close in enumerate(closes):
        progress(done, len(closes))
        view = market.view(close)
        known = {row.symbol: row for row in symbol_evidence(view, symbols, horizon)[0]}
        for symbol in symbols:
            if market.bar_at(symbol, close) is None:
                continue
            context = ToolContext(
                view=view,
                symbol=symbol,
                horizon=horizon,
                account=None,
                forecaster=forecaster,
                costs=cost_of(market.instruments[symbol]),
            )
            for record, p_up in _forecasts(juniors, seniors, toolbox, context, known[symbol]).items():
                column = columns[record]
                column.decided.append(to_datetime64(close))
                column.symbol.append(symbol)
                column.p_up.append(p_up)
                column.base_rate.append(known[symbol].base_rate)
    progress(len(closes), len(closes))
    return {
        record: Forecasts(
            record,
            np.array(column.decided, dtype="datetime64[s]"),
            np.array(column.symbol, dtype=np.str_),
            np.array(column.p_up, dtype=np.float64),
            np.array(column.base_rate, dtype=np.float64),
        )
        for record, column in columns.items()
    }


def _forecasts(
    juniors: Sequence[Agent],
    seniors: Sequence[Agent],
    toolbox: Toolbox,
    context: ToolContext,
    known: SymbolEvidence,
) -> dict[str, float]:
    """Record -> stated probability, of those that give one."""
    instrument = context.view.instrument(context.symbol)
    reports = {
        agent.name: agent.report(_case(context, known, agent, toolbox, {}))
        for agent in juniors
        if agent.consulted(instrument) is None
    }
    stated = {}
    for agent in seniors:
        if agent.consulted(instrument) is None:
            form = agent.judge(_case(context, known, agent, toolbox, reports))
            if isinstance(form, Opinion) and form.p_up is not None:
                stated[agent.record] = form.p_up
    return stated


def _case(
    context: ToolContext,
    known: SymbolEvidence,
    agent: Agent,
    toolbox: Toolbox,
    reports: Mapping[str, Report],
) -> Case:
    view: MarketView = context.view
    return Case(
        symbol=context.symbol,
        as_of=view.as_of,
        horizon=context.horizon,
        asset_class=view.instrument(context.symbol).asset_class,
        base_rate=known.base_rate,
        bars_a_year=known.bars_a_year,
        price=view.price(context.symbol),
        reports=reports,
        evidence=agent.gather(toolbox, context),
    )
