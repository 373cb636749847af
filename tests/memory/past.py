"""Invented closed trades, as many as a test wants."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from trader.domain.ids import BookId, DecisionId
from trader.domain.market import Regime
from trader.domain.signals import Direction
from trader.domain.trades import ClosedTrade, ExitReason, MarketState, Stated
from trader.journal.memories import Remembered

BOOK = BookId("01HX0000000000000000000000")
START = datetime(2010, 1, 4, 21, tzinfo=UTC)
DAY = timedelta(days=1)
SYMBOLS = ("AAA", "BBB", "CCC", "DDD")


def state(rng: np.random.Generator, regime: Regime | None = None) -> MarketState:
    """Conditions as markets have them; now and then one number is not known."""
    return MarketState(
        rsi=float(rng.uniform(20, 80)),
        adx=float(rng.gamma(6, 4)),
        atr=float(np.exp(rng.normal(-4, 0.5))),
        macd=float(rng.normal(0, 0.3)),
        bollinger=float(rng.normal(0.5, 0.35)),
        volume_ratio=None if rng.random() < 0.1 else float(np.exp(rng.normal(0, 0.4))),
        trend=float(rng.normal(0.05, 0.1)),
        volatility=float(np.exp(rng.normal(-1.4, 0.4))),
        regime=regime or rng.choice(list(Regime)),
    )


def remembered(count: int, seed: int = 0, book: BookId = BOOK) -> list[Remembered]:
    """So many trades, a few a day, longs and shorts, in the order in which they closed."""
    rng = np.random.default_rng(seed)
    return [
        Remembered(
            id=f"t{number:016}",
            book=book,
            symbol=SYMBOLS[int(rng.integers(len(SYMBOLS)))],
            side=Direction.LONG if rng.random() < 0.8 else Direction.SHORT,
            opened_at=START + number * DAY / 4,
            closed_at=START + number * DAY / 4 + 5 * DAY,
            known_at=START + number * DAY / 4 + 5 * DAY + timedelta(hours=1),
            net_return=float(rng.normal(0.002, 0.03)),
            bars=5,
            exit_reason=ExitReason.DECISION,
            decision=DecisionId(f"d{number:016}"),
            state=state(rng),
        )
        for number in range(count)
    ]


def closed(number: int = 0, **changes: Any) -> ClosedTrade:
    """One trade of the ledger with everything in it."""
    opened = START + number * 10 * DAY
    fields: dict[str, Any] = {
        "id": f"t{number:016}",
        "book": BOOK,
        "symbol": SYMBOLS[number % 4],
        "side": Direction.LONG,
        "opened_at": opened,
        "closed_at": opened + 6 * DAY,
        "known_at": opened + 7 * DAY,
        "entry": Decimal(100),
        "exit": Decimal(102),
        "quantity": Decimal(10),
        "currency": "USD",
        "profit": Decimal("19.50"),
        "net_return": 0.0195,
        "bars": 4,
        "decision": DecisionId(f"d{number:016}"),
        "decided_at": opened - timedelta(hours=16),
        "p_up": 0.57,
        "base_rate": 0.52,
        "stated": (
            Stated(agent="momentum", record="momentum/rule:momentum", p_up=0.6, weight=0.5),
            Stated(agent="value", record="value/rule:value", p_up=0.5, weight=0.5),
        ),
        "state": MarketState(rsi=55.0, adx=22.0, atr=0.02, trend=0.1, volatility=0.3, regime=Regime.BULL),
        "confluence": {"trend": 1.0, "bands": 0.0, "oscillator": -1.0},
        "exit_reason": ExitReason.DECISION,
    }
    return ClosedTrade(**fields | changes)


def lost(number: int, **changes: Any) -> ClosedTrade:
    """One that lost two per cent."""
    return closed(number, **{"profit": Decimal(-20), "net_return": -0.02, **changes})


def by_hand(trades: Sequence[Remembered], as_of: datetime) -> list[Remembered]:
    """Those that were known."""
    return [one for one in trades if one.known_at <= as_of]
