"""Bars that cannot be believed are refused with file, row and reason, or cleaned with a note."""

import gzip
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trader.data.calendar import trading_calendar
from trader.data.feeds.files import open_folder
from trader.domain.errors import DataError, TraderError, UsageError

HEADER = "timestamp,open,high,low,close,volume"
Rows = list[list[str]]


def good(count: int = 40) -> Rows:
    """Sessions of the New York exchange from 3 January 2012 on; a price that walks up and down by a tenth."""
    days = trading_calendar("XNYS", date(2012, 1, 1), date(2012, 12, 31)).days
    rows = []
    for number, day in enumerate(days[:count]):
        price = 50 + (number % 7) / 10
        rows.append(
            [
                str(day),
                f"{price:.2f}",
                f"{price + 0.5:.2f}",
                f"{price - 0.5:.2f}",
                f"{price + 0.1:.2f}",
                "1000",
            ]
        )
    return rows


def text(rows: Rows, header: str = HEADER, delimiter: str = ",") -> str:
    lines = [header, *(delimiter.join(row) for row in rows)]
    return "\n".join(lines) + "\n"


def cell(row: int, column: int, value: str) -> Callable[[Rows], None]:
    """Writes `value` into one cell; line 1 is the header, so `row` stands on line row + 2."""

    def change(rows: Rows) -> None:
        rows[row][column] = value

    return change


def scaled(row: int, factor: float) -> Callable[[Rows], None]:
    """As if a split went unrecorded: every price from `row` on times `factor`."""

    def change(rows: Rows) -> None:
        for values in rows[row:]:
            values[1:5] = [f"{float(value) * factor:.2f}" for value in values[1:5]]

    return change


def every(column: int, value: str) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        for values in rows:
            values[column] = value

    return change


def dates(write: Callable[[str], str]) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        for values in rows:
            values[0] = write(values[0])

    return change


def moved(row: int, to: int) -> Callable[[Rows], None]:
    return lambda rows: rows.insert(to, rows.pop(row))


def repeated(row: int, **changes: str) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        twin = list(rows[row])
        for column, value in changes.items():
            twin[int(column[1:])] = value
        rows.insert(row + 1, twin)

    return change


def without(first: int, count: int) -> Callable[[Rows], None]:
    return lambda rows: rows.__delitem__(slice(first, first + count))


