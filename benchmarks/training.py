"""Walk-forward training beside XGBoost's default, and one prediction of one row beside onnxruntime.

Training: ten folds of 20,000 rows and 100 inputs, each tested on the 2,000 rows after it, on five seeds of
made data with linear and joint effects under noise. Both sides are given the same rows; ours is the size
`strong` of `trader models train`, folds beside each other as `--workers` has them.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean
from time import perf_counter

import numpy as np

from benchmarks.figures import Bound, Disagreement, Figure, Say, exponent
from trader.domain.market import Floats
from trader.forecasters.learners.boosting import STRONG
from trader.forecasters.learners.xgb import Xgb, XgbTrees
from trader.forecasters.samples import Matrix, Samples
from trader.forecasters.scores import area
from trader.forecasters.trees import Walker, of_xgboost
from trader.measures.forecasts import expit

FOLDS, TRAINED, TESTED, INPUTS = 10, 20_000, 2_000, 100
SEEDS = 5
LOST = -0.002
"""Area under the curve that speed may cost, on the mean over the seeds."""
SAME = 1e-6
"""Largest difference of two probabilities of one model."""
ASKED, ROUNDS = 2_000, 7
"""Rows asked one by one, and how often; the fastest round counts, since any other was held up."""

Forecast = Callable[[slice, slice], Floats]
"""Train on some rows, forecast others."""


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """Both halves."""
    yield from training(say, FOLDS, TRAINED, TESTED, SEEDS)
    yield from one_row(say)


def training(say: Say, folds: int, trained: int, tested: int, seeds: int) -> Iterator[Figure]:
    """Time and area under the curve of both sides, by turns, seed after seed."""
    workers = os.cpu_count() or 1
    ours, theirs, areas = [], [], []
    for seed in range(seeds):
        samples = made(trained + folds * tested, seed)
        say(f"seed {seed + 1} of {seeds}")
        here, found = _walk(lambda a, b, s=samples: _here(s, a, b), samples, folds, trained, tested, workers)
        there, default = _walk(lambda a, b, s=samples: _default(s, a, b), samples, folds, trained, tested, 1)
        ours.append(here)
        theirs.append(there)
        areas.append((found, default))
    gained = fmean(found - default for found, default in areas)
    yield Figure(
        "area under the curve, mean",
        fmean(one for one, _ in areas),
        "",
        fmean(two for _, two in areas),
        "XGBoost's default",
    )
    yield Figure("  gained on XGBoost's default", gained, target=Bound("at least", LOST))
    what = f"{folds} folds of {trained:,} x {INPUTS}"
    yield Figure(
        what, sum(ours) / seeds, "s", sum(theirs) / seeds, "XGBoost's default", Bound("at most", 0.5, "ratio")
    )
    small = made(trained, seeds)
    sizes = (trained // 10, trained)
    few, many = (_once(lambda n=size: _here(small, slice(0, n), slice(0, 1))) for size in sizes)
    yield Figure(
        f"  grows with rows, {sizes[0]:,} to {sizes[1]:,}, exponent", exponent(sizes[0], few, sizes[1], many)
    )


def one_row(say: Say) -> Iterator[Figure]:
    """One prediction by the compiled walk, by onnxruntime, by XGBoost itself; the same model in each."""
    samples = made(TRAINED, SEEDS)
    model = Xgb(STRONG).fit(samples, 0)
    trees = of_xgboost(bytes(model.booster.save_raw("json")))
    walker = Walker(trees)
    rows = np.ascontiguousarray(samples.inputs[:ASKED])
    whole = expit(np.asarray(model.booster.inplace_predict(rows, predict_type="margin"), np.float64))
    yield _same("XGBoost", expit(np.array([walker.log_odds(row) for row in rows])), whole)
    ours = _fastest(walker.log_odds, rows)
    name = "compiled" if walker.compiled else "NumPy: numba is not installed"
    if peer := _onnx(model, say):
        single = [row[None] for row in rows]
        yield _same("onnxruntime", expit(np.array([peer(row) for row in single])), whole)
        yield Figure(
            f"one row, {name}",
            ours * 1e6,
            "us",
            _fastest(peer, single) * 1e6,
            "onnxruntime",
            Bound("at most", 1.0, "ratio"),
        )
    library = _fastest(lambda row: model.booster.inplace_predict(row[None]), rows[:200])
    yield Figure("one row, beside the library", ours * 1e6, "us", library * 1e6, "XGBoost")
    yield Figure("one row, by NumPy alone", _fastest(trees.log_odds, rows) * 1e6, "us")


def made(count: int, seed: int) -> Samples:
    """Rows with linear, joint and threshold effects, and an area under the curve of some 0.65 to be found."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, INPUTS)).astype(np.float32)
    joint = np.sin(2.0 * x[:, 20]) * x[:, 21] + (x[:, 22] > 0.5) * x[:, 23] + x[:, 24] ** 2
    z = 0.15 * x[:, :20] @ rng.normal(size=20) + 0.3 * joint
    odds = (z - z.mean()) / z.std()
    happened = (rng.random(count) < expit(odds)).astype(np.float64)
    row = np.arange(count)
    return Samples(
        names=tuple(f"input_{place}" for place in range(INPUTS)),
        inputs=x,
        decided=row.astype("datetime64[s]"),
        symbol=np.full(count, "MADE"),
        begins=row,
        ends=row + 1,
        returns=happened - 0.5,
        happened=happened,
        weight=np.ones(count),
        scale=np.ones(count),
    )


