"""What the desk decided, with every number that led there."""

from enum import StrEnum

from pydantic import Field

from trader.domain.ids import BookId, DecisionId, RoundId
from trader.domain.value import Amount, Moment, Number, Value


class Outcome(StrEnum):
    """`undecided` is never shown as a hold: the desk did not judge, and the cause is named."""

    TRADE = "trade"
    HOLD = "hold"
    UNDECIDED = "undecided"


class Contribution(Value):
    """How one agent moved the pooled probability."""

    agent: str
    record: str
    """The learned record used: agent/policy or agent/model, and `#regime` where that is kept apart."""
    p_up: Number
    """As stated."""
    p_calibrated: Number
    """After calibration towards the base rate."""
    shift: Number
    """d = a + c (logit p - logit base), in log-odds."""
    weight: Number
    """Its share of the pool; the weights of those who answered sum to one."""


class Pool(Value):
    """From opinions to one probability: logit p = logit base + sum of weight times shift."""

    base_rate: Number
    contributions: tuple[Contribution, ...]
    p_up: Number
    n_eff: Number
    """Effective cases behind the forecast (see `memory/evidence.py`)."""
    sigma_p: Number
    """Standard error of p_up."""
    agreement: Number
    """Share of the weight whose own calibrated forecast makes the trade worth its cost."""
    self_agreement: Number | None = None
    """Weighted share of the samples that agree with the whole; None where nobody was asked several times."""


class Payoff(Value):
    """What the event has paid before `as_of`, over the horizon, as fractions of the price."""

    mean_gain: Number = Field(gt=0)
    mean_loss: Number = Field(gt=0)
    """Positive: the mean size of a loss."""
    cost: Number = Field(ge=0)
    """Round trip."""


class SizingStep(Value):
    """One step of the fixed order of sizing: its name, its number, and the weight after it."""

    name: str
    value: Number
    weight: Number
    note: str = ""


class Cut(Value):
    """Something that made the target smaller than it was: a cap, a ceiling, a verdict, a limit."""

    by: str
    before: Number
    after: Number
    reason: str


class Decision(Value):
    """One per book, round, instrument and horizon."""

    id: DecisionId
    book: BookId
    round: RoundId
    as_of: Moment
    symbol: str
    horizon: int = Field(gt=0)
    outcome: Outcome
    cause: str
    """One sentence: why this outcome. For `undecided`, what was missing or broke."""
    held_weight: Number
    target_weight: Number
    """Shares of equity. Equal where the outcome is not `trade`."""
    price: Amount | None
    """Last traded price at `as_of`: what weights are counted at."""
    stop: Amount | None = None
    """Protective stop for what would be bought, as traded."""
    pool: Pool | None = None
    payoff: Payoff | None = None
    edge: Number | None = None
    """p G - (1 - p) L - c: the expected return after costs."""
    edge_error: Number | None = None
    """sigma_p (G + L): the edge's own error; entries need more than this."""
    sizing: tuple[SizingStep, ...] = ()
    cuts: tuple[Cut, ...] = ()
    learned: str
    """Digest of the learned state it used."""

    def canonical(self) -> dict[str, object]:
        """What the decision says, without the names of book, round and decision: equal facts, equal bytes."""
        return self.model_dump(mode="json", exclude={"id", "book", "round"})
