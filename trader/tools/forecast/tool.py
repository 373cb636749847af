"""The forecaster as agents see it."""

import math

from pydantic import Field

from trader.domain.value import Moment, Number
from trader.tools.tool import Schema, Tool, ToolContext


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


def run(context: ToolContext, arguments: Arguments) -> Result:
    """Ask the model of the view's moment."""
    forecast = context.forecaster.predict(context.view, context.symbol, context.horizon)
    model = forecast.model
    return Result(
        p_up=forecast.p_up,
        base_rate=model.base_rate,
        trained_until=model.trained_until,
        rows=model.rows,
        n_eff=model.n_eff,
        top=tuple(
            Shift(feature=name, value=None if math.isnan(value) else value, shift=shift)
            for name, value, shift in forecast.shifts[: arguments.top]
        ),
    )


FORECAST = Tool(
    "forecast", "Probability of the event from boosted trees, trained walk-forward", Arguments, Result, run
)
