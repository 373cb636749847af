"""How stretched the last move is, on a bounded scale or around zero."""

import talib

from trader.domain.market import Floats
from trader.features.expression import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    Expression,
    absolute,
    cci,
    highest,
    lag,
    larger,
    lowest,
    share,
    sma,
    smaller,
    total,
    wilder,
)
from trader.features.feature import Feature, Group, Inputs
from trader.features.quantities import fast_stochastic, stochastic, stochastic_rsi

_WILDER = "Wilder 1978, New Concepts in Technical Trading Systems"
_LANE = "Lane 1984, Technical Analysis of Stocks & Commodities 2"
_LAMBERT = "Lambert 1980, Commodities 9"
_CHANDE = "Chande and Kroll 1994, The New Technical Trader"
_HT = "Ehlers 2001, Rocket Science for Traders"


def awesome(inputs: Inputs) -> Floats:
    """Mean middle of 5 bars less that of 34, over the close."""
    middle = talib.MEDPRICE(inputs.high, inputs.low)
    return (talib.SMA(middle, 5) - talib.SMA(middle, 34)) / inputs.close


def balance_of_power(inputs: Inputs) -> Floats:
    """The bar's body over its range."""
    return talib.BOP(inputs.open, inputs.high, inputs.low, inputs.close)


def _gains(a: Expression, bars: int) -> tuple[Expression, Expression]:
    """Wilder's mean of what `a` rose by, and of what it fell by."""
    change = a - lag(a, 1)
    return wilder(larger(change, 0.0), bars), wilder(larger(-change, 0.0), bars)


def _rsi(a: Expression, bars: int) -> Expression:
    up, down = _gains(a, bars)
    return 100.0 * share(up, up + down, where_zero=0.0)


def _cmo(a: Expression, bars: int) -> Expression:
    up, down = _gains(a, bars)
    return 100.0 * share(up - down, up + down, where_zero=0.0)


def _fast_k(a: Expression, high: Expression, low: Expression, bars: int) -> Expression:
    bottom = lowest(low, bars)
    return share(a - bottom, (highest(high, bars) - bottom) / 100.0, where_zero=0.0)


def _willr(bars: int) -> Expression:
    top = highest(HIGH, bars)
    return share(top - CLOSE, (top - lowest(LOW, bars)) / -100.0, where_zero=0.0)


def _ultimate() -> Expression:
    before = lag(CLOSE, 1)
    low = smaller(LOW, before)
    reach = larger(larger(HIGH - LOW, absolute(before - HIGH)), absolute(before - LOW))
    bought = CLOSE - low
    one, two, three = (share(total(bought, bars), total(reach, bars), where_zero=0.0) for bars in (7, 14, 28))
    return 100.0 * ((4.0 * one + 2.0 * two + three) / 7.0)


def _rsi_row(bars: int) -> Feature:
    return Feature(
        f"rsi_{bars}",
        Group.OSCILLATOR,
        "0 to 100",
        bars,
        f"RSI(close, {bars})",
        _WILDER,
        lambda inputs: talib.RSI(inputs.close, bars),
        step=_rsi(CLOSE, bars),
        moving=bars,
    )


def _cci_row(bars: int) -> Feature:
    return Feature(
        f"cci_{bars}",
        Group.OSCILLATOR,
        "number",
        bars - 1,
        f"(tp - SMA(tp, {bars})) / (0.015 mean |tp - SMA|), tp the typical price",
        _LAMBERT,
        lambda inputs: talib.CCI(inputs.high, inputs.low, inputs.close, bars),
        step=cci((HIGH + LOW + CLOSE) / 3.0, bars),
        moving=bars,
    )


def _willr_row(bars: int) -> Feature:
    return Feature(
        f"willr_{bars}",
        Group.OSCILLATOR,
        "-100 to 0",
        bars - 1,
        f"-100 (max high - close) / (max high - min low), {bars} bars",
        "Williams 1973, How I Made One Million Dollars",
        lambda inputs: talib.WILLR(inputs.high, inputs.low, inputs.close, bars),
        step=_willr(bars),
        moving=bars,
    )


_SLOW_K = sma(_fast_k(CLOSE, HIGH, LOW, 14), 3)
_FAST_K = _fast_k(CLOSE, HIGH, LOW, 5)
_RSI_K = _fast_k(_rsi(CLOSE, 14), _rsi(CLOSE, 14), _rsi(CLOSE, 14), 14)
_MIDDLE = (HIGH + LOW) / 2.0

