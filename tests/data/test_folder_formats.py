"""However people write the same bars, they are the same bars."""

import gzip
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from trader.data.calendar import trading_calendar
from trader.data.feeds.files import open_folder
from trader.data.market import Market
from trader.domain.errors import DataError, UnknownName, UsageError
from trader.domain.instruments import AssetClass
from trader.domain.market import Timeframe

FIELDS = ["timestamp", "open", "high", "low", "close", "volume"]
DAYS = [str(day) for day in trading_calendar("XNYS", date(2012, 1, 1), date(2012, 1, 1)).days[:20]]
PRICES = [
    [f"{50 + n / 10:.2f}", f"{51 + n / 10:.2f}", f"{49 + n / 10:.2f}", f"{50.5 + n / 10:.2f}", f"{1000 + n}"]
    for n in range(20)
]
HOURS = [f"2012-01-0{day}T{hour}:30:00Z" for day in (3, 4, 5) for hour in range(14, 21)]


def table(
    times: list[str] = DAYS,
    header: list[str] = FIELDS,
    delimiter: str = ",",
    write: Callable[[str], str] = str,
) -> str:
    rows = zip(times, PRICES * 2, strict=False)
    lines = [delimiter.join([write(time), *prices]) for time, prices in rows]
    return "\n".join([delimiter.join(header), *lines]) + "\n"


def opened(tmp_path: Path, content: str | bytes, name: str = "ACME.csv") -> Market:
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return open_folder(tmp_path)


