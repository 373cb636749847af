"""Is the forecast any good? Each case counts once; what cases are worth is for the intervals."""

import numpy as np

from trader.evals.subject import Subject
from trader.measures import forecasts
from trader.measures.calibration import expected_calibration_error


def brier(subject: Subject) -> float:
    """Mean squared error: 0.25 for saying one half."""
    return forecasts.brier(subject.forecast, subject.happened)


def log_loss(subject: Subject) -> float:
    """Mean negative log likelihood in nats: 0.6931 for saying one half."""
    return forecasts.log_loss(subject.forecast, subject.happened)


def ece(subject: Subject) -> float:
    """Expected calibration error, ten bins."""
    return expected_calibration_error(subject.forecast, subject.happened)


def ic(subject: Subject) -> float:
    """Information coefficient: rank correlation of forecasts and returns."""
    return forecasts.information_coefficient(subject.forecast, subject.returns)


def hit_rate(subject: Subject) -> float:
    """Share of cases on the right side of one half."""
    return forecasts.hit_rate(subject.forecast, subject.happened)


def always_up(subject: Subject) -> float:
    """What saying up every time would have hit in the same cases."""
    return forecasts.hit_rate(np.ones(len(subject)), subject.happened)
