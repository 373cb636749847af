"""What was distilled from many cases: rules, when the desk looked for them, and what was changed for them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from trader.domain.value import Moment, Number, Value, digest

Facts: TypeAlias = Mapping[str, float | str | None]
"""What was known of one instrument at one moment, by name."""


class Test(StrEnum):
    """How a condition compares."""

    __test__ = False  # pytest would take it for one

    AT_MOST = "at most"
    ABOVE = "above"
    IS = "is"


class Condition(Value):
    """One thing that is so or is not: a machine checks it, a person reads it."""

    feature: str
    test: Test
    value: Number | str

    def holds(self, facts: Facts) -> bool:
        """Whether it is so; what is not known is not so."""
        known = facts.get(self.feature)
        if self.test is Test.IS:
            return known == self.value
        if not isinstance(known, int | float) or not isinstance(self.value, int | float):
            return False
        return known <= self.value if self.test is Test.AT_MOST else known > self.value

    def __str__(self) -> str:
        value = f"{self.value:.4g}" if isinstance(self.value, int | float) else self.value
        return f"{self.feature} {self.test} {value}"


class Standing(StrEnum):
    """What a rule may do."""

    ACTIVE = "active"
    PINNED = "pinned"
    """By a person: it is not retired, whatever comes."""
    MUTED = "muted"
    """By a person: it is watched and nobody hears of it."""
    RETIRED = "retired"

    @property
    def speaks(self) -> bool:
        """Whether agents are shown it and the pool hears it."""
        return self in (Standing.ACTIVE, Standing.PINNED)


class Wording(Value):
    """What a model made of a rule: words beside the template, which has the numbers."""

    text: str
    model: str
    """As it was asked for: `provider/name`."""
    prompt: str
    """Digest of the prompt file."""
    call: str
    """Digest of everything that was sent."""


class Rule(Value):
    """A condition under which the event has come more, or less, often than it does otherwise."""

    id: str
    condition: Condition
    sentence: str
    """For a person and for a prompt: evidence, never an instruction."""
    standing: Standing = Standing.ACTIVE
    reason: str = ""
    """Why it stands so, where it is no longer active."""
    stated_at: Moment
    look: int = Field(ge=1)
    """The look that found it."""
    p_value: Number
    """Chance of an effect this strong somewhere among all candidates, were there none."""
    stated_rate: Number
    """How often the event came in its cases when it was stated: what later ones are held against."""
    cases: int = Field(ge=0)
    """Resolved decisions in which it held."""
    support: Number = Field(ge=0.0)
    """What they are worth, overlaps and correlation taken out."""
    rate: Number
    """How often the event came in them."""
    low: Number
    high: Number
    """The 95 % interval of the rate (Wilson 1927, with the support for a count)."""
    base_rate: Number
    """How often it was expected in them: the mean base rate known at the time."""
    contradiction: Number = 0.0
    """Page's statistic on the cases since it was stated; it retires at the limit."""
    first: Moment
    last: Moment
    """The oldest and the newest of its cases."""
    wording: Wording | None = None
    """None where no model was asked, or none gave words that pass."""

    @model_serializer(mode="wrap")
    def _without_words_that_are_not_there(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A rule without a model's words reads as it did before there were any."""
        fields: dict[str, Any] = handler(self)
        if self.wording is None:
            del fields["wording"]
        return fields

    @property
    def direction(self) -> str:
        """`more` or `less` often than was expected."""
        return "more" if self.effect > 0 else "less"

    @property
    def told(self) -> str:
        """The sentence with its numbers, and behind it a model's words, where there are any."""
        return self.sentence if self.wording is None else f"{self.sentence} {self.wording.text}"

    @property
    def effect(self) -> float:
        """By how much the event comes more often than was expected."""
        return self.rate - self.base_rate


def rule_id(condition: Condition, stated_at: Moment) -> str:
    """`l` + 8 characters of (condition, moment)."""
    return "l" + digest([condition, stated_at])[:8]


class Looks(Value):
    """How often the desk has looked for rules, and how much of its error it has spent on that."""

    looks: int = 0
    trades: int = 0
    """Closed trades at the last look."""
    tests: int = 0
    """Looks at which there was enough that is new to test."""
    worth: Number = 0.0
    """Effective cases at the last test."""


class LearnedThresholds(Value):
    """Where an entry's thresholds stand, each within the bounds of `memory/thresholds.py`."""

    edge_errors: Number = 1.0
    """An entry's edge must be above so many of its own errors."""
    agreement: Number = 0.5
    """Least share of the pool's weight that finds an edge."""
    signal_confidence: Number = 0.6
    """Least confidence of an outside signal."""
    adx: Number | None = None
    """Least ADX; None: not looked at."""
    reward_to_risk: Number | None = None
    """Least mean gain over the distance to the stop; None: not looked at."""


class Lessons(Value):
    """All that reflection knows at one cut-off."""

    rules: tuple[Rule, ...] = ()
    looks: Looks = Looks()
    thresholds: LearnedThresholds | None = None
    """None where they are as they were set."""

    def holding(self, facts: Facts) -> tuple[Rule, ...]:
        """The rules that speak and whose condition is met, in the order they were stated."""
        return tuple(rule for rule in self.rules if rule.standing.speaks and rule.condition.holds(facts))


EventKind: TypeAlias = Literal[
    "look", "stated", "worded", "retired", "pinned", "muted", "released", "threshold", "regime"
]


class Change(Value):
    """One thing that learning, or a person, changed: before, after, and on what evidence."""

    kind: EventKind
    subject: str
    """A rule's id, a threshold's name, a record, or the number of a look."""
    before: dict[str, Any] = Field(default_factory=dict)
    after: dict[str, Any] = Field(default_factory=dict)
    evidence: dict[str, Any] = Field(default_factory=dict)
    text: str
    """For a person."""
