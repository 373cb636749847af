"""One remembered trade: what the desk believed, in what conditions, and what came of it.

A trade is a round trip of a position, from flat to flat or to the other side; what was added or taken off on
the way is part of it. Everything here was known when it closed, and all of `state`, `confluence`, `stated`
and `p_up` when it was decided.
"""

from enum import StrEnum
from math import log, nan
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from trader.domain.ids import BookId, DecisionId
from trader.domain.market import Floats, Regime
from trader.domain.signals import Direction
from trader.domain.value import Amount, Moment, Number, Value

AXES = ("rsi", "adx", "atr", "macd", "bollinger", "volume_ratio", "trend", "volatility", "regime")
"""What the numbers of a state vector are, in their order."""

_REGIMES = {Regime.BULL: 1.0, Regime.SIDEWAYS: 0.0, Regime.BEAR: -1.0}


class MarketState(Value):
    """The conditions of one instrument at one close. None where the history is too short."""

    rsi: Number | None = None
    """Relative strength index of 14 bars, 0 to 100."""
    adx: Number | None = None
    """Average directional index of 14 bars, 0 to 100."""
    atr: Number | None = Field(default=None, ge=0)
    """Average true range of 14 bars, as a fraction of the price."""
    macd: Number | None = None
    """Histogram of MACD (12, 26, 9), in average true ranges."""
    bollinger: Number | None = None
    """Place between the Bollinger bands (20 bars, 2 deviations): 0 at the lower, 1 at the upper."""
    volume_ratio: Number | None = Field(default=None, ge=0)
    """The bar's volume over the mean of the last 21."""
    trend: Number | None = None
    """The close over its 200-bar average, less one."""
    volatility: Number | None = Field(default=None, ge=0)
    """Annual, of the log returns of the last 21 bars."""
    regime: Regime | None = None
    """By the plain rule of `features/plain_regime.py`."""

    def vector(self) -> Floats:
        """The state as numbers that may be compared, shape (len(AXES),), NaN where one is not known.

        What is a ratio by nature is its logarithm; the trend is in annual volatilities.
        """
        numbers = (
            _or_nan(self.rsi) / 100.0,
            _or_nan(self.adx) / 100.0,
            _log(self.atr),
            _or_nan(self.macd),
            _or_nan(self.bollinger),
            _log(self.volume_ratio),
            _or_nan(self.trend) / self.volatility if self.volatility else nan,
            _log(self.volatility),
            nan if self.regime is None else _REGIMES[self.regime],
        )
        return np.array(numbers, dtype=np.float64)


class Stated(Value):
    """What one agent said of the event when the trade was decided."""

    agent: str
    record: str
    """`agent/source`, as the learned state keys it."""
    p_up: Number
    weight: Number
    """Its share of the pool."""


class ExitReason(StrEnum):
    """What ended a trade: the order that filled last."""

    DECISION = "decision"
    """The desk decided to leave."""
    STOP = "stop"
    TARGET = "target"
    PERSON = "person"
    """Somebody flattened it."""
    TURNED = "turned"
    """An entry to the other side closed it first."""
    ACTION = "action"
    """The last units were paid out in cash, or taken as a fee."""


class ClosedTrade(Value):
    """One trade of one book. Prices and units are in units of the close: splits undone."""

    id: str
    """`t` + 16 characters of (book, instrument, the order that opened it, the moment it was closed)."""
    book: BookId
    symbol: str
    side: Direction
    opened_at: Moment
    closed_at: Moment
    known_at: Moment
    """`as_of` of the first round that knew of the close: from then on it may be remembered."""
    entry: Amount = Field(gt=0)
    """Average price in, before fees."""
    exit: Amount = Field(ge=0)
    """Average price out, before fees; 0 where nothing was paid for it."""
    quantity: Amount = Field(gt=0)
    """Units entered in all, whatever the side."""
    currency: str
    profit: Amount
    """All cash out less all cash in, fees, dividends and borrowing included, in `currency`."""
    net_return: Number
    """`profit` over what was entered, fees left out."""
    bars: int | None = Field(default=None, ge=0)
    """Bars that closed while it was held; None where the bars are not at hand."""
    stop_distance: Number | None = Field(default=None, gt=0)
    """From the first entry's price to its protective stop, as a fraction of the price."""
    target_distance: Number | None = Field(default=None, gt=0)
    """From the first entry's price to its take-profit order, where there was one."""
    reward_to_risk: Number | None = Field(default=None, gt=0)
    """What was to be gained over what was put at risk: the target's distance, or without one the mean gain
    that the decision counted on, over the stop's distance."""
    adverse: Number | None = Field(default=None, ge=0)
    """The farthest that a bar's price went against the entry while it was held, as a fraction of it."""
    favourable: Number | None = Field(default=None, ge=0)
    """The farthest that a bar's price went for it."""
    decision: DecisionId
    """What opened it."""
    decided_at: Moment | None = None
    """`as_of` of that decision: the moment of `state`."""
    p_up: Number | None = None
    """The pooled probability of the event when it was decided."""
    base_rate: Number | None = None
    """How often the event had been so before, as the pool counted on."""
    edge: Number | None = None
    """The expected return after costs that it was decided on."""
    stated: tuple[Stated, ...] = ()
    """By agent."""
    state: MarketState = MarketState()
    confluence: dict[str, Number] = Field(default_factory=dict)
    """Factor -> how far it spoke for the side that was taken, from -1 to 1 (`memory/confluence.py`)."""
    exit_reason: ExitReason
    exit_decision: str = ""
    """What closed it, where that was a decision or a person's command."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.opened_at <= self.closed_at:
            raise ValueError(f"{self.id}: closed before it was opened")
        if [one.agent for one in self.stated] != sorted(one.agent for one in self.stated):
            raise ValueError(f"{self.id}: what agents stated is not in their order")
        return self

    @property
    def won(self) -> bool:
        """Whether money came of it, after all costs."""
        return self.profit > 0

    @property
    def confidence(self) -> float | None:
        """The pooled probability of the side that was taken."""
        if self.p_up is None:
            return None
        return self.p_up if self.side is Direction.LONG else 1.0 - self.p_up

    @property
    def confluence_score(self) -> float | None:
        """The mean of its factors, from -1 (all against) to 1 (all for); None where none is known."""
        known = self.confluence.values()
        return sum(known) / len(known) if known else None


def _or_nan(number: float | None) -> float:
    return nan if number is None else number


def _log(ratio: float | None) -> float:
    return log(ratio) if ratio else nan
