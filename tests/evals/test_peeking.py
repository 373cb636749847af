"""Whoever sees ahead is told of, and nobody else; slices are parts of the whole."""

import numpy as np
import pytest

from tests.evals.desks import noise, real_cases, staffed
from trader.data.feeds import open_feed
from trader.data.market import Market
from trader.evals.cases import Cases
from trader.evals.peeking import lower_bound, next_bars, too_good
from trader.evals.pool import contributions
from trader.evals.profit import stakes
from trader.evals.slices import regimes, slices, years
from trader.evals.subject import Subject


@pytest.fixture(scope="module")
def cases() -> Cases:
    return real_cases()


@pytest.fixture(scope="module")
def market() -> Market:
    return open_feed("sample", ("AAPL", "IBM"))


def subject(cases: Cases, p: np.ndarray, name: str = "seer") -> Subject:
    return Subject(name, cases, p)


def test_an_agent_that_peeks_at_the_next_bar_is_flagged_though_its_event_is_five_long(
    cases: Cases, market: Market
) -> None:
    following = next_bars(cases, market)
    p = np.where(np.nan_to_num(following) > 0, 0.6, 0.5)
    (told,) = too_good(subject(cases, p), following)
    assert "seer takes the right side of the next bar alone in 100% of cases" in told
    assert "trader check lookahead" in told


def test_an_agent_that_knows_the_event_is_flagged(cases: Cases, market: Market) -> None:
    found = list(too_good(subject(cases, 0.3 + 0.5 * cases.happened), next_bars(cases, market)))
    assert any("right side of the next 5 bars in 100% of cases" in sentence for sentence in found)


def test_nobody_is_flagged_for_luck_or_for_a_rising_market(cases: Cases, market: Market) -> None:
    following = next_bars(cases, market)
    for seed in range(100):
        assert list(too_good(subject(cases, noise(cases, seed)), following)) == []
    up = Cases(**{**vars(cases), "happened": np.ones(len(cases))})
    assert list(too_good(subject(up, np.full(len(up), 0.9)), following)) == []


def test_a_share_seen_in_few_cases_says_little() -> None:
    assert lower_bound(1.0, 0.0) == 0.0
    assert lower_bound(1.0, 5.0) < 0.6 < lower_bound(1.0, 50.0) < 1.0


def test_slices_are_parts_of_the_whole(cases: Cases, market: Market) -> None:
    mine = subject(cases, noise(cases, 1), "a")
    base = subject(cases, cases.base_rate, "base")
    for of in (years(cases), regimes(cases, market)):
        rows = list(slices(mine, base, of))
        assert sum(row.cases for row in rows) == len(cases)
        mean = sum(row.brier * row.cases for row in rows) / len(cases)
        assert mean == pytest.approx(float(((mine.p - cases.happened) ** 2).mean()), abs=1e-12)
    assert {"bull", "bear"} <= set(regimes(cases, market).tolist())


def test_shapley_in_profit_is_left_out_where_nothing_is_known_of_stakes(cases: Cases) -> None:
    desk = staffed(cases, {"a": noise(cases, 1), "b": noise(cases, 2)})
    assert contributions(desk)["a"].profit_shapley is None
    nobody = stakes((), desk)
    assert np.isnan(nobody.gain).all()
    assert contributions(desk, staked=nobody)["a"].profit_shapley is None
