"""The compiled kernel beside vectorbt, its callback form beside backtesting.py, and random portfolios.

Equity comes first: both sides must have the same at every close, to the cent. Rates are of processor time on
one core, by turns: another program's work does not count, and neither does a second core.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from time import perf_counter, process_time
from types import ModuleType

import numpy as np

from benchmarks.figures import Bound, Disagreement, Figure, Say, exponent
from benchmarks.turns import by_turns, middle
from trader.backtest.callback import Decide, Now, simulate_with
from trader.backtest.loaded import kernel
from trader.backtest.many import sweep_crosses
from trader.backtest.panel import Panel
from trader.backtest.plan import Wanted
from trader.backtest.random_portfolios import PORTFOLIOS, random_portfolios
from trader.backtest.terms import Terms, TradingCosts
from trader.domain.market import Floats

MANY, FEW = 1_000_000, 100_000
"""Bars of one symbol."""
DAYS, PAIRS = 2_520, 400
"""Ten years, and pairs of averages."""
ASKED, ASKED_FEW = 50_000, 5_000
"""Bars with a callback each."""
FAST, SLOW = 50, 200
UNITS = 100
TURNS = 5
"""Of each side; the middle counts."""
CENT = 0.005
CASH, COMMISSION, SLIPPAGE = 1_000_000.0, 1e-4, 1e-4


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """A million bars at once, many pairs at once, a callback a bar, and a thousand portfolios."""
    if not kernel().COMPILED:
        say("numba is not installed: this is the plain kernel; pip install 'trader[compiled]'")
    large, small, days = walk(MANY), walk(FEW), walk(DAYS)
    crosses(small, [FAST], [SLOW])  # compiled, or read from disk
    if vectorbt := peer("vectorbt", say):
        say(f"a moving-average cross over {MANY:,} bars, by vectorbt too")
        yield from beside_vectorbt(f"one cross, {MANY:,} bars", large, [FAST], [SLOW], vectorbt)
        fast = [5 + row % 20 for row in range(PAIRS)]
        slow = [30 + row // 20 * 8 for row in range(PAIRS)]
        yield from beside_vectorbt(f"{PAIRS} crosses, {DAYS:,} bars", days, fast, slow, vectorbt)
    costs = [seconds(lambda p=panel: crosses(p, [FAST], [SLOW])) for panel in (small, large)]
    yield Figure(f"  grows with bars, {FEW:,} to {MANY:,}, exponent", exponent(FEW, costs[0], MANY, costs[1]))
    if backtesting := peer("backtesting", say):
        say(f"a callback a bar over {ASKED:,} bars, by backtesting.py too")
        yield from beside_backtesting(walk(ASKED), backtesting)
    costs = [seconds(lambda p=panel: asked(p)) for panel in (walk(ASKED_FEW), walk(ASKED))]
    yield Figure(
        f"  grows with bars, {ASKED_FEW:,} to {ASKED:,}, exponent",
        exponent(ASKED_FEW, costs[0], ASKED, costs[1]),
    )
    say(f"{PORTFOLIOS:,} random portfolios")
    yield from portfolios()


def peer(name: str, say: Say) -> ModuleType | None:
    """What compares with a library; None, and said so, where that is not installed."""
    try:
        return import_module(f"benchmarks.backtest_{name}")
    except ModuleNotFoundError as error:
        say(f"left out: {error.name} is not installed: pip install 'trader[bench]'")
        return None


def walk(bars: int, symbols: int = 1, seed: int = 0) -> Panel:
    """Random walks of minutes with a gap before each open, laid out as the kernel reads them."""
    random = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(random.normal(0.0, 5e-4, (bars, symbols)), axis=0))
    open = np.vstack([close[:1], close[:-1]]) * np.exp(random.normal(0.0, 1e-4, (bars, symbols)))
    panel = Panel(
        symbols=tuple(f"S{row}" for row in range(symbols)),
        times=np.datetime64("2000-01-01", "s") + np.arange(bars) * np.timedelta64(60, "s"),
        open=open,
        high=np.maximum(open, close),
        low=np.minimum(open, close),
        close=close,
        volume=np.full(close.shape, np.nan),
    )
    assert len(panel.prices) == len(panel.total_return)
    return panel


def crosses(panel: Panel, fast: list[int], slow: list[int]) -> Floats:
    """Equity (pairs, bars) of our sweep on one core; all cash, as vectorbt."""
    costs = TradingCosts(commission=COMMISSION, slippage=SLIPPAGE)
    terms = Terms(cash=CASH, start=max(slow))
    return sweep_crosses(panel, fast, slow, costs, terms, at_open=True, threads=1).equity


def beside_vectorbt(
    what: str, panel: Panel, fast: list[int], slow: list[int], vectorbt: ModuleType
) -> Iterator[Figure]:
    """Agreement, then both rates."""

    def theirs() -> Floats:
        equity: Floats = vectorbt.by_vectorbt(panel, fast, slow, CASH, COMMISSION, SLIPPAGE)
        return equity

    yield agreement(what, crosses(panel, fast, slow), theirs(), "vectorbt")
    yield rates(what, len(panel) * len(fast), lambda: crosses(panel, fast, slow), theirs, "vectorbt", 20.0)


def beside_backtesting(panel: Panel, backtesting: ModuleType) -> Iterator[Figure]:
    """Agreement, then both rates."""
    what = f"a callback a bar, {len(panel):,} bars"
    book = backtesting.prepared(panel, CASH, COMMISSION)

    def theirs() -> Floats:
        equity: Floats = backtesting.by_backtesting(book, FAST, SLOW, UNITS)
        return equity

    yield agreement(what, asked(panel), theirs(), "backtesting.py")
    yield rates(what, len(panel), lambda: asked(panel), theirs, "backtesting.py", 5.0)


def asked(panel: Panel) -> Floats:
    """Equity of our callback form."""
    costs, terms = TradingCosts(commission=COMMISSION), Terms(cash=CASH, start=SLOW)
    return simulate_with(panel, cross_decider(), costs, terms, wanted=Wanted.UNITS, warmup=SLOW).equity


def cross_decider() -> Decide:
    """The cross as somebody writes it who is asked at every bar: two running sums."""
    short = long = 0.0
    held = False

    def decide(now: Now) -> tuple[float] | None:
        nonlocal short, long, held
        close, t = now.close, now.t
        if t == SLOW:
            short, long = float(close[-FAST:].sum()), float(close[-SLOW:].sum())
        else:
            last = close.item(t)
            short += last - close.item(t - FAST)
            long += last - close.item(t - SLOW)
        gap = short * SLOW - long * FAST
        if gap == 0.0 or (gap > 0.0) is held:
            return None
        held = not held
        return (float(UNITS),) if held else (0.0,)

    return decide


def portfolios() -> Iterator[Figure]:
    """Ten years of four symbols, on all cores, by the clock on the wall: what a report waits for."""
    costs = TradingCosts.flat(10)
    panels = [walk(bars, 4) for bars in (DAYS // 10, DAYS)]
    for panel in panels:
        random_portfolios(panel, costs, 0.2, 4.0, 0, portfolios=2)
    took = []
    for panel in panels:
        began = perf_counter()
        random_portfolios(panel, costs, 0.2, 4.0, 0)
        took.append(perf_counter() - began)
    what = f"{PORTFOLIOS:,} random portfolios of 4 symbols, {DAYS:,} bars"
    yield Figure(what, took[1], "s", target=Bound("at most", 2.0))
    yield Figure(f"  grows with bars, {DAYS // 10} to {DAYS:,}, exponent", exponent(1, took[0], 10, took[1]))


def agreement(what: str, ours: Floats, theirs: Floats, peer: str) -> Figure:
    """The largest difference of equity at any close. Raises Disagreement where it is a cent."""
    if ours.reshape(-1).shape != theirs.reshape(-1).shape:
        raise Disagreement(f"{what}: {ours.shape} closes here, {theirs.shape} with {peer}")
    apart = float(np.abs(ours.reshape(-1) - theirs.reshape(-1)).max())
    if not apart < CENT:
        raise Disagreement(f"{what}: equity {apart:.2f} apart from {peer}")
    return Figure(f"{what}: equity, apart from {peer} at most", apart, target=Bound("at most", CENT))


def rates(
    what: str, bars: int, ours: Callable[[], object], theirs: Callable[[], object], peer: str, times: float
) -> Figure:
    """Bars a second of both, by turns."""
    here, there = by_turns(ours, theirs, TURNS, process_time)
    bound = Bound("at least", times, "ratio")
    return Figure(f"{what}, bars a second", bars / here, "/s", bars / there, peer, bound)


def seconds(work: Callable[[], object]) -> float:
    """Of the processor, the middle of some turns."""
    return middle(work, TURNS, process_time)
