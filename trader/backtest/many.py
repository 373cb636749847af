"""Many books over one panel: random portfolios, sweeps of parameters. On all cores, a thread each."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from trader.backtest.loaded import given, kernel
from trader.backtest.panel import Indices, Panel
from trader.backtest.plan import Plan, Wanted, check, check_start
from trader.backtest.simulate import turnover
from trader.backtest.terms import Terms, TradingCosts
from trader.domain.errors import DataError, UsageError
from trader.domain.market import Floats


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What came of B books over n bars."""

    equity: Floats
    """(B, n), at each close."""
    cost: Floats
    """(B,): all that was paid."""
    traded: Floats
    """(B,): value of all that was bought and sold."""
    exposure: Floats
    """(B,): mean of gross over equity."""
    fills: Indices
    """(B,)."""
    bars_a_year: float

    def __len__(self) -> int:
        return len(self.equity)

    @property
    def net_returns(self) -> Floats:
        """(B,): last over first equity, less one."""
        return self.equity[:, -1] / self.equity[:, 0] - 1.0

    @property
    def turnovers(self) -> Floats:
        """(B,): bought and sold over the mean equity, a year."""
        return np.array(
            [
                turnover(one, path, self.bars_a_year)
                for one, path in zip(self.traded, self.equity, strict=True)
            ]
        )


def simulate_many(
    panel: Panel,
    plans: Sequence[Plan],
    costs: TradingCosts | None = None,
    terms: Terms | None = None,
    *,
    threads: int | None = None,
) -> Outcomes:
    """Each plan by itself, as `simulate` would, without lists of trades.

    The plans must want the same kind of thing. `threads` is at most so many; all cores of the process by
    default, and what a worker of a process pool sets to 1. Raises DataError or UsageError.
    """
    costs, terms = costs or TradingCosts(), terms or Terms()
    check_start(panel, terms)
    kinds = {plan.wanted for plan in plans}
    if len(kinds) != 1:
        raise UsageError("plans simulated together must want the same kind of thing, and at least one")
    for plan in plans:
        check(plan, panel, terms)
    at = [plan.at for plan in plans]
    rows = np.concatenate([plan.rows for plan in plans])
    return follow(panel, at, rows, kinds.pop(), costs, terms, threads)


def follow(
    panel: Panel,
    at: Sequence[Indices],
    rows: Floats,
    wanted: Wanted,
    costs: TradingCosts,
    terms: Terms,
    threads: int | None = None,
) -> Outcomes:
    """A book for each array of bars; `rows` (all of them, S) has their instructions, book after book.

    Nothing is checked: what somebody else has made comes through `simulate_many`.
    """
    begins = np.cumsum([0, *(len(one) for one in at)], dtype=np.int64)
    bars, fixed = np.concatenate(at), given(panel, costs, terms, wanted)
    return _outcomes(
        panel,
        terms,
        len(at),
        lambda books, equity, sums: kernel().run_many(
            books, begins, bars, rows, terms.start, len(panel), *fixed, float(terms.cash), equity, sums
        ),
        threads,
    )


def sweep_crosses(
    panel: Panel,
    fast: Sequence[int],
    slow: Sequence[int],
    costs: TradingCosts | None = None,
    terms: Terms | None = None,
    *,
    at_open: bool = False,
    threads: int | None = None,
) -> Outcomes:
    """A book for each pair of moving averages: a symbol has its equal share while its fast one is above.

    Averages are of total-return indices. Raises UsageError for a pair that is none, and for a start before
    the longest average is known.
    """
    costs, terms = costs or TradingCosts(), terms or Terms()
    pairs = np.array([fast, slow], dtype=np.int64)
    if not pairs.size or (pairs[0] < 1).any() or (pairs[0] >= pairs[1]).any():
        raise UsageError("each fast average must be of at least one bar, and shorter than its slow one")
    check_start(panel, terms, int(pairs[1].max()), "the slowest average")
    if (panel.first_bars > terms.start - int(pairs[1].max())).any():
        raise DataError("a symbol has too few bars before the start for the slowest average")
    fixed = given(panel, costs, terms, Wanted.WEIGHTS_AT_OPEN if at_open else Wanted.WEIGHTS)
    index, weight = panel.total_return, 1.0 / len(panel.symbols)
    return _outcomes(
        panel,
        terms,
        pairs.shape[1],
        lambda books, equity, sums: kernel().run_crosses(
            books, *pairs, index, weight, terms.start, len(panel), *fixed, float(terms.cash), equity, sums
        ),
        threads,
    )


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _outcomes(
    panel: Panel,
    terms: Terms,
    books: int,
    work: Callable[[Indices, Floats, Floats], None],
    threads: int | None,
) -> Outcomes:
    """Shares out the books. The kernel lets go of Python's lock, and starts no thread of its own."""
    module = kernel()
    bars = len(panel) - terms.start
    equity, sums = np.empty((books, bars)), np.empty((books, module.PAID + module.KINDS_OF_COST))
    workers = min(books, threads or cores()) if module.COMPILED else 1
    shares = [np.arange(first, books, workers) for first in range(workers)]
    if workers == 1:
        work(shares[0], equity, sums)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda share: work(share, equity, sums), shares))
    return Outcomes(
        equity=equity,
        cost=sums[:, module.PAID :].sum(axis=1),
        traded=sums[:, module.TRADED],
        exposure=sums[:, module.EXPOSED] / bars,
        fills=sums[:, module.FILLS].astype(np.int64),
        bars_a_year=panel.bars_a_year,
    )
