"""Recorded evidence with some of it taken from another date: does an agent notice?

An agent that ignores what is exchanged says the same. One whose score does not suffer had no use for it.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

import numpy as np

from trader.domain.decisions import Decision
from trader.domain.ids import DecisionId
from trader.domain.reports import Evidence
from trader.journal.reader import JournalReader

PERMUTED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "news": frozenset({"news"}),
        "prices": frozenset({"features", "forecast", "levels", "regime", "risk_numbers", "kelly"}),
    }
)
"""What can be exchanged, and the tools whose answers it is in."""


@dataclass(frozen=True)
class Permutation:
    """For each decision another one of the same symbol, as recorded; everyone's evidence is used once."""

    gathered: Mapping[DecisionId, tuple[Evidence, ...]]
    other: Mapping[DecisionId, DecisionId]

    @classmethod
    def of(cls, reader: JournalReader, decisions: Sequence[Decision], seed: int = 0) -> Self:
        """Each symbol's dates moved along by a distance drawn once, the last ones to the beginning.

        Dates stay in their order, so that what is exchanged looks as it does; a symbol with one decision
        keeps its evidence.
        """
        wanted = {made.id for made in decisions}
        gathered: dict[DecisionId, dict[str, Evidence]] = {}
        for round in dict.fromkeys(made.round for made in decisions):
            for step in reader.round(round).steps:
                if step.decision in wanted:
                    for digest in step.evidence:
                        gathered.setdefault(step.decision, {})[digest] = reader.evidence(digest)
        chance, other = np.random.default_rng(seed), dict[DecisionId, DecisionId]()
        for symbol in sorted({made.symbol for made in decisions}):
            mine = sorted((made.as_of, made.id) for made in decisions if made.symbol == symbol)
            by = int(chance.integers(1, len(mine))) if len(mine) > 1 else 0
            moved = mine[by:] + mine[:by]
            other |= {id: there for (_, id), (_, there) in zip(mine, moved, strict=True)}
        return cls({id: tuple(found.values()) for id, found in gathered.items()}, other)

    def evidence(self, decision: DecisionId, tools: Set[str]) -> Iterator[Evidence]:
        """What agents find at `decision`: of `tools` the other date's, else its own."""
        for one in self.gathered.get(decision, ()):
            if one.tool not in tools:
                yield one
        for one in self.gathered.get(self.other.get(decision, decision), ()):
            if one.tool in tools:
                yield one
