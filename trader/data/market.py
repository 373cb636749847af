"""Market: all that was loaded, checked and dated. Decisions read it through `Market.view(as_of)` only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from types import MappingProxyType

import numpy as np

from trader.data.adjust import ActionTable, in_time
from trader.data.calendar import TradingCalendar, trading_calendar
from trader.data.view import MarketView, exact
from trader.domain.errors import DataError, UnknownName
from trader.domain.instruments import Instrument
from trader.domain.market import (
    Bars,
    CorporateAction,
    FundamentalRow,
    NewsItem,
    Series,
    Timeframe,
    to_datetime64,
)
from trader.domain.value import Amount, Moment, Value, digest, digest_bytes

_VIEWS = 4
"""Views remembered: the round in hand and its neighbours."""


class TradedBar(Value):
    """One bar as it traded, exact, for those who fill orders."""

    symbol: str
    opened: Moment
    available: Moment
    open: Amount
    high: Amount
    low: Amount
    close: Amount
    volume: Amount | None
    """None where the feed has shown no volume so far: it has none. Zero: nothing traded in this bar."""


@dataclass(frozen=True, eq=False)
class Market:
    """Bars as traded, and the dated facts around them. Its arrays are never written to."""

    timeframe: Timeframe
    instruments: Mapping[str, Instrument]
    bars: Mapping[str, Bars]
    """By symbol; opening and availability strictly ascending."""
    actions: Mapping[str, tuple[CorporateAction, ...]] = field(default_factory=dict)
    series: Mapping[str, Series] = field(default_factory=dict)
    news: Sequence[NewsItem] = ()
    fundamentals: Sequence[FundamentalRow] = ()
    notes: tuple[str, ...] = ()
    """What was cleaned, inferred or left unread while loading."""

    def __post_init__(self) -> None:
        for symbol, bars in self.bars.items():
            _check(symbol, bars, self)
        ordered = {symbol: tuple(sorted(rows, key=in_time)) for symbol, rows in self.actions.items()}
        object.__setattr__(self, "actions", MappingProxyType(ordered))
        object.__setattr__(self, "news", tuple(sorted(self.news, key=lambda item: item.published_at)))
        rows = sorted(self.fundamentals, key=lambda row: (row.published_at, row.symbol, row.period_end))
        object.__setattr__(self, "fundamentals", tuple(rows))
        object.__setattr__(self, "view", lru_cache(maxsize=_VIEWS)(self.view))

    def view(self, as_of: datetime) -> MarketView:
        """What was available at `as_of` (aware)."""
        return MarketView(self, as_of)

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """What can be traded and has bars, in the order asked for."""
        return tuple(symbol for symbol in self.bars if self.instruments[symbol].tradable)

    @cached_property
    def first_day(self) -> date:
        """UTC date of the earliest opening."""
        return min(_day(bars.opened[0]) for bars in self.bars.values())

    @cached_property
    def last_day(self) -> date:
        """UTC date of the last opening."""
        return max(_day(bars.opened[-1]) for bars in self.bars.values())

    @cached_property
    def action_tables(self) -> Mapping[str, ActionTable]:
        """The actions of every symbol with bars, as arrays."""
        return {symbol: ActionTable.of(self.actions.get(symbol, ())) for symbol in self.bars}

    @cached_property
    def news_of(self) -> Mapping[str, tuple[NewsItem, ...]]:
        """News by symbol, in order of publication."""
        grouped: dict[str, list[NewsItem]] = {}
        for item in self.news:
            for symbol in item.symbols:
                grouped.setdefault(symbol, []).append(item)
        return {symbol: tuple(items) for symbol, items in grouped.items()}

    @cached_property
    def fundamentals_of(self) -> Mapping[str, tuple[FundamentalRow, ...]]:
        """Filings by symbol, in order of publication."""
        grouped: dict[str, list[FundamentalRow]] = {}
        for row in self.fundamentals:
            grouped.setdefault(row.symbol, []).append(row)
        return {symbol: tuple(rows) for symbol, rows in grouped.items()}

    def calendar(self, symbol: str) -> TradingCalendar:
        """The sessions of the instrument's calendar, to the end of the year after the last bar."""
        return trading_calendar(self._known(symbol).calendar, self.first_day, self.last_day)

    def closes(
        self, symbols: Iterable[str], start: datetime | None = None, end: datetime | None = None
    ) -> tuple[datetime, ...]:
        """The distinct moments, `start` and `end` included, at which a bar of `symbols` became available."""
        moments = [self.bars[self._known(symbol).symbol].available for symbol in symbols]
        distinct = np.unique(np.concatenate(moments)) if moments else np.array([], dtype="datetime64[s]")
        first = np.searchsorted(distinct, to_datetime64(start), side="left") if start else 0
        last = np.searchsorted(distinct, to_datetime64(end), side="right") if end else len(distinct)
        return tuple(moment.replace(tzinfo=UTC) for moment in distinct[first:last].tolist())

    def bar_at(self, symbol: str, as_of: datetime) -> TradedBar | None:
        """The bar of `symbol` that became available exactly at `as_of`, if there is one."""
        bars = self.bars[self._known(symbol).symbol]
        row = int(np.searchsorted(bars.available, to_datetime64(as_of), side="left"))
        if row == len(bars) or bars.available[row] != to_datetime64(as_of):
            return None
        return TradedBar(
            symbol=symbol,
            opened=_moment(bars.opened[row]),
            available=_moment(bars.available[row]),
            open=exact(bars.open[row]),
            high=exact(bars.high[row]),
            low=exact(bars.low[row]),
            close=exact(bars.close[row]),
            volume=exact(bars.volume[row]) if bars.volume[: row + 1].any() else None,
        )

    @cached_property
    def digest(self) -> str:
        """Names all data that can reach a decision: the same digest, the same data, byte for byte."""
        parts = [
            digest([self.timeframe, [self.instruments[name] for name in sorted(self.instruments)]]),
            *(digest(list(self.actions[symbol])) for symbol in sorted(self.actions)),
            *(_digest_arrays(symbol, *_arrays(self.bars[symbol])) for symbol in sorted(self.bars)),
            *(
                _digest_arrays(name, series.period.astype("datetime64[D]"), series.published, series.value)
                for name, series in sorted(self.series.items())
            ),
            digest(list(self.news)),
            digest(list(self.fundamentals)),
        ]
        return digest(parts)

    def _known(self, symbol: str) -> Instrument:
        if symbol not in self.bars:
            raise UnknownName("symbol", symbol, self.bars)
        return self.instruments[symbol]


