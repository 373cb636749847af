"""The best of several ways: lucky where none knows anything, and not where one does."""

import numpy as np
import pytest

from tests.evals.desks import noise, real_cases
from trader.evals.cases import Cases
from trader.evals.choosing import BLOCKS, choice
from trader.evals.timing import apart
from trader.measures.bootstrap import DRAWS, drawn_dates
from trader.measures.forecasts import log_losses
from trader.measures.overfitting import probability_of_overfitting
from trader.measures.superiority import superior_ability


@pytest.fixture(scope="module")
def cases() -> Cases:
    return real_cases(400)


def test_the_best_of_ten_that_know_nothing_is_luck(cases: Cases) -> None:
    found = choice(cases, {str(seed): noise(cases, seed) for seed in range(10)}, cases.base_rate)
    assert found.overfitting is not None
    assert found.superior is not None
    assert found.superior > 0.2
    assert (found.variants, found.dates, found.why_not) == (10, 400, "")


def test_one_that_knows_something_is_found_among_nine_that_do_not(cases: Cases) -> None:
    said = {str(seed): noise(cases, seed) for seed in range(9)}
    said["knows"] = np.where(cases.happened == 1.0, 0.62, 0.48)
    found = choice(cases, said, cases.base_rate)
    assert found.overfitting == 0.0
    assert found.superior == 0.0


def test_the_numbers_are_those_of_the_measures_on_gains_by_date(cases: Cases) -> None:
    said = {str(seed): noise(cases, seed) for seed in range(10)}
    found = choice(cases, said, cases.base_rate, seed=3)
    base = log_losses(cases.base_rate, cases.happened)
    gains = np.column_stack(
        [(base - log_losses(p, cases.happened)).reshape(-1, 2).mean(axis=1) for p in said.values()]
    )
    kept = apart(np.arange(400), cases.horizon)
    assert found.overfitting == probability_of_overfitting(gains[kept], BLOCKS)
    picks = drawn_dates(400, cases.horizon, DRAWS, 3)
    assert found.superior == pytest.approx(superior_ability(gains, picks).p, abs=1e-12)


def test_too_few_variants_and_too_few_dates_are_not_applicable(cases: Cases) -> None:
    nine = {str(seed): noise(cases, seed) for seed in range(9)}
    assert choice(cases, nine, cases.base_rate).why_not == "9 were compared, and it takes 10"
    silent = np.full(len(cases), np.nan)
    silent[:200] = 0.5
    found = choice(cases, nine | {"silent": silent}, cases.base_rate)
    assert (found.overfitting, found.superior) == (None, None)
    assert found.why_not == "all answered on 20 dates a horizon apart, and it takes 32"
