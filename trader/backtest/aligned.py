"""A panel from what a feed has loaded: one clock for all symbols, and their actions in their bars."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from trader.backtest.panel import Panel, fitted
from trader.data.adjust import ActionTable
from trader.data.market import Market
from trader.domain.errors import DataError
from trader.domain.market import Bars, Floats


def panel_of(
    market: Market,
    symbols: Sequence[str],
    *,
    rates: Mapping[str, Floats] | None = None,
    currency: str = "",
    bars_a_year: float = 252.0,
) -> Panel:
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
    instruments = [market.instruments[symbol] for symbol in symbols]
    split, dividend = _actions(market, bars, rows, len(times))
    return Panel(
        symbols=tuple(symbols),
        times=times,
        open=_placed(bars, rows, "open", len(times)),
        high=_placed(bars, rows, "high", len(times)),
        low=_placed(bars, rows, "low", len(times)),
        close=_placed(bars, rows, "close", len(times)),
        volume=_volumes(bars, rows, len(times)),
        split=split,
        dividend=dividend,
        rate=_rates([one.currency for one in instruments], currency, rates or {}, len(times)),
        lot=np.array([float(one.lot_size) for one in instruments]),
        tick=np.array([float(one.tick_size) for one in instruments]),
        multiplier=np.array([float(one.multiplier) for one in instruments]),
        bars_a_year=bars_a_year,
    )


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


def _rates(currencies: Sequence[str], base: str, rates: Mapping[str, Floats], length: int) -> Floats | None:
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
        columns.append(np.ones(length) if currency == base else fitted(currency, rates[currency], (length,)))
    return np.column_stack(columns)