OSCILLATORS = (
    _rsi_row(14),
    Feature(
        "stoch_k",
        Group.OSCILLATOR,
        "0 to 100",
        17,
        "SMA(100 (close - min low) / (max high - min low), 3) over 14 bars",
        _LANE,
        lambda inputs: stochastic(inputs)[0],
        step=_SLOW_K,
        moving=14,
    ),
    Feature(
        "stoch_d",
        Group.OSCILLATOR,
        "0 to 100",
        17,
        "SMA(stoch_k, 3)",
        _LANE,
        lambda inputs: stochastic(inputs)[1],
        step=sma(_SLOW_K, 3),
        moving=14,
    ),
    _cci_row(20),
    _willr_row(14),
    _rsi_row(7),
    _rsi_row(21),
    Feature(
        "cmo_14",
        Group.OSCILLATOR,
        "-100 to 100",
        14,
        "100 (gains - losses) / (gains + losses), Wilder's means of 14 bars",
        _CHANDE,
        lambda inputs: talib.CMO(inputs.close, 14),
        step=_cmo(CLOSE, 14),
        moving=14,
    ),
    Feature(
        "stoch_fast_k",
        Group.OSCILLATOR,
        "0 to 100",
        6,
        "100 (close - min low) / (max high - min low), 5 bars",
        _LANE,
        lambda inputs: fast_stochastic(inputs)[0],
        step=_FAST_K,
        moving=5,
    ),
    Feature(
        "stoch_fast_d",
        Group.OSCILLATOR,
        "0 to 100",
        6,
        "SMA(stoch_fast_k, 3)",
        _LANE,
        lambda inputs: fast_stochastic(inputs)[1],
        step=sma(_FAST_K, 3),
        moving=5,
    ),
    Feature(
        "stoch_rsi_k",
        Group.OSCILLATOR,
        "0 to 100",
        29,
        "100 (RSI - min RSI) / (max RSI - min RSI), RSI(14) over 14 bars",
        _CHANDE,
        lambda inputs: stochastic_rsi(inputs)[0],
        step=_RSI_K,
        moving=14,
    ),
    Feature(
        "stoch_rsi_d",
        Group.OSCILLATOR,
        "0 to 100",
        29,
        "SMA(stoch_rsi_k, 3)",
        _CHANDE,
        lambda inputs: stochastic_rsi(inputs)[1],
        step=sma(_RSI_K, 3),
        moving=14,
    ),
    _cci_row(14),
    _willr_row(28),
    Feature(
        "ultimate",
        Group.OSCILLATOR,
        "0 to 100",
        28,
        "100 (4 a7 + 2 a14 + a28) / 7, a the sums of close - true low / sums of true range",
        "Williams 1985, Technical Analysis of Stocks & Commodities 3",
        lambda inputs: talib.ULTOSC(inputs.high, inputs.low, inputs.close, 7, 14, 28),
        step=_ultimate(),
        moving=7,
    ),
    Feature(
        "balance_of_power",
        Group.OSCILLATOR,
        "-1 to 1",
        0,
        "(close - open) / (high - low), 0 where the bar has no range",
        "Livshin 2001, Technical Analysis of Stocks & Commodities 19",
        balance_of_power,
        step=share(CLOSE - OPEN, HIGH - LOW, where_zero=0.0),
    ),
    Feature(
        "balance_of_power_14",
        Group.OSCILLATOR,
        "-1 to 1",
        13,
        "SMA(balance_of_power, 14)",
        "Livshin 2001, Technical Analysis of Stocks & Commodities 19",
        lambda inputs: talib.SMA(balance_of_power(inputs), 14),
        step=sma(share(CLOSE - OPEN, HIGH - LOW, where_zero=0.0), 14),
    ),
    Feature(
        "awesome",
        Group.OSCILLATOR,
        "fraction of the price",
        33,
        "(SMA(m, 5) - SMA(m, 34)) / close, m = (high + low) / 2",
        "Williams 1998, New Trading Dimensions",
        awesome,
        step=(sma(_MIDDLE, 5) - sma(_MIDDLE, 34)) / CLOSE,
    ),
    Feature(
        "cycle_sine",
        Group.OSCILLATOR,
        "-1 to 1",
        63,
        "HT_SINE(close): sine of the dominant cycle's phase",
        _HT,
        lambda inputs: talib.HT_SINE(inputs.close)[0],
    ),
    Feature(
        "cycle_period",
        Group.OSCILLATOR,
        "bars",
        32,
        "HT_DCPERIOD(close): length of the dominant cycle",
        _HT,
        lambda inputs: talib.HT_DCPERIOD(inputs.close),
    ),
)
