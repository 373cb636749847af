"""Rules scored over the history before a run: what each agent would have said, asked as the desk asks.

There is no second, vectorised version of any rule: at every h-th close each agent is asked through the tools,
the report and the rule of the desk, from a view that ends there. Cases h bars apart do not overlap, so little
is lost by leaving out those between. Tools that no rule reads are not run: what they say is for people and
models.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from trader.agents.agent import Agent
from trader.agents.case import Case
from trader.agents.policies.policy import Policy
from trader.data.market import Market
from trader.data.view import MarketView
from trader.domain.instruments import Instrument
from trader.domain.learned import SymbolEvidence
from trader.domain.opinions import Opinion
from trader.domain.reports import Evidence, Report
from trader.journal.reader import Forecast
from trader.memory.base_rates import symbol_evidence
from trader.memory.cases import Forecasts
from trader.memory.recorded import recorded
from trader.prompts.prompt import Tier
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.tool import ToolContext
from trader.tools.toolbox import Toolbox

Progress = Callable[[int, int], None]
"""Called with closes done and closes in all."""


@dataclass(frozen=True)
class Rehearsal:
    """Who is asked, with what, about what, and until when."""

    agents: Sequence[Agent]
    market: Market
    toolbox: Toolbox
    forecaster: Forecaster
    cost_of: Callable[[Instrument], float]
    """A round trip's cost, as a fraction of the price."""
    symbols: tuple[str, ...]
    horizon: int
    before: datetime
    """Only closes earlier than this are looked at."""

    def closes(self) -> tuple[datetime, ...]:
        """Every `horizon`-th close, oldest first."""
        every = (close for close in self.market.closes(self.symbols) if close < self.before)
        return tuple(every)[:: self.horizon]

    def context(self, view: MarketView, symbol: str) -> ToolContext:
        """What tools may see: no account, because nothing is traded."""
        return ToolContext(
            view=view,
            symbol=symbol,
            horizon=self.horizon,
            account=None,
            forecaster=self.forecaster,
            costs=self.cost_of(self.market.instruments[symbol]),
        )


def score_history(asked: Rehearsal, progress: Progress) -> dict[str, Forecasts]:
    """Forecasts by record of each senior whose rule states any."""
    closes = asked.closes()
    said: list[Forecast] = []
    for done, close in enumerate(closes):
        progress(done, len(closes))
        view = asked.market.view(close)
        for known in symbol_evidence(view, asked.symbols, asked.horizon)[0]:
            if asked.market.bar_at(known.symbol, close) is not None:
                said += _forecasts(asked, view, known)
    progress(len(closes), len(closes))
    return recorded(said)


def _forecasts(asked: Rehearsal, view: MarketView, known: SymbolEvidence) -> Iterator[Forecast]:
    """What the seniors say of one symbol at the view's moment."""
    instrument = view.instrument(known.symbol)
    consulted = [agent for agent in asked.agents if agent.consulted(instrument) is None]
    seniors = [agent for agent in consulted if agent.tier is Tier.SENIOR and agent.source != "none"]
    read = {name for agent in seniors for name in agent.prompt.reads}
    reports = {
        agent.name: _report(asked, view, known, agent)
        for agent in consulted
        if agent.tier is Tier.JUNIOR and agent.name in read
    }
    for agent in seniors:
        needed = agent.policy.tools if isinstance(agent.policy, Policy) else ()
        evidence = agent.gather(asked.toolbox, asked.context(view, known.symbol), only=needed)
        form = agent.judge(_case(asked, view, known, evidence, reports))
        if isinstance(form, Opinion) and form.p_up is not None:
            yield Forecast(view.as_of, known.symbol, agent.name, agent.record, form.p_up, known.base_rate)


def _report(asked: Rehearsal, view: MarketView, known: SymbolEvidence, agent: Agent) -> Report:
    """As much of a junior's report as bears on a rule, which asks only whether there is a fact in it."""
    evidence: dict[str, Evidence] = {}
    context = asked.context(view, known.symbol)
    for call in agent.calls:
        evidence |= agent.gather(asked.toolbox, context, only=(call.name,))
        report = agent.report(_case(asked, view, known, evidence, {}))
        if not report.empty:
            return report
    return agent.report(_case(asked, view, known, evidence, {}))


def _case(
    asked: Rehearsal,
    view: MarketView,
    known: SymbolEvidence,
    evidence: Mapping[str, Evidence],
    reports: Mapping[str, Report],
) -> Case:
    return Case(
        symbol=known.symbol,
        as_of=view.as_of,
        horizon=asked.horizon,
        asset_class=view.instrument(known.symbol).asset_class,
        base_rate=known.base_rate,
        bars_a_year=known.bars_a_year,
        price=view.price(known.symbol),
        reports=reports,
        evidence=evidence,
    )