def _here(samples: Samples, train: slice, test: slice) -> Floats:
    part = samples.take(np.arange(train.start, train.stop))
    return expit(Xgb(STRONG).fit(part, 0).log_odds(samples.inputs[test]))


def _default(samples: Samples, train: slice, test: slice) -> Floats:
    """As XGBoost comes: every thread there is, depth 6, 256 bins, 100 rounds."""
    import xgboost

    table = xgboost.DMatrix(samples.inputs[train], samples.happened[train])
    booster = xgboost.train({"objective": "binary:logistic"}, table, 100)
    return np.asarray(booster.predict(xgboost.DMatrix(samples.inputs[test])), np.float64)


def _walk(
    forecast: Forecast, samples: Samples, folds: int, trained: int, tested: int, workers: int
) -> tuple[float, float]:
    """Seconds, and the mean area under the curve over the folds."""
    starts = [fold * tested for fold in range(folds)]
    began = perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        said = list(
            pool.map(
                lambda at: forecast(slice(at, at + trained), slice(at + trained, at + trained + tested)),
                starts,
            )
        )
    took = perf_counter() - began
    truth = [samples.happened[at + trained : at + trained + tested] for at in starts]
    return took, fmean(area(p, happened) for p, happened in zip(said, truth, strict=True))


def _onnx(model: XgbTrees, say: Say) -> Callable[[Matrix], float] | None:
    """The same trees in onnxruntime, on one thread: for one row more only wait for each other."""
    try:
        from benchmarks.training_onnx import session
    except ModuleNotFoundError as error:
        say(f"left out: {error.name} is not installed: pip install 'trader[bench]'")
        return None
    return session(of_xgboost(bytes(model.booster.save_raw("json"))), INPUTS)


def _same(name: str, ours: Floats, theirs: Floats) -> Figure:
    worst = float(np.abs(ours - theirs).max())
    if not worst <= SAME:
        raise Disagreement(f"{name}: probabilities are {worst:.1e} apart, {SAME:.0e} allowed")
    return Figure(f"largest difference from {name}, probability", worst, target=Bound("at most", SAME))


def _fastest(ask: Callable[[Matrix], object], rows: "Matrix | list[Matrix]") -> float:
    """Seconds a row."""
    for row in rows[:20]:
        ask(row)
    times = []
    for _ in range(ROUNDS):
        began = perf_counter()
        for row in rows:
            ask(row)
        times.append((perf_counter() - began) / len(rows))
    return min(times)


def _once(run: Callable[[], object]) -> float:
    began = perf_counter()
    run()
    return perf_counter() - began
