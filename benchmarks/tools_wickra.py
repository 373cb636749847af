"""The common indicators as wickra has them: what is updated with a bar, and how its answer reads as ours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, Literal

import numpy as np
import wickra

from trader.domain.market import Floats

Bar = tuple[float, float, float, float, float]
"""Open, high, low, close, volume."""


@dataclass(frozen=True)
class Peer:
    """One of wickra's indicators, and those of ours that it answers."""

    make: Callable[[], Any]
    reads: Literal["close", "volume", "bar"]
    answers: Mapping[str, Callable[[Any, Bar], float]]
    """Our name -> our value from what `update` gave at a bar."""


def _itself(answer: Any, bar: Bar) -> float:
    return float(answer)


def _gap(answer: Any, bar: Bar) -> float:
    return bar[3] / answer - 1.0


def _of_price(answer: Any, bar: Bar) -> float:
    return answer / bar[3]


def _part(place: int, convert: Callable[[Any, Bar], float] = _itself) -> Callable[[Any, Bar], float]:
    return lambda answer, bar: convert(answer[place], bar)


def _close(name: str, make: Callable[[], Any], convert: Callable[[Any, Bar], float] = _itself) -> Peer:
    return Peer(make, "close", {name: convert})


def _bar(name: str, make: Callable[[], Any], convert: Callable[[Any, Bar], float] = _itself) -> Peer:
    return Peer(make, "bar", {name: convert})


PEERS: tuple[Peer, ...] = (
    *(_close(f"return_{n}", lambda n=n: wickra.ROCP(n)) for n in (1, 2, 3, 5, 10, 21, 42, 63, 126, 252)),
    *(_close(f"rsi_{n}", lambda n=n: wickra.RSI(n)) for n in (7, 14, 21)),
    *(_close(f"sma_{n}_gap", lambda n=n: wickra.SMA(n), _gap) for n in (5, 10, 20, 50, 100, 200)),
    *(_close(f"ema_{n}_gap", lambda n=n: wickra.EMA(n), _gap) for n in (5, 10, 20, 50, 100, 200)),
    *(_close(f"slope_{n}", lambda n=n: wickra.LinRegSlope(n), _of_price) for n in (21, 63)),
    *(
        _close(f"volatility_{n}", lambda n=n: wickra.HistoricalVolatility(n, 252), lambda x, _: x / 100.0)
        for n in (5, 10, 21, 63, 126, 252)
    ),
    _close("wma_20_gap", lambda: wickra.WMA(20), _gap),
    _close("dema_20_gap", lambda: wickra.DEMA(20), _gap),
    _close("tema_20_gap", lambda: wickra.TEMA(20), _gap),
    _close("kama_30_gap", lambda: wickra.KAMA(30, 2, 30), _gap),
    _close("trix_15", lambda: wickra.TRIX(15)),
    _close("stoch_rsi_k", lambda: wickra.StochRSI(14, 14)),
    _close("bollinger_position", lambda: wickra.PercentB(20, 2.0)),
    _close("bollinger_position_50", lambda: wickra.PercentB(50, 2.0)),
    _close("bollinger_width", lambda: wickra.BollingerBandwidth(20, 2.0)),
    _close("bollinger_width_50", lambda: wickra.BollingerBandwidth(50, 2.0)),
    Peer(
        lambda: wickra.MACD(12, 26, 9),
        "close",
        {
            "macd_gap": _part(0, _of_price),
            "macd_signal_gap": _part(1, _of_price),
            "macd_hist": _part(2, _of_price),
        },
    ),
    *(_bar(f"natr_{n}", lambda n=n: wickra.NATR(n)) for n in (7, 14, 28)),
    *(_bar(f"cci_{n}", lambda n=n: wickra.CCI(n)) for n in (14, 20)),
    *(_bar(f"willr_{n}", lambda n=n: wickra.WilliamsR(n)) for n in (14, 28)),
    *(_bar(f"middle_{n}_gap", lambda n=n: wickra.MIDPRICE(n), _gap) for n in (9, 26, 52)),
    *(
        Peer(
            lambda n=n: wickra.Donchian(n),
            "bar",
            {f"high_{n}_gap": _part(0, _gap), f"low_{n}_gap": _part(2, _gap)},
        )
        for n in (20, 63, 252)
    ),
    _bar("atr_14", lambda: wickra.ATR(14)),
    _bar("true_range", lambda: wickra.TrueRange(), _of_price),
    Peer(
        lambda: wickra.ADX(14),
        "bar",
        {"plus_di_14": _part(0), "minus_di_14": _part(1), "adx_14": _part(2)},
    ),
    _bar("dx_14", lambda: wickra.DX(14)),
    _bar("adxr_14", lambda: wickra.ADXR(14)),
    Peer(
        lambda: wickra.Aroon(25),
        "bar",
        {"aroon_up_25": _part(0), "aroon_down_25": _part(1)},
    ),
    _bar("aroon_25", lambda: wickra.AroonOscillator(25)),
    Peer(lambda: wickra.Stochastic(5, 3), "bar", {"stoch_fast_k": _part(0), "stoch_fast_d": _part(1)}),
    _bar("ultimate", lambda: wickra.UltimateOscillator(7, 14, 28)),
    _bar("balance_of_power", lambda: wickra.BalanceOfPower()),
    _bar("awesome", lambda: wickra.AwesomeOscillator(5, 34), _of_price),
    _bar("mfi_14", lambda: wickra.MFI(14)),
    _bar("chaikin_flow_21", lambda: wickra.ChaikinMoneyFlow(21)),
    _bar("vwap_21_gap", lambda: wickra.RollingVWAP(21), _gap),
    Peer(lambda: wickra.ZScore(21), "volume", {"volume_z_21": _itself}),
    *(
        Peer(
            lambda n=n: wickra.SMA(n),
            "volume",
            {f"volume_ratio_{n}": lambda answer, bar: bar[4] / answer if answer else float("nan")},
        )
        for n in (5, 21, 63)
    ),
)


class Streams:
    """All of them, with what they know of the bars so far."""

    def __init__(self) -> None:
        self._made = [(peer, peer.make()) for peer in PEERS]
        self._closes, self._volumes, self._bars = (
            [one.update for peer, one in self._made if peer.reads == reads]
            for reads in ("close", "volume", "bar")
        )

    def through(self, bars: Sequence[Bar]) -> dict[str, Floats]:
        """Our names -> our values after each bar; NaN where there is none yet."""
        found = {}
        for peer, one in self._made:
            given = [one.update(_read(peer, bar)) for bar in bars]
            for name, convert in peer.answers.items():
                found[name] = np.array(
                    [
                        nan if answer is None else convert(answer, bar)
                        for answer, bar in zip(given, bars, strict=True)
                    ]
                )
        return found

    def add(self, bars: Sequence[Bar]) -> None:
        """One bar after another, as a program would that keeps the answers."""
        for bar in bars:
            close, volume, whole = bar[3], bar[4], (*bar, 0)
            [update(close) for update in self._closes]
            [update(volume) for update in self._volumes]
            [update(whole) for update in self._bars]


def _read(peer: Peer, bar: Bar) -> object:
    return {"close": bar[3], "volume": bar[4], "bar": (*bar, 0)}[peer.reads]
