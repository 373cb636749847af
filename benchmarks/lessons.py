"""Does memory find what is there, and nothing that is not? Synthetic markets, most through arrays alone.

The desk here is two agents that know nothing, pooled as the desk pools; the desk with memory has reflection
besides, whose forecasts are calibrated and weighed like anybody's. Everything is walk-forward: weights are
fitted every 20 dates on what had resolved.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.bundled_rules import ablation
from benchmarks.figures import Bound, Figure, Say, quantile
from benchmarks.planted import HELD, Floats, Plan, World, life, stated, world
from benchmarks.planted_desk import live
from trader.domain.lessons import Lessons, Standing
from trader.measures.bootstrap import drawn_dates, percentile_interval, resampled_means, widening
from trader.measures.forecasts import expit
from trader.memory.cases import Resolved
from trader.memory.experience import Experience
from trader.memory.pooling import calibrate, fit_weights, pooled, shift
from trader.memory.reflection import TRADES
from trader.memory.rules import forecast

PLANTED, NULL = 100, 200
"""Seeds."""
SEEDS = 3
"""Of the whole desk, which takes half a minute each."""
RATE = 0.75
REFIT = 20
"""Dates between two fits."""
FLIP = 800
"""The date at which the pattern turns round."""
DRAWS = 1000


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """Markets with no pattern, with one, and with one that turns round."""
    say(f"{NULL} markets without a pattern, cases that overlap and symbols that move together")
    for horizon in (1, 5):
        found = sum(bool(stated(world(Plan(horizon=horizon), seed))) for seed in range(NULL))
        what = f"no pattern, horizon {horizon}: a rule is stated, of {NULL} seeds"
        yield Figure(what, found, target=Bound("at most", 18))
    say(f"{PLANTED} markets with a pattern of {RATE:.0%}")
    lives = [with_and_without(world(Plan(rate=RATE), seed), seed) for seed in range(PLANTED)]
    yield Figure(
        f"pattern of {RATE:.0%}: a rule of it is stated, of {PLANTED} seeds", sum(f for f, _, _ in lives)
    )
    better = sum(high < 0.0 for _, _, (_, high) in lives)
    what = f"  memory forecasts better, the interval below zero, of {PLANTED}"
    yield Figure(what, better, target=Bound("at least", 80))
    means = [mean for _, mean, _ in lives]
    yield Figure(
        "  mean difference of log loss over the whole life, thousandths", 1000 * float(np.mean(means))
    )
    for rate in (0.65, 0.70):
        say(f"a weaker one, {rate:.0%}")
        found = sum(finds(world(Plan(rate=rate), seed)) for seed in range(PLANTED))
        yield Figure(f"pattern of {rate:.0%}: a rule of it is stated, of {PLANTED} seeds", found)
    say("a pattern that turns round")
    delays = [delay for seed in range(PLANTED) if (delay := trades_to_retire(seed)) is not None]
    yield Figure(f"pattern that turns: rules that stood when it did, of {PLANTED} seeds", len(delays))
    within = sum(delay <= 30 for delay in delays)
    yield Figure("  retired within 30 trades of its condition, share", within / len(delays))
    yield Figure("  trades until it retired, median", quantile(delays, 0.5), target=Bound("at most", 30))
    yield Figure("  trades until it retired, nine tenths of them at most", quantile(delays, 0.9))
    say("every close of the bundled bars, with and without rules")
    real = ablation()
    yield Figure(f"bundled bars, {real.cases:,} cases: rules stated", len(real.rules))
    for what, value in (("less that without", real.mean), ("at least", real.low), ("at most", real.high)):
        yield Figure(f"  log loss with rules, {what}, thousandths", 1000.0 * value)
    say(f"the whole desk over bars of {SEEDS} such markets, with and without rules")
    both = [
        tuple(live(_made(folder / f"{seed}{rules}"), seed, rules=rules) for rules in ("on", "off"))
        for seed in range(SEEDS)
    ]
    found = sum(bool(one.lessons.rules) for one, _ in both)
    yield Figure(f"whole desk: a rule is stated, of {SEEDS} seeds", found)
    for seed, (one, other) in enumerate(both):
        what = f"  log loss with rules, less that without, seed {seed}, thousandths"
        yield Figure(what, 1000.0 * (one.loss - other.loss))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def finds(market: World) -> bool:
    """Whether a whole life states a rule about the planted feature."""
    return any(one.after["condition"]["feature"] == HELD for one in stated(market))


def with_and_without(market: World, seed: int) -> tuple[bool, float, tuple[float, float]]:
    """Whether the pattern was found; the log loss with memory less that without, and its interval.

    Over the whole life: before a rule is known both desks say the same.
    """
    known = market.whole
    crowd = strangers(known, seed)
    said = np.full(len(known), np.nan)
    without, with_memory = np.empty(len(known)), np.empty(len(known))
    lessons, found, m = Lessons(), False, market.plan.symbols
    learned = fitted(known, [*crowd, said], 0)
    for date, after, changes in life(market):
        rows = np.arange((date - TRADES) * m, date * m)  # decided before this look
        for row in rows:
            facts = {name: float(values[row]) for name, values in known.numbers.items()}
            rules = lessons.holding({**facts, "regime": str(known.labels["regime"][row])})
            said[row] = forecast(rules, 0.5) if rules else np.nan
            without[row], with_memory[row] = (
                pool([one[row] for one in (*crowd, *extra)], fit)
                for extra, fit in (((), learned[0]), ((said,), learned[1]))
            )
        lessons = after
        found |= any(one.kind == "stated" and one.after["condition"]["feature"] == HELD for one in changes)
        if date % REFIT == 0:
            learned = fitted(known, [*crowd, said], max(0, date - market.plan.horizon) * m)
    each = loss(with_memory, known.happened) - loss(without, known.happened)
    return found, float(each.mean()), interval(each, market, seed)


def strangers(known: Experience, seed: int) -> list[Floats]:
    """What two agents say that know nothing: a lean of no meaning from one half."""
    rng = np.random.default_rng([seed, 1])
    return [expit(rng.normal(scale=0.2, size=len(known))) for _ in range(2)]


Fit = Sequence[tuple[float, float, float]]
"""Intercept, slope and weight of each record."""


def fitted(known: Experience, said: Sequence[Floats], rows: int) -> tuple[Fit, Fit]:
    """Calibration and weights from the first `rows` cases: of the agents, and with memory, the last one."""
    records = [resolved(known, one, rows) for one in said]
    lines = [calibrate(record) for record in records]

    def weighed(count: int) -> Fit:
        weights = fit_weights(records[:count], np.full(count, 1.0 / count))
        return [(*line, float(weight)) for line, weight in zip(lines[:count], weights, strict=True)]

    return weighed(len(said) - 1), weighed(len(said))


def resolved(known: Experience, said: Floats, rows: int) -> Resolved:
    """A record's forecasts among the first `rows` cases."""
    there = np.flatnonzero(~np.isnan(said[:rows]))
    base = known.base_rate[there]
    return Resolved(
        known.decided[there],
        known.symbol[there],
        said[there],
        base,
        base,
        known.happened[there],
        known.weight[there],
    )


