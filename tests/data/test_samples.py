"""The bundled samples against their own table, against each other, and against what is publicly known."""

import hashlib
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trader.data.samples
from trader.domain.instruments import Instrument

FOLDER = Path(trader.data.samples.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "data-samples.md"
SOURCES = pd.read_csv(FOLDER / "sources.csv", dtype=str, keep_default_na=False).set_index("file")
BAR_FILES = [file for file in SOURCES.index if re.fullmatch(r"[A-Z]+\.\d+[mhd]\.csv\.gz", file)]
EQUITIES = ["AAPL", "GOOG", "IBM", "MSFT", "FB"]


def bars(file: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / file, parse_dates=["timestamp"]).set_index("timestamp")


def actions(symbol: str, kind: str) -> dict[str, Decimal]:
    table = pd.read_csv(FOLDER / "actions.csv", dtype=str)
    own = table[(table.symbol == symbol) & (table.kind == kind)]
    return dict(zip(own.ex_date, map(Decimal, own.amount), strict=True))


def macro() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "macro.csv.gz", parse_dates=["period", "published_at"])


def test_every_data_file_of_the_folder_is_in_the_table_of_sources():
    data = {path.name for path in FOLDER.iterdir() if path.suffix in {".csv", ".gz"}}
    assert data == set(SOURCES.index) | {"sources.csv"}
    assert len(BAR_FILES) == 8


@pytest.mark.parametrize("file", SOURCES.index)
def test_a_file_has_the_digest_the_rows_and_the_span_that_its_source_line_says(file):
    line = SOURCES.loc[file]
    assert hashlib.sha256((FOLDER / file).read_bytes()).hexdigest() == line.sha256
    table = pd.read_csv(FOLDER / file, dtype=str)
    assert len(table) == int(line.rows)
    dated = next((name for name in ("timestamp", "ex_date", "period") if name in table), None)
    assert (line["first"], line["last"]) == ((table[dated].min(), table[dated].max()) if dated else ("", ""))
    assert line.licence
    assert line.note


def test_the_samples_stay_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 2_000_000


