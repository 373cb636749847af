"""What TA-Lib has of the catalogue, by direct calls; the hundred are in `benchmarks/tools_talib.py`."""

from collections.abc import Callable, Mapping

import talib

from benchmarks.tools_talib import DIRECT
from trader.domain.market import Floats
from trader.features.feature import Inputs


def gap(average: Callable[[Inputs], Floats]) -> Callable[[Inputs], Floats]:
    return lambda i: i.close / average(i) - 1.0


TALIB: Mapping[str, Callable[[Inputs], Floats]] = {
    **DIRECT,
    "cycle_sine": lambda i: talib.HT_SINE(i.close)[0],
    "cycle_period": lambda i: talib.HT_DCPERIOD(i.close),
    "trima_20_gap": gap(lambda i: talib.TRIMA(i.close, 20)),
    "t3_5_gap": gap(lambda i: talib.T3(i.close, 5, 0.7)),
    "hull_16_gap": gap(lambda i: talib.WMA(2.0 * talib.WMA(i.close, 8) - talib.WMA(i.close, 16), 4)),
    "sar_gap": gap(lambda i: talib.SAR(i.high, i.low, 0.02, 0.2)),
    "cycle_trend_gap": gap(lambda i: talib.HT_TRENDLINE(i.close)),
    **{
        f"candle_{name[3:].lower()}": lambda i, name=name: (
            getattr(talib, name)(i.open, i.high, i.low, i.close) / 100.0
        )
        for name in talib.get_function_groups()["Pattern Recognition"]
    },
}
