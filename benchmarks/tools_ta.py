"""The common indicators as the library `ta` has them."""

from collections.abc import Callable, Mapping

import pandas as pd
from ta import momentum, trend, volatility, volume

from trader.domain.market import Floats
from trader.features.feature import Inputs

Series = pd.Series


def by_ta(inputs: Inputs) -> dict[str, Floats]:
    """Our name -> n values."""
    columns = [pd.Series(getattr(inputs, name)) for name in ("high", "low", "close", "volume")]
    return {name: compute(*columns).to_numpy() for name, compute in TA.items()}


def _gap(average: Callable[[Series, Series, Series, Series], Series]) -> Callable[..., Series]:
    return lambda h, lo, c, v: c / average(h, lo, c, v) - 1.0


TA: Mapping[str, Callable[[Series, Series, Series, Series], Series]] = {
    **{f"rsi_{n}": lambda h, lo, c, v, n=n: momentum.rsi(c, n) for n in (7, 14, 21)},
    **{f"return_{n}": lambda h, lo, c, v, n=n: momentum.roc(c, n) / 100.0 for n in (1, 5, 21, 63, 126, 252)},
    **{f"willr_{n}": lambda h, lo, c, v, n=n: momentum.williams_r(h, lo, c, n) for n in (14, 28)},
    "stoch_fast_k": lambda h, lo, c, v: momentum.stoch(h, lo, c, 5, 3),
    "stoch_fast_d": lambda h, lo, c, v: momentum.stoch_signal(h, lo, c, 5, 3),
    "stoch_k": lambda h, lo, c, v: momentum.stoch_signal(h, lo, c, 14, 3),
    "awesome": lambda h, lo, c, v: momentum.awesome_oscillator(h, lo, 5, 34) / c,
    "ultimate": lambda h, lo, c, v: momentum.ultimate_oscillator(h, lo, c, 7, 14, 28),
    **{
        f"sma_{n}_gap": _gap(lambda h, lo, c, v, n=n: trend.sma_indicator(c, n))
        for n in (5, 10, 20, 50, 100, 200)
    },
    **{
        f"ema_{n}_gap": _gap(lambda h, lo, c, v, n=n: trend.ema_indicator(c, n))
        for n in (5, 10, 20, 50, 100, 200)
    },
    "wma_20_gap": _gap(lambda h, lo, c, v: trend.wma_indicator(c, 20)),
    "macd_gap": lambda h, lo, c, v: trend.macd(c, 26, 12) / c,
    "macd_signal_gap": lambda h, lo, c, v: trend.macd_signal(c, 26, 12, 9) / c,
    "macd_hist": lambda h, lo, c, v: trend.macd_diff(c, 26, 12, 9) / c,
    "trix_15": lambda h, lo, c, v: trend.trix(c, 15),
    "adx_14": lambda h, lo, c, v: trend.adx(h, lo, c, 14),
    **{f"cci_{n}": lambda h, lo, c, v, n=n: trend.cci(h, lo, c, n) for n in (14, 20)},
    "atr_14": lambda h, lo, c, v: volatility.average_true_range(h, lo, c, 14),
    "natr_7": lambda h, lo, c, v: 100.0 * volatility.average_true_range(h, lo, c, 7) / c,
    "natr_28": lambda h, lo, c, v: 100.0 * volatility.average_true_range(h, lo, c, 28) / c,
    "bollinger_position": lambda h, lo, c, v: volatility.bollinger_pband(c, 20, 2),
    "bollinger_width": lambda h, lo, c, v: volatility.bollinger_wband(c, 20, 2) / 100.0,
    "bollinger_position_50": lambda h, lo, c, v: volatility.bollinger_pband(c, 50, 2),
    "bollinger_width_50": lambda h, lo, c, v: volatility.bollinger_wband(c, 50, 2) / 100.0,
    "channel_position_20": lambda h, lo, c, v: volatility.donchian_channel_pband(h, lo, c, 20),
    "channel_position_55": lambda h, lo, c, v: volatility.donchian_channel_pband(h, lo, c, 55),
    "mfi_14": lambda h, lo, c, v: volume.money_flow_index(h, lo, c, v, 14),
    "chaikin_flow_21": lambda h, lo, c, v: volume.chaikin_money_flow(h, lo, c, v, 21),
    "vwap_21_gap": _gap(lambda h, lo, c, v: volume.volume_weighted_average_price(h, lo, c, v, 21)),
}
