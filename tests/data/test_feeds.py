"""Feeds by name, and the bundled samples through the same door as a user's own folder."""

from pathlib import Path

import numpy as np
import pytest

from trader.data.feeds import open_feed
from trader.domain.errors import UnknownName, UsageError
from trader.domain.market import Timeframe


def test_the_sample_is_four_shares_a_day_and_needs_no_excuse() -> None:
    market = open_feed("sample")
    assert market.symbols == ("AAPL", "GOOG", "IBM", "MSFT")
    assert market.timeframe is Timeframe.D1
    assert market.notes == ()
    assert {"sp500", "core_cpi", "aaa_yield", "baa_yield", "vix"} <= set(market.series)
    assert open_feed("sample", ["AAPL", "GOOG", "IBM", "MSFT"]).digest == market.digest
    assert open_feed("sample", ["AAPL"]).digest != market.digest


def test_other_samples_bring_their_own_timeframe() -> None:
    assert open_feed("sample", ["EURUSD"]).timeframe is Timeframe.H1
    assert open_feed("sample", ["BTCUSD"]).timeframe is Timeframe.M15
    assert open_feed("sample", ["BTCUSD"], Timeframe.D1).timeframe is Timeframe.D1
    assert open_feed("sample", ["AAPL", "BTCUSD"]).timeframe is Timeframe.D1
    with pytest.raises(UsageError, match="share none: AAPL has 1d; EURUSD has 1h"):
        open_feed("sample", ["AAPL", "EURUSD"])


def test_the_first_apple_split_was_invisible_the_evening_before() -> None:
    market = open_feed("sample", ["AAPL"])
    row = int(np.searchsorted(market.bars["AAPL"].opened, np.datetime64("2000-06-21")))
    evening, day_after = market.closes(["AAPL"])[row - 1 : row + 1]
    before, after = market.view(evening).bars("AAPL"), market.view(day_after).bars("AAPL")
    assert before.close[-1] == market.view(evening).traded("AAPL").close[-1] == 101.25
    assert after.close[-2:].tolist() == [101.25 / 2, 55.63]
    assert after.volume[-2] == 2 * before.volume[-1]


@pytest.mark.parametrize("name", ["smaple", "", "yahoo", "sample:x", "file:/tmp"])
def test_an_unknown_feed_is_answered_with_those_there_are(name: str) -> None:
    with pytest.raises(UnknownName, match="unknown feed") as raised:
        open_feed(name)
    assert raised.value.hint


def test_an_unknown_symbol_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="unknown symbol: APPL") as raised:
        open_feed("sample", ["APPL"])
    assert raised.value.hint == "did you mean AAPL?"


def test_files_need_a_folder(tmp_path: Path) -> None:
    for name in ("files", "files:"):
        with pytest.raises(UsageError, match="needs a folder"):
            open_feed(name)
    with pytest.raises(UsageError, match="no such folder"):
        open_feed(f"files:{tmp_path}/nowhere")
