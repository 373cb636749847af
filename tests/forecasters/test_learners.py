"""Every learner keeps the same protocol: the same bytes, the same numbers back, contributions that add up."""

import pickle
import sys

import numpy as np
import pytest

from tests.forecasters.rows import rows
from trader.domain.errors import MissingExtra, UnknownName
from trader.forecasters.learners.learner import Learner
from trader.forecasters.learners.registry import LEARNERS, learner
from trader.forecasters.scores import area

LIBRARIES = {"lightgbm": "lightgbm", "catboost": "catboost"}
SAMPLES = rows(2000)
LATER = rows(400, seed=9)


@pytest.fixture(params=LEARNERS)
def way(request: pytest.FixtureRequest) -> Learner:
    if request.param in LIBRARIES:
        pytest.importorskip(LIBRARIES[request.param])
    return learner(request.param)


def test_the_same_rows_give_the_same_numbers_again(way: Learner) -> None:
    first, second = way.fit(SAMPLES, 3), way.fit(SAMPLES, 3)
    np.testing.assert_array_equal(first.log_odds(LATER.inputs), second.log_odds(LATER.inputs))


def test_what_is_written_reads_back_equal_and_is_no_pickle(way: Learner) -> None:
    fitted = way.fit(SAMPLES, 0)
    data = fitted.dump()
    again = way.load(data)
    np.testing.assert_array_equal(again.log_odds(LATER.inputs), fitted.log_odds(LATER.inputs))
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever unpickling raises
        pickle.loads(data)


@pytest.mark.parametrize("data", [b"", b"not a model", b"\x80\x04.", b"{}"])
def test_what_is_no_model_is_a_value_error(way: Learner, data: bytes) -> None:
    with pytest.raises(ValueError, match="not a"):
        way.load(data)


def test_contributions_add_up_to_the_log_odds(way: Learner) -> None:
    fitted = way.fit(SAMPLES, 0)
    shifts = fitted.shifts(LATER.inputs)
    assert shifts.shape == (len(LATER), len(SAMPLES.names) + 1)
    np.testing.assert_allclose(shifts.sum(axis=1), fitted.log_odds(LATER.inputs), atol=2e-5)


def test_what_is_there_to_learn_is_learned(way: Learner) -> None:
    odds = way.fit(SAMPLES, 0).log_odds(LATER.inputs)
    assert area(odds, LATER.happened) > 0.6


def test_rows_that_weigh_nothing_teach_nothing(way: Learner) -> None:
    """Half of the rows say the opposite, and weigh next to nothing."""
    turned = rows(900, seed=0)
    flip = np.arange(len(turned)) % 2 == 0
    happened = np.where(flip, 1.0 - turned.happened, turned.happened)
    weight = np.where(flip, 1e-9, turned.weight)
    changed = type(turned)(**{**vars(turned), "happened": happened, "weight": weight})
    assert area(way.fit(changed, 0).log_odds(LATER.inputs), LATER.happened) > 0.55


def test_one_row_alone_has_the_numbers_of_the_library(way: Learner) -> None:
    fitted = way.fit(SAMPLES, 0)
    many = fitted.log_odds(LATER.inputs)
    single = np.array([fitted.log_odds(LATER.inputs[row : row + 1])[0] for row in range(len(LATER))])
    np.testing.assert_allclose(single, many, atol=1e-5)


def test_a_name_that_is_none_is_said_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match="unknown learner: xgbost"):
        learner("xgbost")
    with pytest.raises(UnknownName, match="unknown size of trees: huge"):
        learner("xgboost", "huge")


@pytest.mark.parametrize(("name", "extra"), [("lightgbm", "boosters"), ("catboost", "catboost")])
def test_a_library_that_is_not_there_says_which_extra_has_it(
    monkeypatch: pytest.MonkeyPatch, name: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, LIBRARIES[name], None)
    with pytest.raises(MissingExtra) as missing:
        learner(name).fit(SAMPLES, 0)
    assert missing.value.hint == f"pip install 'trader[{extra}]'"
