"""One model from inputs to a calibrated probability: chosen inputs, members, their weights, an interval.

Everything in it comes from the rows it was fitted on, so a fold that fits its own pipeline leaks nothing. The
last quarter of those rows is kept back once, for what must be measured on rows that nothing was learned from:
calibration, the members' weights and the interval. Then inputs are chosen again, and the members fitted, on
all rows.
"""

from dataclasses import dataclass

import numpy as np

from trader.domain.market import Floats
from trader.domain.value import Number, Value
from trader.forecasters import selecting
from trader.forecasters.calibrating import Calibration, calibrate
from trader.forecasters.conformal import Interval, conformal, line
from trader.forecasters.learners.learner import Fitted
from trader.forecasters.learners.registry import learner
from trader.forecasters.recipe import Recipe
from trader.forecasters.samples import Matrix, Samples, check_trainable
from trader.forecasters.splits import walk_forward
from trader.measures.forecasts import expit, log_loss

KEPT_BACK = 0.25
"""Of the bars, the last: what calibration, weights and intervals are measured on."""


class Member(Value):
    """What was found of one member on the rows kept back."""

    learner: str
    file: str
    calibration: Calibration
    weight: Number
    """Its share of the log-odds; the shares add up to one."""
    loss: Number
    """Log loss on the rows kept back."""


@dataclass(frozen=True, eq=False)
class Pipeline:
    """A fitted model."""

    inputs: tuple[str, ...]
    """Those it reads, in the order of its columns."""
    members: tuple[Member, ...]
    fitted: tuple[Fitted, ...]
    interval: Interval

    def log_odds(self, inputs: Matrix) -> Floats:
        """Calibrated, shape (n,), of rows (n, k) with the columns of `inputs`."""
        odds = np.zeros(len(inputs))
        for member, model in zip(self.members, self.fitted, strict=True):
            odds += member.weight * member.calibration(model.log_odds(inputs))
        return odds

    def probabilities(self, inputs: Matrix) -> Floats:
        """Of the event, shape (n,)."""
        return expit(self.log_odds(inputs))

    def shifts(self, inputs: Matrix) -> Floats:
        """What each input adds to the calibrated log-odds, (n, k + 1); the last column is where all begin."""
        moved = np.zeros((len(inputs), len(self.inputs) + 1))
        for member, model in zip(self.members, self.fitted, strict=True):
            moved += member.weight * member.calibration.shifts(model.shifts(inputs))
        return moved


def fit(samples: Samples, recipe: Recipe) -> Pipeline:
    """Choose inputs, fit, calibrate, weigh, fit again. Raises UsageError for rows that teach nothing."""
    check_trainable(samples, "the part of the history that is trained on")
    (split,) = walk_forward(samples.begins, samples.ends, 1, embargo=recipe.embargo, first=1.0 - KEPT_BACK)
    early, late = samples.take(split.train), samples.take(split.test)
    # Inputs that the rows kept back had a part in choosing would look better on them than they are.
    tried_on = selecting.best(early, recipe.best)
    early, late = early.with_inputs(tried_on), late.with_inputs(tried_on)
    members, early_odds, late_odds = [], [], []
    for name in recipe.members:
        way = learner(name, recipe.size)
        tried = way.fit(early, recipe.seed)
        said = tried.log_odds(late.inputs)
        calibration = calibrate(recipe.calibration, said, late.happened, late.weight)
        early_odds.append(calibration(tried.log_odds(early.inputs)))
        late_odds.append(calibration(said))
        loss = log_loss(expit(late_odds[-1]), late.happened, late.weight)
        members.append(Member(learner=name, file=way.file, calibration=calibration, weight=1.0, loss=loss))
    weights = _weights(np.array([member.loss for member in members]), late.n_eff)
    pooled = [np.tensordot(weights, np.array(odds), 1) for odds in (early_odds, late_odds)]
    centre = line(pooled[0], early.returns / early.scale, early.weight)
    chosen = samples.with_inputs(selecting.best(samples, recipe.best))
    return Pipeline(
        inputs=chosen.names,
        members=tuple(
            member.model_copy(update={"weight": float(weight)})
            for member, weight in zip(members, weights, strict=True)
        ),
        fitted=tuple(learner(name, recipe.size).fit(chosen, recipe.seed) for name in recipe.members),
        interval=conformal(centre, pooled[1], late.returns / late.scale),
    )


def _weights(losses: Floats, n_eff: float) -> Floats:
    """Posterior shares of the members, equal before: exp of minus the loss of all effective cases."""
    better = np.exp(-n_eff * (losses - losses.min()))
    shares: Floats = better / better.sum()
    return shares
