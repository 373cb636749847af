"""The evaluator on cheats, at full count: how often luck passes, and whether whoever peeks is caught."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.figures import Bound, Figure, Say
from tests.evals.desks import noise, real_cases, staffed
from trader.data.feeds import open_feed
from trader.evals.peeking import next_bars, too_good
from trader.evals.pool import contributions
from trader.evals.subject import Subject
from trader.evals.timing import deflated, followed
from trader.measures.sharpe import sharpe

SEEDS, TRIALS, CROWD = 200, 200, 50
PASSED = 0.95
NONE = Bound("at most", 0)


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """Each cheat that the evaluation has to see through."""
    cases, market = real_cases(), open_feed("sample", ("AAPL", "IBM"))
    following = next_bars(cases, market)
    say(f"{SEEDS} random agents alone")
    passed = sum(
        deflated({"random": followed(cases, noise(cases, seed))})["random"] > PASSED for seed in range(SEEDS)
    )
    yield Figure(f"random agents that pass at {PASSED}, of {SEEDS}", passed, target=Bound("at most", 18))
    say(f"the best of {CROWD} random agents, {TRIALS} times")
    rejected = 0
    for trial in range(TRIALS):
        crowd = {str(one): followed(cases, noise(cases, 1000 + CROWD * trial + one)) for one in range(CROWD)}
        best = max(crowd, key=lambda name: sharpe(crowd[name]))
        rejected += not deflated(crowd)[best] > PASSED
    yield Figure(
        f"trials in which the best of {CROWD} passes, of {TRIALS}",
        TRIALS - rejected,
        target=Bound("at most", 18),
    )
    say("who peeks")
    seer = Subject("seer", cases, np.where(np.nan_to_num(following) > 0, 0.6, 0.5))
    missed = 0 if any(too_good(seer, following)) else 1
    yield Figure("agents that peek at the next bar and are not flagged, of 1", missed, target=NONE)
    falsely = sum(any(too_good(Subject("r", cases, noise(cases, one)), following)) for one in range(SEEDS))
    yield Figure(f"random agents that are flagged for peeking, of {SEEDS}", falsely, target=NONE)
    silent = np.full(len(cases), np.nan)
    desk = staffed(cases, {"a": noise(cases, 1), "b": noise(cases, 2), "silent": silent})
    yield Figure(
        "Shapley value of an agent that never speaks",
        abs(contributions(desk)["silent"].shapley),
        target=NONE,
    )