@pytest.mark.parametrize("file", SOURCES.index)
def test_the_documentation_lists_each_file_with_its_rows(file):
    rows = f"{int(SOURCES.loc[file].rows):,}"
    assert re.search(
        rf"^\| `{re.escape(file)}` \|.*\| {rows} \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )


@pytest.mark.parametrize("file", BAR_FILES)
def test_bars_are_in_order_and_are_possible(file):
    table = bars(file)
    assert list(table.columns) == ["open", "high", "low", "close", "volume"]
    assert table.index.is_monotonic_increasing
    assert table.index.is_unique
    assert np.isfinite(table.to_numpy()).all()
    assert (table.low > 0).all()
    assert (table.low <= table[["open", "close"]].min(axis=1)).all()
    assert (table.high >= table[["open", "close"]].max(axis=1)).all()
    assert (table.volume >= 0).all()


@pytest.mark.parametrize("file", BAR_FILES)
def test_daily_stamps_are_days_and_intraday_stamps_are_moments_in_utc(file):
    stamps = pd.read_csv(FOLDER / file, dtype=str).timestamp
    form = r"\d{4}-\d\d-\d\d" if ".1d." in file else r"\d{4}-\d\d-\d\dT\d\d:\d\d:00Z"
    assert stamps.str.fullmatch(form).all()


@pytest.mark.parametrize("symbol", EQUITIES)
def test_a_stock_has_a_bar_on_each_session_of_the_exchange_and_on_no_other_day(symbol):
    """The S&P 500 of another package says which days were sessions."""
    days = bars(f"{symbol}.1d.csv.gz").index
    sessions = macro().query("series == 'sp500'").period
    assert list(days) == list(sessions[(sessions >= days[0]) & (sessions <= days[-1])])


def test_stocks_traded_every_day():
    assert all((bars(f"{symbol}.1d.csv.gz").volume > 0).all() for symbol in EQUITIES)


def test_the_splits_are_the_known_ones():
    assert actions("AAPL", "split") == {"2000-06-21": 2, "2005-02-28": 2}
    assert actions("MSFT", "split") == {"2003-02-18": 2}
    assert not any(actions(symbol, "split") for symbol in ("GOOG", "IBM", "FB"))


def test_the_dividends_are_the_known_ones():
    assert actions("AAPL", "dividend") == dict.fromkeys(
        ("2012-08-09", "2012-11-07", "2013-02-07"), Decimal("2.65")
    )
    assert not actions("GOOG", "dividend")
    assert not actions("FB", "dividend")
    microsoft = actions("MSFT", "dividend")
    assert microsoft["2003-02-19"] == Decimal("0.08")
    assert microsoft["2004-11-15"] == Decimal(
        "3.08"
    )  # the special dividend of 3.00 beside the quarter's 0.08


def test_ibm_paid_in_each_quarter_and_microsoft_in_each_from_november_2004():
    ibm = pd.PeriodIndex(list(actions("IBM", "dividend")), freq="Q")
    assert list(ibm) == list(pd.period_range("2000Q2", "2013Q1", freq="Q"))
    microsoft = pd.PeriodIndex([day for day in actions("MSFT", "dividend") if day >= "2004-11"], freq="Q")
    assert list(microsoft) == list(pd.period_range("2004Q4", "2013Q1", freq="Q"))


def test_amounts_are_whole_cents_though_nothing_rounded_them_to_cents():
    table = pd.read_csv(FOLDER / "actions.csv")
    dividends = table[table.kind == "dividend"]
    assert len(dividends) == 92
    np.testing.assert_allclose(dividends.amount * 100 % 1 % 1, 0, atol=1e-9)
    assert table.error.between(0, 1e-9, inclusive="neither").all()


def test_no_overnight_move_beyond_40_percent_is_left_once_splits_are_undone():
    unexplained = {}
    for symbol in EQUITIES:
        table = bars(f"{symbol}.1d.csv.gz")
        ratio = pd.Series(1.0, table.index)
        for day, amount in actions(symbol, "split").items():
            ratio[day] = float(amount)
        overnight = table.open * ratio / table.close.shift() - 1
        unexplained |= {(symbol, day.date()): move for day, move in overnight.items() if abs(move) > 0.4}
    # Apple warned of its profits after the close of 28 September 2000.
    assert list(unexplained) == [("AAPL", date(2000, 9, 29))]


def test_the_week_of_the_euro_opens_and_closes_at_five_in_new_york_so_its_stamps_are_utc():
    stamps = bars("EURUSD.1h.csv.gz").index.tz_convert("America/New_York")
    after_gap = np.flatnonzero(stamps.to_series().diff() > pd.Timedelta(hours=1))
    opens, closes = stamps[after_gap], stamps[after_gap - 1]
    christmas = (opens.month == 12) & (opens.day >= 24) & (opens.day <= 25)
    assert christmas.sum() == 2
    assert set(opens[~christmas].strftime("%a %H:%M")) == {"Sun 17:00"}
    assert set(closes[~christmas].strftime("%a %H:%M")) == {"Fri 16:00"}


def test_quarter_hours_of_bitcoin_add_up_to_its_daily_bars():
    quarters, days = bars("BTCUSD.15m.csv.gz"), bars("BTCUSD.1d.csv.gz")
    by_day = quarters.groupby(quarters.index.tz_localize(None).normalize())
    summed = by_day.agg({"open": "first", "high": "max", "low": "min", "close": "last"})[by_day.size() == 96]
    both = summed.index.intersection(days.index)
    assert len(both) == 29
    pd.testing.assert_frame_equal(summed.loc[both], days.loc[both, summed.columns], check_freq=False)


def test_bitcoin_lacks_the_bars_that_the_documentation_says_and_no_more():
    quarters, days = bars("BTCUSD.15m.csv.gz"), bars("BTCUSD.1d.csv.gz")
    assert len(pd.date_range(quarters.index[0], quarters.index[-1], freq="15min")) - len(quarters) == 244
    assert (quarters.volume == 0).sum() == 2079
    missing = pd.date_range(days.index[0], days.index[-1]).difference(days.index)
    assert list(missing.strftime("%Y-%m-%d")) == ["2020-04-17", "2020-10-09", "2020-10-12", "2020-10-13"]


def test_no_macro_value_is_published_before_its_period_is_over():
    table = macro()
    table["local"] = table.published_at.dt.tz_convert("America/New_York").dt.tz_localize(None)
    monthly = table.series.isin(["core_cpi", "aaa_yield", "baa_yield"])
    assert (table.period[monthly].dt.day == 1).all()
    assert (table.local[monthly] >= table.period[monthly] + pd.offsets.MonthBegin()).all()
    assert (table.local[~monthly] >= table.period[~monthly] + pd.Timedelta(hours=16)).all()


def test_macro_values_wait_for_the_latest_release_that_is_known():
    table = macro().set_index(["series", "period"]).published_at
    assert table["core_cpi", "2005-01-01"] >= pd.Timestamp("2005-02-23 08:30", tz="America/New_York")
    assert table["core_cpi", "2013-09-01"] >= pd.Timestamp("2013-10-30 08:30", tz="America/New_York")
    assert table["wti", "2012-11-20"] >= pd.Timestamp("2012-11-28", tz="America/New_York")


def test_each_macro_series_is_whole_and_in_order():
    table = macro()
    assert set(table.series) == {"sp500", "nasdaq", "wti", "core_cpi", "aaa_yield", "baa_yield", "vix"}
    assert (table.value > 0).all()
    for name, own in table.groupby("series"):
        assert own.period.is_monotonic_increasing, name
        assert own.period.is_unique, name
        assert own.published_at.is_monotonic_increasing, name
        assert own.period.diff().max() <= pd.Timedelta(days=31), name


def test_each_bar_file_has_an_instrument_and_each_instrument_has_bars():
    table = pd.read_csv(FOLDER / "instruments.csv", dtype=str)
    instruments = [Instrument.model_validate_strings(row) for row in table.to_dict("records")]
    assert {instrument.symbol for instrument in instruments} == {file.partition(".")[0] for file in BAR_FILES}
    assert all(instrument.tradable for instrument in instruments)
