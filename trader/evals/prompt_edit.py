"""Did the prompt edit help? What an agent says with it, against what it said, on the same cases."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trader.domain.errors import UnknownName
from trader.domain.ids import DecisionId
from trader.evals.cases import Recorded
from trader.evals.findings import headline
from trader.evals.paired import Difference, difference
from trader.evals.scorers.registry import FORECASTS, scores
from trader.evals.scorers.scorer import Score
from trader.evals.subject import Subject

AS_RECORDED = "prompt as recorded"


@dataclass(frozen=True)
class PromptEdit:
    """Both prompts on the cases that both answered."""

    finding: str
    agent: str
    decisions: int
    answered: int
    """Of the decisions, with the edited prompt."""
    edited: Mapping[str, Score]
    recorded: Mapping[str, Score]
    difference: Difference | None


def forecasting(recorded: Recorded, name: str) -> str:
    """The name, if it is of an agent that stated a probability. Raises UnknownName."""
    known = sorted({turn.agent for turn in recorded.turns if turn.p_up is not None})
    if name not in known:
        raise UnknownName("agent that stated a probability", name, known)
    return name


def compare(recorded: Recorded, agent: str, said: Mapping[DecisionId, float]) -> PromptEdit:
    """`said` is what the agent says with the edited prompt, by decision."""
    cases = recorded.cases
    before = cases.said[cases.agents.index(agent)]
    place = {(made.symbol, made.as_of.replace(tzinfo=None)): made.id for made in recorded.decisions}
    after = np.array(
        [
            said.get(place[symbol, at], np.nan)
            for symbol, at in zip(cases.symbol.tolist(), cases.decided.tolist(), strict=True)
        ],
        dtype=np.float64,
    )
    both = ~np.isnan(before) & ~np.isnan(after)
    mine, theirs = (Subject(agent, cases, np.where(both, p, np.nan)) for p in (after, before))
    found = difference(cases, after, before, AS_RECORDED)
    return PromptEdit(
        finding=headline(f"{agent}, edited", found, AS_RECORDED),
        agent=agent,
        decisions=len(recorded.decisions),
        answered=len(said),
        edited=scores(mine, FORECASTS) if both.any() else dict.fromkeys(FORECASTS),
        recorded=scores(theirs, FORECASTS) if both.any() else dict.fromkeys(FORECASTS),
        difference=found,
    )
