"""Whether bars can be believed: each check refuses with file, row and reason, or cleans and says so.

What is refused: prices that are not above zero, a high below or a low above the other prices, negative
volume, rows in no order, two different bars for one time, bars outside the calendar's sessions, bars that
overlap, and holes too large to be called a history. What is cleaned, with a note: rows newest first, and
rows that repeat another exactly. What is only noted: missing bars, bars without volume, and jumps that look
like a split nobody recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trader.data.calendar import TradingCalendar
from trader.data.folder.bars import RawBars
from trader.domain.errors import DataError, at_line
from trader.domain.instruments import AssetClass, Instrument
from trader.domain.market import ActionKind, Bars, CorporateAction, Timeframe, Times, to_datetime64

FLOAT_NOISE = 1e-9
"""Relative: what adjusting and printing may do to prices that were equal."""
MISSING_SESSIONS = 0.10
"""Share of a calendar's sessions that daily bars may lack: beyond it indicators span unknown times."""
MISSING_TIME = 0.25
"""Share of the trading time that shorter bars may lack: quiet hours have none."""
LIKE_A_SPLIT = 1.8
"""A daily close this many times the one before, or its inverse: a 2 for 1 split would do it."""
EXTENDED_HOURS = np.timedelta64(6, "h")
"""How long before its opening and after its close an exchange may trade: New York from 4:00 to 20:00."""
_WITHOUT_VOLUME = (AssetClass.FX, AssetClass.INDEX)
_PRICES = ("open", "high", "low", "close")
_ZERO = np.timedelta64(0, "s")


def checked(
    raw: RawBars, instrument: Instrument, calendar: TradingCalendar, actions_known: bool
) -> tuple[Bars, tuple[str, ...]]:
    """The bars of a file with the moments at which they could be known, and notes. Raises DataError.

    `actions_known` says that the symbol's splits were given, so that a jump needs no other explanation.
    """
    notes = list(raw.notes)
    _refuse_impossible_numbers(raw)
    raw = _without_repeats(_oldest_first(raw, notes), notes)
    _refuse_no_session(raw, calendar)
    _refuse_wrong_zone(raw, calendar)
    opened, available = _hours(raw, calendar)
    _refuse_overlap(raw, opened)
    notes += _gaps(raw, calendar)
    notes += _volume(raw, instrument)
    if not actions_known:
        notes += _jumps(raw, instrument)
    prices = {name: getattr(raw, name) for name in (*_PRICES, "volume")}
    return Bars(raw.symbol, raw.timeframe, opened, available, **prices), tuple(notes)


def refuse_impossible_dividends(
    source: Path, actions: Sequence[tuple[int, CorporateAction]], bars: Mapping[str, Bars]
) -> None:
    """Raise DataError for a dividend, given with its line in `source`, not below the close before it."""
    splits = {
        (action.symbol, action.ex_date): float(action.amount)
        for _, action in actions
        if action.kind is ActionKind.SPLIT
    }
    for line, action in actions:
        held = bars[action.symbol]
        before = int(np.searchsorted(held.available, to_datetime64(action.effective), side="right")) - 1
        if action.kind is not ActionKind.DIVIDEND or before < 0:
            continue
        key = (action.symbol, action.ex_date)
        close = float(held.close[before]) / splits.get(key, 1.0)
        if float(action.amount) >= close:
            reason = f"a dividend of {action.amount} on {action.symbol}, which closed at {close:g} before"
            raise DataError(at_line(source, line, reason), hint="amounts are for one share, as traded")


def _refuse_impossible_numbers(raw: RawBars) -> None:
    for name in _PRICES:
        bad = _first(getattr(raw, name) <= 0)
        if bad is not None:
            raise raw.error(bad, f"{name} is {getattr(raw, name)[bad]:g}: a price is above zero")
    bad = _first(raw.volume < 0)
    if bad is not None:
        raise raw.error(bad, f"volume is {raw.volume[bad]:g}: it cannot be negative")
    for name in ("open", "low", "close"):
        value = getattr(raw, name)
        bad = _first(raw.high < value * (1 - FLOAT_NOISE))
        if bad is not None:
            raise raw.error(bad, f"high {raw.high[bad]:g} is below {name} {value[bad]:g}")
    for name in ("open", "close"):
        value = getattr(raw, name)
        bad = _first(raw.low > value * (1 + FLOAT_NOISE))
        if bad is not None:
            raise raw.error(bad, f"low {raw.low[bad]:g} is above {name} {value[bad]:g}")


