"""A market of many instruments, made of the sample's few: their last bars, under other names."""

import csv
import gzip
from collections.abc import Mapping
from datetime import date
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "trader" / "data" / "samples"
ORIGINALS = ("AAPL", "GOOG", "IBM", "MSFT")


def write_crowd(folder: Path, symbols: int, bars: int, rounds: int) -> date:
    """A folder that a feed can read, with daily bars of as many symbols; the day `rounds` before its end."""
    folder.mkdir(parents=True)
    names = {f"{ORIGINALS[i % 4]}{i // 4:02d}": ORIGINALS[i % 4] for i in range(symbols)}
    for name, original in names.items():
        with gzip.open(SAMPLES / f"{original}.1d.csv.gz", "rt", encoding="utf-8") as file:
            header, *rows = file.readlines()
        (folder / f"{name}.1d.csv").write_text("".join([header, *rows[-bars:]]), encoding="utf-8")
        start = date.fromisoformat(rows[-rounds].split(",")[0])
    for table in ("instruments.csv", "actions.csv"):
        _multiply(SAMPLES / table, folder / table, names)
    (folder / "macro.csv.gz").write_bytes((SAMPLES / "macro.csv.gz").read_bytes())
    return start


def _multiply(source: Path, target: Path, names: Mapping[str, str]) -> None:
    """Each row of an original, once for each of those named after it."""
    with (
        source.open(encoding="utf-8", newline="") as read,
        target.open("w", encoding="utf-8", newline="") as written,
    ):
        rows = csv.DictReader(read)
        writer = csv.DictWriter(written, rows.fieldnames or ())
        writer.writeheader()
        for row in rows:
            for name in (name for name, original in names.items() if original == row["symbol"]):
                writer.writerow({**row, "symbol": name})
