"""The dated facts beside the bars: corporate actions, macro series and filings.

A row of a macro series or a filing without the moment at which it became public is refused: it cannot be
used.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np

from trader.data.folder.publication import HINT, inexact, published
from trader.data.folder.table import Table, is_number, read_table
from trader.data.folder.timestamps import plain_times, read_times
from trader.domain.errors import DataError, nearest
from trader.domain.market import ActionKind, CorporateAction, FundamentalRow, Series, Times

LARGEST_SPLIT = Decimal(1000)


def read_actions(
    path: Path, opens: Callable[[str, date], datetime | None]
) -> tuple[tuple[int, CorporateAction], ...]:
    """`actions.csv` (symbol, ex_date, kind, amount), each action with its line.

    `opens` gives the opening of a symbol's ex-date: None where it does not matter, DataError for no session.
    """
    table = read_table(path)
    kinds, amounts = table.column("kind"), table.column("amount")
    days = read_times(table, "ex_date", table.column("ex date")).days.tolist()
    table.numbers("amount", amounts)
    seen: set[tuple[str, date, str]] = set()
    found = []
    for row, symbol in enumerate(cell.strip() for cell in table.column("symbol")):
        kind, amount = kinds[row].strip().lower(), Decimal(amounts[row].strip())
        _refuse_impossible_action(table, row, kind, amount)
        if (symbol, days[row], kind) in seen:
            raise table.error(row, f"a second {kind} of {symbol} on {days[row]}", "add both up in one row")
        seen.add((symbol, days[row], kind))
        try:
            effective = opens(symbol, days[row])
        except DataError as error:
            raise table.error(row, error.message, error.hint) from None
        if effective is not None:
            action = CorporateAction(
                symbol=symbol, ex_date=days[row], kind=ActionKind(kind), amount=amount, effective=effective
            )
            found.append((table.lines[row], action))
    return tuple(found)


def _refuse_impossible_action(table: Table, row: int, kind: str, amount: Decimal) -> None:
    if kind not in list(ActionKind):
        raise table.error(row, f"unknown kind of action: {kind}", nearest(kind, ActionKind))
    worthless = kind == ActionKind.DELISTING and amount == 0
    if (amount <= 0 and not worthless) or (
        kind == ActionKind.SPLIT and not 1 / LARGEST_SPLIT <= amount <= LARGEST_SPLIT
    ):
        raise table.error(row, f"a {kind} of {amount}", "a split has new shares for an old one: 2, or 0.1")


def read_macro(path: Path) -> tuple[dict[str, Series], tuple[str, ...]]:
    """`macro.csv` (series, period, published_at, value): each series in order of publication, and notes."""
    table = read_table(path)
    names = np.array([cell.strip() for cell in table.column("series")])
    periods = read_times(table, "period", _whole_dates(table.column("period"))).days
    public, notes = _published(table)
    values = table.numbers("value", table.column("value"))
    early = public < periods.astype("datetime64[s]")
    if early.any():
        row = int(np.argmax(early))
        raise table.error(row, f"published {public[row]}, before its period {periods[row]} began", HINT)
    series = {}
    for name in dict.fromkeys(names.tolist()):
        rows = np.flatnonzero(names == name)
        rows = rows[np.lexsort((periods[rows], public[rows]))]
        same = (periods[rows][1:] == periods[rows][:-1]) & (public[rows][1:] == public[rows][:-1])
        if same.any():
            row = int(rows[int(np.argmax(same)) + 1])
            raise table.error(row, f"a second value of {name} for {periods[row]}, published at the same time")
        series[name] = Series(name, periods[rows], public[rows], values[rows])
    return series, notes


def read_fundamentals(
    path: Path, symbols: Collection[str]
) -> tuple[tuple[FundamentalRow, ...], tuple[str, ...]]:
    """`fundamentals.csv` (symbol, published_at, period_end, columns of numbers) for `symbols`, and notes."""
    table = read_table(path)
    public, notes = _published(table)
    ends = read_times(table, "period_end", table.column("period end")).days
    names = [name for name in table.columns if name not in ("symbol", "published at", "period end")]
    rows = []
    for row, symbol in enumerate(cell.strip() for cell in table.column("symbol")):
        values = _numbers(table, row, names)
        if public[row] < ends[row].astype("datetime64[s]"):
            raise table.error(row, f"published {public[row]}, before its period ended on {ends[row]}", HINT)
        if symbol in symbols:
            moment = public[row].tolist().replace(tzinfo=UTC)
            period = ends[row].tolist()
            rows.append(FundamentalRow(symbol=symbol, published_at=moment, period_end=period, values=values))
    return tuple(rows), notes


def _numbers(table: Table, row: int, names: Sequence[str]) -> dict[str, float]:
    """The numbers of one row, by the names of their columns; empty cells are left out."""
    cells = {name: table.columns[name][row].strip() for name in names}
    wrong = next((name for name, cell in cells.items() if cell and not is_number(cell)), None)
    if wrong is not None:
        raise table.error(row, f"{wrong} is {cells[wrong]!r}, not a number", "what is not known stays empty")
    return {name.replace(" ", "_"): float(cell) for name, cell in cells.items() if cell}


def _published(table: Table) -> tuple[Times, tuple[str, ...]]:
    """The column published_at as moments in UTC, and a note of those that were not exact."""
    cells = [cell.strip() for cell in table.column("published at")]
    plain = plain_times(cells)
    if plain is not None and plain[2]:
        return plain[1], ()
    moments, late = [], 0
    for row, cell in enumerate(cells):
        try:
            moment, exact = published(cell)
        except ValueError as error:
            raise table.error(row, f"published_at: {error}" if cell else "no published_at", HINT) from None
        moments.append(moment.replace(tzinfo=None))
        late += not exact
    return np.array(moments, dtype="datetime64[s]"), inexact(table.path, late)


def _whole_dates(cells: Sequence[str]) -> list[str]:
    """Months written as 2012-06 stand for their first day."""
    return [f"{cell.strip()}-01" if len(cell.strip()) == 7 else cell for cell in cells]
