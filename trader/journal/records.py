"""What is written down: one record type for each thing that happens, each with a table of its own.

A record says its key in its docstring. What was recorded under a key stays as first recorded, so that a round
which is run again after a crash changes nothing.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from trader.domain.decisions import Decision
from trader.domain.ids import BookId, DecisionId, RoundId, RunId
from trader.domain.learned import LearnedState
from trader.domain.lessons import Change
from trader.domain.opinions import Abstention, Opinion, Verdict
from trader.domain.orders import Fill, Order, OrderEvent, OrderState, Ruling
from trader.domain.portfolio import Account, AccountEntry, Book, Mode
from trader.domain.reports import Report
from trader.domain.signals import Signal
from trader.domain.trades import ClosedTrade, MarketState
from trader.domain.value import Amount, Moment, Number, Value, digest
from trader.journal.model_records import ModelEvent, ModelTrained

Form: TypeAlias = Literal["brief", "report", "opinion", "abstention", "verdict"]
"""What an agent filled in; `body` of its step is that form."""

FORMS: Mapping[Form, type[Report | Opinion | Abstention | Verdict]] = {
    "report": Report,
    "opinion": Opinion,
    "abstention": Abstention,
    "verdict": Verdict,
}
"""What the body of a step is, by its form. A brief's is nothing but JSON."""
RulingStage: TypeAlias = Literal["allocate", "gate", "approval"]
"""When a ruling was asked for: by allocate on its running account, at the gate, or once a person approved."""


EvaluationKind: TypeAlias = Literal["decisions", "prompt", "variants", "behaviour"]
"""What was asked: scores of decisions, an edited prompt, other models or other words, behaviour cases."""
Begins: TypeAlias = Literal[OrderState.INTENDED, OrderState.AWAITING_APPROVAL]
"""Where an order's life begins."""


class BookOpened(Value):
    """A book began. Key: the book's id."""

    book: Book


class RunStarted(Value):
    """A process began to work on a book. Key: run."""

    run: RunId
    book: BookId
    at: Moment
    mode: Mode
    version: str
    """The program's."""
    seed: int
    settings: dict[str, Any]
    settings_digest: str
    """Equal to the book's `settings` where the book is gone on with."""
    prompts: dict[str, str]
    """Agent -> digest of the exact text of its prompt file."""
    data_digest: str


class RunEnded(Value):
    """A process ended its work. Without this row the process died. Key: run."""

    run: RunId
    at: Moment
    reason: str
    """`finished` (nothing is left to do), `stopped` (by a person), or `failed: …`."""


class RoundOpened(Value):
    """The signals of one `as_of`, and what besides the market they were decided on. Key: round."""

    round: RoundId
    book: BookId
    run: RunId
    as_of: Moment
    signals: tuple[Signal, ...]
    account: Account
    facts: dict[str, Any] = Field(default_factory=dict)
    """What limits are asked of, as JSON."""
    learned: str
    """Digest of the learned state."""


class Step(Value):
    """One agent's turn in one decision. Key: (decision, agent)."""

    decision: DecisionId
    round: RoundId
    book: BookId
    as_of: Moment
    symbol: str
    stage: int
    """Its place in the order of the desk: steps of one stage happen at the same time."""
    agent: str
    tier: str
    form: Form
    body: dict[str, Any]
    """The form as JSON."""
    evidence: tuple[str, ...] = ()
    """Digests of what was gathered for this step."""
    prompt: str = ""
    """Digest of the prompt file."""
    source: str = "none"
    """What filled the form: `rule:NAME`, `tools`, `model:NAME`, `none`."""
    record: str = ""
    """Key of the learned record it is scored under; empty for juniors."""
    ms: Number = Field(default=0.0, ge=0.0)
    """Milliseconds it took, by the stopwatch. Never part of what a replay compares."""


class ModelCalled(Value):
    """One call of a language model, and what came of it.

    Key: (decision, agent, model, sample, stage, tool_round, attempt).
    """

    decision: DecisionId
    round: RoundId
    book: BookId
    at: Moment
    """When it ended, by the clock on the wall: a replay of old bars is paid for today."""
    agent: str
    model: str
    """As it was asked for: `provider/name`."""
    sample: int = 0
    stage: int
    tool_round: int = 0
    attempt: int
    """0, 1, 2 … in the order of asking, over all models."""
    repair: bool = False
    """Whether it showed the model its own answer, and what was wrong with it."""
    call: str
    """Digest of everything that was sent: parameters, messages, and the form's schema."""
    answer: str = ""
    """Digest of the text that came back, word for word; empty where there was none."""
    model_version: str = ""
    """The model as its server named it."""
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    """Those of `tokens_in` that the provider had kept from before."""
    usd: Amount = Decimal(0)
    ms: Number = Field(default=0.0, ge=0.0)
    error_kind: str = ""
    """The class of the error; empty where the answer is the form."""
    error: str = ""
    source: Literal["", "cache", "cassette"] = ""
    """Where the answer was found; empty where the model was asked for it now."""


class CallReserved(Value):
    """The most that a call may cost, on disk before it is made. Key: (run, decision, agent, call, asked).

    A `ModelCalled` of the same decision, agent and call settles it. One that nothing settles was lost with
    its process, and counts in full: the provider may have answered, and charged.
    """

    run: RunId
    decision: DecisionId
    book: BookId
    at: Moment
    agent: str
    call: str
    """Digest of what is asked."""
    asked: int
    """0, 1, 2 … of the times that the agent asks the same in this run."""
    usd: Amount
    tokens: int


