"""Each source file made into the rows of a data folder, by named rules that say how many rows they touched.

Prices and volumes stay the text they were, so that nothing is lost to a float. What a rule changes is
counted and written to `sources.csv`; anything else that is wrong stops the build.
"""

import csv
import io
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from trader.data.samples.actions import actions_from_adjusted_close
from trader.data.samples.publication import PUBLISHED_AT
from trader.domain.errors import DataError

BARS = ("timestamp", "open", "high", "low", "close", "volume")
ACTIONS = ("symbol", "ex_date", "kind", "amount", "error")
MACRO = ("series", "period", "published_at", "value")

MACRO_FROM = date(1986, 1, 1)
"""Fourteen years before the first bar. Core CPI was not even published in the first years of its table."""

_CENT = Decimal("0.01")
_SATOSHIS = Decimal("0.00001")
_QUARTER_HOUR = timedelta(minutes=15)

Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One file to be: its columns, its rows as text in order, and what the rules did."""

    columns: Row
    rows: tuple[Row, ...]
    note: str


def stock_bars(source: bytes, symbol: str) -> Table:
    """Daily bars as traded, untouched; the adjusted close stays behind, for its level knows later actions."""
    rows = tuple(
        (row["Date"], row["Open"], row["High"], row["Low"], row["Close"], row["Volume"])
        for row in _records(source)
        if row["Ticker"] == symbol
    )
    return _bars(symbol, rows, ["as in the source"])


def stock_actions(source: bytes, symbols: Iterable[str]) -> Table:
    """The splits and dividends of each symbol, from adjusted and traded closes."""
    records = list(_records(source))
    rows: list[Row] = []
    for symbol in symbols:
        own = [row for row in records if row["Ticker"] == symbol]
        days = [date.fromisoformat(row["Date"]) for row in own]
        closes, adjusted = ([Decimal(row[column]) for row in own] for column in ("Close", "Adj Close"))
        rows += [
            (symbol, action.ex_date.isoformat(), action.kind, f"{action.amount:f}", f"{action.error}")
            for action in actions_from_adjusted_close(days, closes, adjusted)
        ]
    counts = ", ".join(f"{symbol} {sum(row[0] == symbol for row in rows)}" for symbol in symbols)
    return Table(ACTIONS, tuple(rows), f"derived from the ratio of adjusted close to close: {counts}")


def eurusd_bars(source: bytes) -> Table:
    """Hourly bars of the ask. Stamps are day first and in UTC: each week opens at 17:00 in New York."""
    rows = tuple(
        (
            _stamp(datetime.strptime(row["Time"], "%d.%m.%Y %H:%M:%S.%f").replace(tzinfo=UTC)),
            *(row[column] for column in ("Open", "High", "Low", "Close", "Volume")),
        )
        for row in _records(source)
    )
    return _bars("EURUSD", rows, ["ask prices", "stamps read day first as UTC"])


def btcusd_bars(source: bytes) -> Table:
    """Quarter-hour bars from the three downloads that the file strings together.

    Each download ends with a snapshot, whose stamp is off the quarter-hour grid and is the moment of the
    download; the bar then in progress was written unfinished. Where downloads overlap the later one holds.
    """
    bars: dict[datetime, Row] = {}
    waiting: list[tuple[datetime, Row]] = []
    snapshots = unfinished = twice = 0
    for record in _records(source):
        at = datetime.fromisoformat(record["Datetime"]).astimezone(UTC)
        waiting.append((at, _bitcoin_row(_stamp(at), record)))
        if (at - datetime.min.replace(tzinfo=UTC)) % _QUARTER_HOUR:
            complete = {bar: row for bar, row in waiting[:-1] if bar + _QUARTER_HOUR <= at}
            snapshots += 1
            unfinished += len(waiting) - 1 - len(complete)
            twice += len(bars.keys() & complete.keys())
            bars |= complete
            waiting = []
    if waiting:
        raise DataError("the quarter-hour bars end with no snapshot, so their last may be unfinished")
    rules = [
        *_BITCOIN_RULES,
        f"dropped {snapshots} snapshots off the grid",
        f"dropped {unfinished} bars unfinished when downloaded",
        f"dropped {twice} bars that a later download holds again",
    ]
    return _bars("BTCUSD", tuple(bars[at] for at in sorted(bars)), rules)


def btcusd_daily_bars(source: bytes) -> Table:
    """Daily bars by the UTC day, less empty days and the last one, downloaded in the middle of its day."""
    records = list(_records(source))
    finished = records[:-1]
    rows = tuple(_bitcoin_row(record["Date"], record) for record in finished if record["Close"] != "null")
    rules = [
        *_BITCOIN_RULES,
        f"dropped {len(finished) - len(rows)} empty days",
        f"dropped {len(records) - len(finished)} unfinished last day",
    ]
    return _bars("BTCUSD", rows, rules)


def macro(sources: Iterable[tuple[str, bytes, str]]) -> Table:
    """All macro series, one after the other, from (name, source, column); an empty day has no row."""
    rows: list[Row] = []
    rules = []
    for name, source, column in sources:
        values = [(_american(record["Date"]), record[column]) for record in _records(source)]
        since = [(period, value) for period, value in values if period >= MACRO_FROM]
        known = [(period, value) for period, value in since if value != "."]
        _check_order(name, [period.isoformat() for period, _ in known])
        published_at = PUBLISHED_AT[name]
        rows += [(name, period.isoformat(), _stamp(published_at(period)), value) for period, value in known]
        rules.append(
            f"{name} {len(known)} ({len(values) - len(since)} before {MACRO_FROM.year} and "
            f"{len(since) - len(known)} empty days dropped)"
        )
    return Table(MACRO, tuple(rows), "; ".join(rules))


_BITCOIN_RULES = (
    "prices rounded to the cent (float32 in the source)",
    "volume from US dollars to bitcoin at the close",
)


def _bitcoin_row(stamp: str, record: dict[str, str]) -> Row:
    prices = [Decimal(record[column]).quantize(_CENT) for column in ("Open", "High", "Low", "Close")]
    volume = (Decimal(record["Volume"]) / prices[3]).quantize(_SATOSHIS)
    return (stamp, *(f"{price:f}" for price in prices), f"{volume:f}")


def _bars(symbol: str, rows: tuple[Row, ...], rules: Sequence[str]) -> Table:
    """A table of bars, once every row is what a bar must be. Raises DataError at the first that is not."""
    _check_order(symbol, [row[0] for row in rows])
    for stamp, *numbers in rows:
        opened, high, low, close, volume = map(Decimal, numbers)
        if not 0 < low <= min(opened, close) <= max(opened, close) <= high or volume < 0:
            raise DataError(f"{symbol} {stamp}: no bar has {', '.join(numbers)}")
    return Table(BARS, rows, "; ".join(rules))


def _check_order(name: str, stamps: Sequence[str]) -> None:
    """ISO stamps of one form sort as text."""
    if not stamps:
        raise DataError(f"{name}: no rows in the source")
    for before, after in itertools.pairwise(stamps):
        if before >= after:
            raise DataError(f"{name}: {after} follows {before}")


def _records(source: bytes) -> Iterable[dict[str, str]]:
    return csv.DictReader(io.StringIO(source.decode("utf-8-sig"), newline=""))


def _american(text: str) -> date:
    month, day, year = map(int, text.split("/"))
    return date(year, month, day)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
