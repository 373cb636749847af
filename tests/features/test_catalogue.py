"""Every row of the catalogue, against the same promises."""

from itertools import starmap

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.features.reference import REFERENCE
from trader.domain.errors import ToolError, UnknownName
from trader.domain.market import Bars, Timeframe
from trader.features.catalogue import FEATURES, compute, compute_all, feature
from trader.features.feature import Feature, Inputs

NAMES = [
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

TALIB = {
    "rsi_14": lambda i: talib.RSI(i.close, 14),
    "stoch_k": lambda i: talib.STOCH(i.high, i.low, i.close, 14, 3, 0, 3, 0)[0],
    "stoch_d": lambda i: talib.STOCH(i.high, i.low, i.close, 14, 3, 0, 3, 0)[1],
    "adx_14": lambda i: talib.ADX(i.high, i.low, i.close, 14),
    "plus_di_14": lambda i: talib.PLUS_DI(i.high, i.low, i.close, 14),
    "minus_di_14": lambda i: talib.MINUS_DI(i.high, i.low, i.close, 14),
    "atr_14": lambda i: talib.ATR(i.high, i.low, i.close, 14),
    "natr_14": lambda i: talib.NATR(i.high, i.low, i.close, 14),
    "cci_20": lambda i: talib.CCI(i.high, i.low, i.close, 20),
    "willr_14": lambda i: talib.WILLR(i.high, i.low, i.close, 14),
}

ROWS = pytest.mark.parametrize("row", FEATURES, ids=lambda row: row.name)


def walk(seed: int, bars: int = 1500) -> Inputs:
    """A random walk with gaps, ticks of a cent (so that ties happen) and whole volumes."""
    rng = np.random.default_rng(seed)
    close = 50.0 * np.exp(np.cumsum(rng.normal(0.0003, 0.02, bars)))
    open_ = close * np.exp(rng.normal(0.0, 0.01, bars))
    high = np.maximum(open_, close) * (1.0 + rng.exponential(0.005, bars))
    low = np.minimum(open_, close) / (1.0 + rng.exponential(0.005, bars))
    prices = (np.maximum(np.round(price, 2), 0.01) for price in (open_, high, low, close))
    return Inputs(*prices, rng.integers(0, 1_000_000, bars).astype(np.float64))


def first(inputs: Inputs, bars: int) -> Inputs:
    return Inputs(*(array[:bars].copy() for array in arrays(inputs)))


def arrays(inputs: Inputs) -> tuple[np.ndarray, ...]:
    return inputs.open, inputs.high, inputs.low, inputs.close, inputs.volume


def test_the_catalogue_holds_these_names_once() -> None:
    assert sorted(row.name for row in FEATURES) == sorted(NAMES)


@ROWS
def test_a_row_says_what_it_is_and_where_it_is_from(row: Feature) -> None:
    assert row.unit
    assert row.formula
    assert any(character.isdigit() for character in row.source), "a source has a year"


@ROWS
def test_there_is_no_value_before_the_warm_up_and_one_at_each_bar_after(row: Feature) -> None:
    values = row.compute(walk(1))
    assert len(values) == 1500
    assert np.isnan(values[: row.warmup]).all()
    assert np.isfinite(values[row.warmup :]).all()


@ROWS
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(1, 1499), noise=st.integers(0, 2**32 - 1))
def test_no_value_changes_when_later_bars_do(row: Feature, seed: int, cut: int, noise: int) -> None:
    inputs, other = walk(seed), walk(noise)
    known = row.compute(first(inputs, cut))
    mixed = Inputs(
        *starmap(
            lambda then, later: np.concatenate((then[:cut], later[cut:])),
            zip(arrays(inputs), arrays(other), strict=True),
        )
    )
    assert row.compute(mixed)[:cut].tobytes() == known.tobytes()
    assert row.compute(inputs)[:cut].tobytes() == known.tobytes()


@ROWS
@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_prices_in_another_unit_change_only_what_is_stated_in_prices(row: Feature, factor: float) -> None:
    inputs = walk(2)
    *prices, volume = arrays(inputs)
    scaled = row.compute(Inputs(*(price * factor for price in prices), volume / factor))
    expected = row.compute(inputs) * (1.0 if row.scale_free else factor)
    np.testing.assert_allclose(scaled, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", sorted(REFERENCE))
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_what_is_not_talibs_own_agrees_with_plain_loops(name: str, seed: int) -> None:
    inputs = walk(seed)
    rows = {field: getattr(inputs, field).tolist() for field in ("open", "high", "low", "close", "volume")}
    assert feature(name).compute(inputs)[-1] == pytest.approx(REFERENCE[name](rows), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", sorted(TALIB))
def test_what_is_talibs_own_is_talibs_own(name: str) -> None:
    inputs = walk(6)
    np.testing.assert_array_equal(feature(name).compute(inputs), TALIB[name](inputs))


def test_every_row_is_checked_against_something() -> None:
    assert sorted([*REFERENCE, *TALIB]) == sorted(NAMES)


@pytest.mark.parametrize("bars", [0, 1, 2, 13, 300])
def test_a_short_history_gives_as_many_values_as_bars(bars: int) -> None:
    for name, values in compute_all(*arrays(first(walk(7), bars))).items():
        assert len(values) == bars
        assert np.isnan(values[: feature(name).warmup]).all()


def test_a_market_that_never_moves_has_no_infinite_value() -> None:
    flat = np.full(1500, 10.0)
    computed = compute_all(flat, flat, flat, flat, flat)
    assert not any(np.isinf(values).any() for values in computed.values())
    assert computed["volatility_21"][-1] == 0.0
    assert computed["bollinger_position"][-1] == 0.5


def test_without_volume_what_reads_volume_has_no_value() -> None:
    inputs = walk(8)
    computed = compute_all(*arrays(inputs)[:4], np.zeros(1500))
    silent = {name for name, values in computed.items() if np.isnan(values).all()}
    assert silent == {"mfi_14", "obv_slope_21", "volume_ratio_21"}


def test_volatility_is_stated_by_the_year_of_the_calendar() -> None:
    inputs = walk(9)
    crypto = compute_all(*arrays(inputs), bars_a_year=365.0)["volatility_63"][-1]
    assert crypto / compute_all(*arrays(inputs))["volatility_63"][-1] == pytest.approx((365 / 252) ** 0.5)


@pytest.mark.parametrize(("timeframe", "silent"), [(Timeframe.H1, True), (Timeframe.D1, False)])
def test_months_are_counted_in_days_and_have_no_meaning_in_hours(timeframe: Timeframe, silent: bool) -> None:
    opened = np.datetime64("2010-01-01", "s") + np.arange(1500) * np.timedelta64(3600, "s")
    bars = Bars("AAA", timeframe, opened, opened + np.timedelta64(3600, "s"), *arrays(walk(12)))
    computed = compute(bars)
    for name in ("momentum_12_1", "reversal_60m"):
        assert np.isnan(computed[name]).all() == silent
    assert np.isfinite(computed["return_252"][-1])


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
    columns = [array.copy() for array in arrays(first(walk(10), 300))]
    columns[field][40] = value
    with pytest.raises(ToolError, match=message):
        compute_all(*columns)


def test_columns_of_different_lengths_are_refused() -> None:
    *prices, volume = arrays(first(walk(11), 300))
    with pytest.raises(ToolError, match="volume has 299 bars, close has 300"):
        compute_all(*prices, volume[1:])


def test_an_unknown_indicator_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownName) as raised:
        feature("rsi14")
    assert "rsi_14" in raised.value.hint
