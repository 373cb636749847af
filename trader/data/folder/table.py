"""A delimited or Parquet file as columns of text, with the line that each row stands on."""

import csv
import gzip
import io
import re
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trader.domain.errors import DataError, MissingExtra, at_line
from trader.domain.market import Floats

SUFFIXES = (".csv", ".csv.gz", ".parquet")
_DELIMITERS = ",;\t|"
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


@dataclass(frozen=True)
class Table:
    """Rows in the file's own order. Column names are in lower case, words apart by one space."""

    path: Path
    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]
    """Where each row stands: the line of a text file (the header is line 1), the row of a Parquet file."""

    def __len__(self) -> int:
        return len(self.lines)

    def error(self, row: int, reason: str, hint: str = "") -> DataError:
        """`reason`, with the file and the line of `row`."""
        return DataError(at_line(self.path, self.lines[row], reason), hint=hint)

    def error_in_header(self, reason: str, hint: str = "") -> DataError:
        """`reason`, with the file and its first line."""
        return DataError(at_line(self.path, 1, reason), hint=hint)

    def column(self, name: str) -> Sequence[str]:
        """The cells of a column that must be there."""
        if name not in self.columns:
            raise self.error_in_header(
                f"no column {name.replace(' ', '_')}", f"it names: {', '.join(self.columns)}"
            )
        return self.columns[name]

    def numbers(self, name: str, cells: Sequence[str]) -> Floats:
        """`cells` of the column `name` as finite numbers."""
        try:
            values = np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            values = None
        together = "".join(cells)  # Python reads 1_000 and ٣ as numbers too
        if values is None or not np.isfinite(values).all() or "_" in together or not together.isascii():
            row = next(row for row, cell in enumerate(cells) if not is_number(cell))
            what = f"is {cells[row].strip()!r}, not a number" if cells[row].strip() else "is empty"
            raise self.error(row, f"{name} {what}", "numbers have digits and a decimal point, nothing else")
        return values


def is_number(cell: str) -> bool:
    """Whether a cell holds a finite decimal number."""
    return _NUMBER.fullmatch(cell) is not None and np.isfinite(float(cell))


def read_table(path: Path) -> Table:
    """Read `path` by its suffix. Raises DataError where it cannot be believed to be such a file."""
    if path.name.lower().endswith(".parquet"):
        return _parquet(path, _bytes(path))
    return _delimited(path, read_text(path))


def read_text(path: Path) -> str:
    """The text of a file, perhaps compressed, in UTF-8 or, if its first bytes say so, UTF-16."""
    data = _bytes(path)
    if path.name.lower().endswith(".gz"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path}: damaged: {error}") from None
    encoding = "utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(at_line(path, line, "not text in UTF-8"), hint="save the file as UTF-8") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None


def _delimited(path: Path, text: str) -> Table:
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    rows, lines = _rows(path, text, delimiter)
    header = rows[0] if rows else []
    if header and all(is_number(cell) for cell in header if cell.strip()):
        raise DataError(at_line(path, 1, "no header"), hint="the first line names the columns")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(header):
            reason = f"{len(row)} cells where the header names {len(header)} columns"
            raise DataError(at_line(path, line, reason))
    return _table(path, header, list(zip(*rows[1:], strict=True)), lines[1:])


def _rows(path: Path, text: str, delimiter: str) -> tuple[list[list[str]], Sequence[int]]:
    """The rows that are not blank, the header first, and the lines on which they end."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise DataError(at_line(path, reader.line_num, str(error))) from None
    if reader.line_num == len(rows) and all(map(any, rows)):
        return rows, range(1, 1 + len(rows))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    numbered = [(row, reader.line_num) for row in reader if any(row)]
    return [row for row, _ in numbered], [line for _, line in numbered]


def _parquet(path: Path, data: bytes) -> Table:
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError:
        raise MissingExtra("pyarrow", "feeds") from None
    try:
        read = pyarrow.parquet.read_table(pyarrow.BufferReader(data))
        cells = [_texts(column, pyarrow) for column in read.columns]
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a Parquet file that can be read: {reason}") from None
    return _table(path, read.column_names, cells, range(1, len(read) + 1))


def _texts(column: Any, pyarrow: Any) -> list[str]:
    """A Parquet column as a CSV would have it: floats in their shortest digits, moments in ISO 8601."""
    if pyarrow.types.is_timestamp(column.type):
        column = column.cast(pyarrow.timestamp("s", column.type.tz))
        return [value.isoformat() if value is not None else "" for value in column.to_pylist()]
    if pyarrow.types.is_float32(column.type):
        return [str(value) for value in column.to_numpy()]
    return ["" if value is None else str(value) for value in column.to_pylist()]


def _table(path: Path, header: Sequence[str], cells: Sequence[Sequence[str]], lines: Sequence[int]) -> Table:
    names = [re.sub(r"[^a-z0-9]+", " ", name.lower()).strip() for name in header]
    twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
    if twice is not None:
        raise DataError(at_line(path, 1, f"two columns are named {twice!r}"))
    if not lines:
        raise DataError(f"{path}: no rows" if names else f"{path}: empty")
    return Table(path, dict(zip(names, cells, strict=True)), lines)
