"""MarketView: all that may be known of the market at one moment. Nothing reads data in any other way.

Each accessor first cuts by availability and only then computes, and what it hands out are arrays of its own:
not even `array.base` leads to a later row.
"""

from bisect import bisect_right
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from trader.data.adjust import ActionTable, adjusted, copied
from trader.data.calendar import trading_calendar
from trader.data.outcomes import EventReturns, event_returns
from trader.domain.errors import ToolError, UnknownName
from trader.domain.instruments import Instrument
from trader.domain.market import (
    ActionKind,
    Bars,
    CorporateAction,
    FundamentalRow,
    NewsItem,
    Series,
    Timeframe,
)

if TYPE_CHECKING:
    from trader.data.market import Market


class MarketView:
    """What was available at `as_of`. Made by `Market.view`; answers are remembered for the view's life."""

    def __init__(self, market: "Market", as_of: datetime) -> None:
        if as_of.tzinfo is None:
            raise ValueError("as_of needs a zone")
        self.as_of = as_of.astimezone(UTC)
        self._market = market
        self._bars: dict[str, Bars] = {}
        self._series: dict[str, Series] = {}
        self._events: dict[tuple[str, int], EventReturns] = {}
        self._prices: dict[str, Decimal] = {}

    def earlier(self, as_of: datetime) -> "MarketView":
        """What was available at a moment not after this view's. Raises ValueError for a later one."""
        if as_of > self.as_of:
            raise ValueError(f"{as_of} is after {self.as_of}")
        return self._market.view(as_of)

    @property
    def symbols(self) -> tuple[str, ...]:
        """What can be traded, whether or not it has bars yet."""
        return self._market.symbols

    @property
    def timeframe(self) -> Timeframe:
        """Of all bars."""
        return self._market.timeframe

    def instrument(self, symbol: str) -> Instrument:
        """What `symbol` is. Raises UnknownName."""
        if symbol not in self._market.instruments:
            raise UnknownName("symbol", symbol, self._market.instruments)
        return self._market.instruments[symbol]

    def bars(self, symbol: str, count: int | None = None) -> Bars:
        """Bars adjusted for the splits and dividends in effect, the last `count` or all; it may be none.

        The last bar is as traded, unless an action has come into effect since it closed.
        """
        if symbol not in self._bars:
            self._bars[symbol] = adjusted(self._traded(symbol), self._action_table(symbol))
        return _last(self._bars[symbol], count)

    def traded(self, symbol: str, count: int | None = None) -> Bars:
        """Bars as they traded."""
        return copied(_last(self._traded(symbol), count))

    def actions(self, symbol: str) -> tuple[CorporateAction, ...]:
        """The splits and dividends in effect, oldest first."""
        self.instrument(symbol)
        known = self._market.actions.get(symbol, ())
        return known[: bisect_right(known, self.as_of, key=_effective)]

    def price(self, symbol: str) -> Decimal:
        """What one unit last traded at, exactly as it was printed (now and then finer than the tick).

        Where a split has come into effect since, that price over the split's ratio, at the nearest tick: the
        worth of one unit as it is held now. Raises ToolError where there is no bar yet.
        """
        if symbol not in self._prices:
            self._prices[symbol] = self._price(symbol)
        return self._prices[symbol]

    def _price(self, symbol: str) -> Decimal:
        instrument, bars = self.instrument(symbol), self._traded(symbol)
        if not len(bars):
            raise self._nothing(f"bar of {symbol}")
        price = exact(bars.close[-1])
        opened = datetime.fromtimestamp(int(bars.opened[-1].astype(np.int64)), UTC)
        since = [action for action in self.actions(symbol) if action.effective > opened]
        for action in since:
            if action.kind is ActionKind.SPLIT:
                price = instrument.nearest_price(price / action.amount)
        return price

    def age(self, symbol: str) -> float:
        """Bars of the instrument's calendar from the last bar's close to `as_of`: 0 where it has just closed.

        Raises ToolError where there is no bar yet.
        """
        bars = self._traded(symbol)
        if not len(bars):
            raise self._nothing(f"bar of {symbol}")
        closed = datetime.fromtimestamp(int(bars.available[-1].astype(np.int64)), UTC)
        name = self.instrument(symbol).calendar
        calendar = trading_calendar(
            name, self._market.first_day, max(self._market.last_day, self.as_of.date())
        )
        return calendar.bars_between(closed, self.as_of, self._market.timeframe)

    def event_returns(self, symbol: str, horizon: int) -> EventReturns:
        """What the event paid after each earlier bar, for those that are resolved (see `outcomes.py`)."""
        if (symbol, horizon) not in self._events:
            self._events[symbol, horizon] = event_returns(
                self._traded(symbol), self._action_table(symbol), horizon
            )
        return self._events[symbol, horizon]

    def series(self, name: str) -> Series:
        """A macro series, one row for each period in the last version published, oldest period first.

        Raises ToolError where there is none, or nothing of it was published yet.
        """
        if name not in self._series:
            if name not in self._market.series:
                raise ToolError(
                    f"there is no series {name}", hint=f"there are: {', '.join(self._market.series)}"
                )
            known = self._market.series[name].until(self.as_of)
            if not len(known):
                raise self._nothing(f"value of {name}")
            self._series[name] = _latest_versions(known)
        return self._series[name]

    def published(self, name: str) -> Series | None:
        """Every version of a series that was published by now, oldest first; None where there is no such.

        Its arrays are the market's own: read them, and hand them to nobody.
        """
        known = self._market.series.get(name)
        return None if known is None else known.until(self.as_of)

    def news(self, symbol: str, since: datetime | None = None) -> tuple[NewsItem, ...]:
        """News that names `symbol`, published after `since` and not after `as_of`, oldest first."""
        self.instrument(symbol)
        known = self._market.news_of.get(symbol, ())
        first = bisect_right(known, since, key=_published) if since else 0
        return known[first : bisect_right(known, self.as_of, key=_published)]

    def fundamentals(self, symbol: str) -> tuple[FundamentalRow, ...]:
        """What filings said: one row for each period in the last version published, oldest period first."""
        self.instrument(symbol)
        known = self._market.fundamentals_of.get(symbol, ())
        published = known[: bisect_right(known, self.as_of, key=_published)]
        latest = {row.period_end: row for row in published}
        return tuple(latest[period] for period in sorted(latest))

    def _traded(self, symbol: str) -> Bars:
        """The available bars in the market's own arrays; never handed out."""
        if symbol not in self._market.bars:
            self.instrument(symbol)
            raise ToolError(f"there are no bars of {symbol}")
        return self._market.bars[symbol].until(self.as_of)

    def _action_table(self, symbol: str) -> ActionTable:
        return self._market.action_tables[symbol].until(self.as_of)

    def _nothing(self, what: str) -> ToolError:
        return ToolError(f"no {what} is available at {self.as_of:%Y-%m-%d %H:%M} UTC")


def exact(price: float) -> Decimal:
    """The decimal that was printed: the shortest that reads back as this float."""
    return Decimal(repr(float(price)))


def _last(bars: Bars, count: int | None) -> Bars:
    return bars if count is None else bars[max(0, len(bars) - count) :]


def _latest_versions(known: Series) -> Series:
    """One row a period, the last published; `known` is in order of publication. New arrays."""
    periods, rows = np.unique(known.period[::-1], return_index=True)
    keep = len(known) - 1 - rows
    latest = Series(known.name, periods, known.published[keep], known.value[keep])
    for array in (latest.period, latest.published, latest.value):
        array.flags.writeable = False
    return latest


def _effective(action: CorporateAction) -> datetime:
    return action.effective


def _published(item: NewsItem | FundamentalRow) -> datetime:
    return item.published_at
