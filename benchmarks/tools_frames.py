"""The common indicators as users of polars or pandas write them: rolling windows, shifts, means."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd
import polars as pl

from trader.domain.market import Floats
from trader.features.feature import Inputs

Column = Any
"""A polars expression or a pandas series: both have arithmetic, `shift`, `abs` and comparisons."""
FIELDS = ("open", "high", "low", "close", "volume")


class Frame(Protocol):
    """What differs between the two."""

    def column(self, name: str) -> Column:
        """A field of the bars."""

    def rolling(self, x: Column, kind: str, bars: int) -> Column:
        """The `mean`, `sum`, `max`, `min` or `std` (n - 1) of the last bars."""

    def average(self, x: Column, weight: float) -> Column:
        """Exponential mean, begun with the first value."""

    def log(self, x: Column) -> Column:
        """Natural logarithm."""

    def above_zero(self, x: Column) -> Column:
        """`x`, and zero where it is less."""

    def where(self, condition: Column, x: Column) -> Column:
        """`x` where the condition holds, else zero."""

    def greater(self, x: Column, y: Column) -> Column:
        """The greater of the two."""


class Polars:
    """Expressions: computed together, by as many threads as there are cores."""

    def column(self, name: str) -> Column:
        """As `Frame` says."""
        return pl.col(name)

    def rolling(self, x: Column, kind: str, bars: int) -> Column:
        """As `Frame` says."""
        return getattr(x, f"rolling_{kind}")(bars)

    def average(self, x: Column, weight: float) -> Column:
        """As `Frame` says."""
        return x.fill_nan(None).ewm_mean(alpha=weight, adjust=False, ignore_nulls=True)

    def log(self, x: Column) -> Column:
        """As `Frame` says."""
        return x.log()

    def above_zero(self, x: Column) -> Column:
        """As `Frame` says."""
        return x.clip(lower_bound=0.0)

    def where(self, condition: Column, x: Column) -> Column:
        """As `Frame` says."""
        return pl.when(condition).then(x).otherwise(0.0)

    def greater(self, x: Column, y: Column) -> Column:
        """As `Frame` says."""
        return pl.max_horizontal(x, y)


class Pandas:
    """Series: computed at once, one after the other."""

    def __init__(self, inputs: Inputs) -> None:
        self._columns = {name: pd.Series(getattr(inputs, name)) for name in FIELDS}

    def column(self, name: str) -> Column:
        """As `Frame` says."""
        return self._columns[name]

    def rolling(self, x: Column, kind: str, bars: int) -> Column:
        """As `Frame` says."""
        return getattr(x.rolling(bars), kind)()

    def average(self, x: Column, weight: float) -> Column:
        """As `Frame` says."""
        return x.ewm(alpha=weight, adjust=False).mean()

    def log(self, x: Column) -> Column:
        """As `Frame` says."""
        return np.log(x)

    def above_zero(self, x: Column) -> Column:
        """As `Frame` says."""
        return x.clip(lower=0.0)

    def where(self, condition: Column, x: Column) -> Column:
        """As `Frame` says."""
        return x.where(condition, 0.0)

    def greater(self, x: Column, y: Column) -> Column:
        """As `Frame` says."""
        return np.maximum(x, y)


def by_polars(inputs: Inputs) -> dict[str, Floats]:
    """All that polars can say, in one pass."""
    found = pl.DataFrame({name: getattr(inputs, name) for name in FIELDS}).select(**formulas(Polars()))
    return {name: found[name].to_numpy() for name in found.columns}


def by_pandas(inputs: Inputs) -> dict[str, Floats]:
    """The same with pandas."""
    return {name: values.to_numpy() for name, values in formulas(Pandas(inputs)).items()}


def formulas(f: Frame) -> Mapping[str, Column]:
    """Our name -> the same as a column.

    The money flow index is left out: it asks whether two quotients are equal, and polars divides otherwise.
    """
    o, h, lo, c, v = (f.column(name) for name in FIELDS)
    before = c.shift(1)
    reach = f.greater(f.greater(h - lo, (h - before).abs()), (lo - before).abs())
    typical, change = (h + lo + c) / 3.0, c - before
    return {
        **{f"return_{n}": c / c.shift(n) - 1.0 for n in (1, 2, 3, 5, 10, 21, 42, 63, 126, 252)},
        "momentum_12_1": c.shift(21) / c.shift(252) - 1.0,
        "reversal_60m": f.log(f.rolling(c, "mean", 253).shift(1134) / c),
        **_averages(f, c),
        **_stretched(f, h, lo, c),
        **_directed(f, h, lo, c, reach),
        **_ranges(f, h, lo, c, reach),
        "balance_of_power": (c - o) / (h - lo),
        "balance_of_power_14": f.rolling((c - o) / (h - lo), "mean", 14),
        "awesome": (f.rolling((h + lo) / 2.0, "mean", 5) - f.rolling((h + lo) / 2.0, "mean", 34)) / c,
        **{f"volume_ratio_{n}": v / f.rolling(v, "mean", n) for n in (5, 21, 63)},
        "volume_z_21": (v - f.rolling(v, "mean", 21)) / (f.rolling(v, "std", 21) * (20 / 21) ** 0.5),
        "chaikin_flow_21": f.rolling((2.0 * c - h - lo) / (h - lo) * v, "sum", 21) / f.rolling(v, "sum", 21),
        "vwap_21_gap": c / (f.rolling(typical * v, "sum", 21) / f.rolling(v, "sum", 21)) - 1.0,
        "force_13": f.average(change * v, 2 / 14) / (c * f.rolling(v, "mean", 21)),
    }


def _averages(f: Frame, c: Column) -> dict[str, Column]:
    one = f.average(c, 2 / 21)
    two = f.average(one, 2 / 21)
    three = f.average(two, 2 / 21)
    macd = f.average(c, 2 / 13) - f.average(c, 2 / 27)
    signal = f.average(macd, 2 / 10)
    thrice = f.average(f.average(f.average(c, 2 / 16), 2 / 16), 2 / 16)
    return {
        **{f"sma_{n}_gap": c / f.rolling(c, "mean", n) - 1.0 for n in (5, 10, 20, 50, 100, 200)},
        **{f"ema_{n}_gap": c / f.average(c, 2 / (n + 1)) - 1.0 for n in (5, 10, 20, 50, 100, 200)},
        "sma_50_200": f.rolling(c, "mean", 50) / f.rolling(c, "mean", 200) - 1.0,
        "dema_20_gap": c / (2.0 * one - two) - 1.0,
        "tema_20_gap": c / (3.0 * one - 3.0 * two + three) - 1.0,
        "macd_gap": macd / c,
        "macd_signal_gap": signal / c,
        "macd_hist": (macd - signal) / c,
        "trix_15": 100.0 * (thrice / thrice.shift(1) - 1.0),
    }


def _stretched(f: Frame, h: Column, lo: Column, c: Column) -> dict[str, Column]:
    change = c - c.shift(1)

    def gains(bars: int) -> tuple[Column, Column]:
        up, down = f.above_zero(change), f.above_zero(-change)
        return f.average(up, 1 / bars), f.average(down, 1 / bars)

    def rsi(bars: int) -> Column:
        up, down = gains(bars)
        return 100.0 * up / (up + down)

    def place(x: Column, high: Column, low: Column, bars: int) -> Column:
        bottom = f.rolling(low, "min", bars)
        return 100.0 * (x - bottom) / (f.rolling(high, "max", bars) - bottom)

    up, down = gains(14)
    slow, fast = f.rolling(place(c, h, lo, 14), "mean", 3), place(c, h, lo, 5)
    of_rsi = place(rsi(14), rsi(14), rsi(14), 14)
    return {
        **{f"rsi_{n}": rsi(n) for n in (7, 14, 21)},
        "cmo_14": 100.0 * (up - down) / (up + down),
        "stoch_k": slow,
        "stoch_d": f.rolling(slow, "mean", 3),
        "stoch_fast_k": fast,
        "stoch_fast_d": f.rolling(fast, "mean", 3),
        "stoch_rsi_k": of_rsi,
        "stoch_rsi_d": f.rolling(of_rsi, "mean", 3),
        **{f"willr_{n}": place(c, h, lo, n) - 100.0 for n in (14, 28)},
    }


def _directed(f: Frame, h: Column, lo: Column, c: Column, reach: Column) -> dict[str, Column]:
    up, down = h - h.shift(1), lo.shift(1) - lo
    whole = f.average(reach, 1 / 14)
    plus = 100.0 * f.average(f.where((up > down) & (up > 0.0), up), 1 / 14) / whole
    minus = 100.0 * f.average(f.where((down > up) & (down > 0.0), down), 1 / 14) / whole
    dx = 100.0 * (plus - minus).abs() / (plus + minus)
    adx = f.average(dx, 1 / 14)
    return {
        "plus_di_14": plus,
        "minus_di_14": minus,
        "dx_14": dx,
        "adx_14": adx,
        "adxr_14": (adx + adx.shift(13)) / 2.0,
    }


def _ranges(f: Frame, h: Column, lo: Column, c: Column, reach: Column) -> dict[str, Column]:
    moves = f.log(c) - f.log(c.shift(1))

    def volatility(bars: int) -> Column:
        return f.rolling(moves, "std", bars) * 252.0**0.5

    def width(bars: int) -> Column:
        return 4.0 * f.rolling(c, "std", bars) * ((bars - 1) / bars) ** 0.5

    def channel(bars: int) -> Column:
        bottom = f.rolling(lo, "min", bars)
        return (c - bottom) / (f.rolling(h, "max", bars) - bottom)

    return {
        "true_range": reach / c,
        "atr_14": f.average(reach, 1 / 14),
        **{f"natr_{n}": 100.0 * f.average(reach, 1 / n) / c for n in (7, 14, 28)},
        "keltner_position": (c - f.average(c, 2 / 21)) / (2.0 * f.average(reach, 1 / 10)),
        "bollinger_position": (c - f.rolling(c, "mean", 20)) / width(20) + 0.5,
        "bollinger_width": width(20) / f.rolling(c, "mean", 20),
        "bollinger_position_50": (c - f.rolling(c, "mean", 50)) / width(50) + 0.5,
        "bollinger_width_50": width(50) / f.rolling(c, "mean", 50),
        **{f"volatility_{n}": volatility(n) for n in (5, 10, 21, 63, 126, 252)},
        "volatility_5_63": volatility(5) / volatility(63),
        "drawdown_252": c / f.rolling(c, "max", 252) - 1.0,
        **{f"high_{n}_gap": c / f.rolling(h, "max", n) - 1.0 for n in (20, 63, 252)},
        **{f"low_{n}_gap": c / f.rolling(lo, "min", n) - 1.0 for n in (20, 63, 252)},
        **{
            f"middle_{n}_gap": c / ((f.rolling(h, "max", n) + f.rolling(lo, "min", n)) / 2.0) - 1.0
            for n in (9, 26, 52)
        },
        **{f"channel_position_{n}": channel(n) for n in (20, 55)},
    }
