"""The future made into something else: two markets that nobody who stands at `as_of` can tell apart."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import numpy as np

from trader.data.market import Market
from trader.domain.market import (
    ActionKind,
    Bars,
    CorporateAction,
    FundamentalRow,
    NewsItem,
    Series,
    to_datetime64,
)


class Future(StrEnum):
    """What everything after the moment becomes."""

    NOISE = "noise"
    NAN = "nan"
    NOTHING = "nothing"


def perturbed(market: Market, as_of: datetime, future: Future, seed: int = 0) -> Market:
    """`market` with every bar, value, action, headline and filing that was not available at `as_of` changed.

    A bar in progress at `as_of` counts as future: its close was not available, and its high, low and volume
    were not either. What was available is left as it is, to the bit.
    """
    rng = np.random.default_rng(seed)
    changed = {symbol: _bars(bars, as_of, future, rng) for symbol, bars in market.bars.items()}
    macro = {name: _series(series, as_of, future, rng) for name, series in market.series.items()}
    return replace(
        market,
        bars={symbol: bars for symbol, bars in changed.items() if len(bars)},
        series=macro,
        actions=_actions(market.actions, as_of, future),
        news=_news(market, as_of, future),
        fundamentals=_fundamentals(market, as_of, future),
    )


def _bars(bars: Bars, as_of: datetime, future: Future, rng: np.random.Generator) -> Bars:
    known = int(np.searchsorted(bars.available, to_datetime64(as_of), side="right"))
    if future is Future.NOTHING:
        return bars[:known]
    columns = {}
    for name in ("open", "high", "low", "close", "volume"):
        column = getattr(bars, name).copy()
        column[known:] = np.nan if future is Future.NAN else rng.uniform(0.5, 500.0, len(bars) - known)
        columns[name] = column
    return replace(bars, **columns)


def _series(series: Series, as_of: datetime, future: Future, rng: np.random.Generator) -> Series:
    known = series.published <= to_datetime64(as_of)
    if future is Future.NOTHING:
        return replace(
            series, period=series.period[known], published=series.published[known], value=series.value[known]
        )
    other = np.nan if future is Future.NAN else rng.uniform(0.5, 500.0, len(series))
    return replace(series, value=np.where(known, series.value, other))


def _actions(
    actions: Mapping[str, tuple[CorporateAction, ...]], as_of: datetime, future: Future
) -> dict[str, tuple[CorporateAction, ...]]:
    """A later split of another ratio, and one more that never was; or none."""
    found = {}
    for symbol, rows in actions.items():
        known = tuple(row for row in rows if row.effective <= as_of)
        later = tuple(
            row.model_copy(update={"amount": row.amount * 3}) for row in rows if row.effective > as_of
        )
        invented = CorporateAction(
            symbol=symbol,
            ex_date=(as_of + timedelta(days=1)).date(),
            kind=ActionKind.SPLIT,
            amount=Decimal(7),
            effective=as_of + timedelta(seconds=1),
        )
        found[symbol] = known if future is Future.NOTHING else (*known, invented, *later)
    return found


def _news(market: Market, as_of: datetime, future: Future) -> tuple[NewsItem, ...]:
    known = tuple(item for item in market.news if item.published_at <= as_of)
    later = tuple(
        item.model_copy(update={"title": "Bankruptcy, fraud and disaster"})
        for item in market.news
        if item.published_at > as_of
    )
    return known if future is Future.NOTHING else known + later


def _fundamentals(market: Market, as_of: datetime, future: Future) -> tuple[FundamentalRow, ...]:
    known = tuple(row for row in market.fundamentals if row.published_at <= as_of)
    later = tuple(
        row.model_copy(update={"values": dict.fromkeys(row.values, -99.0)})
        for row in market.fundamentals
        if row.published_at > as_of
    )
    return known if future is Future.NOTHING else known + later
