"""How good forecasts out of sample were: each measure with an interval, and differences case by case.

Dates are resampled in blocks (`measures/bootstrap.py`), so that overlapping horizons and symbols that move
together make intervals wider, not narrower.
"""

import numpy as np

from trader.domain.market import Floats, Times
from trader.domain.value import Number, Value
from trader.forecasters.walking import OutOfSample
from trader.measures import bootstrap, calibration, forecasts

LEVEL = 0.95
DRAWS = 2000


class Measured(Value):
    """A mean, and where it lies with 95 %."""

    value: Number
    low: Number
    high: Number


class Reliable(Value):
    """A row of the reliability table."""

    low: Number
    high: Number
    cases: int
    forecast: Number
    happened: Number


class Scores(Value):
    """Out of sample. Differences are of the log loss: below zero the model is better."""

    cases: int
    n_eff: Number
    log_loss: Measured
    brier: Measured
    auc: Number
    """Area under the receiver's curve; a half is chance."""
    calibration_error: Number
    coverage: Measured
    """Share of returns inside the interval."""
    against_base_rate: Measured
    against_baseline: Measured
    reliability: tuple[Reliable, ...]


def score(found: OutOfSample, horizon: int) -> Scores:
    """Of all folds together."""
    losses = log_losses(found.p, found.happened)
    resampled = _Resampler(found.decided, horizon)
    return Scores(
        cases=len(found),
        n_eff=float(found.weight.sum()),
        log_loss=resampled(losses),
        brier=resampled((found.p - found.happened) ** 2),
        auc=area(found.p, found.happened),
        calibration_error=calibration.expected_calibration_error(found.p, found.happened),
        coverage=resampled(found.covered),
        against_base_rate=resampled(losses - log_losses(found.base, found.happened)),
        against_baseline=resampled(losses - log_losses(found.baseline, found.happened)),
        reliability=tuple(
            Reliable(**row._asdict()) for row in calibration.reliability(found.p, found.happened)
        ),
    )


def measured(values: Floats, decided: Times, horizon: int) -> Measured:
    """The mean of n values, one for each forecast decided at those moments."""
    return _Resampler(decided, horizon)(values)


def difference(found: OutOfSample, other: Floats, horizon: int) -> Measured:
    """Log loss of `found` less that of the forecasts `other` (n,) of the same cases."""
    own, theirs = log_losses(found.p, found.happened), log_losses(other, found.happened)
    return _Resampler(found.decided, horizon)(own - theirs)


def log_losses(p: Floats, happened: Floats) -> Floats:
    """Of each case, in nats."""
    odds = forecasts.logit(p)
    losses: Floats = np.logaddexp(0.0, odds) - happened * odds
    return losses


def area(p: Floats, happened: Floats) -> float:
    """The chance that a case that happened was forecast above one that did not; ties count half.

    One half where only one of the two is there (Hanley and McNeil 1982).
    """
    _, place, count = np.unique(p, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2.0)[place]
    yes = float(happened.sum())
    no = len(p) - yes
    if yes == 0.0 or no == 0.0:
        return 0.5
    return float((ranks[happened > 0.5].sum() - yes * (yes + 1.0) / 2.0) / (yes * no))


class _Resampler:
    """Means of the same cases in the same resamples."""

    def __init__(self, decided: Times, horizon: int) -> None:
        dates, self._date = np.unique(decided, return_inverse=True)
        self._picks = bootstrap.drawn_dates(len(dates), min(horizon, len(dates)), DRAWS)
        self._wider = bootstrap.widening(len(dates), horizon, LEVEL)

    def __call__(self, values: Floats) -> Measured:
        mean = float(values.mean())
        drawn = bootstrap.resampled_means(values, self._date.astype(np.int64), self._picks)
        low, high = bootstrap.percentile_interval(drawn, LEVEL)
        return Measured(
            value=mean, low=mean - self._wider * (mean - low), high=mean + self._wider * (high - mean)
        )
