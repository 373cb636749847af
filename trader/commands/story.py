"""Everything that the journal knows of one decision, in one value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trader.domain.decisions import Decision
from trader.domain.learned import LearnedState
from trader.domain.orders import Fill, Order, OrderEvent, OrderState
from trader.domain.portfolio import Account, Book
from trader.domain.reports import Evidence
from trader.domain.signals import Signal
from trader.journal.records import ModelCalled, Noted, RulingMade, Step
from trader.llm.client import Message


@dataclass(frozen=True)
class Asking:
    """One call of a language model, with every word of it."""

    record: ModelCalled
    messages: tuple[Message, ...]
    """As they were sent."""
    answer: str | None
    """As it came back; None where nothing did."""
    left_out: tuple[str, ...] = ()
    """What the messages lack because it would not have fitted."""


@dataclass(frozen=True)
class Turn:
    """One agent's step, with the evidence it names."""

    step: Step
    evidence: tuple[Evidence, ...]
    asked: tuple[Asking, ...] = ()
    """The calls of language models, in the order of asking."""
    unsupported: tuple[str, ...] = ()
    """Numbers that a model's form cites and that are in nothing it was shown, as it wrote them."""


@dataclass(frozen=True)
class Story:
    """One decision from the signal to the fill."""

    book: Book
    decision: Decision
    account: Account
    """As it was when the round began."""
    signals: tuple[Signal, ...]
    turns: tuple[Turn, ...]
    """In the order of the desk: the brief, juniors, seniors, the executive; by name within."""
    learned: LearnedState | None
    rulings: tuple[RulingMade, ...]
    orders: tuple[Order, ...]
    events: tuple[OrderEvent, ...]
    fills: tuple[Fill, ...]
    notes: tuple[Noted, ...]
    prompts: Mapping[str, str]
    """Digest -> the text of a prompt, as far as it is known."""

    def of_form(self, *forms: str) -> tuple[Turn, ...]:
        """The turns that ended in one of these forms."""
        return tuple(turn for turn in self.turns if turn.step.form in forms)

    def state(self, order: Order) -> OrderState:
        """Where the order stands: its last event; intended where there is none."""
        states = [event.state for event in self.events if event.client_id == order.client_id]
        return states[-1] if states else OrderState.INTENDED

    @property
    def ruling(self) -> RulingMade | None:
        """The last word on its order: at its approval, else the gate's, else allocate's."""
        stages = ("allocate", "gate", "approval")
        return max(self.rulings, key=lambda made: stages.index(made.stage), default=None)

    @property
    def main_order(self) -> Order | None:
        """What it sent, the protective stop aside."""
        return next((order for order in self.orders if order.parent is None), None)


def in_order(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Turns in the order of the desk."""
    return tuple(sorted(turns, key=lambda turn: (turn.step.stage, turn.step.agent)))
