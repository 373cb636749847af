"""Actions, macro series, filings and news beside the bars: dated, or refused with their line."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from trader.data.calendar import trading_calendar
from trader.data.feeds.files import open_folder
from trader.data.market import Market
from trader.domain.errors import DataError, ToolError
from trader.domain.market import ActionKind
from trader.domain.value import digest

DAYS = [str(day) for day in trading_calendar("XNYS", date(2012, 1, 1), date(2012, 1, 1)).days[:20]]


def opened(tmp_path: Path, **files: str) -> Market:
    bars = "\n".join(f"{day},50,51,49,50,1000" for day in DAYS)
    (tmp_path / "ACME.csv").write_text(f"date,open,high,low,close,volume\n{bars}\n")
    for name, content in files.items():
        (tmp_path / name.replace("_", ".")).write_text(content)
    return open_folder(tmp_path)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_an_action_comes_into_effect_at_the_opening_of_its_ex_date(tmp_path: Path) -> None:
    actions = "symbol,ex_date,kind,amount,error\nACME,2012-01-09,split,2,0\nOTHER,2012-01-08,split,3,0\n"
    market = opened(tmp_path, actions_csv=actions)
    (split,) = market.actions["ACME"]
    assert (split.kind, split.amount, split.effective) == (
        ActionKind.SPLIT,
        Decimal(2),
        at("2012-01-09T14:30"),
    )
    assert market.view(at("2012-01-09T14:29")).actions("ACME") == ()
    assert market.view(at("2012-01-09T14:30")).actions("ACME") == (split,)
    assert set(market.actions) == {"ACME"}


@pytest.mark.parametrize("day", ["1999-01-04", "2011-12-30", "2019-01-07", "2150-01-05"])
def test_actions_that_cannot_touch_the_bars_do_no_harm(tmp_path: Path, day: str) -> None:
    market = opened(tmp_path, actions_csv=f"symbol,ex_date,kind,amount\nACME,{day},dividend,0.5\n")
    assert market.view(at("2012-01-20T21:00")).bars("ACME").close.tolist() == [50.0] * 13


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("ACME,2012-01-08,split,2", "2012-01-08 is no session of XNYS"),
        ("ACME,2012-01-09,merger,2", "unknown kind of action: merger"),
        ("ACME,2012-01-09,split,0", "a split of 0"),
        ("ACME,2012-01-09,split,-2", "a split of -2"),
        ("ACME,2012-01-09,split,5000", "a split of 5000"),
        ("ACME,2012-01-09,split,2:1", "amount is '2:1', not a number"),
        ("ACME,2012-01-09,dividend,-1", "a dividend of -1"),
        ("ACME,2012-01-09,dividend,50", "a dividend of 50 on ACME, which closed at 50 before"),
        ("ACME,2012-01-09,dividend,nan", "amount is 'nan'"),
        ("ACME,2012-01-05,dividend,1", "a second dividend of ACME on 2012-01-05"),
        ("ACME,2012-01-32,dividend,1", "ex_date '2012-01-32'"),
    ],
)
def test_an_action_that_cannot_be_is_refused_with_its_line(tmp_path: Path, row: str, reason: str) -> None:
    header = "symbol,ex_date,kind,amount\nACME,2012-01-05,dividend,1\n"
    with pytest.raises(DataError, match=rf"actions\.csv:3: {reason}"):
        opened(tmp_path, actions_csv=header + row + "\n")


def test_a_share_may_be_delisted_for_nothing_and_its_prices_stay_as_they_are(tmp_path: Path) -> None:
    market = opened(tmp_path, actions_csv="symbol,ex_date,kind,amount\nACME,2012-01-09,delisting,0\n")
    (action,) = market.actions["ACME"]
    assert (action.kind, action.amount) == (ActionKind.DELISTING, 0)
    as_of = action.effective + timedelta(days=400)
    assert (market.view(as_of).bars("ACME").close == market.bars["ACME"].close).all()


def test_a_dividend_on_the_day_of_a_split_is_measured_in_new_shares(tmp_path: Path) -> None:
    split = "symbol,ex_date,kind,amount\nACME,2012-01-09,split,4\n"
    opened(tmp_path, actions_csv=split + "ACME,2012-01-09,dividend,12\n")
    with pytest.raises(DataError, match=r":3: a dividend of 12.5 on ACME, which closed at 12.5 before"):
        opened(tmp_path, actions_csv=split + "ACME,2012-01-09,dividend,12.5\n")


def test_a_macro_value_counts_from_its_publication(tmp_path: Path) -> None:
    macro = (
        "series,period,published_at,value\n"
        "cpi,2011-12,2012-01-19T13:30:00Z,1.1\ncpi,2011-11-01,2011-12-16T08:30:00-05:00,1.0\n"
    )
    market = opened(tmp_path, macro_csv=macro)
    assert market.notes[-1].startswith("ACME")
    assert market.view(at("2012-01-19T13:29:59")).series("cpi").value.tolist() == [1.0]
    assert market.view(at("2012-01-19T13:30:00")).series("cpi").value.tolist() == [1.0, 1.1]
    assert str(market.series["cpi"].period[1]) == "2011-12-01"
    with pytest.raises(ToolError):
        market.view(at("2011-12-16T13:29:59")).series("cpi")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("cpi,2011-12,,1.1", "no published_at"),
        ("cpi,2011-12,soon,1.1", "published_at: 'soon' is not a time in ISO 8601"),
        ("cpi,2011-12,01/19/2012,1.1", "published_at: '01/19/2012' is not a time in ISO 8601"),
        (
            "cpi,2011-12,2011-11-30T23:00:00Z,1.1",
            "published 2011-11-30T23:00:00, before its period 2011-12-01",
        ),
        (
            "cpi,2011-11,2011-12-16T13:30:00Z,9",
            "a second value of cpi for 2011-11-01, published at the same time",
        ),
        ("cpi,2011-12,2012-01-19T13:30:00Z,", "value is empty"),
        ("cpi,2011-12,9999-12-31,1", "published_at: '9999-12-31' is not between"),
    ],
)
def test_a_macro_value_without_a_believable_publication_is_refused(
    tmp_path: Path, row: str, reason: str
) -> None:
    header = "series,period,published_at,value\ncpi,2011-11,2011-12-16T13:30:00Z,1.0\n"
    with pytest.raises(DataError, match=rf"macro\.csv:3: {reason}"):
        opened(tmp_path, macro_csv=header + row + "\n")


def test_a_revision_replaces_its_first_release_when_it_is_published(tmp_path: Path) -> None:
    rows = ("gdp,2011-10,2012-01-04T12:00:00Z,1", "gdp,2011-10,2012-01-10T12:00:00Z,2")
    macro = "\n".join(("series,period,published_at,value", *rows))
    market = opened(tmp_path, macro_csv=macro)
    assert market.view(at("2012-01-09T12:00")).series("gdp").value.tolist() == [1.0]
    assert market.view(at("2012-01-10T12:00")).series("gdp").value.tolist() == [2.0]


def test_filings_count_from_their_publication_and_keep_what_is_known(tmp_path: Path) -> None:
    rows = (
        "symbol,published_at,period_end,eps_ttm,Book Value per share\n"
        "ACME,2012-01-10T21:30:00Z,2011-12-31,5.25,\nACME,2012-01-05,2011-09-30,5,30\nOTHER,2012-01-05,2011-09-30,1,1\n"
    )
    market = opened(tmp_path, fundamentals_csv=rows)
    assert [row.values for row in market.view(at("2012-01-10T21:30")).fundamentals("ACME")] == [
        {"eps_ttm": 5.0, "book_value_per_share": 30.0},
        {"eps_ttm": 5.25},
    ]
    # A date alone counts from when it is over everywhere.
    assert market.view(at("2012-01-06T11:59:59")).fundamentals("ACME") == ()
    assert len(market.view(at("2012-01-06T12:00:00")).fundamentals("ACME")) == 1
    assert (
        "fundamentals.csv: 2 published without a zone or a time: counted from when it was so everywhere"
        in market.notes
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("ACME,,2011-12-31,5", "no published_at"),
        ("ACME,2011-12-30T00:00:00Z,2011-12-31,5", "published 2011-12-30T00:00:00, before its period ended"),
        ("ACME,2012-01-10T21:30:00Z,2011-12-31,five", "eps is 'five', not a number"),
        ("ACME,2012-01-10T21:30:00Z,2011-12-31,nan", "eps is 'nan', not a number"),
        ("ACME,2012-01-10T21:30:00Z,Q4,5", "period_end is 'Q4'"),
    ],
)
def test_a_filing_without_a_believable_publication_is_refused(tmp_path: Path, row: str, reason: str) -> None:
    header = "symbol,published_at,period_end,eps\nACME,2011-10-20T21:30:00Z,2011-09-30,5\n"
    with pytest.raises(DataError, match=rf"fundamentals\.csv:3: {reason}"):
        opened(tmp_path, fundamentals_csv=header + row + "\n")


def test_filings_without_a_column_for_publication_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"fundamentals\.csv:1: no column published_at"):
        opened(tmp_path, fundamentals_csv="symbol,period_end,eps\nACME,2011-12-31,5\n")


def test_news_counts_from_its_publication(tmp_path: Path) -> None:
    items = [
        {"published_at": "2012-01-05T15:00:00-05:00", "symbols": ["ACME", "OTHER"], "title": "Anvils"},
        {
            "published_at": "2012-01-05 15:00",
            "symbol": "ACME",
            "title": "Rockets",
            "body": "Up.",
            "source": "Wire",
        },
        {"published_at": "2012-01-05T15:00:00Z", "symbols": ["OTHER"], "title": "Others", "score": 3},
    ]
    market = opened(tmp_path, news_jsonl="\n".join(map(json.dumps, items)) + "\n\n")
    assert [item.title for item in market.news] == ["Anvils", "Rockets"]
    assert [item.title for item in market.view(at("2012-01-05T20:00")).news("ACME")] == ["Anvils"]
    # Without a zone: counted from when clocks everywhere have shown 15:00.
    assert len(market.view(at("2012-01-06T02:59:59")).news("ACME")) == 1
    assert len(market.view(at("2012-01-06T03:00")).news("ACME")) == 2
    assert (
        "news.jsonl: 1 published without a zone or a time: counted from when it was so everywhere"
        in market.notes
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"symbol": "ACME", "title": "x"}', "no published_at"),
        ('{"published_at": null, "symbol": "ACME", "title": "x"}', "no published_at"),
        ('{"published_at": "yesterday", "symbol": "ACME", "title": "x"}', "'yesterday' is not a time"),
        ('{"published_at": 1325793600, "symbol": "ACME", "title": "x"}', "published_at must be text"),
        (
            '{"published_at": "2012-01-05T15:00:00+99:00", "symbol": "ACME", "title": "x"}',
            r"there is no zone \+99:00",
        ),
        ('{"published_at": "2012-01-05", "title": "x"}', "no symbols"),
        ('{"published_at": "2012-01-05", "symbols": [], "title": "x"}', "no symbols"),
        ('{"published_at": "2012-01-05", "symbols": [1], "title": "x"}', "symbols must be names"),
        ('{"published_at": "2012-01-05", "symbol": "ACME"}', "no title"),
        ('{"published_at": "2012-01-05", "symbol": "ACME", "title": "x", "body": 1}', "body must be text"),
        ('["2012-01-05", "ACME", "x"]', "not an object"),
        ('{"published_at": "2012', "not JSON"),
        ("[" * 100_000, "recursion|not JSON"),
    ],
)
def test_news_that_cannot_be_used_is_refused_with_its_line(tmp_path: Path, line: str, reason: str) -> None:
    first = json.dumps({"published_at": "2012-01-05", "symbol": "ACME", "title": "fine"})
    with pytest.raises(DataError, match=rf"news\.jsonl:2: .*({reason})"):
        opened(tmp_path, news_jsonl=f"{first}\n{line}\n")


def test_a_table_of_facts_may_be_there_only_once(tmp_path: Path) -> None:
    (tmp_path / "macro.csv.gz").write_bytes(b"")
    with pytest.raises(DataError, match=r"macro.csv is there too|macro.csv.gz is there too"):
        opened(tmp_path, macro_csv="series,period,published_at,value\n")


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("a\u2028b\x85c", "a\u2028b\x85c"),
        ("half \\ud800 a sign", "half \ufffd a sign"),
        ("whole \\ud83d\\ude80", "whole \U0001f680"),
        ("nought \\u0000", "nought \0"),
        ("\\u202eturned\\u200b", "\u202eturned\u200b"),
    ],
)
def test_a_headline_may_hold_any_character_and_can_be_written_down(
    tmp_path: Path, title: str, read: str
) -> None:
    line = '{"published_at": "2012-01-05T14:00:00Z", "symbols": ["ACME"], "title": "' + title + '"}'
    market = opened(tmp_path, news_jsonl=f"{line}\n{line}\n")
    assert [item.title for item in market.news] == [read, read]
    assert digest(list(market.news))


BREAKING = {
    "deep": "[" * 100_000,
    "digits": '{"title": ' + "9" * 5000 + "}",
    "far": '{"published_at": "9999-12-31T23:59:59-14:00"}',
    "nought": "\x00",
    "no number": "NaN",
}


@pytest.mark.parametrize("name", BREAKING)
def test_a_line_that_is_meant_to_break_the_reader_is_refused_like_any_other(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(DataError, match=r"news\.jsonl:1: "):
        opened(tmp_path, news_jsonl=BREAKING[name])
