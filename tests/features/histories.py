"""Histories to compute over: made ones with gaps, ties and whole volumes, and the bundled bars."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import numpy as np

from trader.data.feeds import open_feed
from trader.domain.market import Bars, Timeframe
from trader.features.catalogue import inputs_of
from trader.features.feature import Inputs

DAY = np.timedelta64(86400, "s")


def walk(seed: int, bars: int = 1500) -> Inputs:
    """A random walk with gaps, ticks of a cent (so that ties happen) and whole volumes, beside an index."""
    rng = np.random.default_rng(seed)
    close = 50.0 * np.exp(np.cumsum(rng.normal(0.0003, 0.02, bars)))
    open_ = close * np.exp(rng.normal(0.0, 0.01, bars))
    high = np.maximum(open_, close) * (1.0 + rng.exponential(0.005, bars))
    low = np.minimum(open_, close) / (1.0 + rng.exponential(0.005, bars))
    prices = (np.maximum(np.round(price, 2), 0.01) for price in (open_, high, low, close))
    volume = rng.integers(1, 1_000_000, bars).astype(np.float64)
    opened = np.datetime64("2010-01-04T14:30:00", "s") + np.cumsum(rng.integers(1, 4, bars)) * DAY
    index = 1000.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, bars)))
    return Inputs(*prices, volume, opened=opened, index=index, beside=quotes(seed, close))


def quotes(seed: int, close: np.ndarray) -> dict[str, np.ndarray]:
    """Bids and asks around a close, what waits and what was done at them, and a rate of funding."""
    rng = np.random.default_rng(seed)
    half = close * rng.exponential(0.0005, len(close))
    sizes = ("bid_size", "ask_size", "bought", "sold")
    return {
        "bid": close - half,
        "ask": close + half,
        **{name: rng.exponential(1000.0, len(close)) for name in sizes},
        "funding_rate": rng.normal(0.0001, 0.0003, len(close)),
    }


def columns(inputs: Inputs) -> tuple[np.ndarray, ...]:
    return inputs.open, inputs.high, inputs.low, inputs.close, inputs.volume


def cut(inputs: Inputs, bars: int) -> Inputs:
    """The first bars, in arrays of their own."""
    opened, index = inputs.opened, inputs.index
    return Inputs(
        *(array[:bars].copy() for array in columns(inputs)),
        opened=None if opened is None else opened[:bars].copy(),
        index=None if index is None else index[:bars].copy(),
        beside={name: column[:bars].copy() for name, column in inputs.beside.items()},
    )


def spliced(inputs: Inputs, later: Inputs, at: int) -> Inputs:
    """The first `at` bars of one and the rest of another."""
    parts = zip(
        (*columns(inputs), inputs.opened, inputs.index),
        (*columns(later), later.opened, later.index),
        strict=True,
    )
    *prices, opened, index = (np.concatenate((then[:at], after[at:])) for then, after in parts)
    beside = {
        name: np.concatenate((then[:at], later.beside[name][at:])) for name, then in inputs.beside.items()
    }
    return Inputs(*prices, opened=opened, index=index, beside=beside)


def as_bars(inputs: Inputs, timeframe: Timeframe = Timeframe.D1) -> Bars:
    assert inputs.opened is not None
    return Bars("AAA", timeframe, inputs.opened, inputs.opened + DAY, *columns(inputs))


@cache
def bundled(symbol: str) -> Inputs:
    """The bars of one of the samples' shares as they were known at the end of 2012, beside the S&P 500.

    The samples have no quotes: those are made.
    """
    view = open_feed("sample").view(datetime(2012, 12, 31, 23, tzinfo=UTC))
    known = inputs_of(view.bars(symbol), index=view.series("sp500"))
    return replace(known, beside=quotes(1, known.close))
