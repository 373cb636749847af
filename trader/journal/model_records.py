"""What happened to trained models: they belong to the workspace, not to a book."""

from typing import Any, Literal

from pydantic import Field

from trader.domain.market import Timeframe
from trader.domain.value import Moment, Number, Value


class ModelTrained(Value):
    """A model was trained; its card, beside its files, has the rest. Key: id."""

    id: str
    at: Moment
    name: str
    """`logistic`, `xgboost`, `ensemble`, `validator`, …"""
    purpose: str
    label: str
    horizon: int
    timeframe: Timeframe
    feed: str
    symbols: tuple[str, ...]
    data: str
    """Digest of the rows trained on."""
    trained_from: Moment
    trained_until: Moment
    rows: int
    n_eff: Number
    folds: int
    log_loss: Number
    """Out of sample, as all that follows."""
    brier: Number
    auc: Number
    against_base_rate: Number
    """Log loss less the base rate's."""
    against_base_rate_high: Number
    """The upper end of its interval: below zero the model knows something."""
    against_baseline: Number
    """Log loss less that of logistic regression."""
    against_baseline_high: Number
    program: str


class ModelEvent(Value):
    """Something happened to a trained model. Key: digest of the record."""

    model: str
    at: Moment
    kind: Literal["promoted", "refused", "retired", "drift", "retraining"]
    """`refused`: the rule did not let it be promoted. `drift`: found by a run or by `models show`."""
    text: str
    data: dict[str, Any] = Field(default_factory=dict)
    """Of a promotion the rule's result, and with `--force` the reason."""