def pool(said: Sequence[float], fit: Fit) -> float:
    """The pool of those who said something, from a base rate of one half."""
    answered = [(p, one) for p, one in zip(said, fit, strict=True) if not np.isnan(p)]
    shifts = [shift(p, 0.5, intercept, slope) for p, (intercept, slope, _) in answered]
    return pooled(0.5, shifts, [weight + 1e-9 for _, (_, _, weight) in answered])


def loss(p: Floats, happened: Floats) -> Floats:
    """Log loss of each case, shape (n,)."""
    each: Floats = -np.log(np.where(happened > 0, p, 1.0 - p))
    return each


def interval(each: Floats, market: World, seed: int) -> tuple[float, float]:
    """The 95 % interval of the mean difference, whole dates resampled in blocks."""
    plan = market.plan
    date = np.repeat(np.arange(plan.dates), plan.symbols)
    resampled = resampled_means(each, date, drawn_dates(plan.dates, plan.horizon, DRAWS, seed))
    mean, wider = float(each.mean()), widening(plan.dates, plan.horizon, 0.95)
    low, high = (mean + wider * (end - mean) for end in percentile_interval(resampled, 0.95))
    return low, high


def trades_to_retire(seed: int, rate: float = RATE) -> int | None:
    """Trades of the rule's condition from the turn until it retires; None where no rule stood at the turn."""
    plan = Plan(rate=rate, flips_at=FLIP, dates=FLIP + 300, symbols=1)
    market, lessons, before = world(plan, seed), Lessons(), ()
    for date, after, _ in life(market, every=1):
        lessons = after
        if date == FLIP:
            before = tuple(
                rule.id
                for rule in lessons.rules
                if rule.standing is Standing.ACTIVE and rule.condition.feature == HELD
            )
            if not before:
                return None
        gone = [rule for rule in lessons.rules if rule.id in before and rule.standing is Standing.RETIRED]
        if date > FLIP and gone:
            seen = replace(market, plan=replace(plan, horizon=0)).until(date - plan.horizon)
            return int(seen.holding(gone[0].condition)[FLIP:].sum())
    return plan.dates
