"""TA-Lib's 61 candlestick patterns: 1 where one is bullish, -1 where it is bearish, 0 where there is none."""

from functools import partial

import numpy as np
import talib

from trader.domain.market import Floats
from trader.features.feature import Feature, Group, Inputs

_PATTERNS = (
    ("2CROWS", 12, "Two Crows"),
    ("3BLACKCROWS", 13, "Three Black Crows"),
    ("3INSIDE", 12, "Three Inside Up/Down"),
    ("3LINESTRIKE", 8, "Three-Line Strike"),
    ("3OUTSIDE", 3, "Three Outside Up/Down"),
    ("3STARSINSOUTH", 12, "Three Stars In The South"),
    ("3WHITESOLDIERS", 12, "Three Advancing White Soldiers"),
    ("ABANDONEDBABY", 12, "Abandoned Baby"),
    ("ADVANCEBLOCK", 12, "Advance Block"),
    ("BELTHOLD", 10, "Belt-hold"),
    ("BREAKAWAY", 14, "Breakaway"),
    ("CLOSINGMARUBOZU", 10, "Closing Marubozu"),
    ("CONCEALBABYSWALL", 13, "Concealing Baby Swallow"),
    ("COUNTERATTACK", 11, "Counterattack"),
    ("DARKCLOUDCOVER", 11, "Dark Cloud Cover"),
    ("DOJI", 10, "Doji"),
    ("DOJISTAR", 11, "Doji Star"),
    ("DRAGONFLYDOJI", 10, "Dragonfly Doji"),
    ("ENGULFING", 2, "Engulfing Pattern"),
    ("EVENINGDOJISTAR", 12, "Evening Doji Star"),
    ("EVENINGSTAR", 12, "Evening Star"),
    ("GAPSIDESIDEWHITE", 7, "Up/Down-gap side-by-side white lines"),
    ("GRAVESTONEDOJI", 10, "Gravestone Doji"),
    ("HAMMER", 11, "Hammer"),
    ("HANGINGMAN", 11, "Hanging Man"),
    ("HARAMI", 11, "Harami Pattern"),
    ("HARAMICROSS", 11, "Harami Cross Pattern"),
    ("HIGHWAVE", 10, "High-Wave Candle"),
    ("HIKKAKE", 5, "Hikkake Pattern"),
    ("HIKKAKEMOD", 10, "Modified Hikkake Pattern"),
    ("HOMINGPIGEON", 11, "Homing Pigeon"),
    ("IDENTICAL3CROWS", 12, "Identical Three Crows"),
    ("INNECK", 11, "In-Neck Pattern"),
    ("INVERTEDHAMMER", 11, "Inverted Hammer"),
    ("KICKING", 11, "Kicking"),
    ("KICKINGBYLENGTH", 11, "Kicking - bull/bear determined by the longer marubozu"),
    ("LADDERBOTTOM", 14, "Ladder Bottom"),
    ("LONGLEGGEDDOJI", 10, "Long Legged Doji"),
    ("LONGLINE", 10, "Long Line Candle"),
    ("MARUBOZU", 10, "Marubozu"),
    ("MATCHINGLOW", 6, "Matching Low"),
    ("MATHOLD", 14, "Mat Hold"),
    ("MORNINGDOJISTAR", 12, "Morning Doji Star"),
    ("MORNINGSTAR", 12, "Morning Star"),
    ("ONNECK", 11, "On-Neck Pattern"),
    ("PIERCING", 11, "Piercing Pattern"),
    ("RICKSHAWMAN", 10, "Rickshaw Man"),
    ("RISEFALL3METHODS", 14, "Rising/Falling Three Methods"),
    ("SEPARATINGLINES", 11, "Separating Lines"),
    ("SHOOTINGSTAR", 11, "Shooting Star"),
    ("SHORTLINE", 10, "Short Line Candle"),
    ("SPINNINGTOP", 10, "Spinning Top"),
    ("STALLEDPATTERN", 12, "Stalled Pattern"),
    ("STICKSANDWICH", 7, "Stick Sandwich"),
    ("TAKURI", 10, "Takuri (Dragonfly Doji with very long lower shadow)"),
    ("TASUKIGAP", 7, "Tasuki Gap"),
    ("THRUSTING", 11, "Thrusting Pattern"),
    ("TRISTAR", 12, "Tristar Pattern"),
    ("UNIQUE3RIVER", 12, "Unique 3 River"),
    ("UPSIDEGAP2CROWS", 12, "Upside Gap Two Crows"),
    ("XSIDEGAP3METHODS", 2, "Upside/Downside Gap Three Methods"),
)
"""TA-Lib's name, its look-back and what it is called."""


def pattern(inputs: Inputs, name: str, warmup: int) -> Floats:
    """TA-Lib's mark over 100, so that a confirmed hikkake is 2; NaN in warm-up, where TA-Lib says 0."""
    marks: Floats = getattr(talib, f"CDL{name}")(inputs.open, inputs.high, inputs.low, inputs.close) / 100.0
    marks[:warmup] = np.nan
    return marks


def _row(name: str, warmup: int, title: str) -> Feature:
    return Feature(
        f"candle_{name.lower()}",
        Group.CANDLE,
        "-1, 0 or 1",
        warmup,
        f"CDL{name}: {title}",
        "Morris 1995, Candlestick Charting Explained, as TA-Lib reads it",
        partial(pattern, name=name, warmup=warmup),
    )


CANDLES = tuple(_row(*entry) for entry in _PATTERNS)
