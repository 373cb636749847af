"""Small invented markets with everything in them, and contexts to call tools in."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from trader.data.market import Market
from trader.domain.instruments import AssetClass, Instrument
from trader.domain.market import (
    ActionKind,
    Bars,
    CorporateAction,
    FundamentalRow,
    NewsItem,
    Series,
    Timeframe,
)
from trader.domain.portfolio import Account, Position
from trader.memory.recall import Memory
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.tool import ToolContext

START = datetime(2010, 1, 1, tzinfo=UTC)
HEADLINES = ("Record profit and strong growth", "Shares plunge on fraud fears", "Company opens an office")


def instrument(symbol: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        venue="XNYS",
        asset_class=AssetClass.EQUITY,
        currency="USD",
        tick_size=Decimal("0.01"),
        lot_size=Decimal(1),
        calendar="24/7",
    )


def bars(symbol: str, closes: Sequence[float], seed: int = 0) -> Bars:
    """Daily bars from midnight to midnight, each available when it closes."""
    rng = np.random.default_rng(seed)
    close = np.round(np.asarray(closes, np.float64), 2)
    opened = np.datetime64(START.date(), "s") + np.arange(len(close)) * np.timedelta64(86400, "s")
    spread = np.round(rng.exponential(0.5, (2, len(close))), 2)
    open_ = np.round(close * np.exp(rng.normal(0.0, 0.005, len(close))), 2)
    return Bars(
        symbol=symbol,
        timeframe=Timeframe.D1,
        opened=opened,
        available=opened + np.timedelta64(1, "D"),
        open=open_,
        high=np.maximum(open_, close) + spread[0],
        low=np.maximum(np.minimum(open_, close) - spread[1], 0.01),
        close=close,
        volume=rng.integers(1_000, 100_000, len(close)).astype(np.float64),
    )


def walk(symbol: str, count: int, seed: int) -> Bars:
    """A random walk from 100."""
    steps = np.random.default_rng(seed).normal(0.0004, 0.015, count)
    return bars(symbol, 100.0 * np.exp(np.cumsum(steps)), seed)


def market(
    count: int = 900, symbols: Sequence[str] = ("AAA", "BBB"), seed: int = 1, **parts: object
) -> Market:
    """Bars, a split, dividends, every macro series, news and filings, over `count` days from 2010 on."""
    whole: dict[str, object] = {
        "actions": {
            symbols[0]: (
                action(symbols[0], ActionKind.DIVIDEND, "0.40", count // 3),
                action(symbols[0], ActionKind.SPLIT, "2", count // 2),
                action(symbols[0], ActionKind.DIVIDEND, "0.25", 5 * count // 6),
            )
        },
        "bars": {symbol: walk(symbol, count, seed + i) for i, symbol in enumerate(symbols)},
        "series": macro_series(count, seed),
        "news": tuple(news(symbols[0], day, HEADLINES[day % 3]) for day in range(0, count, 2)),
        "fundamentals": tuple(filing(symbols[0], quarter) for quarter in range(count // 91)),
    }
    return Market(
        timeframe=Timeframe.D1,
        instruments={symbol: instrument(symbol) for symbol in symbols},
        **(whole | parts),
    )


def action(symbol: str, kind: ActionKind, amount: str, day: int) -> CorporateAction:
    effective = START + timedelta(days=day)
    return CorporateAction(
        symbol=symbol, ex_date=effective.date(), kind=kind, amount=Decimal(amount), effective=effective
    )


def news(symbol: str, day: float, title: str) -> NewsItem:
    return NewsItem(
        published_at=START + timedelta(days=day, hours=9), symbols=(symbol,), title=title, source="wire"
    )


def filing(symbol: str, quarter: int) -> FundamentalRow:
    ended = START + timedelta(days=91 * quarter)
    return FundamentalRow(
        symbol=symbol,
        published_at=ended + timedelta(days=40),
        period_end=ended.date(),
        values={"eps_ttm": 4.0 + quarter, "book_value_per_share": 40.0 + quarter},
    )


def macro_series(count: int, seed: int) -> dict[str, Series]:
    """Twelve years before the bars to their end: monthly yields and prices, daily indices."""
    rng = np.random.default_rng(seed)
    days = np.arange(
        START.date() - timedelta(days=4380), START.date() + timedelta(days=count), dtype="datetime64[D]"
    )
    months = np.arange(days[0], days[-1], dtype="datetime64[M]").astype("datetime64[D]")
    monthly = {
        "aaa_yield": 5.0 + rng.normal(0.0, 0.1, len(months)),
        "baa_yield": 6.0 + rng.normal(0.0, 0.2, len(months)),
        "core_cpi": 100.0 * 1.002 ** np.arange(len(months)),
    }
    daily = {
        "sp500": 1000.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, len(days)))),
        "vix": 20.0 + rng.normal(0.0, 2.0, len(days)),
        "wti": 50.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, len(days)))),
    }
    return {
        **{name: series(name, months, values, 38) for name, values in monthly.items()},
        **{name: series(name, days, values, 1) for name, values in daily.items()},
    }


def series(name: str, periods: np.ndarray, values: np.ndarray, lag_days: int) -> Series:
    published = periods.astype("datetime64[s]") + np.timedelta64(lag_days, "D")
    return Series(name, periods, published, np.asarray(values, np.float64))


def close_of(day: int) -> datetime:
    """When the bar of `day` (from 0) closes."""
    return START + timedelta(days=day + 1)


def account(source: Market, as_of: datetime, **held: int) -> Account:
    """100,000 in cash and `held` units."""
    view = source.view(as_of)
    return Account(
        as_of=as_of,
        currency="USD",
        cash=Decimal(100_000),
        positions=tuple(
            Position(symbol=symbol, quantity=Decimal(units), cost=Decimal(units * 90), opened_at=START)
            for symbol, units in held.items()
        ),
        marks={symbol: view.price(symbol) for symbol in source.symbols if len(view.bars(symbol))},
        peak=Decimal(200_000),
        day_open=Decimal(100_000),
    )


def context(
    source: Market,
    as_of: datetime,
    symbol: str = "AAA",
    *,
    horizon: int = 5,
    costs: float = 0.002,
    held: Account | None = None,
    forecaster: Forecaster | None = None,
    memory: Memory | None = None,
) -> ToolContext:
    return ToolContext(
        view=source.view(as_of),
        symbol=symbol,
        horizon=horizon,
        account=held,
        forecaster=forecaster or Forecaster(),
        costs=costs,
        memory=memory,
    )
