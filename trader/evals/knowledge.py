"""May a model remember how it ended? Cases on each side of the knowledge cut-offs that are stated of models.

A model has read about the days before its cut-off, outcomes included: a good score there may be memory. What
is stated is stated by a person, under a role of trader.toml; of a model about which nothing is, nothing is
assumed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from trader.domain.ids import DecisionId
from trader.evals.cases import Cases, Recorded
from trader.settings import Settings

Labels = NDArray[np.str_]

SEEN = "before the cut-off"
AFTER = "after the cut-off"
UNKNOWN = "cut-off unknown"
NO_MODEL = "no model"
MODEL = "model:"
"""What the source of a model's form begins with."""
NOTHING: Mapping[str, date] = MappingProxyType({})
NAMED = 3
"""Models that a sentence names; the rest are counted."""


def stated(*settings: Settings) -> dict[str, date]:
    """Model -> its knowledge cut-off, where a role states one; later settings have the last word."""
    return {model: day for one in settings for model, day in one.llm.knowledge_cutoffs.items()}


def models_of(recorded: Recorded) -> tuple[str, ...]:
    """Whoever spoke for an agent, sorted."""
    sources = {turn.source for turn in recorded.turns}
    return tuple(sorted(one.removeprefix(MODEL) for one in sources if one.startswith(MODEL)))


def known_then(recorded: Recorded, cut_offs: Mapping[str, date], agent: str | None = None) -> Labels:
    """On which side of its models' cut-offs each case lies, (n,): of `agent`, or of everybody on the desk."""
    asked: dict[DecisionId, set[str]] = defaultdict(set)
    for turn in recorded.turns:
        if turn.source.startswith(MODEL) and agent in (None, turn.agent):
            asked[turn.decision].add(turn.source.removeprefix(MODEL))
    of = {(made.symbol, made.as_of.replace(tzinfo=None)): made.id for made in recorded.decisions}
    places = zip(recorded.cases.symbol.tolist(), recorded.cases.decided.tolist(), strict=True)
    return np.array([side(at, asked[of[symbol, at]], cut_offs) for symbol, at in places], dtype=np.str_)


def known_to(cases: Cases, models: Iterable[str], cut_offs: Mapping[str, date]) -> Labels:
    """The same, (n,), where all of `models` are asked of every case."""
    names = tuple(models)
    return np.array([side(at, names, cut_offs) for at in cases.decided.tolist()], dtype=np.str_)


def side(at: datetime, models: Iterable[str], cut_offs: Mapping[str, date]) -> str:
    """Before the latest cut-off of `models`, or after all of them; unknown where one says nothing."""
    names = set(models)
    if any(name in cut_offs and at.date() <= cut_offs[name] for name in names):
        return SEEN
    if names - cut_offs.keys():
        return UNKNOWN
    return AFTER if names else NO_MODEL


def warnings(models: Sequence[str], cut_offs: Mapping[str, date], labels: Labels) -> Iterator[str]:
    """What has to be said of models whose cases have these `labels`."""
    silent = [name for name in models if name not in cut_offs]
    if silent:
        yield (
            f"the models may have seen these dates: no knowledge cut-off is known of {_listed(silent)} "
            f"(knowledge_cutoff under its role states it)"
        )
    seen = int((labels == SEEN).sum())
    if seen:
        told = [f"{name} ({cut_offs[name]})" for name in models if name in cut_offs]
        yield (
            f"the model may have seen this: {seen:,} of {len(labels):,} cases are dated before the knowledge "
            f"cut-off of {_listed(told)}"
        )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