class DecisionMade(Value):
    """What was decided. Key: the decision's id."""

    decision: Decision


class RulingMade(Value):
    """What the gate's function said. Key: (client order id, stage)."""

    round: RoundId
    book: BookId
    decision: DecisionId
    stage: RulingStage
    ruling: Ruling


class OrderIntended(Value):
    """An order is about to be sent, or waits for approval: on disk before any byte of it leaves.

    Key: client order id.
    """

    book: BookId
    round: RoundId
    """The round that placed it; empty for what a person ordered."""
    order: Order
    at: Moment
    state: Begins = OrderState.INTENDED
    """Where its life begins."""


class OrderChanged(Value):
    """An order went on to another state. Key: the whole event: the same step told twice is one step."""

    book: BookId
    event: OrderEvent


class FillReceived(Value):
    """Units changed hands. Key: (book, fill id)."""

    book: BookId
    fill: Fill


class AccountMoved(Value):
    """Cash or units moved without a trade. Key: (book, entry id)."""

    book: BookId
    entry: AccountEntry


class Marked(Value):
    """What the book was worth after one step of the market. Key: (book, as_of)."""

    book: BookId
    as_of: Moment
    equity: Amount
    cash: Amount
    gross: Amount


class StateLearned(Value):
    """What was fitted from everything resolved before a cut-off. Key: (book, digest)."""

    book: BookId
    digest: str
    state: LearnedState

    @classmethod
    def of(cls, book: BookId, state: LearnedState) -> Self:
        """The record of `state`, named by its digest."""
        return cls(book=book, digest=digest(state), state=state)

    @model_validator(mode="after")
    def _named_by_its_digest(self) -> Self:
        if self.digest != digest(self.state):
            raise ValueError(f"the learned state is not {self.digest}")
        return self


class StateKnown(Value):
    """The conditions of one instrument at the close that a round decided on. Key: (book, symbol, as_of)."""

    book: BookId
    symbol: str
    as_of: Moment
    state: MarketState


class OutcomeKnown(Value):
    """What the event of a decision came to, traded or not. Key: the decision."""

    book: BookId
    decision: DecisionId
    symbol: str
    as_of: Moment
    """Of the decision."""
    horizon: int
    known_at: Moment
    """When the last bar of the horizon closed."""
    event_return: Number
    """r = C(t+h) / O(t+1) - 1, splits undone, dividends added."""


class TradeClosed(Value):
    """A trade that is over, with all that it may be remembered by. Key: the trade's id."""

    trade: ClosedTrade


class LearningEvent(Value):
    """Something that learning, or a person, changed. Key: the whole event."""

    book: BookId
    at: Moment
    """`as_of` of the round that learned it."""
    change: Change


class BreakerChanged(Value):
    """A breaker tripped or was lifted. Key: (book, reason, since, lifted)."""

    book: BookId
    reason: str
    """Slug of the limit that tripped it."""
    since: Moment
    until: Moment | None
    """None: until a person resumes."""
    lifted: bool
    at: Moment
    asked: Amount | None = None
    """What was measured, in the limit's unit."""
    permitted: Amount | None = None


class Noted(Value):
    """Something that was survived, cleaned or left out. Key: the whole note."""

    book: BookId
    round: str = ""
    decision: str = ""
    at: Moment
    kind: str
    """A short slug to filter by."""
    text: str
    """For a person."""
    data: dict[str, Any] = Field(default_factory=dict)


class Commanded(Value):
    """A person asked the running process for something. Key: id."""

    id: str
    at: Moment
    kind: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class CommandAnswered(Value):
    """What came of what a person had asked for. Key: id."""

    id: str
    """The command's."""
    book: BookId
    at: Moment
    done: bool
    text: str
    """For the person: what was done, or why it was not."""


class EvaluationKept(Value):
    """What an evaluation found. Key: id."""

    id: str
    """A ULID: in order of time."""
    at: Moment
    book: str = ""
    """Whose decisions were scored; empty for a data set."""
    kind: EvaluationKind
    agents: tuple[str, ...] = ()
    """Those that were named; none: all of them, and the desk."""
    source: str
    """Which cases: what `--on` said."""
    finding: str
    """The first line of the report."""
    document: dict[str, Any]
    """The whole of it, as `--json` prints it."""


class RoundClosed(Value):
    """All of the round is recorded; a round that is not closed is run again. Key: round."""

    round: RoundId
    book: BookId
    as_of: Moment
    at: Moment


Record: TypeAlias = (
    BookOpened
    | RunStarted
    | RunEnded
    | RoundOpened
    | Step
    | ModelCalled
    | CallReserved
    | DecisionMade
    | RulingMade
    | OrderIntended
    | OrderChanged
    | FillReceived
    | AccountMoved
    | Marked
    | StateLearned
    | LearningEvent
    | StateKnown
    | OutcomeKnown
    | TradeClosed
    | BreakerChanged
    | Noted
    | Commanded
    | CommandAnswered
    | EvaluationKept
    | RoundClosed
    | ModelTrained
    | ModelEvent
)
"""Anything that can be recorded."""
