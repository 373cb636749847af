"""What is chosen, normalised and calibrated comes from the rows trained on, and from no other."""

import numpy as np
import pytest

from tests.forecasters.rows import asked, rows
from trader.domain.errors import UsageError
from trader.forecasters import selecting
from trader.forecasters.pipeline import Pipeline, fit
from trader.forecasters.samples import Samples
from trader.forecasters.walking import inputs_of, splits_of, try_fold

SAMPLES = rows(1800, inputs=12)


def dumped(model: Pipeline) -> tuple[object, ...]:
    return model.inputs, model.members, model.interval, *(one.dump() for one in model.fitted)


def with_other_future(samples: Samples, known: np.ndarray) -> Samples:
    """The same past; everything else is replaced by wild numbers that would change any choice or mean."""
    rng = np.random.default_rng(99)
    changed = {name: getattr(samples, name).copy() for name in ("inputs", "happened", "returns", "scale")}
    future = np.setdiff1d(np.arange(len(samples)), known)
    changed["inputs"][future] = rng.normal(50.0, 90.0, (len(future), samples.inputs.shape[1]))
    changed["happened"][future] = (changed["inputs"][future, -1] > 50.0).astype(np.float64)
    changed["returns"][future] = 9.0
    changed["scale"][future] = 77.0
    return Samples(**{**{name: getattr(samples, name) for name in samples.__dataclass_fields__}, **changed})


@pytest.mark.parametrize("name", ["logistic", "xgboost"])
def test_selection_normalisation_and_calibration_of_a_fold_do_not_see_what_it_tests(name: str) -> None:
    recipe = asked(name)
    for split in splits_of(SAMPLES, recipe):
        other = with_other_future(SAMPLES, split.train)
        here, there = fit(SAMPLES.take(split.train), recipe), fit(other.take(split.train), recipe)
        assert dumped(here) == dumped(there)
        assert len(here.inputs) == recipe.best
        future = fit(other, recipe)
        assert future.inputs != here.inputs  # the wild numbers would have been chosen


def test_what_a_fold_forecasts_does_not_depend_on_what_happened_in_it() -> None:
    recipe = asked("xgboost")
    split = splits_of(SAMPLES, recipe)[1]
    turned = SAMPLES.happened.copy()
    turned[split.test] = 1.0 - turned[split.test]
    parts = {name: getattr(SAMPLES, name) for name in SAMPLES.__dataclass_fields__}
    other = Samples(**{**parts, "happened": turned})
    np.testing.assert_array_equal(try_fold(SAMPLES, split, recipe).p, try_fold(other, split, recipe).p)


def test_calibration_is_measured_on_rows_that_had_no_part_in_choosing_the_inputs() -> None:
    """Of 120 inputs that say nothing, those that fit all rows best look good on the rows kept back too."""
    slopes = []
    for seed in range(12):
        noise = rows(1600, signal=0.0, inputs=120, seed=seed)
        slopes.append(fit(noise, asked(best=6)).members[0].calibration.above)
    assert np.mean(slopes) < 0.9  # 1 is the prior: that the model is right as it is


def test_the_best_inputs_are_those_that_tell_most() -> None:
    assert set(selecting.best(SAMPLES, 2)) == {0, 1}
    np.testing.assert_array_equal(selecting.best(SAMPLES, 50), np.arange(12))


def test_normalised_inputs_have_no_mean_and_one_deviation_and_gaps_are_zero() -> None:
    scaling = selecting.Scaling.of(SAMPLES.inputs, SAMPLES.weight)
    found = scaling.apply(SAMPLES.inputs)
    assert np.abs(found.mean(axis=0)).max() < 0.02
    assert np.abs(found.std(axis=0) - 1.0).max() < 0.05
    assert (found[np.isnan(SAMPLES.inputs)] == 0.0).all()
    constant = selecting.Scaling.of(np.full((9, 1), 4.0, np.float32), np.ones(9))
    assert (constant.apply(np.full((3, 1), 4.0, np.float32)) == 0.0).all()


def test_an_ensembles_weights_follow_the_loss_and_add_up_to_one() -> None:
    pytest.importorskip("lightgbm")
    model = fit(SAMPLES, asked("ensemble"))
    weights = [member.weight for member in model.members]
    assert sum(weights) == pytest.approx(1.0)
    by_loss = sorted(model.members, key=lambda member: member.loss)
    assert [member.weight for member in by_loss] == sorted(weights, reverse=True)


@pytest.mark.parametrize("name", ["logistic", "xgboost", "ensemble"])
def test_contributions_add_up_to_the_calibrated_log_odds(name: str) -> None:
    if name == "ensemble":
        pytest.importorskip("lightgbm")
    model = fit(SAMPLES, asked(name, calibration="beta"))
    inputs = inputs_of(model, SAMPLES)[:200]
    np.testing.assert_allclose(model.shifts(inputs).sum(axis=1), model.log_odds(inputs), atol=1e-4)


def test_too_few_rows_and_one_outcome_are_said() -> None:
    with pytest.raises(UsageError, match="has 400 resolved rows, and a model needs 500"):
        fit(SAMPLES.take(np.arange(400)), asked())
    parts = {name: getattr(SAMPLES, name) for name in SAMPLES.__dataclass_fields__}
    always = Samples(**{**parts, "happened": np.ones(len(SAMPLES))})
    with pytest.raises(UsageError, match="the event always happened in"):
        fit(always, asked())
