"""What an order book, its trades and a perpetual's funding say, where a feed brings them: as each bar closed.

They come as dated numbers named `SYMBOL.COLUMN`, as `BTCUSD.bid`; what was last published while a bar was in
progress is the bar's. Where nothing was, a row has no value: a quote from before is no quote.
"""

import numpy as np

from trader.domain.market import Bars, Floats, Series
from trader.features.feature import Feature, Group, Inputs, share_of


def during(series: Series, bars: Bars) -> Floats:
    """The last value published after each bar opened and not after it closed; NaN where there was none."""
    place = np.searchsorted(series.published, bars.available, side="right") - 1
    if not len(series):
        return np.full(len(bars), np.nan)
    return np.where((place >= 0) & (series.published[place] > bars.opened), series.value[place], np.nan)


def quoted_spread(inputs: Inputs) -> Floats:
    """From bid to ask over the middle; no value where they cross."""
    bid, ask = _columns(inputs, "bid", "ask")
    fit = (bid > 0.0) & (ask >= bid)
    return 2.0 * share_of(np.where(fit, ask - bid, np.nan), ask + bid)


def balance(inputs: Inputs, one: str, other: str) -> Floats:
    """1 where there is only the one, -1 where only the other; no value where there is neither."""
    a, b = _columns(inputs, one, other)
    fit = (a >= 0.0) & (b >= 0.0)
    return share_of(np.where(fit, a - b, np.nan), a + b)


def funding_rate(inputs: Inputs) -> Floats:
    """As it was published: what longs pay shorts at the end of a period."""
    (rate,) = _columns(inputs, "funding_rate")
    return rate


def _columns(inputs: Inputs, *names: str) -> list[Floats]:
    nothing = np.full(len(inputs), np.nan)
    return [inputs.beside.get(name, nothing) for name in names]


BOOK = (
    Feature(
        "quoted_spread",
        Group.MICROSTRUCTURE,
        "fraction of the price",
        0,
        "2 (ask - bid) / (ask + bid)",
        "Huang and Stoll 1996, Journal of Financial Economics 41",
        quoted_spread,
        windowed=True,
        reads=("bid", "ask"),
    ),
    Feature(
        "depth_imbalance",
        Group.MICROSTRUCTURE,
        "-1 to 1",
        0,
        "(bid_size - ask_size) / (bid_size + ask_size)",
        "Cao, Hansch and Wang 2009, Journal of Futures Markets 29",
        lambda inputs: balance(inputs, "bid_size", "ask_size"),
        windowed=True,
        reads=("bid_size", "ask_size"),
    ),
    Feature(
        "trade_flow",
        Group.MICROSTRUCTURE,
        "-1 to 1",
        0,
        "(bought - sold) / (bought + sold), by who crossed the spread",
        "Chordia, Roll and Subrahmanyam 2002, Journal of Financial Economics 65",
        lambda inputs: balance(inputs, "bought", "sold"),
        windowed=True,
        reads=("bought", "sold"),
    ),
    Feature(
        "funding_rate",
        Group.MICROSTRUCTURE,
        "fraction of the position, a funding period",
        0,
        "funding_rate, as published",
        "He, Manela, Ross and von Wachter 2022, Fundamentals of Perpetual Futures",
        funding_rate,
        windowed=True,
        reads=("funding_rate",),
    ),
)
