"""Where the size went: the weight after each step of the fixed order, over all decisions that had a pool."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from trader.domain.decisions import Decision


@dataclass(frozen=True)
class Trail:
    """One step of the sizing."""

    step: str
    decisions: int
    mean_weight: float
    """After the step, as a share of equity."""
    cuts: int
    """Decisions in which this step, or a rule of its name, made the weight smaller and said so."""


def trail(decisions: Sequence[Decision]) -> tuple[Trail, ...]:
    """A row for each step, in their order; empty where no decision had a pool."""
    sized = [made for made in decisions if made.sizing]
    names = dict.fromkeys(step.name for made in sized for step in made.sizing)
    cuts = Counter(cut.by for made in sized for cut in made.cuts)
    found = [_row(name, sized, cuts[name]) for name in names]
    rules = [name for name in sorted(cuts) if name not in names]
    return (*found, *(Trail(name, cuts[name], _after(sized, name), cuts[name]) for name in rules))


def _row(name: str, sized: Sequence[Decision], cuts: int) -> Trail:
    weights = [step.weight for made in sized for step in made.sizing if step.name == name]
    return Trail(name, len(weights), sum(weights) / len(weights), cuts)


def _after(sized: Sequence[Decision], name: str) -> float:
    left = [cut.after for made in sized for cut in made.cuts if cut.by == name]
    return sum(left) / len(left)
