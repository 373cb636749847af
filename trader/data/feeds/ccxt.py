"""An exchange's own bars, polled: those of the past once, then each as it closes.

A bar counts from its close on, and never changes afterwards: what the exchange corrects later is noted, and
the desk goes on with what it had decided on.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from trader.data.calendar import trading_calendar
from trader.data.feeds.ccxt_errors import Unbelievable, asked
from trader.data.feeds.ccxt_exchange import Exchange
from trader.data.folder.bars import RawBars
from trader.data.market import Market
from trader.data.quality import checked
from trader.domain.errors import DataError
from trader.domain.instruments import Instrument
from trader.domain.market import Bars, Timeframe

PAGE = 1000
"""Bars in one answer."""
Row = tuple[float, float, float, float, float]
"""Open, high, low, close, volume."""


class PolledBars:
    """The bars of some markets from one moment on. `read` asks; `market` is what was known at a moment."""

    def __init__(
        self,
        exchange: Exchange,
        name: str,
        instruments: Mapping[str, Instrument],
        timeframe: Timeframe,
        since: datetime,
    ) -> None:
        self._exchange, self._name = exchange, name
        self._instruments, self._timeframe = instruments, timeframe
        self._since = _milliseconds(since)
        self._length = int(timeframe.duration.total_seconds() * 1000)
        self._rows: dict[str, dict[int, Row]] = {symbol: {} for symbol in instruments}
        self.notes: list[str] = []

    async def read(self, now: datetime) -> None:
        """Ask for every bar that has closed by `now` and is not here yet. Raises TraderError.

        What was read of one symbol before another failed is kept.
        """
        for symbol in self._instruments:
            await self._read(symbol, _milliseconds(now))

    def has(self, symbol: str, close: datetime) -> bool:
        """Whether the bar that closed at this moment is here."""
        return _milliseconds(close) - self._length in self._rows[symbol]

    def market(self, until: datetime) -> Market:
        """Everything that had closed by `until`. Raises DataError for bars that cannot be believed."""
        bars = {symbol: self._bars(symbol, _milliseconds(until)) for symbol in self._instruments}
        return Market(
            timeframe=self._timeframe,
            instruments=dict(self._instruments),
            bars=bars,
            notes=tuple(dict.fromkeys(self.notes)),
        )

    async def _read(self, symbol: str, now: int) -> None:
        rows = self._rows[symbol]
        start = max(rows) if rows else self._since
        while start + self._length <= now:
            answer = await asked(
                self._exchange.fetch_ohlcv(symbol, self._timeframe.value, start, PAGE),
                _secrets(self._exchange),
            )
            page = {opened: row for opened, row in map(_row, _list(answer)) if opened + self._length <= now}
            for opened, row in sorted(page.items()):
                if rows.setdefault(opened, row) != row:
                    when = datetime.fromtimestamp(opened / 1000, UTC)
                    self.notes.append(f"{symbol}: the exchange has changed its bar of {when:%Y-%m-%d %H:%M}")
            if len(page) < 2 or len(answer) < PAGE:
                return
            start = max(page)

    def _bars(self, symbol: str, until: int) -> Bars:
        known = sorted(item for item in self._rows[symbol].items() if item[0] + self._length <= until)
        if not known:
            raise DataError(f"{symbol}: {self._name} has no closed {self._timeframe} bar yet")
        table = np.array([row for _, row in known], dtype=np.float64)
        stamps = np.array([opened // 1000 for opened, _ in known], dtype="datetime64[s]")
        raw = RawBars(
            symbol=symbol,
            timeframe=self._timeframe,
            path=Path(f"{self._name} {symbol.replace('/', '-')}"),
            lines=range(1, len(known) + 1),
            opened=stamps,
            open=table[:, 0].copy(),
            high=table[:, 1].copy(),
            low=table[:, 2].copy(),
            close=table[:, 3].copy(),
            volume=table[:, 4].copy(),
            decimals=0,
            zoned=True,
            notes=(),
        )
        instrument = self._instruments[symbol]
        days = (stamps[0].astype("datetime64[D]").tolist(), stamps[-1].astype("datetime64[D]").tolist())
        bars, notes = checked(raw, instrument, trading_calendar(instrument.calendar, *days), False)
        self.notes += [note for note in notes if note not in self.notes]
        return bars


def _row(answer: Any) -> tuple[int, Row]:
    """One bar. Raises Unbelievable: ccxt makes rows of None out of pages that are no bars."""
    if not isinstance(answer, Sequence) or len(answer) != 6 or not isinstance(answer[0], int):
        raise Unbelievable(f"a bar that is none: {answer!r}")
    try:
        opened, high, low, close, volume = (float(value) for value in answer[1:])
    except (TypeError, ValueError):
        raise Unbelievable(f"a bar that is none: {answer!r}") from None
    if not np.isfinite([opened, high, low, close, volume]).all():
        raise Unbelievable(f"a bar with a number that is none: {answer!r}")
    return answer[0], (opened, high, low, close, volume)


def _list(answer: Any) -> Sequence[Any]:
    if not isinstance(answer, list):
        raise Unbelievable(f"bars that are no list: {type(answer).__name__}")
    return answer


def _secrets(exchange: Exchange) -> Collection[str]:
    return tuple(one for one in (exchange.apiKey, exchange.secret) if isinstance(one, str) and one)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
