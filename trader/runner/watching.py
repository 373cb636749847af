"""What a run tells those who watch it, and what they may ask of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from trader.agents.agent import Agent
from trader.domain.decisions import Decision
from trader.domain.ids import RunId
from trader.domain.opinions import Abstention, Opinion, Verdict
from trader.domain.orders import Fill, Ruling
from trader.domain.portfolio import Account, AccountEntry, Book
from trader.domain.reports import Report
from trader.risk.facts import Breaker

AgentForm = Report | Opinion | Abstention | Verdict


@dataclass
class Control:
    """Set by keys and signals, from any thread; read between rounds."""

    stop: bool = False
    """Finish the round in hand, then end."""
    paused: bool = False
    """Wait before the next round."""
    step: bool = False
    """Take the next round now, in a pause or between two paced rounds. The run sets it back."""
    wait_for_approval: bool = False
    """Take no round while an order waits for a person; else it expires at the next close."""


@dataclass(frozen=True)
class Opening:
    """A run that is about to begin, or to go on."""

    book: Book
    run: RunId
    resumed: bool
    """Whether the book was begun by an earlier run."""
    rounds: int
    """Rounds in the whole span."""
    done: int
    """Rounds that an earlier run has closed."""
    agents: tuple[Agent, ...]
    notes: tuple[str, ...]
    """What was cleaned or inferred while loading the data."""
    journal: Path


@dataclass(frozen=True)
class ClosedRound:
    """One round, all of it recorded."""

    index: int
    """From 1."""
    total: int
    as_of: datetime
    account: Account
    """After this bar's fills, before this round's orders."""
    decisions: tuple[Decision, ...]
    forms: Mapping[str, Mapping[str, AgentForm]]
    """By symbol, then agent."""
    rulings: tuple[Ruling, ...]
    fills: tuple[Fill, ...]
    entries: tuple[AccountEntry, ...]
    breakers: tuple[Breaker, ...]
    own_ms: float
    """The desk's time for the whole round, market step and recording included."""
    unpaid: tuple[str, ...] = ()
    """Agents whose models the budget did not hold, and who followed their rules."""

    @property
    def over_budget(self) -> str:
        """That as a sentence; empty where the budget held everybody's."""
        if not self.unpaid:
            return ""
        return f"the budget for language models does not hold {', '.join(self.unpaid)}: their rules speak"


class Observer(Protocol):
    """Whoever watches: a screen, plain lines, a test. Called from the run's own thread."""

    def preparing(self, what: str, done: int, total: int) -> None:
        """Long work before the first round; `done` of `total`, both in the same unit."""

    def opened(self, opening: Opening) -> None:
        """The book is open, the first round comes next."""

    def round_closed(self, closed: ClosedRound) -> None:
        """A round is on disk."""

    def note(self, text: str) -> None:
        """Something worth telling that stopped nothing."""
