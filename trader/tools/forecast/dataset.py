"""From a view to the rows of `forecasters/samples.py`: any inputs of the catalogue, either label."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from trader.data.view import MarketView
from trader.domain.errors import UsageError
from trader.domain.market import Floats, Times
from trader.features.annual import bars_a_year
from trader.forecasters.labels import average_uniqueness, triple_barrier
from trader.forecasters.recipe import Label, Recipe
from trader.forecasters.samples import Matrix, Rows, Samples
from trader.memory.cases import Outcomes, correlation
from trader.tools.forecast.feature_cache import FeatureCache
from trader.tools.forecast.rows import DECIMALS, WARM_UP, closes
from trader.tools.indicators import indicators

LEAN = "forecaster_lean"
"""How far the desk's forecaster leans, in log-odds from its base rate: an input of validators alone."""

UNSTEADY = frozenset({"adx_14", "adxr_14", "dx_14", "plus_di_14", "minus_di_14", "mfi_14"})
"""They ask whether two differences of prices are equal, and the last bits of an adjusted price answer."""

Leans = Callable[[str], Floats]
"""Symbol -> the lean at each of its bars, NaN where none was forecast."""


def candidates() -> tuple[str, ...]:
    """What a model may choose its inputs from: the common scale-free indicators."""
    from trader.features.catalogue import COMMON

    return tuple(row.name for row in COMMON if row.scale_free and row.name not in UNSTEADY)


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """Inputs that a person named. Raises UnknownName, UsageError for one that depends on the price's unit."""
    from trader.features.catalogue import feature

    found = tuple(dict.fromkeys(names))
    for name in found:
        if not feature(name).scale_free:
            raise UsageError(
                f"{name} is in units of the price, so symbols cannot be pooled",
                hint="`trader tools features` has the unit of each; take one with a ratio of it",
            )
    return found


def samples(
    view: MarketView,
    recipe: Recipe,
    names: Sequence[str],
    *,
    cost: float = 0.0,
    leans: Leans | None = None,
    cache: FeatureCache | None = None,
) -> Samples:
    """Every bar of every symbol, from a year in, whose label is known at the view's moment.

    `cost` is the round trip's, as a fraction: what a barrier's trade must earn. With `leans` there is one
    input more, and only bars at which the forecaster leaned up: the signals there were. `cache` keeps what is
    dear to compute. Raises UsageError where no symbol has the bars.
    """
    symbols = [one for one in sorted(view.symbols) if len(view.bars(one)) > WARM_UP + recipe.horizon]
    if not symbols:
        raise UsageError(
            f"a model needs {WARM_UP + recipe.horizon + 1} bars of at least one symbol, and there are fewer",
            hint="take a longer history",
        )
    clock = closes(view, symbols)
    parts = [_of_symbol(view, recipe, names, symbol, clock, cost, leans, cache) for symbol in symbols]
    whole = _joined(parts)
    histories = tuple(Outcomes(part.symbol[0], part.decided, part.returns) for part in parts if len(part))
    _, place, together = np.unique(whole.begins, return_inverse=True, return_counts=True)
    repeated = 1.0 + (together[place] - 1.0) * correlation(histories)
    np.divide(whole.weight, repeated, out=whole.weight)
    return whole.take(np.lexsort((whole.symbol, whole.begins)))


def rows_at(
    view: MarketView,
    symbol: str,
    names: Sequence[str],
    leans: Leans | None = None,
    cache: FeatureCache | None = None,
) -> Matrix:
    """The inputs at every bar of `symbol`, (bars, k), as models read them."""
    count = len(view.bars(symbol))
    columns = [
        (leans(symbol) if leans else np.full(count, np.nan))
        if name == LEAN
        else _column(view, symbol, name, cache)
        for name in names
    ]
    stacked = np.column_stack(columns) if columns else np.zeros((count, 0))
    return np.round(stacked, DECIMALS).astype(np.float32)


