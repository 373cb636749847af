"""Times as people write them, and refused where they could mean two things."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from trader.data.folder.table import Table
from trader.domain.errors import DataError
from trader.domain.market import Times

_TIME = (
    r"(?:[T ]\s*(?P<hour>\d{1,2}):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:\.0+)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?"
)
_PATTERNS = {
    "year": r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})" + _TIME,
    "compact": r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)" + _TIME,
    "digits": r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)"
    r"(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)(?P<zone>)",
    "mixed": r"(?P<day>\d{1,2})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<year>\d{4})" + _TIME,
    "named": r"(?P<day>\d{1,2})[- ](?P<month>[A-Za-z]{3})[- ](?P<year>\d{4})" + _TIME,
    "american": r"(?P<month>[A-Za-z]{3}) (?P<day>\d{1,2}),? (?P<year>\d{4})" + _TIME,
}
_FORMATS = {name: re.compile(pattern, re.ASCII) for name, pattern in _PATTERNS.items()}
_DATES = re.compile(r"(?:\d{4}-\d\d-\d\d\n)+", re.ASCII)
_MOMENTS = re.compile(r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n)+", re.ASCII)
_EPOCH = re.compile(r"(\d{9,10}|\d{12,13}|\d{15,16}|\d{18,19})(?:\.0*)?", re.ASCII)
_PER_SECOND = {10: 1, 13: 10**3, 16: 10**6, 19: 10**9}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_Match = re.Match[str]
_Reader = Callable[[_Match], tuple[int, int]]
"""Month and day of a match."""
_EARLIEST, _LATEST = np.datetime64("1900-01-01"), np.datetime64("2200-01-01")
_HINT = "write times as 2012-06-01 or 2012-06-01T14:30:00Z"


@dataclass(frozen=True, eq=False)
class Stamps:
    """Times of one column. `written` is what the clock showed, `utc` the moment; both datetime64[s]."""

    written: Times
    utc: Times
    zoned: bool
    """Whether each said its zone; where not, `utc` is `written`."""

    @property
    def days(self) -> NDArray[np.datetime64]:
        """The dates as written, datetime64[D]."""
        return self.written.astype("datetime64[D]")

    @property
    def dates_only(self) -> bool:
        """Whether every time is midnight where it was written, as a date alone is."""
        return bool((self.written == self.days).all())


def read_times(table: Table, name: str, cells: Sequence[str]) -> Stamps:
    """The times in a column, all written in one way: the way of the first.

    Raises DataError at the first that is not a time, that is written in another way, or that has parts of a
    second; and for a column in which the day and the month could be exchanged everywhere.
    """
    texts = [cell.strip() for cell in cells]
    plain = plain_times(texts)
    if plain is not None:
        return _in_range(table, name, *plain)
    if _EPOCH.fullmatch(texts[0]):
        return _epochs(table, name, texts)
    kind = next((kind for kind, pattern in _FORMATS.items() if pattern.fullmatch(texts[0])), None)
    if kind is None:
        what = f"is {texts[0]!r}, which is no known way to write a time" if texts[0] else "is empty"
        raise table.error(0, f"{name} {what}", _HINT)
    matches = [_FORMATS[kind].fullmatch(text) for text in texts]
    month_and_day = _reader(table, name, texts, kind, matches)
    written: list[datetime] = []
    offsets: list[int] = []
    zones: list[bool] = []
    for row, match in enumerate(matches):
        if match is None:
            raise _unlike(table, row, name, texts)
        try:
            moment, offset = _moment(match, month_and_day)
        except ValueError as error:
            raise table.error(row, f"{name} {texts[row]!r}: {error}", _HINT) from None
        written.append(moment)
        offsets.append(offset or 0)
        zones.append(offset is not None)
    if any(zones) and not all(zones):
        raise table.error(
            zones.index(not zones[0]), f"{name}: some times have a zone and some have none", _HINT
        )
    local = np.array(written, dtype="datetime64[s]")
    return _in_range(table, name, local, local - np.array(offsets, dtype="timedelta64[s]"), zones[0])


def plain_times(texts: Sequence[str]) -> tuple[Times, Times, bool] | None:
    """The quick way for columns of 2012-06-01, or of 2012-06-01T14:30:00Z: written, utc, zoned; else None."""
    joined = "\n".join(texts) + "\n"
    zoned = _MOMENTS.fullmatch(joined) is not None
    if not zoned and not _DATES.fullmatch(joined):
        return None
    try:
        times = np.array([text.removesuffix("Z") for text in texts], dtype="datetime64[s]")
    except ValueError:  # a 31 June: the other way can say in which row
        return None
    return times, times, zoned


def read_time(text: str) -> tuple[datetime, bool, bool]:
    """One time in ISO 8601: (as UTC without a zone, whether it said its zone, whether it is a date alone).

    Raises ValueError where it is none, or none of our time.
    """
    match = _FORMATS["year"].fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a time in ISO 8601")
    moment, offset = _moment(match, _in_order)
    if not _EARLIEST <= np.datetime64(moment, "s") < _LATEST:
        raise ValueError(f"{text!r} is not between {_EARLIEST} and {_LATEST}")
    return moment - timedelta(seconds=offset or 0), offset is not None, match["hour"] is None


def _moment(match: _Match, month_and_day: _Reader) -> tuple[datetime, int | None]:
    """What the clock showed, and the zone's offset in seconds, None where it has none."""
    time = (int(match["hour"] or 0), int(match["minute"] or 0), int(match["second"] or 0))
    written = datetime(int(match["year"]), *month_and_day(match), *time)  # noqa: DTZ001 - the zone is apart
    return written, _offset(match["zone"])


