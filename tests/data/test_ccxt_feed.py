"""An exchange's bars, polled: what has closed, each once, and nothing that is not a bar."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from tests.venues.binance import Bar
from tests.venues.exchange import Listing
from tests.venues.server import StandIn, serving, stand_in
from trader.brokers.ccxt_rules import rules_of
from trader.data.feeds import open_feed
from trader.data.feeds.ccxt import PolledBars
from trader.data.feeds.ccxt_errors import Unanswered
from trader.data.feeds.ccxt_exchange import Address, opened
from trader.domain.errors import DataError, UsageError
from trader.domain.market import Timeframe

START = datetime(2025, 3, 3, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def bar(number: int, close: str = "101", **changes: str) -> Bar:
    prices = {"open": "100", "high": "102", "low": "99", "close": close, "volume": "5", **changes}
    at = int((START + number * QUARTER).timestamp() * 1000)
    return (at, prices["open"], prices["high"], prices["low"], prices["close"], prices["volume"])


@asynccontextmanager
async def polled(bars: list[Bar]) -> AsyncIterator[tuple[PolledBars, StandIn]]:
    venue = stand_in(Listing("BTC", "USDT"))
    venue.venue.bars = lambda symbol, interval: bars
    async with serving(venue), opened(Address("binance", venue.url, timeout_s=2.0)) as exchange:
        await exchange.load_markets()
        instrument = rules_of(exchange, "binance", "BTC/USDT").instrument
        yield (
            PolledBars(exchange, "ccxt:binance", {"BTC/USDT": instrument}, Timeframe.M15, START),
            venue,
        )


async def test_a_bar_counts_from_its_close_on() -> None:
    bars = [bar(number) for number in range(5)]
    async with polled(bars) as (feed, _):
        now = START + 4.5 * QUARTER
        await feed.read(now)
        assert feed.has("BTC/USDT", START + 4 * QUARTER)
        assert not feed.has("BTC/USDT", START + 5 * QUARTER)
        market = feed.market(now)
        assert market.closes(market.symbols)[-1] == START + 4 * QUARTER
        assert len(feed.market(START + 2 * QUARTER).bars["BTC/USDT"]) == 2


async def test_more_bars_than_one_answer_has_are_read_in_pages() -> None:
    bars = [bar(number) for number in range(2_345)]
    async with polled(bars) as (feed, venue):
        await feed.read(START + 2_345 * QUARTER)
        assert len(feed.market(START + 2_345 * QUARTER).bars["BTC/USDT"]) == 2_345
        assert sum("klines" in one for one in venue.venue.asked) == 3


async def test_only_what_is_new_is_asked_for() -> None:
    bars = [bar(number) for number in range(10)]
    async with polled(bars) as (feed, _):
        await feed.read(START + 10 * QUARTER)
        bars.append(bar(10, "101.5"))
        await feed.read(START + 11 * QUARTER)
        closes = feed.market(START + 11 * QUARTER).bars["BTC/USDT"].close
        assert (len(closes), closes[-1]) == (11, 101.5)


async def test_a_bar_that_is_changed_afterwards_is_noted_and_stays() -> None:
    bars = [bar(number) for number in range(3)]
    async with polled(bars) as (feed, _):
        await feed.read(START + 3 * QUARTER)
        bars[2] = bar(2, "100.5")
        await feed.read(START + 3 * QUARTER)
        market = feed.market(START + 3 * QUARTER)
        assert market.bars["BTC/USDT"].close[-1] == 101
        assert any("has changed its bar" in note for note in market.notes)


@pytest.mark.parametrize("reply", ["none", "cut", "half", "html", "list", "object"])
async def test_an_answer_that_is_none_is_no_bar(reply: str) -> None:
    async with polled([bar(number) for number in range(3)]) as (feed, venue):
        venue.fault("GET /klines", reply=reply, times=3)
        with suppress(Unanswered):  # for some of them ccxt has an error, for others bars of nothing
            await feed.read(START + 3 * QUARTER)
        assert not any(feed.has("BTC/USDT", START + number * QUARTER) for number in range(1, 4))
        venue.faults.clear()
        await feed.read(START + 3 * QUARTER)
        assert len(feed.market(START + 3 * QUARTER).bars["BTC/USDT"]) == 3


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"high": "98"}, "high 98 is below"),
        ({"close": "-1"}, "is above zero"),
        ({"volume": "-5"}, "volume"),
    ],
)
async def test_a_bar_that_cannot_be_is_refused(wrong: dict[str, str], words: str) -> None:
    close = wrong.pop("close", "101")
    async with polled([bar(0), bar(1, close, **wrong), bar(2)]) as (feed, _):
        await feed.read(START + 3 * QUARTER)
        with pytest.raises(DataError, match=words):
            feed.market(START + 3 * QUARTER)


async def test_a_market_without_a_closed_bar_says_so() -> None:
    async with polled([bar(0)]) as (feed, _):
        await feed.read(START + QUARTER / 2)
        with pytest.raises(DataError, match="no closed 15m bar yet"):
            feed.market(START + QUARTER / 2)


def test_a_polled_feed_is_no_feed_for_a_replay() -> None:
    with pytest.raises(UsageError, match="bar by bar") as refused:
        open_feed("ccxt:binance")
    assert "--broker ccxt:binance" in refused.value.hint
