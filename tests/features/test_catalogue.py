"""Every row of the catalogue, against the same promises."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.direct import TALIB
from tests.features.exact import EXACT
from tests.features.histories import as_bars, bundled, columns, cut, spliced, walk
from tests.features.reference import REFERENCE
from trader.domain.errors import ToolError, UnknownName
from trader.domain.market import Timeframe
from trader.features.catalogue import COMMON, FEATURES, compute, compute_all, feature
from trader.features.feature import Feature, Group, Inputs
from trader.tools.features import USUAL

FIRST = [
    "return_1",
    "return_5",
    "return_21",
    "return_63",
    "return_126",
    "return_252",
    "momentum_12_1",
    "reversal_60m",
    "sma_50_gap",
    "sma_200_gap",
    "macd_hist",
    "macd_signal_gap",
    "rsi_14",
    "stoch_k",
    "stoch_d",
    "adx_14",
    "plus_di_14",
    "minus_di_14",
    "atr_14",
    "natr_14",
    "bollinger_position",
    "bollinger_width",
    "cci_20",
    "mfi_14",
    "willr_14",
    "obv_slope_21",
    "volume_ratio_21",
    "volatility_21",
    "volatility_63",
    "volatility_252",
    "drawdown_252",
    "high_252_gap",
]

"""The first indicators there were: policies, forecaster and traces know them by name."""

ROWS = pytest.mark.parametrize("row", FEATURES, ids=lambda row: row.name)
SEEDS = st.integers(0, 2**32 - 1)
MAY_LACK = {"support_gap", "resistance_gap"}
"""Where no pivot is below (above) the close, there is nothing to measure from."""


def test_the_catalogue_has_names_that_are_nobody_elses() -> None:
    names = [row.name for row in FEATURES]
    assert len(set(names)) == len(names) >= 120
    assert set(FIRST) <= set(names)
    assert sorted(USUAL) == sorted(FIRST)
    assert not {str(group) for group in Group} & set(names), "a group can be asked for by its name"
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in names)


def test_every_group_has_rows_and_candles_are_all_of_talibs() -> None:
    groups = {group: [row for row in FEATURES if row.group is group] for group in Group}
    assert all(groups.values())
    assert len(groups[Group.CANDLE]) == 61
    assert len(COMMON) >= 100


@ROWS
def test_a_row_says_what_it_is_and_where_it_is_from(row: Feature) -> None:
    assert row.unit
    assert row.formula
    assert any(character.isdigit() for character in row.source), "a source has a year"


@ROWS
def test_there_is_no_value_before_the_warm_up_and_one_at_each_bar_after(row: Feature) -> None:
    values = row.compute(walk(1))
    assert values.dtype == np.float64
    assert len(values) == 1500
    assert np.isnan(values[: row.warmup]).all()
    if row.name in MAY_LACK:
        assert np.isfinite(values[row.warmup :]).mean() > 0.5
    else:
        assert np.isfinite(values[row.warmup :]).all()


@ROWS
@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, share=st.floats(0.0, 1.0), noise=SEEDS)
def test_no_value_changes_when_later_bars_do(row: Feature, seed: int, share: float, noise: int) -> None:
    bars = row.warmup + 150
    at = 1 + int(share * (bars - 2))
    inputs = walk(seed, bars)
    known = row.compute(cut(inputs, at))
    assert row.compute(spliced(inputs, walk(noise, bars), at))[:at].tobytes() == known.tobytes()
    assert row.compute(inputs)[:at].tobytes() == known.tobytes()


@ROWS
@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_prices_in_another_unit_change_only_what_is_stated_in_prices(row: Feature, factor: float) -> None:
    inputs = walk(2)
    *prices, volume = columns(inputs)
    beside = dict(inputs.beside)
    beside |= {name: beside[name] * factor for name in ("bid", "ask")}
    beside |= {name: beside[name] / factor for name in ("bid_size", "ask_size", "bought", "sold")}
    scaled = Inputs(
        *(price * factor for price in prices),
        volume / factor,
        opened=inputs.opened,
        index=inputs.index,
        beside=beside,
    )
    expected = row.compute(inputs) * (1.0 if row.scale_free else factor)
    np.testing.assert_allclose(row.compute(scaled), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("price", [2.0**-40, 2.0**-20, 2.0**40])
def test_a_coin_at_a_trillionth_has_the_indicators_of_one_at_a_trillion(price: float) -> None:
    inputs = walk(2)
    *prices, _ = columns(inputs)
    named = dict(zip(("open", "high", "low", "close"), (one * price for one in prices), strict=True))
    scaled = replace(inputs, **named)
    usual, other = compute_all(inputs), compute_all(scaled)
    for row in FEATURES:
        if row.scale_free and row.name not in {
            "amihud_21",
            "price_impact_63",
        }:  # of a million of the currency
            np.testing.assert_allclose(
                other[row.name], usual[row.name], rtol=1e-9, atol=1e-12, err_msg=row.name
            )


@pytest.mark.parametrize("name", sorted(REFERENCE | EXACT))
@pytest.mark.parametrize("symbol", ["AAPL", "IBM"])
def test_on_real_bars_a_row_agrees_with_exact_sums(name: str, symbol: str) -> None:
    inputs = bundled(symbol)
    values = feature(name).compute(inputs)
    for bars in (len(inputs), len(inputs) - 517, 2000):
        rows = plain(cut(inputs, bars))
        expected = (REFERENCE | EXACT)[name](rows)
        assert values[bars - 1] == pytest.approx(expected, rel=1e-9, abs=1e-11, nan_ok=True), bars


@pytest.mark.parametrize("name", sorted(TALIB))
@pytest.mark.parametrize("symbol", ["AAPL", "IBM"])
def test_on_real_bars_a_row_agrees_with_talib(name: str, symbol: str) -> None:
    inputs, row = bundled(symbol), feature(name)
    expected = TALIB[name](inputs)[row.warmup :]
    np.testing.assert_allclose(row.compute(inputs)[row.warmup :], expected, rtol=1e-9, atol=1e-12)


def plain(inputs: Inputs) -> dict[str, list[float]]:
    assert inputs.opened is not None
    assert inputs.index is not None
    names = ("open", "high", "low", "close", "volume")
    rows = dict(zip(names, (array.tolist() for array in columns(inputs)), strict=True))
    rows |= {name: column.tolist() for name, column in inputs.beside.items()}
    return rows | {"opened": inputs.opened.astype(np.int64).tolist(), "index": inputs.index.tolist()}


def test_every_row_is_checked_against_something() -> None:
    assert {*REFERENCE, *EXACT, *TALIB} == {row.name for row in FEATURES}


@pytest.mark.parametrize("bars", [0, 1, 2, 13, 300])
def test_a_short_history_gives_as_many_values_as_bars(bars: int) -> None:
    for name, values in compute_all(cut(walk(7), bars)).items():
        assert len(values) == bars, name
        assert np.isnan(values[: feature(name).warmup]).all(), name


def test_a_market_that_never_moves_has_no_infinite_value() -> None:
    flat = np.full(1500, 10.0)
    computed = compute_all(Inputs(flat, flat, flat, flat, flat, index=flat))
    assert {name for name, values in computed.items() if np.isinf(values).any()} == set()
    assert computed["volatility_21"][-1] == 0.0
    assert computed["bollinger_position"][-1] == 0.5


def halted() -> Inputs:
    """A price that moves, and then stands still at one that sums do not meet."""
    *prices, volume = (array.copy() for array in columns(walk(13)))
    for price in prices:
        price[1420:] = 100.1
    return Inputs(*prices, volume, opened=walk(13).opened)


def test_a_price_that_stands_still_is_neither_oversold_nor_far_from_its_mean() -> None:
    computed = compute_all(halted())
    moved = (
        "rsi",
        "stoch",
        "willr",
        "cci",
        "cmo",
        "ultimate",
        "mfi",
        "adx",
        "dx",
        "plus_di",
        "minus_di",
        "z_score",
    )
    names = [row.name for row in FEATURES if row.name.startswith(moved)]
    assert len(names) >= 23
    for name in names:
        assert np.isfinite(computed[name][1419]), name
        assert np.isnan(computed[name][-1]), name


def test_without_volume_what_reads_volume_has_no_value() -> None:
    inputs = walk(8)
    silent = replace(inputs, volume=np.zeros(1500))
    computed = compute_all(silent)
    assert {name for name, values in computed.items() if np.isnan(values).all()} == {
        *(row.name for row in FEATURES if row.group is Group.VOLUME),
        "amihud_21",
        "price_impact_63",
        "vpin_50",
    }


def test_without_times_an_index_or_a_book_what_reads_them_has_no_value() -> None:
    computed = compute_all(Inputs(*columns(walk(8))))
    assert {name for name, values in computed.items() if np.isnan(values).all()} == {
        row.name for row in FEATURES if row.reads or row.group in (Group.CALENDAR, Group.MARKET)
    }


@pytest.mark.parametrize("name", ["beta_63", "correlation_63", "relative_strength_21", "own_volatility_63"])
def test_a_gap_in_the_index_is_a_gap_in_what_reads_it_and_ends(name: str) -> None:
    inputs = walk(8)
    assert inputs.index is not None
    level = inputs.index.copy()
    level[700] = np.nan
    values = feature(name).compute(Inputs(*columns(inputs), index=level))
    assert np.isnan(values[700])
    whole = feature(name).compute(inputs)
    np.testing.assert_array_equal(values[800:], whole[800:])
    assert np.isfinite(values[800:]).all()


def test_volatility_is_stated_by_the_year_of_the_calendar() -> None:
    inputs = walk(9)
    crypto = Inputs(*columns(inputs), bars_a_year=365.0)
    row = feature("volatility_63")
    assert row.compute(crypto)[-1] / row.compute(inputs)[-1] == pytest.approx((365 / 252) ** 0.5)


@pytest.mark.parametrize(("timeframe", "intraday"), [(Timeframe.H1, True), (Timeframe.D1, False)])
def test_months_have_no_meaning_in_hours_nor_the_hour_on_days(timeframe: Timeframe, intraday: bool) -> None:
    computed = compute(as_bars(walk(12), timeframe))
    for name in ("momentum_12_1", "reversal_60m"):
        assert np.isnan(computed[name]).all() == intraday
    assert np.isnan(computed["hour_sin"]).all() != intraday
    assert np.isfinite(computed["return_252"][-1])


def test_december_is_as_near_to_january_as_june_to_july() -> None:
    opened = np.array(["2011-01-15", "2011-06-15", "2011-07-15", "2011-12-15"], "datetime64[s]")
    one = np.ones(4)
    inputs = Inputs(one, one, one, one, one, opened=opened)
    points = np.column_stack([feature(f"month_{wave}").compute(inputs) for wave in ("sin", "cos")])
    january, june, july, december = points
    assert np.linalg.norm(december - january) == pytest.approx(np.linalg.norm(june - july))
    assert np.linalg.norm(december - june) > 1.9


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (3, np.nan, "close is nan at bar 41 of 300"),
        (1, np.inf, "high is inf at bar 41 of 300"),
        (2, 0.0, r"low is 0\.0 at bar 41 of 300"),
        (4, np.nan, "volume is nan at bar 41 of 300"),
    ],
)
def test_a_number_that_is_none_is_refused_with_its_bar(field: int, value: float, message: str) -> None:
    given = [array.copy() for array in columns(cut(walk(10), 300))]
    given[field][40] = value
    with pytest.raises(ToolError, match=message):
        Inputs(*given)


def test_columns_of_different_lengths_are_refused() -> None:
    *prices, volume = columns(cut(walk(11), 300))
    with pytest.raises(ToolError, match="volume has 299 bars, close has 300"):
        Inputs(*prices, volume[1:])
    with pytest.raises(ToolError, match="index has 299 bars, close has 300"):
        Inputs(*prices, volume, index=volume[1:])


def test_an_unknown_indicator_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownName) as raised:
        feature("rsi14")
    assert "rsi_14" in raised.value.hint