def _check(symbol: str, bars: Bars, market: Market) -> None:
    if symbol not in market.instruments:
        raise DataError(f"{symbol}: bars of an instrument that is not described")
    if bars.timeframe is not market.timeframe:
        raise DataError(f"{symbol}: bars of {bars.timeframe} in a market of {market.timeframe}")
    if not len(bars):
        raise DataError(f"{symbol}: no bars")
    zero = np.timedelta64(0, "s")
    if not ((np.diff(bars.opened) > zero).all() and (np.diff(bars.available) > zero).all()):
        raise DataError(f"{symbol}: bars are not in order of time")
    if not (bars.available > bars.opened).all():
        raise DataError(f"{symbol}: a bar is available before it has opened")


def _arrays(bars: Bars) -> tuple[np.ndarray, ...]:
    return bars.opened, bars.available, bars.open, bars.high, bars.low, bars.close, bars.volume


def _digest_arrays(name: str, *arrays: np.ndarray) -> str:
    """Little-endian bytes, so that every machine agrees."""
    little = (
        np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False) for array in arrays
    )
    return digest_bytes(name.encode() + b"\0".join(array.tobytes() for array in little))


def _moment(at: np.datetime64) -> datetime:
    return datetime.fromtimestamp(int(at.astype(np.int64)), UTC)


def _day(at: np.datetime64) -> date:
    return _moment(at).date()
