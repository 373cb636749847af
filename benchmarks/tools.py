"""The indicators over a history and after one more bar, beside the libraries that have them."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter
from types import ModuleType

import numpy as np

from benchmarks.figures import Bound, Disagreement, Figure, Say, exponent
from benchmarks.tools_talib import DIRECT
from benchmarks.turns import by_turns, middle
from trader.domain.market import Bars, Floats, Timeframe
from trader.features.catalogue import compute_all, feature
from trader.features.feature import Inputs
from trader.features.stream import Stream

MANY, FEW = 200_000, 20_000
"""Bars."""
TURNS = 7
"""Of each side, one after the other; the middle counts."""
WINDOW = 500
"""Bars that somebody without state computes over again."""
SETTLED = 3_000
"""Bars after which another seed of an average no longer shows."""
ADDED = 2_000
"""Bars added one by one."""
TALIB, EXACT, DRIFTING = 1e-9, 1e-12, 1e-5
"""Relative differences allowed: of the same arithmetic; of a stream; of windows that drift."""

COMMON = tuple(feature(name) for name in DIRECT)
"""The hundred, for both sides the same ones."""

Compute = Callable[[Inputs], Mapping[str, Floats]]


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """A history of 200,000 bars at once, then bars one by one."""
    large, small = history(MANY), history(FEW)
    say(f"{len(COMMON)} indicators over {MANY:,} bars, by TA-Lib too")
    yield from beside("TA-Lib, one by one", large, _directly, 0, TALIB, 1.0)
    one, ten = (middle(lambda i=inputs: compute_all(_fresh(i), COMMON), TURNS) for inputs in (small, large))
    yield Figure(f"  grows with bars, {FEW:,} to {MANY:,}, exponent", exponent(FEW, one, MANY, ten))
    if frames := peer("frames", say):
        say("by polars and pandas")
        yield from beside("polars", large, frames.by_polars, SETTLED, DRIFTING, 1 / 3)
        yield from beside("pandas", large, frames.by_pandas, SETTLED, DRIFTING, None)
    if ta := peer("ta", say):
        say(f"by ta, over {FEW:,} bars")
        yield from beside("ta", small, _quietly(ta.by_ta), SETTLED, DRIFTING, 1 / 100, turns=1)
    say("one bar more")
    yield from one_bar_more(small, peer("wickra", say))


def peer(name: str, say: Say) -> ModuleType | None:
    """What compares with a library; None, and said so, where that is not installed."""
    try:
        return import_module(f"benchmarks.tools_{name}")
    except ModuleNotFoundError as error:
        say(f"left out: {error.name} is not installed: pip install 'trader[bench]'")
        return None


def beside(
    name: str,
    inputs: Inputs,
    compute: Compute,
    settled: int,
    within: float,
    target: float | None,
    turns: int = TURNS,
) -> Iterator[Figure]:
    """The peer's indicators, ours of the same names, and both times by turns. Raises Disagreement."""
    theirs = compute(_fresh(inputs))
    rows = [feature(ours) for ours in theirs]
    yield agreement(compute_all(_fresh(inputs), rows), theirs, name, settled, within)
    here, there = by_turns(
        lambda: compute_all(_fresh(inputs), rows), lambda: compute(_fresh(inputs)), turns, perf_counter
    )
    what = f"{len(rows)} indicators, {len(inputs):,} bars"
    bound = None if target is None else Bound("at most", target, "ratio")
    yield Figure(what, here * 1e3, "ms", there * 1e3, name, bound)


def agreement(
    ours: Mapping[str, Floats], theirs: Mapping[str, Floats], peer: str, settled: int, within: float
) -> Figure:
    """The largest relative difference after `settled` bars, and whether it is small enough.

    Relative to the value, or to a thousandth of the indicator's spread where the value is near zero.
    Raises Disagreement.
    """
    worst, name = max((apart(ours[name][settled:], theirs[name][settled:]), name) for name in theirs)
    if not worst <= within:
        raise Disagreement(f"{name}: {worst:.1e} apart from {peer}, {within:.0e} allowed")
    return Figure(f"largest difference from {peer}, relative", worst, target=Bound("at most", within))


