"""A folder of synthetic bars with one pattern, for the whole desk: days of much volume come before a rise.

The names say that they are synthetic. What follows is a rise from the next open to the next close, the event
of a horizon of one bar.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np

SYMBOLS = ("SYNTHETIC-A", "SYNTHETIC-B")
BUSY = 1.2
"""Volume over its mean of 21 days: above it the pattern holds, on a quarter of the days."""
WARM_UP = 260
"""Bars before the first that matters: a year of history."""
FIRST = date(2015, 1, 1)
IDLE = ("fundamentals", "macro", "news", "portfolio", "quant", "risk", "sentiment", "value")
"""Agents that have nothing to say of such bars, or would name a stop too far away."""
_MOVE = 0.01


def write_bars(folder: Path, bars: int, rate: float, seed: int) -> tuple[date, date]:
    """Files that `--feed files:DIR` reads; the first day to decide on, and the last.

    After a busy day the next one rises with the chance `rate`, after any other with one half.
    """
    folder.mkdir(parents=True, exist_ok=True)
    total = WARM_UP + bars
    days = [FIRST + timedelta(days=i) for i in range(total)]
    known = ["symbol,asset_class,calendar,currency,lot_size,tick_size"]
    known += [f"{symbol},crypto,24/7,USD,0.0001,0.0001" for symbol in SYMBOLS]
    (folder / "instruments.csv").write_text("\n".join([*known, ""]), encoding="utf-8")
    for number, symbol in enumerate(SYMBOLS):
        rng = np.random.default_rng([seed, number])
        volume = np.round(1e6 * np.exp(rng.normal(scale=0.35, size=total)))
        rows, price = ["date,open,high,low,close,volume"], 100.0
        for i, day in enumerate(days):
            mean = volume[max(0, i - 21) : i].mean() if i > 21 else np.inf
            chance = rate if volume[i - 1] > BUSY * mean else 0.5
            move = abs(rng.normal(scale=_MOVE)) + 0.002
            opened = price * (1.0 + rng.normal(scale=0.002))
            closed = opened * (1.0 + (move if rng.random() < chance else -move))
            high, low = max(opened, closed) * 1.001, min(opened, closed) * 0.999
            rows.append(f"{day},{opened:.4f},{high:.4f},{low:.4f},{closed:.4f},{volume[i]:.0f}")
            price = closed
        (folder / f"{symbol}.1d.csv").write_text("\n".join([*rows, ""]), encoding="utf-8")
    return days[WARM_UP], days[-1]


def flags(first: date) -> dict[str, object]:
    """Settings of a run over such bars: one bar ahead, free trading, one senior, stops that end trades."""
    return {
        "run.symbols": SYMBOLS,
        "run.start": first,
        "desk.horizon": 1,
        "desk.quorum": 1,
        **{f"agents.{name}.enabled": False for name in IDLE},
        "desk.stop_atr": 0.3,
        "desk.band": 0.0,
        "desk.band_share": 0.0,
        "paper.fee_bps": 0,
        "paper.half_spread_bps": 0,
        "paper.slippage_bps": 0,
    }
