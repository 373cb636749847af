"""What is known of a trained model: the card that is kept beside it, and that people and SQL read."""

from pydantic import Field

from trader.domain.market import Timeframe
from trader.domain.value import Moment, Number, Value
from trader.forecasters.conformal import Interval
from trader.forecasters.paths import Path
from trader.forecasters.pipeline import Member
from trader.forecasters.recipe import Recipe
from trader.forecasters.scores import Scores


class Fold(Value):
    """One test of the walk."""

    begins: Moment
    ends: Moment
    cases: int
    log_loss: Number
    against_baseline: Number
    """Log loss less that of logistic regression."""


class Spread(Value):
    """An input as it was in training: drift is measured against it."""

    name: str
    borders: tuple[Number, ...]
    """Between ten parts of equally many rows, where it has as many values."""
    shares: tuple[Number, ...]
    """Of the rows in each part; the last is of those without a value."""
    usual: Number
    """The largest stability index of half a year of the training."""
    gain: Number
    """Mean size of its shift of the log-odds over the newest rows."""


class Card(Value):
    """A trained model."""

    id: str
    recipe: Recipe
    feed: str
    symbols: tuple[str, ...]
    timeframe: Timeframe
    data: str
    """Digest of the rows trained on."""
    trained_from: Moment
    trained_until: Moment
    """The close that the training ended at. Nothing later was known, and no close up to it is forecast."""
    trained_at: Moment
    rows: int
    n_eff: Number
    base_rate: Number
    candidates: tuple[str, ...]
    """Inputs there were to choose from."""
    cost: Number
    """Of the round trip, as a fraction: what a barrier's trade had to earn."""
    left_out: tuple[str, ...] = ()
    """Inputs without any value in this history."""
    inputs: tuple[str, ...]
    members: tuple[Member, ...]
    interval: Interval
    scores: Scores
    """Out of sample, all folds together."""
    folds: tuple[Fold, ...]
    paths: tuple[Path, ...] = Field(default=(), exclude_if=lambda value: not value)
    """Of combinatorial splits: every row was forecast as often as there are paths."""
    spreads: tuple[Spread, ...]
    libraries: tuple[str, ...]
    program: str
    """The commit it was trained by, or the version where there is no checkout."""
    files: dict[str, str] = Field(default_factory=dict)
    """Every file of the model with its digest."""
