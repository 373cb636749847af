"""What a rule is: what it needs, where it was published, and one pure function of the case."""

from collections.abc import Callable
from dataclasses import dataclass

from trader.agents.case import Case
from trader.domain.opinions import Abstention, Opinion, Verdict


@dataclass(frozen=True)
class Policy:
    """The rule that a senior follows while it has no model."""

    name: str
    summary: str
    """One line, for lists."""
    source: str
    """Where it was published."""
    tools: tuple[str, ...]
    """What it reads; run for the agent whether or not its file names them."""
    judge: Callable[[str, Case], Opinion | Abstention]
    """(agent, case) -> its form. Pure: the same case gives the same form."""


@dataclass(frozen=True)
class ExecutivePolicy:
    """The rule that the executive follows while it has no model."""

    name: str
    summary: str
    source: str
    rule: Callable[[str, Case], Verdict]
    """(agent, case with opinions) -> its form. Pure, too."""
