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


POOL = "pool"
"""What a trial by regime calls the weights, which only make sense together."""


class RegimeTrial(Value):
    """Whether a record, or the weights of the pool, would have served better apart by regime."""

    of: str
    """A record; or POOL: the weights of all."""
    better: bool
    """Whether it is kept apart since."""
    gain: Number
    """Log loss an effective case that keeping apart would have saved, walk-forward; below zero: cost."""
    t: Number
    """The same in its own errors."""
    n_eff: Number = Field(ge=0.0)
    """Effective cases that it was tried on."""

    @property
    def sentence(self) -> str:
        """What keeping apart would have been worth, for a person."""
        than = "lower" if self.gain > 0.0 else "higher"
        return (
            f"apart, the log loss is {than} by {abs(self.gain):.5f} a case "
            f"({abs(self.t):.1f} errors, {self.n_eff:.0f} cases)"
        )


class ByRegime(Value):
    """What is kept apart by regime, and why."""

    worth: Number
    """Effective cases of the record with the most, when it was tried."""
    trials: tuple[RegimeTrial, ...]
    records: tuple[Calibration, ...] = ()
    """Of each record and regime that is kept apart, keyed `record#regime`."""

    def trial(self, of: str) -> RegimeTrial | None:
        """What came of trying `of`."""
        return next((one for one in self.trials if one.of == of), None)


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
    by_regime: ByRegime | None = None
    """What is kept apart by regime; None where that was not tried."""

    @model_serializer(mode="wrap")
    def _without_what_is_not_there(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A state without lessons, or trials, reads and has the digest that it had before there were any."""
        fields: dict[str, Any] = handler(self)
        for name in ("lessons", "by_regime"):
            if getattr(self, name) is None:
                del fields[name]
        return fields

    def of_symbol(self, symbol: str) -> SymbolEvidence | None:
        """What is known of `symbol`."""
        return next((row for row in self.symbols if row.symbol == symbol), None)

    def of_record(self, record: str, regime: str | None = None) -> Calibration | None:
        """What is known of one agent's record: in that regime, where it is kept apart; else as a whole."""
        apart = self.by_regime.records if self.by_regime else ()
        keys = (f"{record}#{regime}", record)
        rows = {row.record: row for row in (*apart, *self.records)}
        return next((rows[key] for key in keys if key in rows), None)
