"""Whose answer, to which decision, a call of a model belongs to."""

from dataclasses import dataclass

from trader.domain.ids import BookId, DecisionId, RoundId


@dataclass(frozen=True)
class Turn:
    """One agent's part in one decision."""

    decision: DecisionId
    round: RoundId
    book: BookId
    agent: str
    stage: int