NUMBERS = ("open", "high", "low", "close", "volume")
REFUSED: list[tuple[str, Callable[[Rows], object], str]] = [
    *(
        (f"{field} {shown!r}", cell(7, number, value), rf"ACME\.csv:9: {field} {reason}")
        for number, field in enumerate(NUMBERS, start=1)
        for value, shown, reason in [
            ("nan", "nan", "is 'nan', not a number"),
            ("", "empty", "is empty"),
            ("null", "null", "is 'null', not a number"),
            ("inf", "inf", "is 'inf', not a number"),
            ("1_000", "1_000", "is '1_000', not a number"),
            ("-5", "negative", "is -5"),
        ]
    ),
    *(
        (f"{field} zero", cell(3, number, "0"), rf":5: {field} is 0: a price is above zero")
        for number, field in enumerate(NUMBERS[:4], start=1)
    ),
    ("high below open", cell(5, 2, "49"), r":7: high 49 is below open"),
    ("high below close", cell(5, 4, "60"), r":7: high .* is below close 60"),
    ("low above open", cell(5, 3, "50.55"), r":7: low 50.55 is above open 50.5"),
    ("low above close", cell(5, 4, "49.90"), r":7: low .* is above close 49.9"),
    (
        "high and low exchanged",
        lambda rows: rows[5].__setitem__(slice(2, 4), [rows[5][3], rows[5][2]]),
        r":7: high",
    ),
    (
        "two bars of one day",
        repeated(6, c4="50.31"),
        r":9: 2012-01-11 stands here and in line 8 with other numbers",
    ),
    ("two volumes of one day", repeated(6, c5="1001"), r":9: 2012-01-11 stands here and in line 8"),
    ("one row moved down", moved(4, 9), r":11: 2012-01-09 comes after 2012-01-17"),
    ("first row last", moved(0, 39), r":41: 2012-01-03 comes after"),
    (
        "jumbled halves",
        lambda rows: rows.__setitem__(slice(None), rows[20:] + rows[:20]),
        r":22: .* comes after",
    ),
    (
        "a date that does not exist",
        cell(8, 0, "2012-02-30"),
        r":10: timestamp '2012-02-30': day is out of range",
    ),
    ("a month that does not exist", cell(8, 0, "2012-13-01"), r":10: timestamp '2012-13-01'"),
    ("no date", cell(8, 0, ""), r":10: timestamp is empty"),
    (
        "a word for a date",
        cell(8, 0, "yesterday"),
        r":10: timestamp is 'yesterday', not a time written like the first",
    ),
    (
        "two ways to write dates",
        cell(8, 0, "13/01/2012"),
        r":10: timestamp is '13/01/2012', not a time written like",
    ),
    ("a year of another age", cell(8, 0, "0012-01-13"), r":10: timestamp 0012-01-13.* is not between"),
    ("a zone for one", cell(8, 0, "2012-01-13T00:00:00Z"), r":10: timestamp: some times have a zone"),
    (
        "dates without order of day and month",
        dates(lambda day: f"01/{int(day[8:]) % 12 + 1:02}/2012"),
        r":2: timestamp '01/04/2012': the day and the month cannot be told apart",
    ),
    (
        "unknown way to write dates",
        dates(lambda day: f"week {day}"),
        r":2: timestamp is 'week .*no known way",
    ),
    ("bars a week apart", lambda rows: rows.__setitem__(slice(None), rows[::5]), r"bars 7 days apart"),
    (
        "too many sessions missing",
        without(10, 12),
        r"12 of 40 sessions of XNYS are missing, the first 2012-01-18",
    ),
    ("no volume at all", every(5, "0"), r"no bar has a volume"),
    (
        "one Saturday",
        lambda rows: rows.insert(4, ["2012-01-07", *rows[3][1:]]),
        r":6: 2012-01-07 is no trading time of calendar XNYS",
    ),
    (
        "a bar on a holiday",
        lambda rows: rows.insert(9, ["2012-01-16", *rows[8][1:]]),
        r":11: 2012-01-16 is no trading time of calendar XNYS",
    ),
    ("a cell too few", lambda rows: rows[9].pop(), r":11: 5 cells where the header names 6 columns"),
    ("a cell too many", lambda rows: rows[9].append("7"), r":11: 7 cells where the header names 6"),
    (
        "a thousands separator",
        lambda rows: rows[9].__setitem__(5, '"1,000"'),
        r":11: volume is '1,000', not a number",
    ),
    ("a currency sign", cell(9, 4, "$50.31"), r":11: close is '\$50.31', not a number"),
    ("no rows", lambda rows: rows.clear(), r"ACME.csv: no rows"),
]
CLEANED: list[tuple[str, Callable[[Rows], object], str]] = [
    ("newest first", lambda rows: rows.reverse(), r"ACME.csv: rows are newest first, and were turned round"),
    ("one row twice", repeated(6), r"dropped 1 row equal to the one before, from line 9"),
    (
        "every row twice",
        lambda rows: rows.__setitem__(slice(None), [row for row in rows for _ in (1, 2)]),
        r"dropped 40 rows",
    ),
    ("newest first and a row twice", lambda rows: (repeated(6)(rows), rows.reverse()), r"dropped 1 row"),
]
NOTED: list[tuple[str, Callable[[Rows], object], str]] = [
    ("one session missing", without(10, 1), r"ACME.csv: 1 session missing: 2012-01-18"),
    ("four sessions missing", without(10, 4), r"4 sessions missing: 2012-01-18, 2012-01-19, 2012-01-20, …"),
    ("a bar without volume", cell(7, 5, "0"), r"1 bar without volume, first in line 9"),
    (
        "a jump like a split",
        scaled(20, 0.5),
        r"line 22: the close goes from 50.6 to 25.35: if that was a split",
    ),
    ("times of day in daily bars", dates(lambda day: f"{day} 16:00"), r"times of day are not read"),
    (
        "adjusted prices",
        lambda rows: [
            row.__setitem__(slice(1, 5), [f"{float(value) / 3:.7f}" for value in row[1:5]]) for row in rows
        ],
        r"prices with 7 decimals look adjusted",
    ),
]


