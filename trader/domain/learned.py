"""What the desk has learned: an immutable row with a digest and a cut-off, named by decisions that use it."""

from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from trader.domain.lessons import Lessons
from trader.domain.value import Moment, Number, Value


class Calibration(Value):
    """d = intercept + slope (logit p - logit base rate), for one agent's record."""

    record: str
    """`agent/source`: the rule it follows or the model it asks, each with its own record."""
    intercept: Number = 0.0
    slope: Number = Field(default=0.5, ge=0.0)
    weight: Number = Field(ge=0.0)
    """Its share of the pool when everybody answers."""
    prior_weight: Number = Field(ge=0.0)
    """Where the weight started: equal over families, then over agents."""
    n: int = Field(ge=0)
    """Forecasts resolved before the cut-off."""
    n_eff: Number = Field(ge=0.0)
    """What they are worth, overlaps and correlation taken out."""
    brier: Number | None = None
    brier_base: Number | None = None
    """Brier score of the record and of the base rate on the same cases."""


class SymbolEvidence(Value):
    """What one symbol's resolved bars say of the event, shrunk to the pool of symbols."""

    symbol: str
    base_rate: Number
    mean_gain: Number
    mean_loss: Number
    volatility: Number
    """Annual, of close-to-close returns, over the last `VOLATILITY_BARS`."""
    bars_a_year: Number = Field(gt=0)
    """Bars in a year at the pace of those bars: what annual measures are read by."""
    n: int
    n_eff: Number


class LearnedState(Value):
    """Everything fitted, from what was resolved before `cut_off`."""

    cut_off: Moment
    horizon: int
    symbols: tuple[SymbolEvidence, ...]
    records: tuple[Calibration, ...]
    correlation: Number
    """Mean correlation between the symbols' event returns."""
    lessons: Lessons | None = None
    """Rules and thresholds; None where none are looked for."""

    @model_serializer(mode="wrap")
    def _without_what_is_not_there(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A state without lessons reads, and has the digest, that it had before there were any."""
        fields: dict[str, Any] = handler(self)
        if self.lessons is None:
            del fields["lessons"]
        return fields

    def of_symbol(self, symbol: str) -> SymbolEvidence | None:
        """What is known of `symbol`."""
        return next((row for row in self.symbols if row.symbol == symbol), None)

    def of_record(self, record: str) -> Calibration | None:
        """What is known of one agent's record."""
        return next((row for row in self.records if row.record == record), None)
