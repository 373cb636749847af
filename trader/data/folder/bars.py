"""One file of bars, under any header that people use, as arrays in the file's own order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trader.data.folder.table import SUFFIXES, Table, read_table
from trader.data.folder.timestamps import Stamps, read_times
from trader.domain.errors import DataError, at_line
from trader.domain.market import Floats, Timeframe, Times

TIMESTAMP = ("timestamp", "datetime", "date time", "time", "date", "open time", "opened", "ts", "t")
ALIASES: Mapping[str, tuple[str, ...]] = {
    "open": ("open", "o", "1 open", "opening price"),
    "high": ("high", "h", "2 high", "highest price", "max"),
    "low": ("low", "l", "3 low", "lowest price", "min"),
    "close": ("close", "c", "4 close", "closing price", "price", "last"),
    "volume": ("volume", "v", "5 volume", "vol", "quantity", "tick volume", "tickvol"),
}
"""Header spellings, the preferred first; case, points, underscores and brackets do not count."""
_UNNAMED = ("", "index", "index level 0")
"""How a table that was saved with its index names it."""
_HEADER = "name the columns timestamp, open, high, low, close and volume"
_TIMEFRAMES: Mapping[str, Timeframe] = {
    **{frame.value: frame for frame in Timeframe},
    **{"m1": Timeframe.M1, "m5": Timeframe.M5, "m15": Timeframe.M15, "m30": Timeframe.M30},
    **{"1min": Timeframe.M1, "5min": Timeframe.M5, "15min": Timeframe.M15, "30min": Timeframe.M30},
    **{"60m": Timeframe.H1, "60min": Timeframe.H1, "h1": Timeframe.H1, "hourly": Timeframe.H1},
    **{"240m": Timeframe.H4, "h4": Timeframe.H4, "d1": Timeframe.D1, "d": Timeframe.D1},
    **{"daily": Timeframe.D1, "day": Timeframe.D1},
}
_DAY = 86400
_ENOUGH = 500
"""Prices of a column that show how finely it is printed."""
_FRACTION = re.compile(r"\.(\d*[1-9])0*\s*$", re.ASCII)


@dataclass(frozen=True, eq=False)
class RawBars:
    """Bars as they stand in a file: numbers are numbers, and nothing else has been checked.

    `opened` is datetime64[s]: a date for daily bars, else the opening in UTC.
    """

    symbol: str
    timeframe: Timeframe
    path: Path
    lines: Sequence[int]
    opened: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    decimals: int
    """Digits after the point that 9 of 10 prices get by with."""
    zoned: bool
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.opened)

    def error(self, row: int, reason: str, hint: str = "") -> DataError:
        """`reason`, with the file and the line of `row`."""
        return DataError(at_line(self.path, int(self.lines[row]), reason), hint=hint)


def split_name(path: Path) -> tuple[str, Timeframe | None] | None:
    """Symbol and timeframe from `SYMBOL.csv` or `SYMBOL.TIMEFRAME.csv`; None for a file of another kind."""
    suffix = next((suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)), None)
    if suffix is None:
        return None
    stem = path.name[: -len(suffix)]
    symbol, _, last = stem.rpartition(".")
    if symbol and last.lower() in _TIMEFRAMES:
        return symbol, _TIMEFRAMES[last.lower()]
    return stem, None


def read_bars(path: Path, symbol: str, timeframe: Timeframe | None) -> RawBars:
    """The bars of `path`; where its name does not say the timeframe, it is the usual step between bars."""
    table = read_table(path)
    names, unread = _columns(table)
    stamps = read_times(table, "timestamp", _times(table, names))
    found = timeframe or _usual_step(table, stamps)
    if found.intraday and stamps.dates_only and len(np.unique(stamps.days)) > 1:
        raise DataError(f"{path}: named {found}, but its times are dates alone")
    cells = {field: table.columns[names[field]] for field in ALIASES if field in names}
    numbers = {field: table.numbers(field, column) for field, column in cells.items()}
    notes = [f"{path.name}: {note}" for note in _notes(stamps, found, names, unread)]
    return RawBars(
        symbol=symbol,
        timeframe=found,
        path=path,
        lines=table.lines,
        opened=stamps.utc if found.intraday else stamps.days.astype("datetime64[s]"),
        open=numbers["open"],
        high=numbers["high"],
        low=numbers["low"],
        close=numbers["close"],
        volume=numbers.get("volume", np.zeros(len(table))),
        decimals=_decimals([cells[field] for field in ("open", "high", "low", "close")]),
        zoned=stamps.zoned,
        notes=tuple(notes),
    )


def _columns(table: Table) -> tuple[dict[str, str], list[str]]:
    """The column read for each field, and those that are not read."""
    names: dict[str, str] = {}
    for field, spellings in {"timestamp": (*TIMESTAMP, *_UNNAMED), **ALIASES}.items():
        found = next((name for name in spellings if name in table.columns), None)
        if found is not None:
            names[field] = found
        elif field != "volume":
            raise DataError(
                at_line(table.path, 1, f"no column for {field} among {', '.join(table.columns)}"),
                hint=_HEADER,
            )
    read = set(names.values()) | ({"date", "time"} if _apart(table, names) else set())
    return names, [name for name in table.columns if name not in read]


def _apart(table: Table, names: Mapping[str, str]) -> bool:
    """Whether date and time of day have a column each."""
    return names["timestamp"] == "time" and "date" in table.columns


def _times(table: Table, names: Mapping[str, str]) -> Sequence[str]:
    if _apart(table, names):
        pairs = zip(table.columns["date"], table.columns["time"], strict=True)
        return [f"{day.strip()} {time.strip()}" for day, time in pairs]
    return table.columns[names["timestamp"]]


def _notes(stamps: Stamps, timeframe: Timeframe, names: Mapping[str, str], unread: list[str]) -> list[str]:
    notes = []
    if any(name.startswith("adj") for name in unread):
        notes.append(
            "the adjusted close is not read: prices must be as traded, splits and dividends in actions.csv"
        )
    others = [name or "(no name)" for name in unread if not name.startswith("adj")]
    if others:
        notes.append(f"columns not read: {', '.join(others)}")
    if timeframe.intraday and not stamps.zoned:
        notes.append("times have no zone and are read as UTC")
    if not timeframe.intraday and not stamps.dates_only:
        notes.append("times of day are not read: a daily bar has the date that is written")
    if "volume" not in names:
        notes.append("no column for volume: taken as zero")
    return notes


def _usual_step(table: Table, stamps: Stamps) -> Timeframe:
    """The timeframe that the median step between bars stands for."""
    moments = np.unique(stamps.utc)
    name = "name the file SYMBOL.TIMEFRAME.csv, with one of " + ", ".join(Timeframe)
    if len(moments) < 2:
        if stamps.dates_only:
            return Timeframe.D1
        raise DataError(f"{table.path}: one bar does not say how long bars are", hint=name)
    step = float(np.median(np.diff(moments).astype(np.int64)))
    if 20 * 3600 <= step <= 4 * _DAY:  # days have 23 or 25 hours where clocks change, and some are missing
        return Timeframe.D1
    for timeframe in Timeframe:
        if step == timeframe.duration.total_seconds():
            return timeframe
    days, seconds = divmod(int(step), _DAY)
    text = f"{days} days" if days else f"{seconds // 60} minutes" if seconds >= 60 else f"{seconds} seconds"
    raise DataError(f"{table.path}: bars {text} apart: not a timeframe of the desk", hint=name)


def _decimals(columns: Sequence[Sequence[str]]) -> int:
    some = [cell for cells in columns for cell in cells[:: 1 + len(cells) // _ENOUGH]]
    digits = [len(match[1]) if match else 0 for match in map(_FRACTION.search, some)]
    return int(np.quantile(digits, 0.9, method="higher"))
