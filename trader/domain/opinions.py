"""The forms that seniors and the executive fill. A language model can do nothing but fill one of these."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from trader.domain.value import Amount, Number, Value

P_MIN, P_MAX = 0.01, 0.99
"""Nobody is surer than this of an event in a market; beyond it the logarithm of a mistake has no bound."""


class Opinion(Value):
    """A senior's view of the event: C(t+h) / O(t+1) - 1 above zero (see architecture, The event)."""

    agent: str
    p_up: Number | None = Field(default=None, ge=P_MIN, le=P_MAX)
    """Probability of the event; None where direction is not the agent's mandate."""
    size_cap: Number = Field(default=1.0, ge=0.0, le=1.0)
    """The share of the position limit this agent would allow."""
    stop: Amount | None = Field(default=None, gt=0)
    """A price below which the case is wrong, as traded at `as_of`."""
    reasoning: str = Field(max_length=4000)
    factors_for: tuple[str, ...] = ()
    factors_against: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    """Digests of the evidence it rests on."""
    samples: tuple[Number | None, ...] = ()
    """What each of several askings said of `p_up`, None where it said nothing; empty where there was one."""

    def self_agreement(self, base_rate: float) -> float | None:
        """Share of the samples on the side of the base rate that the whole is on; None with one asking."""
        if self.p_up is None or not self.samples:
            return None
        side = self.p_up > base_rate
        return sum(p is not None and (p > base_rate) == side for p in self.samples) / len(self.samples)

    @property
    def confidence(self) -> float | None:
        """max(p, 1 - p), as screens show it."""
        return None if self.p_up is None else max(self.p_up, 1.0 - self.p_up)


class Abstention(Value):
    """No opinion, and why. Not the same as a neutral one half: it is left out of every mean."""

    agent: str
    reason: str = Field(min_length=1)
    failed: bool = False
    """True where something broke (an exception, an unreadable answer), False where data was missing."""


class VerdictAction(StrEnum):
    """What the executive may do. It may never enlarge."""

    APPROVE = "approve"
    SHRINK = "shrink"
    VETO = "veto"


class Verdict(Value):
    """The executive's word. It limits increases only: an exit needs nobody's agreement."""

    agent: str
    action: VerdictAction
    factor: Number = Field(default=1.0, ge=0.0, le=1.0)
    """What the target of an increase is multiplied by, never below what is held: 1 approves, 0 vetoes."""
    reason: str = Field(min_length=1, max_length=4000)

    @model_validator(mode="after")
    def _factor_fits(self) -> Self:
        fits = {
            VerdictAction.APPROVE: self.factor == 1.0,
            VerdictAction.VETO: self.factor == 0.0,
            VerdictAction.SHRINK: 0.0 < self.factor < 1.0,
        }
        if not fits[self.action]:
            raise ValueError(f"{self.action} with the factor {self.factor}")
        return self
