"""Buckets and calibration by hand, and that later trades change nothing that was said before."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.journal import story
from tests.memory.past import BOOK, DAY, START, closed, lost
from trader.domain.errors import UnknownName
from trader.domain.market import Regime
from trader.domain.signals import Direction
from trader.domain.trades import MarketState, Stated
from trader.domain.value import canonical_json
from trader.journal.memories import Prediction
from trader.journal.reader import JournalReader
from trader.journal.records import TradeClosed
from trader.journal.writer import Journal
from trader.memory.statistics import BY, buckets, calibration, total


def adx(value: float | None) -> MarketState:
    return MarketState(adx=value, regime=Regime.BEAR if value else None)


def test_a_bucket_has_counts_intervals_and_exact_money() -> None:
    trades = [closed(0), closed(1), lost(2, profit=Decimal("-0.1")), closed(3, profit=Decimal("0.1"))]
    everything = total(trades)
    assert everything is not None
    assert (everything.trades, everything.won, everything.profit) == (4, 3, Decimal("39"))
    assert (everything.win_low, everything.win_high) == pytest.approx(
        (0.3562, 0.9421), abs=1e-4
    )  # p = 3/4, z = 1.6449
    assert everything.mean_return == pytest.approx((3 * 0.0195 - 0.02) / 4)
    assert everything.mean_low is not None
    assert everything.mean_low < everything.mean_return
    assert total([]) is None


def test_bins_come_from_low_to_high_and_what_is_not_known_last() -> None:
    trades = [closed(number, state=adx(value)) for number, value in enumerate((31, None, 12, 19.99, 20, 55))]
    names = [one.name for one in buckets(trades, "adx")]
    assert names == ["below 15", "15 to 20", "20 to 25", "30 to 40", "40 and above", "unknown"]
    assert [one.name for one in buckets(trades, "regime")] == ["bear", "unknown"]


def test_agents_and_factors_count_on_the_side_they_were_on() -> None:
    said = (Stated(agent="momentum", record="m", p_up=0.4, weight=1.0),)
    trades = [closed(0), lost(1), closed(2, side=Direction.SHORT, stated=said, p_up=0.45)]
    by_agent = {one.name: (one.trades, one.won) for one in buckets(trades, "agent")}
    assert by_agent == {"momentum for": (3, 2), "value against": (2, 1)}
    by_factor = {one.name: one.trades for one in buckets(trades, "confluence")}
    assert by_factor == {"bands neither": 3, "oscillator against": 3, "trend for": 3}
    assert [one.name for one in buckets(trades, "confidence")] == ["0.54 to 0.56", "0.56 to 0.6"]


@pytest.mark.parametrize("by", BY)
def test_every_way_to_group_counts_every_trade(by: str) -> None:
    trades = [closed(number) for number in range(4)]
    assert sum(one.trades for one in buckets(trades, by)) >= 4


def test_a_way_that_is_none_is_named_with_its_neighbours() -> None:
    with pytest.raises(UnknownName, match="regim") as wrong:
        buckets([closed()], "regim")
    assert "regime" in wrong.value.hint


def said(p: float, happened: bool, record: str = "momentum/rule:momentum") -> Prediction:
    return Prediction("momentum", record, "AAA", START, START + DAY, p, 0.5, happened, 0.0)


def test_calibration_counts_overlapping_forecasts_as_one_in_a_horizon() -> None:
    forecasts = [said(0.56, number < 30) for number in range(40)] + [said(0.2, True, "value/x")]
    high, low = calibration(forecasts, 5)
    assert (high.record, high.stated, high.forecasts, high.n_eff) == (
        "momentum/rule:momentum",
        "0.55 to 0.6",
        40,
        8,
    )
    assert (high.mean_stated, high.happened) == (pytest.approx(0.56), 0.75)
    assert high.low < 0.5 < high.high  # of forty it would not hold one half; of eight it does
    assert low.stated == "below 0.4"


def test_what_was_known_at_a_moment_is_the_same_whatever_came_later(place: Path) -> None:
    known = [closed(number) if number % 3 else lost(number) for number in range(12)]
    as_of = known[-1].known_at

    def at_that_moment(name: str, *later: TradeClosed) -> str:
        with Journal.open(place.with_name(name)) as journal:
            journal.append(*story.beginning(), *(TradeClosed(trade=one) for one in known), *later)
        with JournalReader(place.with_name(name)) as reader:
            trades = reader.memories.trades(BOOK, known_by=as_of)
        return canonical_json([buckets(trades, by) for by in BY]) + canonical_json(total(trades))

    after = as_of + timedelta(microseconds=1)
    others = [
        [TradeClosed(trade=lost(20 + number, known_at=after + number * DAY)) for number in range(count)]
        for count in (1, 7)
    ]
    alone = at_that_moment("alone")
    assert all(at_that_moment(f"later{number}", *later) == alone for number, later in enumerate(others))
    assert '"trades":12' in alone


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"
