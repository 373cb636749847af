"""The forecaster as agents see it."""

import math

from pydantic import Field

from trader.domain.value import Moment, Number
from trader.tools.tool import Schema, Tool, ToolContext


def _unknown(value: object) -> bool:
    """What the run's own model says reads as it did before there were others."""
    return value is None


class Arguments(Schema):
    """How much of the explanation to give."""

    top: int = Field(default=5, ge=0, le=50)
    """Inputs that moved the forecast most."""


class Shift(Schema):
    """How one input moved the forecast."""

    feature: str
    """Its name in the catalogue."""
    value: Number | None
    """The input itself; null where it had no value."""
    shift: Number
    """Log-odds added to the forecast (Lundberg and others 2020, Nature Machine Intelligence 2)."""


class Interval(Schema):
    """Where the return over the horizon lies; split-conformal."""

    level: Number
    """How often it should lie inside."""
    low: Number
    """The lower end, as a fraction."""
    high: Number
    """The upper end."""


class Result(Schema):
    """A probability from a model that had seen nothing later than `trained_until`."""

    p_up: Number
    """Probability that the event's return is above zero."""
    base_rate: Number
    """How often it was, by weight, in the rows trained on."""
    trained_until: Moment
    """The refit moment: all that it was trained on had resolved by then."""
    rows: int
    """Rows trained on, all symbols pooled."""
    n_eff: Number
    """What those are worth, overlaps and correlation taken out."""
    top: tuple[Shift, ...]
    """What moved it most, the largest first."""
    model: str | None = Field(default=None, exclude_if=_unknown)
    """The promoted model that answered; left out where it was the run's own."""
    interval: Interval | None = Field(default=None, exclude_if=_unknown)
    """Left out where the model has none."""


def run(context: ToolContext, arguments: Arguments) -> Result:
    """Ask the model of the view's moment."""
    forecast = context.forecaster.predict(context.view, context.symbol, context.horizon)
    return Result(
        p_up=forecast.p_up,
        base_rate=forecast.base_rate,
        trained_until=forecast.trained_until,
        rows=forecast.rows,
        n_eff=forecast.n_eff,
        top=tuple(
            Shift(feature=name, value=None if math.isnan(value) else value, shift=shift)
            for name, value, shift in forecast.shifts[: arguments.top]
        ),
        model=forecast.promoted or None,
        interval=None
        if forecast.interval is None
        else Interval(level=forecast.level, low=forecast.interval[0], high=forecast.interval[1]),
    )


FORECAST = Tool(
    "forecast", "Probability of the event from boosted trees, trained walk-forward", Arguments, Result, run
)