@pytest.fixture(scope="module")
def daily(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Digest of the daily bars, written as the documentation asks."""
    return opened(tmp_path_factory.mktemp("daily"), table()).digest


@pytest.fixture(scope="module")
def hourly(tmp_path_factory: pytest.TempPathFactory) -> str:
    return opened(tmp_path_factory.mktemp("hourly"), table(HOURS)).digest


def epoch(day: str, unit: int = 1) -> str:
    return str(int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * unit)


@pytest.mark.parametrize(
    "header",
    [
        ["Date", "Open", "High", "Low", "Close", "Volume"],
        ["Datetime", "Open", "High", "Low", "Close", "Vol."],
        ["TIMESTAMP", "OPEN", "HIGH", "LOW", "CLOSE", "VOLUME"],
        ["<DATE>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<VOL>"],
        ["timestamp", "1. open", "2. high", "3. low", "4. close", "5. volume"],
        ["t", "o", "h", "l", "c", "v"],
        ["Open time", "Open", "High", "Low", "Close", "Volume"],
        ["", "Open", "High", "Low", "Close", "Volume"],
        [" Date ", " Open", "High ", '"Low"', "'Close'", "Volume"],
    ],
    ids=lambda header: header[1] + header[0],
)
def test_common_headers_are_understood(tmp_path: Path, daily: str, header: list[str]) -> None:
    assert opened(tmp_path, table(header=header)).digest == daily


@pytest.mark.parametrize(
    "write",
    [
        lambda day: day.replace("-", "/"),
        lambda day: day.replace("-", "."),
        lambda day: day.replace("-", ""),
        lambda day: f"{day} 00:00:00",
        lambda day: f"{day}T00:00:00Z",
        lambda day: f"{day} 00:00:00-05:00",
        lambda day: f"{day}T00:00:00.000+0100",
        lambda day: f"{day[8:]}/{day[5:7]}/{day[:4]}",
        lambda day: f"{day[5:7]}/{day[8:]}/{day[:4]}",
        lambda day: f"{day[8:]}.{day[5:7]}.{day[:4]}",
        lambda day: f"{int(day[8:])}.{int(day[5:7])}.{day[:4]} 00:00",
        lambda day: f"{day[8:]}-Jan-{day[:4]}",
        lambda day: f'"Jan {int(day[8:])}, {day[:4]}"',
        lambda day: day.replace("-", "") + "000000",
        epoch,
        lambda day: epoch(day) + ".0",
        lambda day: epoch(day, 10**3),
        lambda day: epoch(day, 10**6),
        lambda day: epoch(day, 10**9),
    ],
    ids=range(19),
)
def test_common_ways_to_write_a_date_are_understood(
    tmp_path: Path, daily: str, write: Callable[[str], str]
) -> None:
    assert opened(tmp_path, table(write=write)).digest == daily


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ", "])
def test_common_separators_are_understood(tmp_path: Path, daily: str, delimiter: str) -> None:
    assert opened(tmp_path, table(delimiter=delimiter)).digest == daily


@pytest.mark.parametrize(
    ("name", "encode"),
    [
        ("ACME.csv", lambda text: text.encode("utf-8-sig")),
        ("ACME.csv", lambda text: text.encode("utf-16")),
        ("ACME.csv", lambda text: text.replace("\n", "\r\n").encode()),
        ("ACME.csv", lambda text: (text + "\n\n").encode()),
        ("ACME.CSV", lambda text: text.encode()),
        ("ACME.csv.gz", lambda text: gzip.compress(text.encode())),
        ("ACME.1d.csv", lambda text: text.encode()),
        ("ACME.D1.csv", lambda text: text.encode()),
        ("ACME.daily.csv.gz", lambda text: gzip.compress(text.encode())),
    ],
    ids=["BOM", "UTF-16", "CRLF", "blank lines", "upper case", "gz", "1d", "D1", "daily"],
)
def test_common_files_are_understood(
    tmp_path: Path, daily: str, name: str, encode: Callable[[str], bytes]
) -> None:
    assert opened(tmp_path, encode(table()), name).digest == daily


@pytest.mark.parametrize(
    "write",
    [
        lambda time: time.replace("T", " "),
        lambda time: time.replace("T", " ").replace("Z", " UTC"),
        lambda time: time.replace("Z", "+00:00"),
        lambda time: f"{time[:11]}{int(time[11:13]) - 5:02}{time[13:19]}-0500",
        lambda time: time.replace(":00Z", "Z"),
        lambda time: time.replace("T", " ").replace("Z", ""),
        lambda time: epoch(time[:19]),
        lambda time: epoch(time[:19], 1000),
    ],
    ids=range(8),
)
def test_common_ways_to_write_a_time_are_understood(
    tmp_path: Path, hourly: str, write: Callable[[str], str]
) -> None:
    assert opened(tmp_path, table(HOURS, write=write)).digest == hourly


def test_date_and_time_may_have_a_column_each(tmp_path: Path, hourly: str) -> None:
    header = ["<DATE>", "<TIME>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<TICKVOL>"]
    content = table(HOURS, header, "\t", lambda time: time[:10].replace("-", ".") + "\t" + time[11:19])
    market = opened(tmp_path, content)
    assert market.digest == hourly
    assert "ACME.csv: times have no zone and are read as UTC" in market.notes


@pytest.mark.parametrize("kind", ["strings", "dates", "moments", "index", "float32", "zoned"])
def test_parquet_files_are_understood(tmp_path: Path, daily: str, kind: str) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    days = [date.fromisoformat(day) for day in DAYS]
    times = {
        "strings": lambda: pyarrow.array(DAYS),
        "moments": lambda: pyarrow.array(np.array(DAYS, "datetime64[ns]")),
        "zoned": lambda: pyarrow.array(
            [datetime(*day.timetuple()[:3], 5, tzinfo=UTC) for day in days],
            pyarrow.timestamp("us", "America/New_York"),
        ),
    }.get(kind, lambda: pyarrow.array(days))()
    number = pyarrow.float32() if kind == "float32" else pyarrow.float64()
    columns = [pyarrow.array([float(row[n]) for row in PRICES], number) for n in range(5)]
    header = ["__index_level_0__" if kind == "index" else "Date", *FIELDS[1:]]
    parquet.write_table(pyarrow.table([times, *columns], header), tmp_path / "ACME.parquet")
    assert open_folder(tmp_path).digest == daily


def test_columns_that_are_not_read_are_named(tmp_path: Path, daily: str) -> None:
    rows = table().splitlines()
    content = "\n".join([rows[0] + ",Adj Close,Dividends", *(row + ",1.0,0" for row in rows[1:])])
    market = opened(tmp_path, content)
    assert market.digest == daily
    assert any("the adjusted close is not read" in note for note in market.notes)
    assert "ACME.csv: columns not read: dividends" in market.notes


def test_prices_are_kept_to_the_last_digit(tmp_path: Path) -> None:
    first, second = (
        "2020-01-03,1.05236,43443.0625,0.1,0.30000000000000004,1",
        "2020-01-04,0.07,0.07,0.07,0.07,0",
    )
    content = f"time,o,h,l,c,v\n{first}\n{second}\n"
    market = opened(tmp_path, content, "COIN.csv")
    bar = market.bar_at("COIN", market.closes(["COIN"])[0])
    assert bar is not None
    assert (bar.open, bar.high, bar.close) == (
        Decimal("1.05236"),
        Decimal("43443.0625"),
        Decimal("0.30000000000000004"),
    )
    assert market.view(market.closes(["COIN"])[1]).price("COIN") == Decimal("0.07")


def test_daily_bars_are_available_at_the_close_of_their_session_half_days_included(tmp_path: Path) -> None:
    content = "date,o,h,l,c,v\n2012-11-21,1,1,1,1,1\n2012-11-23,1,1,1,1,1\n2012-11-26,1,1,1,1,1\n"
    bars = opened(tmp_path, content).bars["ACME"]
    assert [str(moment) for moment in bars.available] == [
        "2012-11-21T21:00:00",
        "2012-11-23T18:00:00",  # the day after Thanksgiving: 13:00 in New York
        "2012-11-26T21:00:00",
    ]
    assert str(bars.opened[1]) == "2012-11-23T14:30:00"


def test_shorter_bars_are_available_when_they_end(tmp_path: Path) -> None:
    bars = opened(tmp_path, table(HOURS)).bars["ACME"]
    assert bars.timeframe is Timeframe.H1
    assert (bars.available - bars.opened == np.timedelta64(1, "h")).all()


ASSUMED = [
    ("ACME", DAYS, AssetClass.EQUITY, "XNYS", "USD"),
    ("ACME", HOURS, AssetClass.EQUITY, "XNYS", "USD"),
    ("EURUSD", DAYS, AssetClass.FX, "24/5", "USD"),
    ("EUR-JPY", DAYS, AssetClass.FX, "24/5", "JPY"),
    ("BTC-EUR", [f"2012-01-{day:02}" for day in range(1, 21)], AssetClass.CRYPTO, "24/7", "EUR"),
    ("COIN", [f"2012-01-{day:02}" for day in range(1, 21)], AssetClass.CRYPTO, "24/7", "USD"),
    ("SAP.DE", ["2012-01-02", *DAYS[:9], "2012-01-16", *DAYS[9:]], AssetClass.EQUITY, "24/5", "USD"),
    ("BRK.B", DAYS, AssetClass.EQUITY, "XNYS", "USD"),
]


@pytest.mark.parametrize(("symbol", "times", "asset_class", "calendar", "currency"), ASSUMED)
def test_what_is_not_described_is_assumed_and_said(
    tmp_path: Path, symbol: str, times: list[str], asset_class: AssetClass, calendar: str, currency: str
) -> None:
    market = opened(tmp_path, table(times), f"{symbol}.csv")
    found = market.instruments[symbol]
    assert (found.asset_class, found.calendar, found.currency) == (asset_class, calendar, currency)
    assert any(
        f"{symbol}: taken as asset_class {asset_class}, calendar {calendar}" in note for note in market.notes
    )


def test_what_instruments_csv_says_is_taken_and_the_rest_assumed(tmp_path: Path) -> None:
    (tmp_path / "instruments.csv").write_text(
        "symbol,tick_size,calendar,tradable\nACME,0.5,24/5,no\nOTHER,1,XNYS,yes\n"
    )
    (tmp_path / "BOLT.csv").write_text(table())
    market = opened(tmp_path, table())
    found = market.instruments["ACME"]
    assert (found.tick_size, found.calendar, found.tradable, found.lot_size) == (
        Decimal("0.5"),
        "24/5",
        False,
        1,
    )
    assert market.symbols == ("BOLT",)
    with pytest.raises(UsageError, match="ACME: not to be traded"):
        open_folder(tmp_path, ["ACME"])
    assert "ACME.csv: prices are printed to 0.1, finer than the tick size 0.5" in market.notes


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("ACME,0,equity,XNYS", "tick_size is '0', not a number above zero"),
        ("ACME,x,equity,XNYS", "tick_size is 'x', not a number above zero"),
        ("ACME,NaN,equity,XNYS", "tick_size is 'NaN'"),
        ("ACME,0.01,stock,XNYS", "unknown asset class: stock"),
        ("ACME,0.01,equity,NYSX", "unknown calendar: NYSX"),
        (",0.01,equity,XNYS", "no symbol"),
        ("OTHER,0.01,equity,XNYS", "OTHER stands here twice"),
    ],
)
def test_an_instrument_that_cannot_be_is_refused_with_its_line(tmp_path: Path, row: str, reason: str) -> None:
    header = "symbol,tick_size,asset_class,calendar\nOTHER,1,equity,XNYS\n"
    (tmp_path / "instruments.csv").write_text(header + row + "\n")
    with pytest.raises(DataError, match=rf"instruments\.csv:3: {reason}"):
        opened(tmp_path, table())


def test_an_unknown_column_of_instruments_is_answered_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "instruments.csv").write_text("symbol,tick\nACME,1\n")
    with pytest.raises(DataError, match="unknown column tick") as refused:
        opened(tmp_path, table())
    assert "tick_size" in refused.value.hint


def test_symbols_must_share_a_timeframe(tmp_path: Path) -> None:
    for name, times in (("ACME", DAYS), ("BOLT", HOURS)):
        (tmp_path / f"{name}.csv").write_text(table(times))
    with pytest.raises(UsageError, match="share none: ACME has 1d; BOLT has 1h"):
        open_folder(tmp_path)
    assert open_folder(tmp_path, ["BOLT"]).timeframe is Timeframe.H1
    assert open_folder(tmp_path, timeframe=Timeframe.D1).symbols == ("ACME",)
    with pytest.raises(UsageError, match="no bars of 1h for ACME"):
        open_folder(tmp_path, ["ACME", "BOLT"], Timeframe.H1)
    with pytest.raises(UsageError, match="no bars of 5m for ACME, BOLT"):
        open_folder(tmp_path, timeframe=Timeframe.M5)
    with pytest.raises(UnknownName, match="unknown symbol: ACNE"):
        open_folder(tmp_path, ["ACNE"])


def test_of_several_timeframes_the_shortest_shared_is_taken_and_the_others_named(tmp_path: Path) -> None:
    (tmp_path / "ACME.1d.csv").write_text(table(DAYS))
    (tmp_path / "ACME.1h.csv").write_text(table(HOURS))
    market = open_folder(tmp_path)
    assert market.timeframe is Timeframe.H1
    assert "ACME: bars of 1h; --timeframe can ask for 1d" in market.notes
    (tmp_path / "BOLT.csv").write_text(table(DAYS))
    assert open_folder(tmp_path).timeframe is Timeframe.D1


def test_two_files_of_the_same_bars_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ACME.csv").write_text(table())
    (tmp_path / "ACME.1d.csv").write_text(table())
    with pytest.raises(
        DataError, match=r"ACME.1d.csv has 1d bars of ACME too|ACME.csv has 1d bars of ACME too"
    ):
        open_folder(tmp_path)


def test_files_of_other_kinds_are_named(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("about")
    (tmp_path / ".hidden").write_text("x")
    assert any(note.endswith("not read: README.md") for note in opened(tmp_path, table()).notes)
