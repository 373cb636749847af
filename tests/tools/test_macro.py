"""Macro values as they had been published, against their own history."""

from datetime import timedelta

import numpy as np
import pytest

from tests.tools.markets import START, close_of, context, macro_series, market, series
from trader.data.market import Market
from trader.domain.errors import ToolError
from trader.tools.macro import Arguments, Result, run, z_score

DAYS = 400
SERIES = macro_series(DAYS, 1)
NOW = close_of(DAYS - 2)


def read(source: Market, years: int = 10) -> Result:
    return run(context(source, NOW), Arguments(years=years))


def with_series(**changes: object) -> Market:
    kept = {name: value for name, value in (SERIES | changes).items() if value is not None}
    return market(DAYS, series=kept)


def test_each_value_is_the_last_that_was_published() -> None:
    result = read(with_series())
    known = {name: whole.until(NOW) for name, whole in SERIES.items()}
    assert len(known["baa_yield"]) < len(SERIES["baa_yield"])
    assert result.credit_spread == pytest.approx(known["baa_yield"].value[-1] - known["aaa_yield"].value[-1])
    assert result.vix == known["vix"].value[-1]
    assert result.oil_return_63 == pytest.approx(known["wti"].value[-1] / known["wti"].value[-64] - 1)
    assert result.cpi_yoy == pytest.approx(1.002**12 - 1)
    returns = np.diff(np.log(known["sp500"].value[-22:]))
    assert result.market_volatility == pytest.approx(returns.std(ddof=1) * np.sqrt(252))
    assert result.missing == ()


def test_a_z_score_compares_with_the_years_asked_for() -> None:
    vix = SERIES["vix"].until(NOW).value
    for years in (2, 10):
        window = vix[-252 * years :]
        assert read(with_series(), years).vix_z == pytest.approx((window[-1] - window.mean()) / window.std())


def test_a_z_score_needs_enough_values_and_some_spread() -> None:
    assert z_score(np.arange(10.0), 100, 11) is None
    assert z_score(np.full(10, 4.0), 100, 5) is None
    assert z_score(np.array([0.0, 0.0, 0.0, 4.0]), 4, 4) == pytest.approx(3.0 / np.sqrt(3.0))


def test_a_series_that_is_not_there_is_named_and_the_others_are_given() -> None:
    result = read(with_series(vix=None, aaa_yield=None))
    assert (result.vix, result.vix_z, result.credit_spread, result.credit_spread_z) == (None,) * 4
    assert result.oil_return_63 is not None
    assert [reason.split()[-1] for reason in result.missing] == ["aaa_yield", "vix"]


def test_a_series_that_has_ended_is_not_todays_weather() -> None:
    old = np.arange("2000-01-03", "2010-06-01", dtype="datetime64[D]")
    result = read(with_series(vix=series("vix", old, np.full(len(old), 20.0), 1)))
    assert result.vix is None
    assert result.missing == ("vix ended on 2010-06-01",)


def test_a_late_month_is_compared_with_the_same_month_a_year_before() -> None:
    whole = SERIES["core_cpi"]
    gone = whole.period != np.datetime64("2010-07-01")  # one month was never published
    holes = series("core_cpi", whole.period[gone], whole.value[gone], 38)
    assert read(with_series(core_cpi=holes)).cpi_yoy == pytest.approx(1.002**12 - 1)


def test_a_value_that_is_not_above_zero_is_no_level() -> None:
    whole = SERIES["wti"]
    values = np.where(whole.period == whole.until(NOW).period[-1], -37.63, whole.value)
    result = read(with_series(wti=series("wti", whole.period, values, 1)))
    assert result.oil_return_63 is None
    assert result.missing == ("wti has a value that is not above zero",)


def test_with_no_series_at_all_the_tool_says_so() -> None:
    with pytest.raises(ToolError, match=r"baa_yield.*sp500.*vix.*wti.*core_cpi"):
        run(context(market(DAYS, series={}), NOW), Arguments())


def test_before_anything_was_published_there_is_nothing() -> None:
    with pytest.raises(ToolError):
        run(context(with_series(), START - timedelta(days=5000)), Arguments())


def test_a_series_that_has_just_begun_is_too_short_and_says_so() -> None:
    whole = SERIES["wti"]
    late = whole.period >= np.datetime64("2011-01-01")
    result = read(with_series(wti=series("wti", whole.period[late], whole.value[late], 1)))
    assert result.missing == ("wti needs 64 values, has 34",)


def test_without_the_month_a_year_before_there_is_no_inflation() -> None:
    whole = SERIES["core_cpi"]
    last = whole.until(NOW).period[-1].astype("datetime64[M]")
    kept = whole.period.astype("datetime64[M]") != last - np.timedelta64(12, "M")
    result = read(with_series(core_cpi=series("core_cpi", whole.period[kept], whole.value[kept], 38)))
    assert result.missing == ("core_cpi has no value for the same month a year before",)
