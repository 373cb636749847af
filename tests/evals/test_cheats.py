"""A lucky agent cannot look good, and neither can one that says nothing."""

from statistics import NormalDist

import numpy as np
import pytest

from tests.evals.desks import noise, real_cases, staffed
from trader.evals.cases import Cases
from trader.evals.paired import difference
from trader.evals.pool import contributions, pooled_by
from trader.evals.timing import deflated, followed
from trader.measures.bootstrap import drawn_dates, widening
from trader.measures.forecasts import log_loss
from trader.measures.sharpe import sharpe

PASSED = 0.95


@pytest.fixture(scope="module")
def cases() -> Cases:
    return real_cases()


def test_random_agents_pass_the_deflated_sharpe_test_no_more_often_than_chance_allows(cases: Cases) -> None:
    """18 of 200 is the 99 % bound of a test that is right at 0.95."""
    alone = [deflated({"random": followed(cases, noise(cases, seed))})["random"] for seed in range(200)]
    assert 0 < sum(one > PASSED for one in alone) <= 18


@pytest.mark.slow
def test_the_best_of_fifty_random_agents_is_rejected(cases: Cases) -> None:
    rejected = 0
    for trial in range(200):
        crowd = {str(one): followed(cases, noise(cases, 1000 + 50 * trial + one)) for one in range(50)}
        best = max(crowd, key=lambda name: sharpe(crowd[name]))
        rejected += not deflated(crowd)[best] > PASSED
    assert rejected >= 0.91 * 200


def test_the_best_of_fifty_would_have_passed_if_nobody_had_counted_them(cases: Cases) -> None:
    passed = 0
    for trial in range(20):
        crowd = [followed(cases, noise(cases, 50 * trial + one)) for one in range(50)]
        passed += deflated({"best": max(crowd, key=sharpe)})["best"] > PASSED
    assert passed > 10


def test_saying_up_every_time_earns_nothing_in_a_rising_market(cases: Cases) -> None:
    bull = cases.base_rate + 0.2
    assert followed(cases, bull).mean() == pytest.approx(0.0, abs=1e-12)
    assert deflated({"bull": followed(cases, bull)})["bull"] == pytest.approx(0.5, abs=1e-9)


def test_followers_are_paid_on_dates_a_horizon_apart(cases: Cases) -> None:
    assert len(followed(cases, noise(cases, 0))) == 100  # of 500 closes
    assert len(followed(cases, np.full(len(cases), np.nan))) == 0


def test_an_agent_that_always_abstains_is_worth_nothing(cases: Cases) -> None:
    silent = np.full(len(cases), np.nan)
    desk = staffed(cases, {"a": noise(cases, 1), "b": noise(cases, 2), "silent": silent})
    found = contributions(desk)
    assert found["silent"].shapley == 0.0
    assert found["silent"].leave_one_out == 0.0
    assert found["a"].shapley != 0.0


def test_contributions_add_up_to_what_the_pool_is_better_than_the_base_rate_by(cases: Cases) -> None:
    desk = staffed(cases, {name: noise(cases, seed) for seed, name in enumerate("abcd")})
    gained = log_loss(desk.base_rate, desk.happened) - log_loss(desk.desk, desk.happened)
    assert sum(one.shapley for one in contributions(desk).values()) == pytest.approx(gained, abs=1e-12)


def test_more_agents_than_can_be_counted_out_are_drawn_with_an_error(cases: Cases) -> None:
    few = real_cases(60)
    desk = staffed(few, {f"a{seed:02}": noise(few, seed) for seed in range(13)})
    found = contributions(desk)
    assert all(one.shapley_error > 0 for one in found.values())


def test_everybody_together_is_the_pool_as_it_was(cases: Cases) -> None:
    desk = staffed(cases, {"a": noise(cases, 1), "b": noise(cases, 2)})
    assert pooled_by(desk, np.array([True, True])) == pytest.approx(desk.desk, abs=1e-12)
    assert pooled_by(desk, np.array([False, False])) == pytest.approx(desk.base_rate, abs=1e-12)


def test_a_random_agent_is_seldom_found_better_than_the_base_rate(cases: Cases) -> None:
    """Its noise costs it log loss: that may be found out, and the opposite never should be."""
    found = [difference(cases, noise(cases, seed), cases.base_rate, "base rate") for seed in range(40)]
    assert sum(one is not None and one.high is not None and one.high < 0 for one in found) <= 2


def test_an_agent_that_knows_is_found_better(cases: Cases) -> None:
    told = np.where(np.random.default_rng(3).random(len(cases)) < 0.65, cases.happened, 1 - cases.happened)
    found = difference(cases, 0.4 + 0.2 * told, cases.base_rate, "base rate")
    assert found is not None
    assert found.decided
    assert found.log_loss < 0


def test_the_interval_and_what_is_missing_follow_from_the_resample_indices(cases: Cases) -> None:
    said = noise(cases, 11) - 0.002
    found = difference(cases, said, cases.base_rate, "base rate", seed=4)
    assert found is not None
    right = np.where(cases.happened == 1.0, said, 1 - said)
    base = np.where(cases.happened == 1.0, cases.base_rate, 1 - cases.base_rate)
    by_date = np.log(base / right).reshape(-1, 2).mean(axis=1)
    means = by_date[drawn_dates(500, 5, seed=4)].mean(axis=1)
    mean, wider = by_date.mean(), widening(500, 5, 0.95)
    ends = mean + wider * (np.quantile(means, [0.025, 0.975]) - mean)
    assert (found.low, found.high) == pytest.approx(tuple(ends), abs=1e-9)
    if found.more_cases is not None:
        reach = (NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)) * wider * means.std(ddof=1)
        missing = 1000 * (reach / by_date.mean()) ** 2 - 1000
        assert missing <= found.more_cases <= 1.2 * missing + 1
    assert found.decided == (found.more_cases is None)


def test_too_few_dates_and_one_class_have_no_interval() -> None:
    few = real_cases(60)
    found = difference(few, noise(few, 0), few.base_rate, "base rate")
    assert found is not None
    assert found.low is None
    assert "worth 12.8 dates a horizon apart" in found.lacking
    risen = Cases(**{**vars(real_cases()), "happened": np.ones(1000)})
    found = difference(risen, np.full(1000, 0.9), risen.base_rate, "base rate")
    assert found is not None
    assert found.low is None
    assert "always happened" in found.lacking


def test_nobody_to_compare_is_no_difference(cases: Cases) -> None:
    assert difference(cases, np.full(len(cases), np.nan), cases.base_rate, "base rate") is None
