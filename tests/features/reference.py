"""The same numbers by plain loops at the last bar, from the formulas' text: slow, and with nothing shared."""

import itertools
from collections.abc import Callable
from math import log, sqrt
from statistics import fmean, pstdev, stdev

Rows = dict[str, list[float]]


def change(bars: int) -> Callable[[Rows], float]:
    return lambda rows: rows["close"][-1] / rows["close"][-1 - bars] - 1


def gap(bars: int) -> Callable[[Rows], float]:
    return lambda rows: rows["close"][-1] / fmean(rows["close"][-bars:]) - 1


def momentum_12_1(rows: Rows) -> float:
    return rows["close"][-1 - 21] / rows["close"][-1 - 252] - 1


def reversal_60m(rows: Rows) -> float:
    n = len(rows["close"])
    then = [rows["close"][row] for row in range(n) if 4.5 * 252 <= n - 1 - row <= 5.5 * 252]
    return log(fmean(then) / rows["close"][-1])


def exponential(values: list[float], bars: int) -> list[float]:
    """Seeded by a plain mean, as TA-Lib does; the first value stands at row `bars - 1`."""
    out = [fmean(values[:bars])]
    for value in values[bars:]:
        out.append(out[-1] + 2 / (bars + 1) * (value - out[-1]))
    return out


def macd(rows: Rows) -> tuple[float, float]:
    """MACD and its signal. Both averages start at the slow one's first bar, as TA-Lib's do."""
    close = rows["close"]
    fast, slow = exponential(close[26 - 12 :], 12), exponential(close, 26)
    line = [one - other for one, other in zip(fast, slow, strict=True)]
    return line[-1], exponential(line, 9)[-1]


def macd_hist(rows: Rows) -> float:
    line, signal = macd(rows)
    return (line - signal) / rows["close"][-1]


def macd_signal_gap(rows: Rows) -> float:
    return macd(rows)[1] / rows["close"][-1]


def bollinger_position(rows: Rows) -> float:
    window = rows["close"][-20:]
    middle, deviation = fmean(window), pstdev(window)
    return (window[-1] - (middle - 2 * deviation)) / (4 * deviation)


def bollinger_width(rows: Rows) -> float:
    window = rows["close"][-20:]
    return 4 * pstdev(window) / fmean(window)


def volatility(bars: int) -> Callable[[Rows], float]:
    def at_the_end(rows: Rows) -> float:
        window = rows["close"][-bars - 1 :]
        return stdev(log(now / before) for before, now in itertools.pairwise(window)) * sqrt(252)

    return at_the_end


def drawdown_252(rows: Rows) -> float:
    return rows["close"][-1] / max(rows["close"][-252:]) - 1


def high_252_gap(rows: Rows) -> float:
    return rows["close"][-1] / max(rows["high"][-252:]) - 1


def volume_ratio_21(rows: Rows) -> float:
    return rows["volume"][-1] / fmean(rows["volume"][-21:])


def obv_slope_21(rows: Rows) -> float:
    balance, path = 0.0, []
    for row in range(len(rows["close"]) - 21, len(rows["close"])):
        before, now = rows["close"][row - 1], rows["close"][row]
        balance += rows["volume"][row] * ((now > before) - (now < before))
        path.append(balance)
    middle, mean = 10.0, fmean(path)
    slope = sum((x - middle) * (y - mean) for x, y in enumerate(path)) / sum(
        (x - middle) ** 2 for x in range(21)
    )
    return slope / fmean(rows["volume"][-21:])


def mfi_14(rows: Rows) -> float:
    typical = [sum(prices) / 3 for prices in zip(rows["high"], rows["low"], rows["close"], strict=True)]
    up = down = 0.0
    for row in range(len(typical) - 14, len(typical)):
        flow = typical[row] * rows["volume"][row]
        up += flow if typical[row] > typical[row - 1] else 0.0
        down += flow if typical[row] < typical[row - 1] else 0.0
    return 100 * up / (up + down)


REFERENCE: dict[str, Callable[[Rows], float]] = {
    **{f"return_{bars}": change(bars) for bars in (1, 5, 21, 63, 126, 252)},
    **{f"volatility_{bars}": volatility(bars) for bars in (21, 63, 252)},
    **{f"sma_{bars}_gap": gap(bars) for bars in (50, 200)},
    "momentum_12_1": momentum_12_1,
    "reversal_60m": reversal_60m,
    "macd_hist": macd_hist,
    "macd_signal_gap": macd_signal_gap,
    "bollinger_position": bollinger_position,
    "bollinger_width": bollinger_width,
    "drawdown_252": drawdown_252,
    "high_252_gap": high_252_gap,
    "volume_ratio_21": volume_ratio_21,
    "obv_slope_21": obv_slope_21,
    "mfi_14": mfi_14,
}
