"""Synthetic markets that hold one pattern, or none: conditions at each close, and what came of them.

Nothing here is a real price. Features wander as indicators do (each keeps nine tenths of itself from bar to
bar), and the symbols of a market move together.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from trader.domain.lessons import Change, Lessons
from trader.memory.cases import case_weights
from trader.memory.experience import Experience
from trader.memory.reflection import TRADES, reflect

Floats = NDArray[np.float64]

FEATURES = ("rsi", "adx", "atr", "macd", "bollinger", "volume_ratio", "trend", "volatility")
HELD = "rsi"
"""The feature that the pattern is about."""
WORDS = ("bull", "sideways", "bear")
QUARTER = NormalDist().inv_cdf(0.75)
"""The pattern holds above this, in a quarter of all cases."""
START = datetime(2001, 1, 1, tzinfo=UTC)
PERSISTENCE, TOGETHER = 0.9, 0.4


@dataclass(frozen=True)
class Plan:
    """What is planted."""

    rate: float = 0.5
    """How often the event comes where the pattern holds; one half elsewhere."""
    flips_at: int | None = None
    """The date from which it comes as often as it did not before."""
    dates: int = 1000
    symbols: int = 2
    horizon: int = 1


@dataclass(frozen=True)
class World:
    """A whole life of a market, and the cases of its first so many dates."""

    plan: Plan
    whole: Experience

    def until(self, date: int) -> Experience:
        """What had resolved when `date` closed: cases of the dates `horizon` before it and earlier."""
        known, rows = self.whole, max(0, date - self.plan.horizon) * self.plan.symbols
        return replace(
            known,
            decided=known.decided[:rows],
            symbol=known.symbol[:rows],
            base_rate=known.base_rate[:rows],
            happened=known.happened[:rows],
            weight=known.weight[:rows],
            returns=known.returns[:rows],
            numbers={name: values[:rows] for name, values in known.numbers.items()},
            labels={name: words[:rows] for name, words in known.labels.items()},
        )


def world(plan: Plan, seed: int) -> World:
    """One market; the same plan and seed are the same market."""
    rng = np.random.default_rng(seed)
    n, m, h = plan.dates, plan.symbols, plan.horizon
    features = np.stack([_wander(rng, n, m) for _ in FEATURES])
    words = np.array(WORDS)[np.clip(np.round(_wander(rng, n, m) + 1.0), 0, 2).astype(int)]
    drift = np.where(features[FEATURES.index(HELD)] > QUARTER, NormalDist().inv_cdf(plan.rate), 0.0)
    if plan.flips_at is not None:
        drift[plan.flips_at :] *= -1.0
    shared, own = rng.normal(size=(n + h, 1)), rng.normal(size=(n + h, m))
    noise = np.sqrt(TOGETHER) * shared + np.sqrt(1.0 - TOGETHER) * own if m > 1 else own
    sums = np.cumsum(np.vstack([np.zeros((1, m)), noise]), axis=0)
    returns = ((sums[h : h + n] - sums[:n]) / np.sqrt(h) + drift).reshape(-1)
    days = np.datetime64(START.replace(tzinfo=None), "s") + np.arange(n) * np.timedelta64(86_400, "s")
    decided = np.repeat(days, m)
    return World(
        plan,
        Experience(
            decided=decided,
            symbol=np.tile([f"S{i}" for i in range(m)], n),
            base_rate=np.full(n * m, 0.5),
            happened=(returns > 0).astype(np.float64),
            weight=case_weights(decided, days, h, TOGETHER if m > 1 else 0.0),
            returns=returns,
            numbers={name: values.reshape(-1) for name, values in zip(FEATURES, features, strict=True)},
            labels={"regime": words.reshape(-1)},
            overlap=h,
        ),
    )


def _wander(rng: np.random.Generator, dates: int, symbols: int) -> Floats:
    """Values of variance one that keep PERSISTENCE of themselves, shape (dates, symbols)."""
    values = np.empty((dates, symbols))
    values[0] = rng.normal(size=symbols)
    news = rng.normal(size=(dates, symbols)) * np.sqrt(1.0 - PERSISTENCE**2)
    for date in range(1, dates):
        values[date] = PERSISTENCE * values[date - 1] + news[date]
    return values


def life(market: World, every: int = TRADES) -> Iterator[tuple[int, Lessons, tuple[Change, ...]]]:
    """What reflection knows every so many dates, with a trade closed on each date."""
    lessons = Lessons()
    for date in range(every, market.plan.dates + 1, every):
        made = reflect(lessons, market.until(date), date, START + timedelta(days=date))
        lessons = made.lessons
        yield date, lessons, made.changes


def stated(market: World, every: int = TRADES) -> tuple[Change, ...]:
    """The rules that a whole life states."""
    return tuple(one for _, _, changes in life(market, every) for one in changes if one.kind == "stated")
