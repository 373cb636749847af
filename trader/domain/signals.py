"""Reasons to look. A signal is evidence, never an opinion and never an order."""

from enum import StrEnum

from trader.domain.market import Timeframe
from trader.domain.value import Amount, Moment, Number, Value


class SignalSource(StrEnum):
    """Who says that something is worth a look."""

    BAR = "bar"
    WEBHOOK = "webhook"
    USER = "user"


class Direction(StrEnum):
    """Which way an outside signal points."""

    LONG = "long"
    SHORT = "short"


class Signal(Value):
    """One reason to look at one instrument, from the moment it was available."""

    id: str
    source: SignalSource
    symbol: str
    timeframe: Timeframe
    at: Moment
    """When it became available: for a bar, its close."""
    direction: Direction | None = None
    stop: Amount | None = None
    target: Amount | None = None
    confidence: Number | None = None
    """0 to 1, where an outside source states one."""
    note: str = ""
