"""Forecasts as the journal has them, by record."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from trader.domain.learned import LearnedState
from trader.domain.market import to_datetime64
from trader.journal.reader import Forecast
from trader.journal.records import Step
from trader.memory.cases import Forecasts


def forecasts_in(steps: Iterable[Step], learned: LearnedState) -> Iterator[Forecast]:
    """The probabilities that a round's steps state, each beside the base rate that was known in it."""
    for step in steps:
        p_up = step.body.get("p_up") if step.form == "opinion" else None
        known = learned.of_symbol(step.symbol)
        if p_up is not None and known is not None:
            yield Forecast(step.as_of, step.symbol, step.agent, step.record, p_up, known.base_rate)


def recorded(said: Sequence[Forecast]) -> dict[str, Forecasts]:
    """What was said on the desk, by record: in order of time, then symbol, whoever was heard first.

    A forecast made before anything was learned has no base rate to be measured from, and is left out.
    """
    by_record: dict[str, list[Forecast]] = {}
    for forecast in sorted(said, key=lambda one: (one.as_of, one.symbol)):
        if forecast.base_rate is not None:
            by_record.setdefault(forecast.record, []).append(forecast)
    return {
        record: Forecasts(
            record,
            np.array([to_datetime64(one.as_of) for one in rows], dtype="datetime64[s]"),
            np.array([one.symbol for one in rows], dtype=np.str_),
            np.array([one.p_up for one in rows], dtype=np.float64),
            np.array([one.base_rate for one in rows], dtype=np.float64),
        )
        for record, rows in sorted(by_record.items())
    }


def joined(prior: Mapping[str, Forecasts], later: Mapping[str, Forecasts]) -> dict[str, Forecasts]:
    """Both, by record; `later` behind `prior`."""
    both = dict(prior)
    for record, forecasts in later.items():
        both[record] = both.get(record, Forecasts.empty(record)).joined(forecasts)
    return both
