"""Who is scored: one agent, the desk or a baseline, with everything that a scorer may ask of it."""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trader.evals.cases import Cases, Recorded
from trader.journal.records import ModelCalled

Floats = NDArray[np.float64]
DESK = "desk"


@dataclass(frozen=True, eq=False)
class Subject:
    """Forecasts on the cases that it answered, and what making them took."""

    name: str
    cases: Cases
    p: Floats
    """(n,) over all cases; NaN where it said nothing."""
    asked: int = 0
    """Decisions, unresolved ones included, in which it had a turn."""
    abstained: int = 0
    """Of these, those in which it gave no opinion."""
    ms: Floats = field(default_factory=lambda: np.zeros(0))
    """Milliseconds of each turn."""
    calls: tuple[ModelCalled, ...] = ()
    tool_errors: int = 0
    """Calls of its tools that gave no result."""

    @property
    def answered(self) -> NDArray[np.bool_]:
        """(n,) the cases that it answered: on these it is scored."""
        return ~np.isnan(self.p)

    @property
    def forecast(self) -> Floats:
        """Its forecasts on those."""
        return self.p[self.answered]

    @property
    def happened(self) -> Floats:
        """What came of them."""
        return self.cases.happened[self.answered]

    @property
    def returns(self) -> Floats:
        """What the event returned in them."""
        return self.cases.returns[self.answered]

    def __len__(self) -> int:
        return int(self.answered.sum())


def desk_of(recorded: Recorded) -> Subject:
    """The pool's probability; its time is the longest turn of each stage, added up."""
    longest: dict[tuple[str, int], float] = defaultdict(float)
    for turn in recorded.turns:
        longest[turn.decision, turn.stage] = max(longest[turn.decision, turn.stage], turn.ms)
    took: dict[str, float] = defaultdict(float)
    for (decision, _), ms in longest.items():
        took[decision] += ms
    return Subject(
        DESK,
        recorded.cases,
        recorded.cases.desk,
        asked=len(recorded.decisions),
        abstained=sum(1 for made in recorded.decisions if made.pool is None),
        ms=np.array([*took.values()], dtype=np.float64),
        calls=recorded.calls,
        tool_errors=len(recorded.tool_errors),
    )


def agent_of(recorded: Recorded, name: str) -> Subject:
    """One senior; without a case where it never stated a probability."""
    cases = recorded.cases
    turns = [turn for turn in recorded.turns if turn.agent == name]
    said = cases.said[cases.agents.index(name)] if name in cases.agents else np.full(len(cases), np.nan)
    return Subject(
        name,
        cases,
        said,
        asked=len(turns),
        abstained=sum(1 for turn in turns if turn.form == "abstention"),
        ms=np.array([turn.ms for turn in turns], dtype=np.float64),
        calls=tuple(call for call in recorded.calls if call.agent == name),
        tool_errors=sum(1 for error in recorded.tool_errors if error.agent == name),
    )
