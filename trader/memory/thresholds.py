"""Where an entry's thresholds should stand, from what came of entries made or not.

For each threshold alone: what would the entries have earned, net of costs, had it stood elsewhere? The best
place of a small grid differs from where it was set by t of its own errors, and the threshold goes

    set + (best - set) max(0, 1 - (2 / t)^2)

so not at all below two errors (James and Stein 1961, the positive part). No place is outside of the bounds.
Thresholds hold entries back, so these never see a limit and never hold back an exit.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from trader.domain.lessons import Change, LearnedThresholds
from trader.memory.experience import Experience, Floats

GRID = 8
"""Places tried between the bounds."""
ERRORS = 2.0
"""Of the difference: below so many nothing moves. The best of a few correlated places is often one above."""
FEWEST = 30.0
"""Effective cases that a move must let through or hold back, as many as a rule needs."""


class Bounds(NamedTuple):
    """The least and the most that learning may set."""

    low: float
    high: float


BOUNDS: Mapping[str, Bounds] = MappingProxyType(
    {
        "edge_errors": Bounds(0.5, 2.0),
        "agreement": Bounds(0.3, 0.9),
        "signal_confidence": Bounds(0.4, 0.9),
        "adx": Bounds(10.0, 35.0),
        "reward_to_risk": Bounds(0.2, 2.0),
    }
)
"""By threshold. The last two are off until learning turns them on."""


class Place(NamedTuple):
    """Where one threshold should stand, and on what evidence."""

    value: float | None
    """None: not looked at."""
    best: float
    """The best place of the grid."""
    t: float
    """What it would have earned more than where the threshold was set, in its own errors."""
    gain: float
    """The same as a return per effective case let through or held back."""
    worth: float
    """Effective cases let through or held back by the move."""


def placed(x: Floats, net: Floats, weight: Floats, start: float | None, bounds: Bounds) -> Place:
    """One threshold from cases (n,): its measure `x`, what the entry earned `net`, what the case is worth.

    `start` is where it was set, None for one that is off.
    """
    before = np.ones(len(x), np.bool_) if start is None else x >= start
    stays = Place(start, bounds.low if start is None else start, 0.0, 0.0, 0.0)
    best = stays
    for place in np.linspace(*bounds, GRID).tolist():
        moved = (x >= place).astype(np.float64) - before
        worth = float(weight @ np.abs(moved))
        if worth < FEWEST:
            continue
        gain = float(weight @ (moved * net))
        error = float(np.sqrt(weight @ (moved * net) ** 2))
        t = gain / error if error > 0 else 0.0
        if t > best.t:
            best = Place(start, place, t, gain / worth, worth)
    trust = max(0.0, 1.0 - (ERRORS / best.t) ** 2) if best.t > 0 else 0.0
    if trust == 0.0:
        return best
    origin = bounds.low if start is None else start
    value = min(max(origin + trust * (best.best - origin), bounds.low), bounds.high)
    return best._replace(value=round(value, 3))


def learn_thresholds(
    known: Experience, set_at: LearnedThresholds, now: LearnedThresholds | None
) -> tuple[LearnedThresholds, tuple[Change, ...]]:
    """Thresholds from all that is known, each from where it was set, and what differs from `now`."""
    before, changes = now or set_at, []
    values: dict[str, float | None] = {}
    for name, bounds in BOUNDS.items():
        x = known.entries.get(name, np.zeros(0))
        rows = ~np.isnan(x)
        start = getattr(set_at, name)
        if not rows.any():
            values[name] = start
            continue
        net = known.returns[rows] - known.entries["cost"][rows]
        place = placed(x[rows], net, known.weight[rows], start, bounds)
        values[name] = place.value
        if place.value != getattr(before, name):
            changes.append(_moved(name, getattr(before, name), place))
    return LearnedThresholds.model_validate(values), tuple(changes)


def _moved(name: str, before: float | None, place: Place) -> Change:
    was, now = ("off" if value is None else f"{value:g}" for value in (before, place.value))
    return Change(
        kind="threshold",
        subject=name,
        before={"value": before},
        after={"value": place.value},
        evidence={"best": place.best, "t": place.t, "gain": place.gain, "worth": place.worth},
        text=f"{name}: from {was} to {now}; {place.best:g} would have earned {place.gain:+.2%} a case more "
        f"({place.t:.1f} errors, {place.worth:.0f} cases)",
    )
