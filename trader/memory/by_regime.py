"""Is an agent better believed by regime? Asked of its own past, walk-forward; kept apart only where it is.

For each record: one calibration for all of its cases, or one for each regime, shrunk to that one? And for
the pool: one set of weights, or one for each regime, shrunk to that? The past is cut into blocks of time.
Each is forecast both ways by what had resolved before it began, and keeping apart is better where it saves
log loss by ERRORS of its own errors. Little evidence and no difference both leave everything as it is. It
is asked again where half as much again is known, as for rules: each asking may be wrong.

What is fitted for a regime begins where all cases led, its own among them: it has used them twice, and gone
farther from where everything begins. That alone may be better, and is no matter of regimes. So there are two
rivals, what was fitted on all cases once and twice, and both must be beaten.

The base rate is the present one on both sides: what is compared is whom to believe, not what usually comes.
A regime is the plain rule's word at the close that was decided on.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trader.data.view import MarketView
from trader.domain.learned import POOL, ByRegime, Calibration, RegimeTrial
from trader.domain.lessons import Change
from trader.features.plain_regime import plain_regimes
from trader.measures.forecasts import brier, expit, log_losses, logit
from trader.memory.cases import Resolved
from trader.memory.pooling import align, calibrate, lean
from trader.memory.reflection import GROWTH

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Words = NDArray[np.str_]
Fit = Callable[[Sequence[Resolved], Floats], Floats]
"""Weights (k,) from records and where they start."""

Part = tuple[Floats, Floats]
"""What each case of a block saved, and what the case is worth."""
Split = tuple[int, int]
"""A block of time as bars of the clock: its first, and the first of the next."""

BLOCKS = 4
"""Of the past: the first only teaches, each other is forecast from those before it."""
ERRORS = 2.0
"""Of what is saved, as for a threshold: chance alone is beyond them once in forty times, and seldomer here,
where what is kept apart for nothing does worse."""
FEWEST = 30.0
"""Effective cases that must be forecast for a trial, as many as a rule needs."""


@dataclass(frozen=True, eq=False)
class Known:
    """What trials are made on: one element of each for each record."""

    names: Sequence[str]
    records: Sequence[Resolved]
    weights: Floats
    """Shape (k,): those of the pool as a whole."""
    prior: Floats
    """Shape (k,): where weights start."""
    fit: Fit
    clock: NDArray[np.datetime64]
    """Every bar's close, sorted."""
    horizon: int
    view: MarketView

    @cached_property
    def regimes(self) -> tuple[Words, ...]:
        """Of each record's cases, shape (n,); empty where bars were too few for a word."""
        return regimes_of(self.view, self.records)

    @property
    def worth(self) -> float:
        """Effective cases of the record that has most."""
        return max((record.n_eff for record in self.records), default=0.0)


def regimes_of(view: MarketView, records: Sequence[Resolved]) -> tuple[Words, ...]:
    """The plain rule's word for each case of each record, at the close that was decided on."""
    found = tuple(np.full(len(cases), "", dtype="U8") for cases in records)
    for symbol in sorted({name for cases in records for name in np.unique(cases.symbol).tolist()}):
        rows = [np.flatnonzero(cases.symbol == symbol) for cases in records]
        decided = [cases.decided[mine] for cases, mine in zip(records, rows, strict=True)]
        moments, bars = np.unique(np.concatenate(decided)), view.bars(symbol)
        said = plain_regimes(bars.close, np.searchsorted(bars.available, moments, side="right") - 1)
        for words, mine, when in zip(found, rows, decided, strict=True):
            words[mine] = said[np.searchsorted(moments, when)]
    return found


def by_regime(known: Known, before: ByRegime | None) -> ByRegime | None:
    """What is kept apart now. Tried anew where enough is new since `before`; None while there is too little.

    A pure function of what has resolved and of what was chosen before it.
    """
    trials = () if before is None else before.trials
    worth = 0.0 if before is None else before.worth
    if known.worth >= max(2 * FEWEST, GROWTH * worth):
        trials, worth = _trials(known), known.worth
    if not trials:
        return None
    better = frozenset(one.of for one in trials if one.better)
    return ByRegime(worth=worth, trials=trials, records=tuple(_apart(known, better)))


def choices(before: ByRegime | None, after: ByRegime | None) -> tuple[Change, ...]:
    """Whatever was chosen for the first time, or otherwise than before."""
    changes = []
    for trial in after.trials if after else ():
        was = before.trial(trial.of) if before else None
        if was is None or was.better != trial.better:
            changes.append(
                Change(
                    kind="regime",
                    subject=trial.of,
                    before={} if was is None else {"apart": was.better},
                    after={"apart": trial.better},
                    evidence={"gain": trial.gain, "t": trial.t, "n_eff": trial.n_eff},
                    text=f"{trial.of}: {'kept apart by regime' if trial.better else 'one for all regimes'}; "
                    f"{trial.sentence}",
                )
            )
    return tuple(changes)


def _trials(known: Known) -> tuple[RegimeTrial, ...]:
    """Each record for itself, then the weights on forecasts calibrated as was chosen for each."""
    splits = tuple(_splits(known))
    found = []
    for name, cases, words in zip(known.names, known.records, known.regimes, strict=True):
        found.append(_hardest(name, [_calibrated(known, cases, words, split) for split in splits]))
    better = frozenset(one.of for one in found if one.better)
    found.append(_hardest(POOL, [_weighed(known, split, better) for split in splits]))
    return tuple(found)


