"""What is traded: read from `instruments.csv`, or assumed from the bars and said so."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np

from trader.data.calendar import check_calendar, trading_calendar
from trader.data.folder.bars import RawBars
from trader.data.folder.table import Table, read_table
from trader.data.quality import in_session
from trader.domain.errors import UnknownName, nearest
from trader.domain.instruments import AssetClass, Instrument
from trader.domain.value import plain

USUAL_EXCHANGE = "XNYS"
_STRAY = 0.02
"""Share of bars outside an exchange's sessions that are mistakes; other exchanges' holidays make more."""
AS_TRADED_DECIMALS = 4
"""What exchanges print at most for a share; adjusting makes more."""
_CURRENCIES = frozenset(
    {"USD", "EUR", "JPY", "GBP", "CHF", "AUD", "NZD", "CAD", "SEK", "NOK", "DKK", "SGD", "HKD", "CNH"}
)
_ROUND_THE_CLOCK = 0.1
"""Share of Saturdays from which bars belong to a market that never closes; one day in seven is 0.14."""
_STEPS: Mapping[AssetClass, tuple[int, str]] = {
    AssetClass.EQUITY: (2, "1"),
    AssetClass.INDEX: (2, "1"),
    AssetClass.FUTURE: (2, "1"),
    AssetClass.CRYPTO: (2, "0.00001"),
    AssetClass.FX: (5, "1000"),
}
"""Fewest decimals of a price, and the lot."""
_TRUE, _FALSE = ("true", "yes", "1", "y"), ("false", "no", "0", "n")


def read_instruments(path: Path) -> dict[str, dict[str, str]]:
    """For each symbol of `instruments.csv` what is said of it; cells left empty are not said.

    Raises DataError (file and line) for what an instrument cannot be.
    """
    table = read_table(path)
    symbols = table.column("symbol")
    said: dict[str, dict[str, str]] = {}
    names = {name.replace(" ", "_"): cells for name, cells in table.columns.items()}
    known = set(Instrument.model_fields)
    for name in names:
        if name not in known:
            raise table.error_in_header(f"unknown column {name}", nearest(name, known))
    for row, cell in enumerate(symbols):
        symbol = cell.strip()
        if not symbol or symbol in said:
            raise table.error(row, f"{symbol} stands here twice" if symbol else "no symbol")
        values = {name: cells[row].strip() for name, cells in names.items() if cells[row].strip()}
        _check(table, row, values)
        said[symbol] = values
    return said


def instrument_of(
    raw: RawBars, said: Mapping[str, str], span: tuple[date, date]
) -> tuple[Instrument, tuple[str, ...]]:
    """What the bars' symbol is: as said, completed by what the bars look like, with a note of the latter.

    `span` is the first and last day of all bars.
    """
    if "asset_class" in said and "calendar" in said:
        asset_class, calendar, why = AssetClass(said["asset_class"]), said["calendar"], ""
    else:
        assumed_class, calendar, why = _assumed_class(raw, span)
        asset_class = AssetClass(said.get("asset_class", assumed_class))
    decimals, lot = _STEPS[asset_class]
    assumed = {
        "symbol": raw.symbol,
        "venue": "files",
        "asset_class": asset_class.value,
        "currency": _currency(raw.symbol, asset_class),
        "tick_size": str(Decimal(1).scaleb(-max(decimals, raw.decimals))),
        "lot_size": lot,
        "calendar": calendar,
    }
    values: dict[str, object] = {**assumed, **said}
    if "tradable" in said:
        values["tradable"] = said["tradable"].lower() in _TRUE
    found = Instrument.model_validate(values)
    notes = tuple(f"{raw.path.name}: {note}" for note in _about_decimals(raw, found))
    shown = ("asset_class", "calendar", "currency", "tick_size", "lot_size")
    unsaid = [f"{name} {assumed[name]}" for name in shown if name not in said]
    if not unsaid:
        return found, notes
    reason = f" ({why})" if "calendar" not in said else ""
    taken = f"{raw.symbol}: taken as {', '.join(unsaid)}{reason}; instruments.csv can say otherwise"
    return found, (taken, *notes)


def _about_decimals(raw: RawBars, instrument: Instrument) -> list[str]:
    notes = []
    finest = Decimal(1).scaleb(-raw.decimals)
    if finest < instrument.tick_size:
        notes.append(
            f"prices are printed to {plain(finest)}, finer than the tick size {instrument.tick_size}"
        )
    if (
        raw.decimals > AS_TRADED_DECIMALS
        and instrument.asset_class is AssetClass.EQUITY
        and instrument.tradable
    ):
        notes.append(
            f"prices with {raw.decimals} decimals look adjusted, and were hardly traded as they stand"
        )
    return notes


def _check(table: Table, row: int, values: Mapping[str, str]) -> None:
    for name in ("tick_size", "lot_size", "multiplier"):
        if name in values and not _above_zero(values[name]):
            raise table.error(row, f"{name} is {values[name]!r}, not a number above zero")
    if values.get("asset_class", "equity") not in list(AssetClass):
        name = values["asset_class"]
        raise table.error(row, f"unknown asset class: {name}", nearest(name, AssetClass))
    if values.get("tradable", "true").lower() not in (*_TRUE, *_FALSE):
        raise table.error(row, f"tradable is {values['tradable']!r}, neither true nor false")
    try:
        check_calendar(values.get("calendar", USUAL_EXCHANGE))
    except UnknownName as error:
        raise table.error(row, error.message, error.hint) from None


def _above_zero(text: str) -> bool:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    return number.is_finite() and number > 0


def _assumed_class(raw: RawBars, span: tuple[date, date]) -> tuple[AssetClass, str, str]:
    """Asset class and calendar that the symbol and the days of its bars suggest, and why."""
    if _is_pair(raw.symbol):
        return AssetClass.FX, "24/5", "a pair of currencies"
    saturdays = np.is_busday(raw.opened.astype("datetime64[D]"), weekmask="Sat")
    if saturdays.mean() >= _ROUND_THE_CLOCK:
        return AssetClass.CRYPTO, "24/7", "it has bars on Saturdays"
    outside = ~in_session(raw.opened, raw.timeframe, trading_calendar(USUAL_EXCHANGE, *span))
    if outside.sum() <= max(1, _STRAY * len(raw)):  # a stray row or two will be refused, and say why
        return AssetClass.EQUITY, USUAL_EXCHANGE, f"its bars are on sessions of {USUAL_EXCHANGE}"
    line = raw.lines[int(np.argmax(outside))]
    return AssetClass.EQUITY, "24/5", f"line {line} is on no session of {USUAL_EXCHANGE}"


def _is_pair(symbol: str) -> bool:
    letters = symbol.upper().replace("-", "").replace("_", "")
    return len(letters) == 6 and {letters[:3], letters[3:]} <= _CURRENCIES


def _currency(symbol: str, asset_class: AssetClass) -> str:
    """The quote currency where the symbol ends in one."""
    end = symbol.upper()[-3:]
    return end if asset_class in (AssetClass.FX, AssetClass.CRYPTO) and end in _CURRENCIES else "USD"
