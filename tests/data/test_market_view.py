"""What a view shows at each moment, on a market small enough to check by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from trader.data.market import Market
from trader.domain.errors import DataError, ToolError, UnknownName
from trader.domain.instruments import AssetClass, Instrument
from trader.domain.market import (
    ActionKind,
    Bars,
    CorporateAction,
    FundamentalRow,
    NewsItem,
    Series,
    Timeframe,
)

MONDAY = datetime(2012, 1, 2, tzinfo=UTC)


def instrument(symbol: str = "ACME", **changes: object) -> Instrument:
    fields = dict(
        symbol=symbol,
        venue="XNYS",
        asset_class=AssetClass.EQUITY,
        currency="USD",
        tick_size=Decimal("0.01"),
        lot_size=Decimal(1),
        calendar="24/7",
    )
    return Instrument(**(fields | changes))


def daily(
    symbol: str, closes: list[float], start: datetime = MONDAY, opens: list[float] | None = None
) -> Bars:
    opened = np.datetime64(start.date(), "s") + np.arange(len(closes)) * np.timedelta64(86400, "s")
    close = np.array(closes)
    open_ = np.array(opens if opens is not None else closes)
    return Bars(
        symbol=symbol,
        timeframe=Timeframe.D1,
        opened=opened,
        available=opened + np.timedelta64(1, "D"),
        open=open_,
        high=np.maximum(open_, close),
        low=np.minimum(open_, close),
        close=close,
        volume=np.full(len(closes), 1000.0),
    )


def action(kind: ActionKind, amount: str, ex_date: date, symbol: str = "ACME") -> CorporateAction:
    effective = datetime(ex_date.year, ex_date.month, ex_date.day, tzinfo=UTC)
    return CorporateAction(
        symbol=symbol, ex_date=ex_date, kind=kind, amount=Decimal(amount), effective=effective
    )


def market(closes: list[float], *actions: CorporateAction, **parts: object) -> Market:
    return Market(
        timeframe=Timeframe.D1,
        instruments={"ACME": instrument()},
        bars={"ACME": daily("ACME", closes)},
        actions={"ACME": actions},
        **parts,
    )


def at(day: int, hour: int = 0) -> datetime:
    """`hour` o'clock on the day that many days after the first bar's."""
    return MONDAY + timedelta(days=day, hours=hour)


SPLIT = action(ActionKind.SPLIT, "2", date(2012, 1, 4))
DIVIDEND = action(ActionKind.DIVIDEND, "1", date(2012, 1, 4))


def test_a_bar_is_seen_from_its_close_and_not_a_second_before() -> None:
    view = market([10.0, 11.0]).view
    assert len(view(at(2)).bars("ACME")) == 2
    assert len(view(at(2) - timedelta(seconds=1)).bars("ACME")) == 1
    assert len(view(at(1) - timedelta(microseconds=1)).bars("ACME")) == 0


def test_before_a_split_nobody_knows_of_it_and_from_its_open_all_earlier_bars_are_in_new_units() -> None:
    view = market([100.0, 102.0, 52.0], SPLIT).view
    assert view(at(2) - timedelta(seconds=1)).bars("ACME").close.tolist() == [100.0]
    assert view(at(3)).bars("ACME").close.tolist() == [50.0, 51.0, 52.0]
    assert view(at(3)).bars("ACME").volume.tolist() == [2000.0, 2000.0, 1000.0]
    assert view(at(3)).traded("ACME").close.tolist() == [100.0, 102.0, 52.0]
    assert view(at(2) - timedelta(seconds=1)).actions("ACME") == ()
    assert view(at(2)).actions("ACME") == (SPLIT,)


def test_a_dividend_lowers_earlier_prices_by_its_share_of_the_close_before_and_leaves_volume() -> None:
    bars = market([90.0, 100.0, 99.0], DIVIDEND).view(at(3)).bars("ACME")
    assert bars.close.tolist() == pytest.approx([90 * 0.99, 99.0, 99.0])
    assert bars.close[-1] == 99.0
    assert bars.volume.tolist() == [1000.0] * 3


def test_a_dividend_on_the_day_of_a_split_is_measured_against_the_split_close() -> None:
    bars = market([90.0, 100.0, 49.0], SPLIT, DIVIDEND).view(at(3)).bars("ACME")
    assert bars.close.tolist() == pytest.approx([45 * 0.98, 50 * 0.98, 49.0])


def test_the_last_price_is_exact_and_in_the_units_held_now() -> None:
    view = market([0.1, 102.37, 51.19], SPLIT).view
    assert view(at(1)).price("ACME") == Decimal("0.1")
    assert view(at(2) - timedelta(seconds=1)).price("ACME") == Decimal("0.1")
    assert view(at(2)).price("ACME") == Decimal("51.18")  # 102.37 / 2, to the nearest tick
    assert view(at(3)).price("ACME") == Decimal("51.19")


def test_an_event_return_undoes_splits_and_adds_dividends_between_purchase_and_sale() -> None:
    rows = market([100.0, 100.0, 52.0, 53.0], SPLIT, DIVIDEND).view(at(4)).event_returns("ACME", 2)
    assert rows.decided.tolist() == [datetime(2012, 1, 3), datetime(2012, 1, 4)]  # noqa: DTZ001
    assert rows.resolved.tolist() == [datetime(2012, 1, 5), datetime(2012, 1, 6)]  # noqa: DTZ001
    # Bought on the 3rd at 100: two units on the 4th, each paid 1. Bought on the ex-date: the price alone.
    assert rows.r.tolist() == pytest.approx([(2 * 52 + 2 * 1) / 100 - 1, 53 / 52 - 1])


def test_an_event_that_is_not_resolved_is_left_out() -> None:
    view = market([1.0, 2.0, 3.0, 4.0]).view
    assert [len(view(at(day)).event_returns("ACME", 2)) for day in range(5)] == [0, 0, 0, 1, 2]


def test_arrays_handed_out_have_no_way_to_later_rows() -> None:
    whole = market([1.0, 2.0, 3.0, 4.0], SPLIT)
    for as_of in (at(1), at(2), at(3)):
        view = whole.view(as_of)
        events = view.event_returns("ACME", 1)
        for held in (
            view.bars("ACME"),
            view.bars("ACME", 1),
            view.traded("ACME"),
            view.traded("ACME", 1),
            events,
        ):
            for array in vars(held).values():
                while isinstance(array, np.ndarray):
                    assert len(array) <= len(view.bars("ACME"))
                    array = array.base


def test_arrays_handed_out_cannot_be_written_to() -> None:
    bars = market([1.0, 2.0]).view(at(2)).bars("ACME")
    with pytest.raises(ValueError, match="read-only"):
        bars.close[0] = 3.0


def test_age_counts_the_calendars_own_time() -> None:
    whole = market([1.0, 2.0])
    assert whole.view(at(2)).age("ACME") == 0.0
    assert whole.view(at(3, 12)).age("ACME") == 1.5
    with pytest.raises(ToolError, match="no bar of ACME"):
        whole.view(at(0)).age("ACME")


def test_a_series_shows_for_each_period_the_version_published_last() -> None:
    days = np.array(["2012-01-01", "2012-01-01", "2012-02-01"], "datetime64[D]")
    published = np.array(["2012-01-10", "2012-02-10", "2012-02-09"], "datetime64[s]")
    order = np.argsort(published)
    gdp = Series("gdp", days[order], published[order], np.array([1.0, 1.5, 2.0])[order])
    view = market([1.0], series={"gdp": gdp}).view
    assert view(datetime(2012, 1, 10, tzinfo=UTC)).series("gdp").value.tolist() == [1.0]
    assert view(datetime(2012, 2, 9, tzinfo=UTC)).series("gdp").value.tolist() == [1.0, 2.0]
    assert view(datetime(2012, 2, 10, tzinfo=UTC)).series("gdp").value.tolist() == [1.5, 2.0]
    with pytest.raises(ToolError, match="no value of gdp"):
        view(datetime(2012, 1, 9, tzinfo=UTC)).series("gdp")
    with pytest.raises(ToolError, match="no series gpd"):
        view(at(1)).series("gpd")


def test_news_and_filings_are_seen_from_their_publication() -> None:
    early, late = (NewsItem(published_at=at(day), symbols=("ACME",), title=str(day)) for day in (1, 2))
    other = NewsItem(published_at=at(1), symbols=("OTHER",), title="other")
    first = FundamentalRow(
        symbol="ACME", published_at=at(1), period_end=date(2011, 12, 31), values={"eps": 1.0}
    )
    restated = first.model_copy(update={"published_at": at(2), "values": {"eps": 0.5}})
    view = market([1.0], news=(late, other, early), fundamentals=(restated, first)).view
    assert view(at(2)).news("ACME") == (early, late)
    assert view(at(2)).news("ACME", since=at(1)) == (late,)
    assert view(at(2) - timedelta(microseconds=1)).news("ACME") == (early,)
    assert view(at(1)).fundamentals("ACME") == (first,)
    assert view(at(2)).fundamentals("ACME") == (restated,)


def test_bars_come_exactly_at_their_close_with_exact_prices() -> None:
    whole = market([10.0, 10.1, 10.2])
    assert whole.closes(["ACME"]) == (at(1), at(2), at(3))
    assert whole.closes(["ACME"], start=at(2), end=at(2)) == (at(2),)
    bar = whole.bar_at("ACME", at(2))
    assert bar is not None
    assert (bar.close, bar.opened, bar.available) == (Decimal("10.1"), at(1), at(2))
    assert whole.bar_at("ACME", at(2, 1)) is None
    assert whole.bar_at("ACME", at(9)) is None


def test_an_unknown_symbol_is_answered_with_the_nearest() -> None:
    whole = market([1.0])
    for ask in (whole.view(at(1)).bars, whole.view(at(1)).price, whole.view(at(1)).news):
        with pytest.raises(UnknownName, match="ACNE") as raised:
            ask("ACNE")
        assert raised.value.hint == "did you mean ACME?"


def test_the_digest_names_the_data() -> None:
    assert market([1.0, 2.0]).digest == market([1.0, 2.0]).digest
    others = [
        market([1.0, 2.5]),
        market([1.0, 2.0], SPLIT),
        market([1.0, 2.0], news=(NewsItem(published_at=at(1), symbols=("ACME",), title="x"),)),
    ]
    assert len({whole.digest for whole in [market([1.0, 2.0]), *others]}) == 4


def test_bars_out_of_order_never_become_a_market() -> None:
    bars = daily("ACME", [1.0, 2.0])
    backwards = Bars(
        "ACME",
        Timeframe.D1,
        *(array[::-1] for name, array in vars(bars).items() if name not in ("symbol", "timeframe")),
    )
    with pytest.raises(DataError, match="order of time"):
        Market(timeframe=Timeframe.D1, instruments={"ACME": instrument()}, bars={"ACME": backwards})


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        market([1.0]).view(datetime(2012, 1, 3))  # noqa: DTZ001


def test_a_market_that_does_not_fit_together_is_refused() -> None:
    whole, bars = market([1.0, 2.0]), daily("ACME", [1.0, 2.0])
    hourly = replace(bars, timeframe=Timeframe.H1)
    late = replace(bars, available=bars.opened)
    wrong: list[tuple[dict[str, object], str]] = [
        ({"instruments": {}}, "not described"),
        ({"bars": {"ACME": hourly}}, "bars of 1h in a market of 1d"),
        ({"bars": {"ACME": bars[:0]}}, "no bars"),
        ({"bars": {"ACME": late}}, "available before it has opened"),
    ]
    for parts, reason in wrong:
        with pytest.raises(DataError, match=reason):
            replace(whole, **parts)


def test_an_instrument_without_bars_says_so() -> None:
    whole = replace(market([1.0]), instruments={"ACME": instrument(), "BOLT": instrument("BOLT")})
    with pytest.raises(ToolError, match="there are no bars of BOLT"):
        whole.view(at(1)).bars("BOLT")
    assert whole.view(at(1)).news("BOLT") == ()
    with pytest.raises(ToolError, match=r"no bar of ACME is available at 2012-01-02 00:00 UTC"):
        whole.view(at(0)).price("ACME")


def test_a_horizon_of_no_bars_is_refused() -> None:
    with pytest.raises(ValueError, match="a horizon of 0 bars"):
        market([1.0]).view(at(1)).event_returns("ACME", 0)