def last_row_of(view: MarketView, symbol: str, names: Sequence[str], lean: float) -> Matrix:
    """The last of `rows_at`, (1, k), without the rows before it where an indicator does without."""
    table = indicators(view, symbol)
    values = [lean if name == LEAN else table.last(name) for name in names]
    return np.round(np.array([values]), DECIMALS).astype(np.float32)


def _column(view: MarketView, symbol: str, name: str, cache: FeatureCache | None) -> Floats:
    from trader.features.catalogue import feature

    table = indicators(view, symbol)
    if cache is None:
        return table[name]
    return cache.column(feature(name), table)


def usual_size(view: MarketView, symbol: str, horizon: int) -> Floats:
    """The return's standard deviation over the horizon at each bar, from the last quarter; never zero.

    Of a share that is halted it is what it was before; 1 where it was never known.
    """
    bars = view.bars(symbol)
    a_year = bars_a_year(bars.timeframe, view.instrument(symbol).calendar)
    size = indicators(view, symbol)["volatility_63"] * np.sqrt(horizon / a_year)
    known = np.isfinite(size) & (size > 0.0)
    last = np.maximum.accumulate(np.where(known, np.arange(len(size)), -1))
    return np.where(last < 0, 1.0, size[last])


def _of_symbol(
    view: MarketView,
    recipe: Recipe,
    names: Sequence[str],
    symbol: str,
    clock: Times,
    cost: float,
    leans: Leans | None,
    cache: FeatureCache | None,
) -> Samples:
    bars = view.bars(symbol)
    size = usual_size(view, symbol, recipe.horizon)
    if recipe.label is Label.EVENT:
        events = view.event_returns(symbol, recipe.horizon)
        returns, resolved, threshold = events.r, events.resolved, 0.0
    else:
        prices = (bars.open, bars.high, bars.low, bars.close)
        touches = triple_barrier(prices, recipe.barrier * size, recipe.horizon)
        row = np.arange(len(touches.bars)) + touches.bars
        returns, resolved, threshold = touches.returns, bars.available[row], cost
    inputs = rows_at(view, symbol, names, leans, cache)
    chosen = np.arange(WARM_UP, len(returns))
    if leans is not None:
        chosen = chosen[np.nan_to_num(leans(symbol)[chosen], nan=-1.0) > 0.0]
    begins, ends = _numbers(clock, bars.available[chosen]), _numbers(clock, resolved[chosen])
    return Samples(
        names=tuple(names),
        inputs=inputs[chosen],
        decided=bars.available[chosen],
        symbol=np.full(len(chosen), symbol),
        begins=begins,
        ends=ends,
        returns=returns[chosen],
        happened=(returns[chosen] > threshold).astype(np.float64),
        weight=average_uniqueness(begins, ends),
        scale=size[chosen],
    )


def _numbers(clock: Times, moments: Times) -> Rows:
    return np.searchsorted(clock, moments).astype(np.int64)


def _joined(parts: Sequence[Samples]) -> Samples:
    first, *_ = parts
    arrays = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in (
            "inputs", "decided", "symbol", "begins", "ends", "returns", "happened", "weight", "scale",
        )
    }  # fmt: skip
    return Samples(names=first.names, **arrays)


def without_empty(found: Samples, named: bool) -> tuple[Samples, tuple[str, ...]]:
    """The rows without inputs that have no value in any row, and those inputs.

    Raises UsageError where a person `named` them, or where none is left.
    """
    empty = np.logical_not(np.isfinite(found.inputs).any(axis=0)).tolist()
    lacking = tuple(name for name, none in zip(found.names, empty, strict=True) if none)
    if lacking and (named or len(lacking) == len(found.names)):
        raise UsageError(
            f"{', '.join(lacking)}: no value at any of the {len(found):,} rows",
            hint="leave it out of --features, or take data that has it",
        )
    return (found.with_inputs(np.flatnonzero(np.logical_not(empty))) if lacking else found), lacking