def _oldest_first(raw: RawBars, notes: list[str]) -> RawBars:
    steps = np.diff(raw.opened)
    backwards = _first(steps < _ZERO)
    if backwards is None:
        return raw
    if (steps <= _ZERO).all():
        notes.append(f"{raw.path.name}: rows are newest first, and were turned round")
        return _rows(raw, np.arange(len(raw))[::-1])
    row = backwards + 1
    raise raw.error(
        row,
        f"{_text(raw, row)} comes after {_text(raw, row - 1)}: rows are in no order of time",
        "sort the rows by time, oldest first",
    )


def _without_repeats(raw: RawBars, notes: list[str]) -> RawBars:
    again = (np.flatnonzero(np.diff(raw.opened) == _ZERO) + 1).tolist()
    if not again:
        return raw
    for row in again:
        if any(getattr(raw, name)[row] != getattr(raw, name)[row - 1] for name in (*_PRICES, "volume")):
            before = raw.lines[row - 1]
            raise raw.error(
                row,
                f"{_text(raw, row)} stands here and in line {before} with other numbers",
                "keep the row that is right",
            )
    repeated = _many(len(again), "row")
    notes.append(
        f"{raw.path.name}: dropped {repeated} equal to the one before, from line {raw.lines[again[0]]}"
    )
    return _rows(raw, np.delete(np.arange(len(raw)), again))


def _refuse_no_session(raw: RawBars, calendar: TradingCalendar) -> None:
    bad = _first(~in_session(raw.opened, raw.timeframe, calendar))
    if bad is not None:
        raise raw.error(
            bad,
            f"{_text(raw, bad)} is no trading time of calendar {calendar.name}",
            "delete the row, or name the right calendar in instruments.csv: 24/7, 24/5 or an exchange's",
        )


def in_session(opened: Times, timeframe: Timeframe, calendar: TradingCalendar) -> NDArray[np.bool_]:
    """Which openings lie on the calendar's sessions, or not long before or after an exchange's."""
    days = opened.astype("datetime64[D]")
    if calendar.name == "24/7":
        return np.ones(len(opened), dtype=np.bool_)
    if calendar.name == "24/5":
        saturday = np.is_busday(days, weekmask="Sat")
        return np.asarray(~saturday)
    if not timeframe.intraday:
        return calendar.is_session(days)
    row = np.searchsorted(calendar.opens, opened + EXTENDED_HOURS, side="right") - 1
    return np.asarray((row >= 0) & (opened < calendar.closes[row] + EXTENDED_HOURS))


def _refuse_wrong_zone(raw: RawBars, calendar: TradingCalendar) -> None:
    """Times without a zone, taken as UTC, that miss the exchange's hours were written in its own zone."""
    if raw.zoned or not raw.timeframe.intraday or calendar.day_long:
        return
    inside = _regular(raw.opened, calendar)
    if inside.mean() < 0.5:
        bad = int(np.argmin(inside))
        raise raw.error(
            bad,
            f"{_text(raw, bad)}: read as UTC, most times are outside the hours of {calendar.name}",
            "write the zone: 2012-06-01T09:30:00-04:00",
        )


def _regular(opened: Times, calendar: TradingCalendar) -> NDArray[np.bool_]:
    row = np.searchsorted(calendar.opens, opened, side="right") - 1
    return np.asarray((row >= 0) & (opened < calendar.closes[row]))


def _hours(raw: RawBars, calendar: TradingCalendar) -> tuple[Times, Times]:
    if raw.timeframe.intraday:
        return raw.opened, raw.opened + _length(raw.timeframe)
    return calendar.daily_hours(raw.opened.astype("datetime64[D]"))


def _refuse_overlap(raw: RawBars, opened: Times) -> None:
    steps = np.diff(opened)
    bad = _first(steps < _length(raw.timeframe)) if raw.timeframe.intraday else _first(steps <= _ZERO)
    if bad is not None:
        raise raw.error(
            bad + 1,
            f"{_text(raw, bad + 1)} is inside the {raw.timeframe} bar of {_text(raw, bad)}",
            "name the file by the length of its bars: SYMBOL.TIMEFRAME.csv",
        )


