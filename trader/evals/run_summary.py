"""What one book came to: the account beside buying and holding, each agent beside the base rate.

Numbers only; whoever shows them chooses the words. Everything is recomputed from the journal: the summary of
a run that was interrupted and gone on with is the same as of one that was not.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trader.brokers.costs import CostModel
from trader.brokers.ledger import fold
from trader.brokers.present import rows_of
from trader.data.market import Market
from trader.data.view import MarketView
from trader.domain.decisions import Outcome
from trader.domain.errors import BudgetSpent
from trader.domain.learned import LearnedState
from trader.domain.market import Times, to_datetime64
from trader.domain.orders import Fill, RulingOutcome
from trader.domain.portfolio import Book, EntryKind, sum_exact
from trader.domain.value import Amount, Moment, Value
from trader.journal.reader import Forecast, JournalReader
from trader.journal.records import Marked, ModelCalled
from trader.measures.forecasts import brier, hit_rate
from trader.measures.paths import max_drawdown
from trader.memory.base_rates import symbol_evidence
from trader.memory.cases import Forecasts, Resolved, resolve
from trader.memory.pooling import SLOPE_PRIOR
from trader.memory.recorded import recorded

Floats = NDArray[np.float64]


class AgentScore(Value):
    """One agent's stated probabilities, before calibration, on the book's resolved decisions."""

    agent: str
    record: str
    forecasts: int
    """Stated in all."""
    resolved: int
    hit_rate: float | None
    always_up: float | None
    """Hit rate of saying up every time, on the same cases."""
    brier: float | None
    brier_base: float | None
    """Brier score of the base rate as it was known at each decision, on the same cases."""


class LearnedChange(Value):
    """What evidence has done to the trust in one record."""

    record: str
    slope_prior: float
    slope: float
    weight_prior: float
    weight: float
    n: int
    n_eff: float


class Passive(Value):
    """The same symbols, bought at the first open after the first decision and held to the last mark."""

    gain: float
    """All in, equal amounts, dividends reinvested, one purchase's costs: as a fraction."""
    gain_at_exposure: float
    """At the desk's mean exposure, rebalanced each bar without costs."""
    exposure: float
    """The desk's mean gross exposure, as a share of equity."""
    max_drawdown: float


class RunSummary(Value):
    """One book from its opening to its last mark."""

    book: str
    feed: str
    symbols: tuple[str, ...]
    first: Moment
    last: Moment
    rounds: int
    decisions: dict[str, int]
    """By outcome."""
    orders: int
    fills: int
    trades: int
    """Round trips closed."""
    refused: dict[str, int]
    """Orders refused, by limit."""
    cut: dict[str, int]
    """Orders cut, by limit."""
    stopped_out: int
    """Fills of protective stops."""
    dividends: Amount
    fees: Amount
    slippage: Amount
    """What fills were worse than the market: half the spread and slippage."""
    equity_start: Amount
    equity_end: Amount
    equity_before_costs: Amount
    max_drawdown: float
    buy_and_hold: Passive
    agents: tuple[AgentScore, ...]
    learned: tuple[LearnedChange, ...]
    llm_calls: int = 0
    """Calls of language models, those that failed included."""
    llm_failed: int = 0
    """Those that gave no form: no answer, or an answer that was none."""
    llm_unpaid: int = 0
    """Calls that were not made, because the budget did not hold them."""
    llm_found: int = 0
    """Those that were answered from the cache or a cassette: asked for, and paid for, before."""
    llm_tokens_in: int = 0
    llm_tokens_out: int = 0
    llm_tokens_cached: int = 0
    """Those of `llm_tokens_in` that providers had kept from before."""
    llm_usd: Amount = Decimal(0)


def summarise(reader: JournalReader, market: Market, book: Book, costs: CostModel) -> RunSummary:
    """The summary of a book with at least one mark."""
    marks = reader.marks(book.id)
    decisions = reader.decisions(book.id, newest_first=False)
    rulings = {made.ruling.client_id: made.ruling for made in reader.rulings(book.id)}
    orders, fills, entries = reader.orders(book.id), reader.fills(book.id), reader.entries(book.id)
    fees = sum_exact(fill.fee for fill in fills)
    slippage = sum_exact(worse_than_market(fill, market) for fill in fills)
    legs = {intended.order.client_id for intended in orders if intended.order.parent is not None}
    return RunSummary(
        book=book.id,
        feed=book.feed,
        symbols=book.symbols,
        first=marks[0].as_of,
        last=marks[-1].as_of,
        rounds=sum(1 for known in reader.rounds(book.id) if known.closed),
        decisions={outcome: sum(1 for d in decisions if d.outcome is outcome) for outcome in Outcome},
        orders=len(orders),
        fills=len(fills),
        trades=_round_trips(reader, book, market),
        refused=dict(Counter(r.limit for r in rulings.values() if r.outcome is RulingOutcome.REFUSED)),
        cut=dict(Counter(r.limit for r in rulings.values() if r.outcome is RulingOutcome.CUT)),
        stopped_out=sum(1 for fill in fills if fill.client_id in legs),
        dividends=sum_exact(entry.cash for entry in entries if entry.kind is EntryKind.DIVIDEND),
        fees=fees,
        slippage=slippage,
        equity_start=book.cash,
        equity_end=marks[-1].equity,
        equity_before_costs=marks[-1].equity + fees + slippage,
        max_drawdown=max_drawdown(np.array([float(book.cash), *(float(mark.equity) for mark in marks)])),
        buy_and_hold=passive(market, book, marks, costs),
        agents=agent_scores(reader.opinions(book.id), market, book, marks[-1].as_of),
        learned=_changes(reader.last_learned(book.id)),
        **_asked(reader.model_calls(book.id)),
    )


