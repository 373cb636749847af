"""What a desk said of decisions whose outcome is known: arrays, from the journal and the market."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from trader.data.market import Market
from trader.domain.decisions import Decision
from trader.domain.ids import DecisionId
from trader.domain.market import to_datetime64
from trader.domain.portfolio import Book
from trader.journal.answers import ToolError
from trader.journal.reader import Forecast, JournalReader, Turn
from trader.journal.records import ModelCalled
from trader.memory.cases import case_weights, correlation, outcomes

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class Cases:
    """Resolved decisions, n of them, in order of time, then symbol; k agents that may forecast."""

    decided: Times
    symbol: NDArray[np.str_]
    happened: Floats
    """(n,) 1 where the event happened, else 0."""
    returns: Floats
    """(n,) what the event returned, as a fraction."""
    base_rate: Floats
    """(n,) as it was known when it was decided."""
    desk: Floats
    """(n,) the pool's probability; NaN where there was none."""
    agents: tuple[str, ...]
    said: Floats
    """(k, n) as stated; NaN where nothing was."""
    shift: Floats
    """(k, n) calibrated, in log-odds, as the pool took it; 0 where the pool had nothing of it."""
    share: Floats
    """(k, n) weight in the pool; 0 where the pool had nothing of it."""
    clock: Times
    """Every close at which a decision could have been made, sorted."""
    horizon: int
    correlation: float
    """Mean correlation of the symbols' event returns, over all of the data."""

    def __len__(self) -> int:
        return len(self.decided)

    def worth(self, rows: NDArray[np.bool_]) -> float:
        """How many independent cases these rows are worth: n_eff (see `memory/cases.py`)."""
        weights = case_weights(self.decided[rows], self.clock, self.horizon, self.correlation)
        return float(weights.sum())

    def separate(self, rows: NDArray[np.bool_]) -> float:
        """How many dates a horizon apart these rows are worth, whatever the number of symbols."""
        dates = np.unique(self.decided[rows])
        return float(case_weights(dates, self.clock, self.horizon, 0.0).sum())


@dataclass(frozen=True, eq=False)
class Recorded:
    """Everything of the journal that an evaluation looks at."""

    decisions: tuple[Decision, ...]
    """Oldest first, unresolved ones included."""
    cases: Cases
    turns: tuple[Turn, ...]
    calls: tuple[ModelCalled, ...]
    tool_errors: tuple[ToolError, ...] = ()


def gather(reader: JournalReader, book: Book, market: Market, last: int | None = None) -> Recorded:
    """The newest `last` decisions of `book`, or all; resolved by all that `market` has."""
    decisions = tuple(reversed(reader.decisions(book.id, limit=last)))
    chosen = {made.id for made in decisions}
    turns = tuple(turn for turn in reader.turns(book.id) if turn.decision in chosen)
    calls = tuple(call for call in reader.model_calls(book.id) if call.decision in chosen)
    errors = tuple(error for error in reader.tool_errors(book.id) if error.decision in chosen)
    cases = resolved(decisions, reader.opinions(book.id), turns, market, book)
    return Recorded(decisions, cases, turns, calls, errors)


def resolved(
    decisions: Sequence[Decision],
    forecasts: Sequence[Forecast],
    turns: Sequence[Turn],
    market: Market,
    book: Book,
) -> Cases:
    """The decisions whose horizon is over, at which a base rate was known."""
    ends = market.closes(book.symbols)[-1]
    view = market.view(ends)
    histories = tuple(outcomes(view, symbol, book.horizon) for symbol in book.symbols)
    paid = {
        (symbol.symbol, at): float(r)
        for symbol in histories
        for at, r in zip(symbol.decided.tolist(), symbol.returns, strict=True)
    }
    base_rates = {
        (one.symbol, one.as_of): one.base_rate for one in forecasts if one.base_rate is not None
    } | {(made.symbol, made.as_of): made.pool.base_rate for made in decisions if made.pool}
    known = [
        made
        for made in sorted(decisions, key=lambda made: (made.as_of, made.symbol))
        if (made.symbol, made.as_of) in base_rates and (made.symbol, _bare(made.as_of)) in paid
    ]
    agents = tuple(sorted({turn.agent for turn in turns if turn.p_up is not None}))
    said, shift, share = _forms(known, turns, agents)
    returns = np.array([paid[made.symbol, _bare(made.as_of)] for made in known], dtype=np.float64)
    return Cases(
        decided=np.array([to_datetime64(made.as_of) for made in known], dtype="datetime64[s]"),
        symbol=np.array([made.symbol for made in known], dtype=np.str_),
        happened=(returns > 0).astype(np.float64),
        returns=returns,
        base_rate=np.array([base_rates[made.symbol, made.as_of] for made in known], dtype=np.float64),
        desk=np.array([made.pool.p_up if made.pool else np.nan for made in known], dtype=np.float64),
        agents=agents,
        said=said,
        shift=shift,
        share=share,
        clock=np.unique(np.concatenate([history.decided for history in histories])),
        horizon=book.horizon,
        correlation=correlation(histories),
    )


def _forms(
    known: Sequence[Decision], turns: Sequence[Turn], agents: Sequence[str]
) -> tuple[Floats, Floats, Floats]:
    """Said, shift and share, each (k, n)."""
    row_of: dict[DecisionId, int] = {made.id: row for row, made in enumerate(known)}
    of = {agent: row for row, agent in enumerate(agents)}
    said = np.full((len(agents), len(known)), np.nan)
    shift, share = np.zeros(said.shape), np.zeros(said.shape)
    for turn in turns:
        if turn.p_up is not None and turn.decision in row_of:
            said[of[turn.agent], row_of[turn.decision]] = turn.p_up
    for column, made in enumerate(known):
        for contribution in made.pool.contributions if made.pool else ():
            row = of[contribution.agent]
            shift[row, column], share[row, column] = contribution.shift, contribution.weight
    return said, shift, share


def _bare(at: datetime) -> datetime:
    """UTC without saying so: what numpy makes of a moment."""
    return at.replace(tzinfo=None)
