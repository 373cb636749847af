"""Bars of many symbols on one clock, as traded, with all that happens to them besides trading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trader.data.adjust import ActionTable
from trader.data.market import Market
from trader.domain.errors import DataError
from trader.domain.market import Bars, Floats, Times

Indices = NDArray[np.int64]

NEVER = np.iinfo(np.int64).max
"""The bar from which a symbol that stays is gone."""


def frozen(array: object) -> Floats:
    """The numbers as an own, contiguous, read-only float64 array, shape kept."""
    copy = np.array(array, dtype=np.float64, order="C", copy=True)
    copy.flags.writeable = False
    return copy


@dataclass(frozen=True, eq=False)
class Panel:
    """T bars of S symbols. Prices and volumes are (T, S), NaN where a symbol has no bar.

    What is given by bar or symbol may be one number for all. Raises DataError for what does not fit.
    """

    symbols: tuple[str, ...]
    times: Times
    """(T,), ascending: when the closes of a bar are known. Decisions are made then, and filled at the next
    open of the symbol."""
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    """In units; NaN in a bar where the feed has none, which then bounds no order. Zero: nothing trades."""
    split: Floats | None = None
    """(T, S): new units for an old one, from the open of the bar on; 1 where nothing is split."""
    dividend: Floats | None = None
    """(T, S): cash a unit, for what is held before the open, in units after the split; in the symbol's
    currency."""
    rate: Floats | None = None
    """(T, S): the book's currency for one of the symbol's, in each bar; None where all are the same."""
    delisted: Indices = field(default_factory=lambda: np.array(NEVER))
    """(S,): the bar from which the symbol is gone: its last bar was before. NEVER where it stays."""
    lot: Floats = field(default_factory=lambda: np.array(0.0))
    """(S,): the smallest step of a quantity; 0 for any fraction."""
    tick: Floats = field(default_factory=lambda: np.array(0.0))
    """(S,): the smallest step of a price; 0 for none."""
    multiplier: Floats = field(default_factory=lambda: np.array(1.0))
    """(S,): currency a point and unit."""
    bars_a_year: float = 252.0

    def __post_init__(self) -> None:
        shape = (len(self.times), len(self.symbols))
        if 0 in shape:
            raise DataError("no bars to simulate", hint="ask for a period in which there is data")
        if len(set(self.symbols)) < len(self.symbols) or (np.diff(self.times) <= np.timedelta64(0)).any():
            raise DataError("symbols and times of a panel must be different ones, times ascending")
        for name in ("open", "high", "low", "close", "volume", "split", "dividend", "rate"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, _fitted(name, given, shape))
        for name in ("lot", "tick", "multiplier"):
            object.__setattr__(self, name, _fitted(name, getattr(self, name), shape[1:]))
        gone = np.array(np.broadcast_to(self.delisted, shape[1:]), dtype=np.int64)
        object.__setattr__(self, "delisted", gone)
        self._check()

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, rows: slice) -> Self:
        """Some bars, one after another."""
        first, last, step = rows.indices(len(self))
        if step != 1:
            raise ValueError("a panel is cut into bars that follow each other")
        cut = {
            name: None if getattr(self, name) is None else getattr(self, name)[rows]
            for name in ("times", "open", "high", "low", "close", "volume", "split", "dividend", "rate")
        }
        gone = np.where(self.delisted < last, np.maximum(self.delisted - first, 0), NEVER)
        return replace(self, **cut, delisted=gone)

    def _check(self) -> None:
        """Prices above zero with their opens, rates for all, and nothing after the end."""
        there = np.isfinite(self.close)
        if (there != np.isfinite(self.open)).any():
            bar, s = np.argwhere(there != np.isfinite(self.open))[0]
            raise DataError(f"{self._where(bar, s)}: an open without a close, or the other way round")
        for name in ("open", "close"):
            wrong = there & ~(getattr(self, name) > 0.0)
            if wrong.any():
                raise DataError(f"{self._where(*np.argwhere(wrong)[0])}: {name} is not above zero")
        if self.rate is not None:
            wrong = ~(np.isfinite(self.rate) & (self.rate > 0.0))
            if wrong.any():
                where = self._where(*np.argwhere(wrong)[0])
                raise DataError(f"{where}: its currency has no rate", hint="give a rate above zero for each bar")
        if self.split is not None and not (np.isfinite(self.split) & (self.split > 0.0)).all():
            raise DataError("a split is a ratio above zero, and 1 where nothing is split")
        if self.dividend is not None and not np.isfinite(self.dividend).all():
            raise DataError("a dividend is a number, and 0 where none is paid")
        for name, nothing in (("split", 1.0), ("dividend", 0.0)):
            array = getattr(self, name)
            if array is not None and (~there & (array != nothing)).any():
                where = self._where(*np.argwhere(~there & (array != nothing))[0])
                raise DataError(f"{where}: a {name} where there is no bar", hint="date it at the next bar")
        late = there & (np.arange(len(self))[:, None] >= self.delisted)
        if late.any():
            raise DataError(f"{self._where(*np.argwhere(late)[0])}: a bar after the symbol was delisted")

    def _where(self, bar: int, s: int) -> str:
        return f"{self.symbols[s]} at {self.times[bar]}"

    @cached_property
    def first_bars(self) -> Indices:
        """(S,): where the bars of each symbol begin; NEVER where it has none."""
        there = np.isfinite(self.close)
        return np.where(there.any(axis=0), there.argmax(axis=0), NEVER)

    @cached_property
    def total_return(self) -> Floats:
        """(T, S): what one unit of currency at a symbol's first close has become, dividends put back in.

        Without rates: in the symbol's own currency. NaN before the first bar, and carried where there is no
        bar. Value t knows nothing after bar t, unlike prices adjusted backwards.
        """
        there = np.isfinite(self.close)
        row = np.maximum.accumulate(np.where(there, np.arange(len(self))[:, None], 0), axis=0)
        filled = np.take_along_axis(self.close, row, axis=0)
        index = filled / filled[np.minimum(self.first_bars, len(self) - 1), np.arange(len(self.symbols))]
        if self.split is not None or self.dividend is not None:
            split = np.ones(self.close.shape) if self.split is None else self.split
            paid = np.zeros(self.close.shape) if self.dividend is None else self.dividend
            gained = np.ones(self.close.shape)
            gained[1:] = (filled[1:] + paid[1:]) * split[1:] / filled[:-1]
            index = np.where(np.isnan(index), np.nan, np.cumprod(np.where(np.isnan(gained), 1.0, gained), axis=0))
        index.flags.writeable = False
        return index

    @cached_property
    def prices(self) -> Floats:
        """(T, 3, S): open, close, volume, as the kernel reads them."""
        return np.stack([self.open, self.close, self.volume], axis=1)

    @classmethod
    def of(
        cls,
        market: Market,
        symbols: Sequence[str],
        *,
        rates: Mapping[str, Floats] | None = None,
        currency: str = "",
        bars_a_year: float = 252.0,
    ) -> Self:
        """The bars of `symbols` as traded, with their actions, on the clock of all their closes.

        `currency` is the book's, by default that of the first symbol. A symbol of another one needs
        `rates[its currency]`, shape (T,): the book's currency for one of it. Raises DataError where a bar
        opened before the close before it was known: on one clock it could be bought in the past.
        """
        bars = [market.bars[symbol] for symbol in symbols]
        if not any(len(one) for one in bars):
            raise DataError("no bars to simulate", hint="ask for a period in which there is data")
        times = np.unique(np.concatenate([one.available for one in bars]))
        rows = [np.searchsorted(times, one.available) for one in bars]
        for one, row in zip(bars, rows, strict=True):
            early = one.opened[row > 0] < times[row[row > 0] - 1]
            if early.any():
                bar = one.opened[row > 0][early][0]
                raise DataError(
                    f"{one.symbol}: its bar of {bar} opened before a close of another symbol was known",
                    hint="simulate symbols of one calendar together",
                )
        placed = {name: _placed(bars, rows, name, len(times)) for name in ("open", "high", "low", "close")}
        instruments = [market.instruments[symbol] for symbol in symbols]
        split, dividend = _actions(market, bars, rows, len(times))
        return cls(
            symbols=tuple(symbols),
            times=times,
            **placed,
            volume=_volumes(bars, rows, len(times)),
            split=split,
            dividend=dividend,
            rate=_rates([one.currency for one in instruments], currency, rates or {}, len(times)),
            lot=np.array([float(one.lot_size) for one in instruments]),
            tick=np.array([float(one.tick_size) for one in instruments]),
            multiplier=np.array([float(one.multiplier) for one in instruments]),
            bars_a_year=bars_a_year,
        )


def after_last_bars(panel: Panel) -> Panel:
    """The panel with every symbol delisted after its last bar.

    That is hindsight: at a bar without a close nobody knows whether another one comes. It decides only when
    what is held is turned into money.
    """
    there = np.isfinite(panel.close)
    last = len(panel) - there[::-1].argmax(axis=0)
    return replace(panel, delisted=np.where(last < len(panel), last, NEVER))


def _fitted(name: str, given: object, shape: tuple[int, ...]) -> Floats:
    try:
        return frozen(np.broadcast_to(np.asarray(given, dtype=np.float64), shape))
    except ValueError:
        raise DataError(f"{name} has the shape {np.shape(given)}, which does not fit {shape}") from None


def _placed(bars: Sequence[Bars], rows: Sequence[NDArray[np.intp]], name: str, length: int) -> Floats:
    array = np.full((length, len(bars)), np.nan)
    for s, (one, row) in enumerate(zip(bars, rows, strict=True)):
        array[row, s] = getattr(one, name)
    return array


def _volumes(bars: Sequence[Bars], rows: Sequence[NDArray[np.intp]], length: int) -> Floats:
    """NaN until a feed has shown any: it has none, and bounds nothing."""
    array = _placed(bars, rows, "volume", length)
    shown = np.cumsum(np.nan_to_num(array), axis=0) > 0.0
    return np.where(shown, array, np.nan)


def _actions(
    market: Market, bars: Sequence[Bars], rows: Sequence[NDArray[np.intp]], length: int
) -> tuple[Floats, Floats]:
    """Splits and dividends at the first bar that opened with them in effect."""
    split, dividend = np.ones((length, len(bars))), np.zeros((length, len(bars)))
    for s, (one, row) in enumerate(zip(bars, rows, strict=True)):
        table = ActionTable.of(market.actions.get(one.symbol, ()))
        for first, amount, is_split in zip(
            table.first_bars(one).tolist(), table.amount.tolist(), table.split.tolist(), strict=True
        ):
            if not 0 < first < len(one):
                continue  # before the first bar nothing was held
            if is_split:
                split[row[first], s] *= amount
            else:
                dividend[row[first], s] += amount
    return split, dividend


def _rates(
    currencies: Sequence[str], base: str, rates: Mapping[str, Floats], length: int
) -> Floats | None:
    base = base or currencies[0]
    if set(currencies) == {base}:
        return None
    columns = []
    for currency in currencies:
        if currency != base and currency not in rates:
            raise DataError(
                f"{currency} has no rate in {base}",
                hint=f"give the {base} for one {currency} in each bar, or leave its symbols out",
            )
        columns.append(np.ones(length) if currency == base else _fitted(currency, rates[currency], (length,)))
    return np.column_stack(columns)