def _asked(calls: Sequence[ModelCalled]) -> dict[str, Any]:
    unpaid = sum(call.error_kind == BudgetSpent.__name__ for call in calls)
    return {
        "llm_calls": len(calls) - unpaid,
        "llm_failed": sum(1 for call in calls if call.error_kind) - unpaid,
        "llm_unpaid": unpaid,
        "llm_found": sum(1 for call in calls if call.source),
        "llm_tokens_in": sum(call.tokens_in for call in calls),
        "llm_tokens_out": sum(call.tokens_out for call in calls),
        "llm_tokens_cached": sum(call.tokens_cached for call in calls),
        "llm_usd": sum_exact(call.usd for call in calls),
    }


def worse_than_market(fill: Fill, market: Market) -> Decimal:
    """What half the spread and slippage cost; zero where the venue does not say where the market was."""
    if fill.market is None:
        return Decimal(0)
    multiplier = market.instruments[fill.symbol].multiplier
    return fill.side.sign * (fill.price - fill.market) * fill.quantity * multiplier * fill.rate


def _round_trips(reader: JournalReader, book: Book, market: Market) -> int:
    """Positions that were opened and closed again."""
    instruments = (market.instruments[symbol] for symbol in book.symbols)
    return len(fold(book, instruments, rows_of(reader.movements(book.id))).closed)


def passive(market: Market, book: Book, marks: Sequence[Marked], costs: CostModel) -> Passive:
    """Equal amounts of the book's symbols, bought at the first open after the first mark, beside the desk."""
    view = market.view(marks[-1].as_of)
    moments = np.array([to_datetime64(mark.as_of) for mark in marks])
    worth = np.mean([held(view, symbol, moments, costs) for symbol in book.symbols], axis=0)
    exposure = np.array([float(mark.gross / mark.equity) if mark.equity > 0 else 0.0 for mark in marks])
    mean_exposure = float(exposure.mean())
    steps = np.diff(worth) / worth[:-1]
    return Passive(
        gain=float(worth[-1] - 1.0),
        gain_at_exposure=float(np.prod(1.0 + mean_exposure * steps) - 1.0),
        exposure=mean_exposure,
        max_drawdown=max_drawdown(worth),
    )


def held(view: MarketView, symbol: str, moments: Times, costs: CostModel) -> Floats:
    """One currency unit put into `symbol`: worth at each of `moments`, shape (n,); cash until it is bought.

    Bought at the first open after the first moment, plus one side's costs; dividends are reinvested.
    """
    bars = view.bars(symbol)
    first = int(np.searchsorted(bars.available, moments[0], side="right"))
    if first >= len(bars):
        return np.ones(len(moments))
    one_side = costs.round_trip(view.instrument(symbol)) / 2.0
    bought = bars.open[first] * (1.0 + one_side)
    row = np.searchsorted(bars.available, moments, side="right") - 1
    return np.where(row >= first, bars.close[row] / bought, 1.0)


def agent_scores(
    said: Sequence[Forecast], market: Market, book: Book, as_of: datetime
) -> tuple[AgentScore, ...]:
    """A row for each record that forecast in this book, by name."""
    view = market.view(as_of)
    evidence, _, histories = symbol_evidence(view, book.symbols, book.horizon)
    base_rates = {row.symbol: row.base_rate for row in evidence}
    by_record = recorded(said)
    agents = {forecast.record: forecast.agent for forecast in said}
    return tuple(
        _score(agents[record], forecasts, resolve(forecasts, histories, base_rates, book.horizon, 0.0))
        for record, forecasts in sorted(by_record.items())
    )


def _score(agent: str, stated: Forecasts, known: Resolved) -> AgentScore:
    scored = len(known) > 0
    up = np.ones(len(known))
    return AgentScore(
        agent=agent,
        record=stated.record,
        forecasts=len(stated),
        resolved=len(known),
        hit_rate=hit_rate(known.p_up, known.happened) if scored else None,
        always_up=hit_rate(up, known.happened) if scored else None,
        brier=brier(known.p_up, known.happened) if scored else None,
        brier_base=brier(known.base_rate, known.happened) if scored else None,
    )


def _changes(learned: LearnedState | None) -> tuple[LearnedChange, ...]:
    return tuple(
        LearnedChange(
            record=row.record,
            slope_prior=SLOPE_PRIOR,
            slope=row.slope,
            weight_prior=row.prior_weight,
            weight=row.weight,
            n=row.n,
            n_eff=row.n_eff,
        )
        for row in (learned.records if learned else ())
    )