def _gaps(raw: RawBars, calendar: TradingCalendar) -> list[str]:
    """Missing sessions, or missing trading time where bars are shorter."""
    if raw.timeframe.intraday:
        return _missing_time(raw, calendar)
    days = raw.opened.astype("datetime64[D]")
    expected = calendar.days[(calendar.days >= days[0]) & (calendar.days <= days[-1])]
    missing = expected[~np.isin(expected, days)]
    share = len(missing) / max(1, len(expected))
    if share > MISSING_SESSIONS:
        raise DataError(
            f"{raw.path}: {len(missing)} of {len(expected)} sessions of {calendar.name} are missing, "
            f"the first {missing[0]}",
            hint="complete the file, or give the symbol its own calendar in instruments.csv",
        )
    if not len(missing):
        return []
    shown = ", ".join(str(day) for day in missing[:3]) + (", …" if len(missing) > 3 else "")
    return [f"{raw.path.name}: {_many(len(missing), 'session')} missing: {shown}"]


def _missing_time(raw: RawBars, calendar: TradingCalendar) -> list[str]:
    length = _length(raw.timeframe)
    known = raw.opened if calendar.day_long else raw.opened[_regular(raw.opened, calendar)]
    first = int(np.searchsorted(calendar.closes, raw.opened[0], side="right"))
    last = int(np.searchsorted(calendar.opens, raw.opened[-1], side="right"))
    opens, closes = calendar.opens[first:last].copy(), calendar.closes[first:last].copy()
    if not len(opens):
        return []
    opens[0], closes[-1] = max(opens[0], raw.opened[0]), min(closes[-1], raw.opened[-1] + length)
    expected = int(np.ceil((closes - opens) / length).sum())
    share = 1 - len(known) / max(1, expected)
    if share > MISSING_TIME:
        raise DataError(
            f"{raw.path}: {len(known)} bars where {calendar.name} has time for {expected}",
            hint="complete the file, use longer bars, or give the symbol its calendar in instruments.csv",
        )
    if share <= 0:
        return []
    return [f"{raw.path.name}: {len(known)} bars where {calendar.name} has time for {expected}"]


def _volume(raw: RawBars, instrument: Instrument) -> list[str]:
    empty = raw.volume == 0
    if not empty.any() or instrument.asset_class in _WITHOUT_VOLUME:
        return []
    if empty.all():
        raise DataError(
            f"{raw.path}: no bar has a volume, so nothing could be filled",
            hint="add it, or give the symbol the asset class fx or index in instruments.csv",
        )
    line = raw.lines[int(np.argmax(empty))]
    return [f"{raw.path.name}: {_many(int(empty.sum()), 'bar')} without volume, first in line {line}"]


def _jumps(raw: RawBars, instrument: Instrument) -> list[str]:
    if raw.timeframe.intraday or instrument.asset_class is not AssetClass.EQUITY:
        return []
    change = np.abs(np.diff(np.log(raw.close)))
    rows = np.flatnonzero(change > np.log(LIKE_A_SPLIT)) + 1
    return [
        f"{raw.path.name}: line {raw.lines[row]}: the close goes from {raw.close[row - 1]:g} to "
        f"{raw.close[row]:g}: if that was a split, it belongs in actions.csv"
        for row in rows[:3]
    ]


def _rows(raw: RawBars, keep: NDArray[np.intp]) -> RawBars:
    arrays = {
        field.name: getattr(raw, field.name)[keep]
        for field in fields(raw)
        if isinstance(getattr(raw, field.name), np.ndarray)
    }
    return replace(raw, **arrays, lines=[raw.lines[row] for row in keep])


def _length(timeframe: Timeframe) -> np.timedelta64:
    return np.timedelta64(int(timeframe.duration.total_seconds()), "s")


def _first(bad: NDArray[np.bool_]) -> int | None:
    return int(np.argmax(bad)) if bad.any() else None


def _text(raw: RawBars, row: int) -> str:
    return str(raw.opened[row].astype("datetime64[D]") if not raw.timeframe.intraday else raw.opened[row])


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
