"""Where the price stands to its own averages."""

from collections.abc import Callable
from functools import partial

import talib

from trader.domain.market import Floats
from trader.features import expression
from trader.features.expression import CLOSE, HIGH, LOW, Expression, kama, wma
from trader.features.feature import Feature, Group, Inputs, over
from trader.features.quantities import ema, highest, lowest, sma

_WILDER = "Wilder 1978, New Concepts in Technical Trading Systems"
_BROCK = "Brock, Lakonishok and LeBaron 1992, Journal of Finance 47"
_HUNTER = "Hunter 1986, Journal of Quality Technology 18"
_MULLOY = "Mulloy 1994, Technical Analysis of Stocks & Commodities 12"
_KAUFMAN = "Kaufman 1995, Smarter Trading"
_HOSODA = "Hosoda 1969, Ichimoku Kinko Hyo"


def average_gap(inputs: Inputs, average: Callable[[Inputs], Floats]) -> Floats:
    """How far the close is above an average."""
    return over(inputs.close, average(inputs))


def hull(inputs: Inputs) -> Floats:
    """WMA(2 WMA(close, 8) - WMA(close, 16), 4)."""
    return talib.WMA(2.0 * talib.WMA(inputs.close, 8) - talib.WMA(inputs.close, 16), 4)


def _gap_row(
    name: str,
    warmup: int,
    formula: str,
    source: str,
    average: Callable[[Inputs], Floats],
    step: Expression | None = None,
) -> Feature:
    return Feature(
        name,
        Group.TREND,
        "fraction",
        warmup,
        f"close / {formula} - 1",
        source,
        partial(average_gap, average=average),
        step=None if step is None else expression.over(CLOSE, step),
    )


def _sma_row(bars: int) -> Feature:
    return _gap_row(
        f"sma_{bars}_gap",
        bars - 1,
        f"SMA(close, {bars})",
        _BROCK,
        lambda inputs: sma(inputs, bars),
        expression.sma(CLOSE, bars),
    )


def _ema_row(bars: int) -> Feature:
    return _gap_row(
        f"ema_{bars}_gap",
        bars - 1,
        f"EMA(close, {bars})",
        _HUNTER,
        lambda inputs: ema(inputs, bars),
        expression.ema(CLOSE, bars),
    )


def _middle_row(bars: int) -> Feature:
    return _gap_row(
        f"middle_{bars}_gap",
        bars - 1,
        f"((max high + min low) / 2, {bars} bars)",
        _HOSODA,
        lambda inputs: (highest(inputs, bars) + lowest(inputs, bars)) / 2.0,
        (expression.highest(HIGH, bars) + expression.lowest(LOW, bars)) / 2.0,
    )


def _twice(a: Expression, bars: int) -> tuple[Expression, Expression, Expression]:
    """The exponential average, its own, and that one's."""
    one = expression.ema(a, bars)
    two = expression.ema(one, bars)
    return one, two, expression.ema(two, bars)


_ONE, _TWO, _THREE = _twice(CLOSE, 20)

AVERAGES = (
    _sma_row(50),
    _sma_row(200),
    _sma_row(5),
    _sma_row(10),
    _sma_row(20),
    _sma_row(100),
    _ema_row(5),
    _ema_row(10),
    _ema_row(20),
    _ema_row(50),
    _ema_row(100),
    _ema_row(200),
    _gap_row(
        "wma_20_gap",
        19,
        "WMA(close, 20)",
        _HUNTER,
        lambda inputs: talib.WMA(inputs.close, 20),
        wma(CLOSE, 20),
    ),
    _gap_row(
        "dema_20_gap",
        38,
        "DEMA(close, 20)",
        _MULLOY,
        lambda inputs: talib.DEMA(inputs.close, 20),
        2.0 * _ONE - _TWO,
    ),
    _gap_row(
        "tema_20_gap",
        57,
        "TEMA(close, 20)",
        _MULLOY,
        lambda inputs: talib.TEMA(inputs.close, 20),
        (3.0 * _ONE - 3.0 * _TWO) + _THREE,
    ),
    _gap_row(
        "kama_30_gap",
        30,
        "KAMA(close, 30)",
        _KAUFMAN,
        lambda inputs: talib.KAMA(inputs.close, 30),
        kama(CLOSE, 30),
    ),
    _gap_row(
        "trima_20_gap",
        19,
        "TRIMA(close, 20)",
        "Kaufman 2013, Trading Systems and Methods",
        lambda inputs: talib.TRIMA(inputs.close, 20),
    ),
    _gap_row(
        "t3_5_gap",
        24,
        "T3(close, 5, 0.7)",
        "Tillson 1998, Technical Analysis of Stocks & Commodities 16",
        lambda inputs: talib.T3(inputs.close, 5, 0.7),
    ),
    _gap_row(
        "hull_16_gap",
        18,
        "WMA(2 WMA(close, 8) - WMA(close, 16), 4)",
        "Hull 2005, Hull Moving Average",
        hull,
    ),
    _gap_row(
        "sar_gap",
        1,
        "SAR(0.02, 0.2)",
        _WILDER,
        lambda inputs: talib.SAR(inputs.high, inputs.low, 0.02, 0.2),
    ),
    _gap_row(
        "cycle_trend_gap",
        63,
        "HT_TRENDLINE(close)",
        "Ehlers 2001, Rocket Science for Traders",
        lambda inputs: talib.HT_TRENDLINE(inputs.close),
    ),
    _middle_row(9),
    _middle_row(26),
    _middle_row(52),
    Feature(
        "sma_50_200",
        Group.TREND,
        "fraction",
        199,
        "SMA(close, 50) / SMA(close, 200) - 1",
        _BROCK,
        lambda inputs: over(sma(inputs, 50), sma(inputs, 200)),
        step=expression.over(expression.sma(CLOSE, 50), expression.sma(CLOSE, 200)),
    ),
)