def apart(ours: Floats, theirs: Floats) -> float:
    """Infinite where one has a value and the other has none."""
    if (np.isnan(ours) != np.isnan(theirs)).any():
        return float("inf")
    scale = np.maximum(np.abs(theirs), 1e-3 * np.nanstd(theirs))
    difference = np.abs(ours - theirs)
    return float(np.nanmax(np.divide(difference, scale, out=np.zeros(len(scale)), where=difference > 0.0)))


def one_bar_more(inputs: Inputs, wickra: ModuleType | None) -> Iterator[Figure]:
    """Bars added to 18,000: a stream, wickra, and TA-Lib over the last 500."""
    begin = len(inputs) - ADDED
    bars = [tuple(map(float, bar)) for bar in zip(*_columns(inputs), strict=True)]
    stream, batch = Stream(COMMON), compute_all(_fresh(inputs), COMMON)
    stream.start(_bars(inputs)[:begin])
    added = np.array([stream.add(*bar) for bar in bars[begin:]])
    ours = dict(zip(stream.names, added.T, strict=True))
    yield agreement(ours, {name: batch[name][begin:] for name in ours}, "the batch", 0, EXACT)
    if wickra:
        theirs = wickra.Streams()
        answers = theirs.through(bars)
        yield agreement({name: batch[name] for name in answers}, answers, "wickra", SETTLED, DRIFTING)
        same = Stream([feature(name) for name in answers])
        same.start(_bars(inputs)[:begin])
        here, there = by_turns(
            lambda: _add(same, bars[begin:]), lambda: theirs.add(bars[begin:]), TURNS, perf_counter
        )
        what, bound = f"{len(answers)} indicators, one bar more", Bound("at most", 1 / 3, "ratio")
        yield Figure(what, here / ADDED * 1e6, "us", there / ADDED * 1e6, "wickra", bound)
    last = Inputs(*(column[-WINDOW:] for column in _columns(inputs)))
    here, there = by_turns(lambda: _add(stream, bars[begin:]), lambda: _directly(last), TURNS)
    name = f"TA-Lib over {WINDOW} bars"
    yield Figure(f"{len(COMMON)} indicators, one bar more", here / ADDED * 1e6, "us", there * 1e6, name)
    early, late = (_added_to(inputs, bars, count) for count in (FEW // 10 - 100, FEW - 100))
    yield Figure("  grows with the bars before, exponent", exponent(FEW // 10, early, FEW, late))


def _add(stream: Stream, bars: Sequence[tuple[float, ...]]) -> None:
    for bar in bars:
        stream.add(*bar)


def _added_to(inputs: Inputs, bars: Sequence[tuple[float, ...]], count: int) -> float:
    """Seconds for a hundred bars after `count`."""
    times = []
    for _ in range(TURNS):
        stream = Stream(COMMON)
        stream.start(_bars(inputs)[:count])
        began = perf_counter()
        _add(stream, bars[count : count + 100])
        times.append(perf_counter() - began)
    return median(times)


def history(count: int) -> Inputs:
    """A made history, the same each time: prices to the cent, each bar with a range, whole volumes."""
    rng = np.random.default_rng(20_120_601)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.002, count)))
    open_ = close * np.exp(rng.normal(0.0, 0.001, count))
    high = np.maximum(open_, close) * (1.0 + rng.exponential(0.001, count)) + 0.01
    low = np.minimum(open_, close) / (1.0 + rng.exponential(0.001, count)) - 0.01
    prices = (np.maximum(np.round(price, 2), 0.01) for price in (open_, high, low, close))
    return Inputs(*prices, rng.integers(1, 1_000_000, count).astype(np.float64))


def _columns(inputs: Inputs) -> tuple[Floats, ...]:
    return inputs.open, inputs.high, inputs.low, inputs.close, inputs.volume


def _fresh(inputs: Inputs) -> Inputs:
    """The same bars, of which nothing has been computed."""
    return Inputs(*_columns(inputs))


def _bars(inputs: Inputs) -> Bars:
    opened = np.arange(len(inputs)).astype("datetime64[s]")
    return Bars("MADE", Timeframe.M1, opened, opened, *(column.copy() for column in _columns(inputs)))


def _directly(inputs: Inputs) -> dict[str, Floats]:
    return {name: compute(inputs) for name, compute in DIRECT.items()}


def _quietly(compute: Compute) -> Compute:
    def quiet(inputs: Inputs) -> Mapping[str, Floats]:
        with warnings.catch_warnings():  # ta's own pandas is older
            warnings.simplefilter("ignore")
            return compute(inputs)

    return quiet
