"""The hundred common indicators, each by its own calls of TA-Lib, as one writes them down one by one."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import talib as ta

from trader.domain.market import Floats
from trader.features.feature import Inputs

Direct = Callable[[Inputs], Floats]


def _gap(average: Direct) -> Direct:
    return lambda i: i.close / average(i) - 1.0


def _past(values: Floats, bars: int) -> Floats:
    return np.concatenate((np.full(bars, np.nan), values))[: len(values)]


def _share(above: Floats, below: Floats, where_zero: float = np.nan) -> Floats:
    return np.divide(above, below, out=np.full(len(below), where_zero), where=below != 0.0)


def _bands(i: Inputs, bars: int) -> Any:
    return ta.BBANDS(i.close, bars, 2.0, 2.0)


def _position(i: Inputs, bars: int) -> Floats:
    upper, _, lower = _bands(i, bars)
    return _share(i.close - lower, upper - lower, 0.5)


def _width(i: Inputs, bars: int) -> Floats:
    upper, middle, lower = _bands(i, bars)
    return (upper - lower) / middle


def _channel(i: Inputs, bars: int) -> Floats:
    low = ta.MIN(i.low, bars)
    return _share(i.close - low, ta.MAX(i.high, bars) - low, 0.5)


def _volatility(i: Inputs, bars: int) -> Floats:
    changes = np.concatenate(([np.nan], np.diff(np.log(i.close))))
    return ta.STDDEV(changes, bars) * np.sqrt(i.bars_a_year * bars / (bars - 1))


def _traded(i: Inputs, values: Floats, bars: int) -> Floats:
    return np.where(ta.MAX(i.volume, bars) > 0.0, values, np.nan)


def _location(i: Inputs) -> Floats:
    return _share((i.close - i.low) - (i.high - i.close), i.high - i.low, 0.0)


def _vwap(i: Inputs) -> Floats:
    paid = ta.SUM(ta.TYPPRICE(i.high, i.low, i.close) * i.volume, 21)
    return i.close / _share(paid, ta.SUM(i.volume, 21)) - 1.0


def _chaikin(i: Inputs) -> Floats:
    return _share(ta.SUM(_location(i) * i.volume, 21), ta.SUM(i.volume, 21))


def _awesome(i: Inputs) -> Floats:
    middle = ta.MEDPRICE(i.high, i.low)
    return (ta.SMA(middle, 5) - ta.SMA(middle, 34)) / i.close


def _force(i: Inputs) -> Floats:
    pushed = np.concatenate(([np.nan], np.diff(i.close))) * i.volume
    return _share(ta.EMA(pushed, 13), i.close * ta.SMA(i.volume, 21))


def _stoch(i: Inputs) -> Any:
    return ta.STOCH(i.high, i.low, i.close, 14, 3, 0, 3, 0)


DIRECT: Mapping[str, Direct] = {
    **{
        f"return_{n}": lambda i, n=n: i.close / _past(i.close, n) - 1.0
        for n in (1, 2, 3, 5, 10, 21, 42, 63, 126, 252)
    },
    "momentum_12_1": lambda i: _past(i.close, 21) / _past(i.close, 252) - 1.0,
    "reversal_60m": lambda i: np.log(_past(ta.SMA(i.close, 253), 1134) / i.close),
    **{f"rsi_{n}": lambda i, n=n: ta.RSI(i.close, n) for n in (7, 14, 21)},
    "cmo_14": lambda i: ta.CMO(i.close, 14),
    "stoch_k": lambda i: _stoch(i)[0],
    "stoch_d": lambda i: _stoch(i)[1],
    "stoch_fast_k": lambda i: ta.STOCHF(i.high, i.low, i.close, 5, 3)[0],
    "stoch_fast_d": lambda i: ta.STOCHF(i.high, i.low, i.close, 5, 3)[1],
    "stoch_rsi_k": lambda i: ta.STOCHRSI(i.close, 14, 14, 3)[0],
    "stoch_rsi_d": lambda i: ta.STOCHRSI(i.close, 14, 14, 3)[1],
    **{f"cci_{n}": lambda i, n=n: ta.CCI(i.high, i.low, i.close, n) for n in (14, 20)},
    **{f"willr_{n}": lambda i, n=n: ta.WILLR(i.high, i.low, i.close, n) for n in (14, 28)},
    "ultimate": lambda i: ta.ULTOSC(i.high, i.low, i.close, 7, 14, 28),
    "balance_of_power": lambda i: ta.BOP(i.open, i.high, i.low, i.close),
    "balance_of_power_14": lambda i: ta.SMA(ta.BOP(i.open, i.high, i.low, i.close), 14),
    "awesome": _awesome,
    **{f"sma_{n}_gap": _gap(lambda i, n=n: ta.SMA(i.close, n)) for n in (5, 10, 20, 50, 100, 200)},
    **{f"ema_{n}_gap": _gap(lambda i, n=n: ta.EMA(i.close, n)) for n in (5, 10, 20, 50, 100, 200)},
    **{
        f"middle_{n}_gap": _gap(lambda i, n=n: (ta.MAX(i.high, n) + ta.MIN(i.low, n)) / 2.0)
        for n in (9, 26, 52)
    },
    "wma_20_gap": _gap(lambda i: ta.WMA(i.close, 20)),
    "dema_20_gap": _gap(lambda i: ta.DEMA(i.close, 20)),
    "tema_20_gap": _gap(lambda i: ta.TEMA(i.close, 20)),
    "kama_30_gap": _gap(lambda i: ta.KAMA(i.close, 30)),
    "sma_50_200": lambda i: ta.SMA(i.close, 50) / ta.SMA(i.close, 200) - 1.0,
    "macd_gap": lambda i: ta.MACD(i.close, 12, 26, 9)[0] / i.close,
    "macd_signal_gap": lambda i: ta.MACD(i.close, 12, 26, 9)[1] / i.close,
    "macd_hist": lambda i: ta.MACD(i.close, 12, 26, 9)[2] / i.close,
    "trix_15": lambda i: ta.TRIX(i.close, 15),
    "adx_14": lambda i: ta.ADX(i.high, i.low, i.close, 14),
    "adxr_14": lambda i: ta.ADXR(i.high, i.low, i.close, 14),
    "dx_14": lambda i: ta.DX(i.high, i.low, i.close, 14),
    "plus_di_14": lambda i: ta.PLUS_DI(i.high, i.low, i.close, 14),
    "minus_di_14": lambda i: ta.MINUS_DI(i.high, i.low, i.close, 14),
    "aroon_up_25": lambda i: ta.AROON(i.high, i.low, 25)[1],
    "aroon_down_25": lambda i: ta.AROON(i.high, i.low, 25)[0],
    "aroon_25": lambda i: ta.AROONOSC(i.high, i.low, 25),
    **{f"slope_{n}": lambda i, n=n: ta.LINEARREG_SLOPE(i.close, n) / i.close for n in (21, 63)},
    "atr_14": lambda i: ta.ATR(i.high, i.low, i.close, 14),
    **{f"natr_{n}": lambda i, n=n: ta.NATR(i.high, i.low, i.close, n) for n in (7, 14, 28)},
    "true_range": lambda i: ta.TRANGE(i.high, i.low, i.close) / i.close,
    "bollinger_position": lambda i: _position(i, 20),
    "bollinger_width": lambda i: _width(i, 20),
    "bollinger_position_50": lambda i: _position(i, 50),
    "bollinger_width_50": lambda i: _width(i, 50),
    **{f"volatility_{n}": lambda i, n=n: _volatility(i, n) for n in (5, 10, 21, 63, 126, 252)},
    "volatility_5_63": lambda i: _share(_volatility(i, 5), _volatility(i, 63)),
    "drawdown_252": lambda i: i.close / ta.MAX(i.close, 252) - 1.0,
    **{f"high_{n}_gap": _gap(lambda i, n=n: ta.MAX(i.high, n)) for n in (20, 63, 252)},
    **{f"low_{n}_gap": _gap(lambda i, n=n: ta.MIN(i.low, n)) for n in (20, 63, 252)},
    **{f"channel_position_{n}": lambda i, n=n: _channel(i, n) for n in (20, 55)},
    "keltner_position": lambda i: _share(
        i.close - ta.EMA(i.close, 20), 2.0 * ta.ATR(i.high, i.low, i.close, 10)
    ),
    "mfi_14": lambda i: _traded(i, ta.MFI(i.high, i.low, i.close, i.volume, 14), 14),
    "obv_slope_21": lambda i: _share(ta.LINEARREG_SLOPE(ta.OBV(i.close, i.volume), 21), ta.SMA(i.volume, 21)),
    **{f"volume_ratio_{n}": lambda i, n=n: _share(i.volume, ta.SMA(i.volume, n)) for n in (5, 21, 63)},
    "volume_z_21": lambda i: _share(i.volume - ta.SMA(i.volume, 21), ta.STDDEV(i.volume, 21)),
    "accumulation_3_10": lambda i: _share(
        ta.ADOSC(i.high, i.low, i.close, i.volume, 3, 10), ta.SMA(i.volume, 21)
    ),
    "chaikin_flow_21": lambda i: _traded(i, _chaikin(i), 21),
    "vwap_21_gap": lambda i: _traded(i, _vwap(i), 21),
    "force_13": _force,
}
