"""`[forecast]`: which model forecasts, and what a trained one may do."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from trader.settings.section import Section, Whole


class Model(StrEnum):
    """Which model forecasts."""

    PROMOTED = "promoted"
    WALKED = "walked"


class Validator(StrEnum):
    """What the promoted validator may do."""

    OFF = "off"
    INFORM = "inform"
    LIMIT = "limit"


class OnDrift(StrEnum):
    """What follows from drift."""

    NOTE = "note"
    RETRAIN = "retrain"


class Forecast(Section):
    """Trained models: `trader models` trains and promotes them."""

    model: Model = Model.PROMOTED
    """`promoted`: the one in place, once there is one. `walked`: always the one that a run trains itself."""
    validator: Validator = Validator.INFORM
    """A promoted validator: `off`, `inform` the trace, or `limit` increases it finds not worth taking."""
    drift_bars: Annotated[Whole, Field(ge=1)] = 21
    """Bars between two looks at whether the promoted model still fits."""
    on_drift: OnDrift = OnDrift.NOTE
    """`note` drift in the journal, or besides `retrain` the model's recipe in a process of its own."""