def folder(tmp_path: Path, content: str | bytes, name: str = "ACME.csv") -> Path:
    data = content.encode() if isinstance(content, str) else content
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return tmp_path


@pytest.mark.parametrize(("change", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_bars_that_cannot_be_are_refused_with_their_row(
    tmp_path: Path, change: Callable[[Rows], object], reason: str
) -> None:
    rows = good()
    change(rows)
    with pytest.raises(DataError) as refused:
        open_folder(folder(tmp_path, text(rows)))
    assert re.search(reason, str(refused.value)), str(refused.value)
    assert "ACME.csv" in str(refused.value)


@pytest.mark.parametrize(("change", "note"), [row[1:] for row in CLEANED], ids=[row[0] for row in CLEANED])
def test_what_is_cleaned_gives_the_same_bars_and_a_note(
    tmp_path: Path, change: Callable[[Rows], object], note: str
) -> None:
    clean, rows = good(), good()
    change(rows)
    for name, content in (("a", clean), ("b", rows)):
        (tmp_path / name).mkdir()
        folder(tmp_path / name, text(content))
    untouched, cleaned = open_folder(tmp_path / "a"), open_folder(tmp_path / "b")
    assert cleaned.digest == untouched.digest
    assert any(re.search(note, said) for said in cleaned.notes), cleaned.notes
    assert not any(re.search(note, said) for said in untouched.notes)


@pytest.mark.parametrize(("change", "note"), [row[1:] for row in NOTED], ids=[row[0] for row in NOTED])
def test_what_is_odd_but_possible_is_noted(
    tmp_path: Path, change: Callable[[Rows], object], note: str
) -> None:
    rows = good()
    change(rows)
    notes = open_folder(folder(tmp_path, text(rows))).notes
    assert any(re.search(note, said) for said in notes), notes


FILES: list[tuple[str, str, bytes, str]] = [
    ("empty", "ACME.csv", b"", r"ACME.csv: empty"),
    ("a header alone", "ACME.csv", HEADER.encode(), r"ACME.csv: no rows"),
    (
        "no header",
        "ACME.csv",
        b"1325548800,1,2,0.5,1,10\n1325635200,1,2,0.5,1,10\n",
        r"ACME.csv:1: no header",
    ),
    (
        "no close",
        "ACME.csv",
        b"date,open,high,low,volume\n2012-01-03,1,2,0.5,10\n",
        r"ACME.csv:1: no column for close",
    ),
    (
        "no time",
        "ACME.csv",
        b"open,high,low,close,volume\n1,2,0.5,1,10\n",
        r"ACME.csv:1: no column for timestamp",
    ),
    (
        "two closes",
        "ACME.csv",
        b"date,open,high,low,close,Close\n2012-01-03,1,2,0.5,1,1\n",
        r":1: two columns are named 'close'",
    ),
    ("not text", "ACME.csv", b"timestamp,open\n2012-01-03,\xff\xfe\n", r"ACME.csv:2: not text in UTF-8"),
    ("an image", "ACME.csv", b"\x89PNG\r\n\x1a\n\0\0", r"ACME.csv:1: not text in UTF-8"),
    ("a page", "ACME.csv", b"<!DOCTYPE html>\n<html><body>Not found</body></html>\n", r"ACME.csv"),
    (
        "a broken quote",
        "ACME.csv",
        HEADER.encode() + b'\n"2012-01-03,1,2,0.5,1,10\n',
        r"ACME.csv:\d: 1 cells where",
    ),
    ("prose", "ACME.csv", b"This is my data.\nIt is nice.\n", r"ACME.csv"),
    (
        "one intraday bar",
        "ACME.csv",
        b"time,o,h,l,c,v\n2012-01-03T14:30Z,1,2,0.5,1,10\n",
        r"one bar does not say how long",
    ),
    (
        "bars of seven minutes",
        "ACME.csv",
        b"time,o,h,l,c,v\n2012-01-03T14:30Z,1,2,0.5,1,10\n2012-01-03T14:37Z,1,2,0.5,1,10\n",
        r"bars 7 minutes apart",
    ),
    (
        "bars of ten seconds",
        "ACME.csv",
        b"time,o,h,l,c,v\n2012-01-03T14:30:00Z,1,2,0.5,1,10\n2012-01-03T14:30:10Z,1,2,0.5,1,10\n",
        r"bars 10 seconds apart",
    ),
    ("dates named hours", "ACME.1h.csv", text(good()).encode(), r"named 1h, but its times are dates alone"),
    (
        "quarters named hours",
        "ACME.1h.csv",
        b"time,o,h,l,c,v\n2012-01-03T14:30Z,1,2,0.5,1,10\n2012-01-03T14:45Z,1,2,0.5,1,10\n",
        r":3: 2012-01-03T14:45:00 is inside the 1h bar",
    ),
    (
        "hours named days",
        "ACME.1d.csv",
        b"time,o,h,l,c,v\n2012-01-03T14:30Z,1,2,0.5,1,10\n2012-01-03T15:30Z,1,2,0.5,1,11\n",
        r":3: 2012-01-03 stands here and in line 2",
    ),
    (
        "parts of a second",
        "ACME.csv",
        b"time,o,h,l,c,v\n1325601000500,1,2,0.5,1,10\n",
        r":2: timestamp 1325601000500: bars open at whole seconds",
    ),
    (
        "times in New York without saying so",
        "ACME.1h.csv",
        (
            "time,o,h,l,c,v\n"
            + "".join(
                f"2012-01-0{day} {hour:02}:30,1,2,0.5,1,10\n" for day in (3, 4, 5) for hour in range(9, 16)
            )
        ).encode(),
        r":2: 2012-01-03T09:30:00: read as UTC, most times are outside the hours of XNYS",
    ),
    ("a Parquet file that is none", "ACME.parquet", b"PAR1 no", r"ACME.parquet: not a Parquet file"),
]


@pytest.mark.parametrize(
    ("name", "content", "reason"), [row[1:] for row in FILES], ids=[row[0] for row in FILES]
)
def test_files_that_hold_no_bars_are_refused(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    with pytest.raises(DataError) as refused:
        open_folder(folder(tmp_path, content, name))
    assert re.search(reason, str(refused.value)), str(refused.value)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(text(good()).encode())
    (tmp_path / "ACME.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"ACME\.csv\.gz: damaged"):
        open_folder(tmp_path)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ACME.csv").symlink_to(tmp_path / "gone")
    with pytest.raises(DataError, match=r"ACME\.csv: cannot be read"):
        open_folder(tmp_path)


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    rows = [",".join(row) for row in good(5)]
    content = "\n".join(
        [f'{HEADER},"a\nremark"', *(row + ',"two\nlines"' for row in rows), "", " ", "2012,x"]
    )
    with pytest.raises(DataError, match=r"ACME\.csv:15: 2 cells where the header names 7 columns"):
        open_folder(folder(tmp_path, content))
    content = "\n".join([HEADER, rows[0], "", *rows[1:], "x,1,1,1,1,1"])
    with pytest.raises(DataError, match=r"ACME\.csv:8: timestamp is 'x'"):
        open_folder(folder(tmp_path, content))


@pytest.mark.parametrize("name", ["notes.txt", "ACME.xlsx", ""])
def test_a_folder_without_bars_says_what_is_there(tmp_path: Path, name: str) -> None:
    if name:
        (tmp_path / name).write_text("x")
    with pytest.raises(DataError, match="no bars") as refused:
        open_folder(tmp_path)
    assert name in str(refused.value)


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        open_folder(tmp_path / "nowhere")


JUNK = st.sampled_from(
    ["", "x", "-1", "1e999", "NaN", "2012-01-05", '"', ",", "\0", "٣", "1e-400", "9" * 400, "\r", ";"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_to_a_file_ends_in_a_traceback(tmp_path: Path, data: st.DataObject) -> None:
    content = text(good(12))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content)))
        cut = data.draw(st.integers(0, 12))
        content = content[:at] + data.draw(JUNK) + content[at + cut :]
    try:
        market = open_folder(folder(tmp_path, content))
    except TraderError:
        return
    else:
        for bars in market.bars.values():
            assert (bars.low > 0).all()
            assert (bars.high >= bars.low).all()


def test_there_are_enough_ways_to_be_wrong() -> None:
    assert len(REFUSED) + len(CLEANED) + len(NOTED) + len(FILES) >= 90


def intraday(count: int, step: int, keep: Callable[[int], bool] = lambda number: True) -> str:
    """Bars of `step` minutes round the clock from a Monday on, those that `keep` chooses."""
    rows = [f"{1325462400 + 60 * step * n},50,51,49,50,7" for n in range(count) if keep(n)]
    return "\n".join([HEADER, *rows]) + "\n"


def test_missing_time_is_noted_and_too_much_of_it_refused(tmp_path: Path) -> None:
    coin = "symbol,asset_class,calendar\nCOIN,crypto,24/7\n"
    (tmp_path / "instruments.csv").write_text(coin)
    some = open_folder(folder(tmp_path, intraday(400, 15, lambda n: n % 5 != 1), "COIN.15m.csv"))
    assert "COIN.15m.csv: 320 bars where 24/7 has time for 400" in some.notes
    with pytest.raises(DataError, match=r"COIN\.15m\.csv: 201 bars where 24/7 has time for 401"):
        open_folder(folder(tmp_path, intraday(401, 15, lambda n: n % 2 == 0), "COIN.15m.csv"))
    whole = open_folder(folder(tmp_path, intraday(400, 15), "COIN.15m.csv"))
    assert not any("has time for" in note for note in whole.notes)


def test_a_currencys_weekend_is_no_gap_and_its_saturday_is_refused(tmp_path: Path) -> None:
    def open_hours(
        hour: int,
    ) -> bool:  # Sunday 22:00 to Friday 22:00, the week starting on Monday 2 January 2012
        return hour % 168 < 118 or hour % 168 >= 166

    market = open_folder(folder(tmp_path, intraday(168 * 3, 60, open_hours), "EURUSD.csv"))
    assert not any("has time for" in note for note in market.notes)
    with pytest.raises(
        DataError, match=r"EURUSD\.csv:\d+: 2012-01-07T05:00:00 is no trading time of calendar 24/5"
    ):
        open_folder(
            folder(tmp_path, intraday(168, 60, lambda hour: open_hours(hour) or hour == 125), "EURUSD.csv")
        )


def test_early_and_late_trading_of_an_exchange_passes_and_night_trading_does_not(tmp_path: Path) -> None:
    (tmp_path / "instruments.csv").write_text("symbol,asset_class,calendar\nACME,equity,XNYS\n")
    hours = [f"2012-01-0{day}T{hour:02}:30:00Z" for day in (3, 4, 5) for hour in (*range(9, 24),)]
    rows = [f"{hour},50,51,49,50,7" for hour in hours]
    market = open_folder(folder(tmp_path, "\n".join([HEADER, *rows]), "ACME.1h.csv"))
    assert len(market.bars["ACME"]) == 45
    rows.insert(15, "2012-01-04T04:30:00Z,50,51,49,50,7")
    with pytest.raises(
        DataError, match=r"ACME\.1h\.csv:17: 2012-01-04T04:30:00 is no trading time of calendar XNYS"
    ):
        open_folder(folder(tmp_path, "\n".join([HEADER, *rows]), "ACME.1h.csv"))


@pytest.mark.parametrize("asset_class", ["fx", "index"])
def test_what_has_no_volume_by_nature_may_have_none(tmp_path: Path, asset_class: str) -> None:
    (tmp_path / "instruments.csv").write_text(f"symbol,asset_class,calendar\nACME,{asset_class},XNYS\n")
    rows = [row[:5] for row in good()]
    market = open_folder(folder(tmp_path, text(rows, "date,open,high,low,close")))
    assert market.bars["ACME"].volume.tolist() == [0.0] * 40
    assert "ACME.csv: no column for volume: taken as zero" in market.notes


def test_a_recorded_split_is_no_jump(tmp_path: Path) -> None:
    rows = good()
    scaled(20, 0.5)(rows)
    (tmp_path / "actions.csv").write_text(f"symbol,ex_date,kind,amount\nACME,{rows[20][0]},split,2\n")
    assert not any("if that was a split" in note for note in open_folder(folder(tmp_path, text(rows))).notes)