def _hardest(of: str, blocks: Sequence[Iterable[Part]]) -> RegimeTrial:
    """The trial against the better of the rivals; `blocks` have a part for each of them."""
    trials = [_trial(of, parts) for parts in zip(*blocks, strict=True)]
    return min(trials, key=lambda trial: trial.t)


def _splits(known: Known) -> Iterator[Split]:
    """The blocks that are forecast, of equally many dates each."""
    dates = np.unique(np.concatenate([record.decided for record in known.records]))
    bars = np.searchsorted(known.clock, dates)
    edges = [int(bars[len(bars) * block // BLOCKS]) for block in range(1, BLOCKS)]
    yield from zip(edges, [*edges[1:], int(bars[-1]) + 1], strict=True)


def _masks(known: Known, cases: Resolved, split: Split) -> tuple[Bools, Bools]:
    """The cases that had resolved before the block begins, and those of the block."""
    bars = np.searchsorted(known.clock, cases.decided)
    return bars + known.horizon <= split[0], (bars >= split[0]) & (bars < split[1])


def _calibrated(known: Known, cases: Resolved, words: Words, split: Split) -> Iterator[Part]:
    """What each case of a block saves where its record is calibrated by regime: against each rival."""
    then, now = _masks(known, cases, split)
    block, base = cases.where(now), logit(cases.base_now[now])
    apart = _loss(base + _shifts(cases, words, then, apart=True)[now], block.happened)
    for a, c in _rivals(cases.where(then)):
        yield _loss(base + a + c * lean(block), block.happened) - apart, block.weight


def _rivals(cases: Resolved) -> tuple[tuple[float, float], ...]:
    """Calibrated once, and a second time from there: see the module."""
    once = calibrate(cases)
    return once, calibrate(cases, once)


def _shifts(cases: Resolved, words: Words, then: Bools, apart: bool) -> Floats:
    """How far each case would move the log-odds, shape (n,), calibrated on those of `then`."""
    whole = calibrate(cases.where(then))
    x = lean(cases)
    shifts: Floats = whole[0] + whole[1] * x
    for word in _words(words) if apart else ():
        a, c = calibrate(cases.where(then & (words == word)), whole)
        shifts = np.where(words == word, a + c * x, shifts)
    return shifts


def _weighed(known: Known, split: Split, better: frozenset[str]) -> Iterator[Part]:
    """What each case of a block saves where the pool weighs by regime: against each rival."""
    masks = [_masks(known, cases, split) for cases in known.records]
    then = [cases.where(mask[0]) for cases, mask in zip(known.records, masks, strict=True)]
    whole = known.fit(then, known.prior)
    shifts = [
        _shifts(cases, words, mask[0], name in better)[mask[1]]
        for name, cases, words, mask in zip(known.names, known.records, known.regimes, masks, strict=True)
    ]
    block = [cases.where(mask[1]) for cases, mask in zip(known.records, masks, strict=True)]
    pool = align(block, shifts)
    of_case = np.concatenate([words[mask[1]] for words, mask in zip(known.regimes, masks, strict=True)])
    regime = of_case[pool.first]
    weights = np.tile(whole, (len(regime), 1))
    for word in _words(regime):
        rows = [words[mask[0]] == word for words, mask in zip(known.regimes, masks, strict=True)]
        weights[regime == word] = _weights(known.fit, then, rows, whole)
    apart = _loss(logit(pool.p_up(weights)), pool.happened)
    for rival in (whole, known.fit(then, whole)):
        yield _loss(logit(pool.p_up(rival)), pool.happened) - apart, pool.weight


def _weights(fit: Fit, records: Sequence[Resolved], rows: Sequence[Bools], whole: Floats) -> Floats:
    """Weights on the cases of one regime, from those of all."""
    return fit([cases.where(mine) for cases, mine in zip(records, rows, strict=True)], whole)


def _trial(of: str, parts: Sequence[Part]) -> RegimeTrial:
    """What all blocks together say: the mean of what was saved, and that in its own errors."""
    saved, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    worth, total = float(weight.sum()), float(weight @ saved)
    error = float(np.sqrt(weight @ saved**2))
    t = total / error if error > 0.0 else 0.0
    better = worth >= FEWEST and t >= ERRORS
    return RegimeTrial(of=of, better=better, gain=total / worth if worth else 0.0, t=t, n_eff=worth)


def _apart(known: Known, better: frozenset[str]) -> Iterator[Calibration]:
    """A row for each record and regime where the record, or the weights, are kept apart."""
    if not better:
        return
    for word in sorted({word for words in known.regimes for word in _words(words)}):
        rows = [words == word for words in known.regimes]
        weights = _weights(known.fit, known.records, rows, known.weights) if POOL in better else known.weights
        for place, name in enumerate(known.names):
            if not better & {name, POOL}:
                continue
            cases = known.records[place]
            mine = cases.where(rows[place])
            whole = calibrate(cases)
            intercept, slope = calibrate(mine, whole) if name in better else whole
            yield Calibration(
                record=f"{name}#{word}",
                intercept=intercept,
                slope=slope,
                weight=float(weights[place]),
                prior_weight=float(known.weights[place]),
                n=len(mine),
                n_eff=mine.n_eff,
                brier=brier(mine.p_up, mine.happened, mine.weight) if len(mine) else None,
                brier_base=brier(mine.base_rate, mine.happened, mine.weight) if len(mine) else None,
            )


def _words(words: Words) -> list[str]:
    return sorted(set(words.tolist()) - {""})


def _loss(log_odds: Floats, happened: Floats) -> Floats:
    """Log loss of each case."""
    return log_losses(expit(log_odds), happened)
