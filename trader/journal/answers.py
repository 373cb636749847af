"""What reading the journal gives, where it is more than the values that went in."""

from datetime import datetime
from typing import NamedTuple, TypeAlias

from trader.domain.decisions import Decision
from trader.domain.ids import DecisionId, RoundId
from trader.domain.learned import LearnedState
from trader.domain.orders import Fill, OrderEvent
from trader.domain.portfolio import AccountEntry
from trader.domain.value import Value
from trader.journal.records import (
    Form,
    Noted,
    OrderIntended,
    RoundClosed,
    RoundOpened,
    RulingMade,
    RunEnded,
    RunStarted,
    Step,
)

Movement: TypeAlias = OrderIntended | OrderEvent | Fill | AccountEntry
"""What changes an account, or may."""


class RoundRecord(Value):
    """Everything recorded of one round, in the order it was recorded, and what became of its orders since."""

    opened: RoundOpened
    steps: tuple[Step, ...]
    decisions: tuple[Decision, ...]
    rulings: tuple[RulingMade, ...]
    orders: tuple[OrderIntended, ...]
    events: tuple[OrderEvent, ...]
    fills: tuple[Fill, ...]
    learned: LearnedState | None
    notes: tuple[Noted, ...]
    closed: RoundClosed | None


class RunRecord(NamedTuple):
    """One process's work on a book; `ended` is None where it is still at work, or died."""

    started: RunStarted
    ended: RunEnded | None


class RoundSummary(NamedTuple):
    """One round in a list."""

    round: RoundId
    as_of: datetime
    closed: bool


class Forecast(NamedTuple):
    """One stated probability of the event, and what the base rate was."""

    as_of: datetime
    symbol: str
    agent: str
    record: str
    p_up: float
    base_rate: float | None
    """None where nothing had been learned."""


class Turn(NamedTuple):
    """One agent's turn in one decision, without what it said in words."""

    decision: DecisionId
    stage: int
    agent: str
    tier: str
    form: Form
    p_up: float | None
    source: str
    record: str
    prompt: str
    """Digest of the prompt file."""
    ms: float


class ToolError(NamedTuple):
    """A tool that could not answer an agent in one decision."""

    decision: DecisionId
    agent: str
    tool: str
    error: str


class SelfAgreement(NamedTuple):
    """How far an agent that was asked several times agreed with itself."""

    agent: str
    as_of: datetime
    share: float
    """Of its samples, those on the side of the base rate that its opinion is on."""