def _offset(zone: str | None) -> int | None:
    if not zone:
        return None
    if zone in ("Z", "UTC", "GMT"):
        return 0
    hours, minutes = int(zone[1:3]), int(zone[3:].strip(":") or 0)
    if hours > 15 or minutes > 59:
        raise ValueError(f"there is no zone {zone}")
    return (1 if zone[0] == "+" else -1) * (3600 * hours + 60 * minutes)


def _reader(
    table: Table, name: str, texts: Sequence[str], kind: str, matches: Sequence[_Match | None]
) -> _Reader:
    """How to read month and day in this column."""
    if kind in ("named", "american"):
        return _by_name
    if kind != "mixed" or max(int(match["day"]) for match in matches if match) > 12:
        return _in_order
    if max(int(match["month"]) for match in matches if match) > 12:
        return _exchanged
    raise table.error(
        0, f"{name} {texts[0]!r}: the day and the month cannot be told apart in this file", _HINT
    )


def _in_order(match: _Match) -> tuple[int, int]:
    return int(match["month"]), int(match["day"])


def _exchanged(match: _Match) -> tuple[int, int]:
    return int(match["day"]), int(match["month"])


def _by_name(match: _Match) -> tuple[int, int]:
    if match["month"].lower() not in _MONTHS:
        raise ValueError(f"there is no month {match['month']}")
    return _MONTHS.index(match["month"].lower()) + 1, int(match["day"])


def _epochs(table: Table, name: str, texts: Sequence[str]) -> Stamps:
    """Seconds, milli-, micro- or nanoseconds since 1970, told apart by their number of digits."""
    values: list[int] = []
    for row, text in enumerate(texts):
        match = _EPOCH.fullmatch(text)
        if match is None:
            raise _unlike(table, row, name, texts)
        digits = match[1]
        seconds, rest = divmod(int(digits), _PER_SECOND[3 * ((len(digits) + 1) // 3) + 1])
        if rest:
            raise table.error(row, f"{name} {text}: bars open at whole seconds")
        values.append(seconds)
    utc = np.array(values, dtype="datetime64[s]")
    return _in_range(table, name, utc, utc, zoned=True)


def _in_range(table: Table, name: str, written: Times, utc: Times, zoned: bool) -> Stamps:
    outside = (written < _EARLIEST) | (written >= _LATEST)
    if outside.any():
        row = int(np.argmax(outside))
        raise table.error(row, f"{name} {written[row]} is not between {_EARLIEST} and {_LATEST}", _HINT)
    return Stamps(written, utc, zoned)


def _unlike(table: Table, row: int, name: str, texts: Sequence[str]) -> DataError:
    what = f"is {texts[row]!r}, not a time written like the first, {texts[0]!r}" if texts[row] else "is empty"
    return table.error(row, f"{name} {what}", _HINT)
