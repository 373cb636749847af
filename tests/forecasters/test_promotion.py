"""A model takes a place only where it was better on the same cases, beyond luck."""

import numpy as np
import pytest

from tests.forecasters.test_training import trained
from trader.domain.errors import Refused
from trader.forecasters import store
from trader.forecasters.card import Card
from trader.forecasters.promotion import common, said_by, trial
from trader.forecasters.scores import score
from trader.forecasters.walking import OutOfSample
from trader.measures.forecasts import expit, logit


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Card, OutOfSample]:
    folder = tmp_path_factory.mktemp("promotion")
    card, _ = trained(folder)
    assert card is not None
    return card, store.forecasts(folder, card)


def worse(found: OutOfSample, by: float) -> np.ndarray:
    """The same forecasts with noise in their log-odds."""
    noise = np.random.default_rng(4).normal(0.0, by, len(found))
    return expit(logit(found.p) + noise)


def as_said(found: OutOfSample, p: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {
        symbol: (found.decided[found.symbol == symbol], p[found.symbol == symbol])
        for symbol in np.unique(found.symbol)
    }


def test_a_model_that_knows_something_takes_an_empty_place(model: tuple[Card, OutOfSample]) -> None:
    card, found = model
    said = trial(card, found, "", None, tried=3)
    assert said.passed
    assert [one.against for one in said.compared] == ["the base rate"]  # logistic is not asked to beat itself
    assert said.tried == 3


def test_it_takes_the_place_of_a_worse_one(model: tuple[Card, OutOfSample]) -> None:
    card, found = model
    said = trial(card, found, "old-1", as_said(found, worse(found, 2.0)), tried=1)
    assert said.passed
    assert said.compared[-1].against == "old-1"
    assert said.compared[-1].cases == len(found)


def test_not_of_its_equal_nor_of_a_better_one(model: tuple[Card, OutOfSample]) -> None:
    card, found = model
    for other in (said_by(found), as_said(found, np.where(found.happened > 0.5, 0.9, 0.1))):
        said = trial(card, found, "old-1", other, tried=1)
        assert not said.passed
        assert "against old-1" in said.sentence


def test_a_difference_within_luck_is_not_enough(model: tuple[Card, OutOfSample]) -> None:
    card, found = model
    said = trial(card, found, "old-1", as_said(found, worse(found, 0.05)), tried=1)
    assert said.compared[-1].log_loss.low < 0.0 < said.compared[-1].log_loss.high
    assert not said.passed


def test_only_cases_that_both_have_are_compared(model: tuple[Card, OutOfSample]) -> None:
    card, found = model
    half = {symbol: (at[::2], p[::2]) for symbol, (at, p) in said_by(found).items()}
    rows, other = common(found, half)
    np.testing.assert_array_equal(other, found.p[rows])
    assert (np.diff(rows) > 0).all()
    few = {symbol: (at[:20], p[:20]) for symbol, (at, p) in half.items()}
    with pytest.raises(Refused, match="share 40 forecast cases, and 250 are needed"):
        trial(card, found, "old-1", few, tried=1)
    with pytest.raises(Refused, match="share 0 forecast cases"):
        trial(card, found, "old-1", {}, tried=1)


def test_noise_is_not_promoted() -> None:
    """In forty histories without a signal the rule lets through no more than a test of 2.5 % would."""
    rng = np.random.default_rng(0)
    passed = 0
    for _ in range(40):
        count = 600
        happened = (rng.random(count) < 0.5).astype(float)
        p = expit(rng.normal(0.0, 0.15, count))
        decided = (np.arange(count) // 2).astype("datetime64[s]")
        found = OutOfSample(
            decided,
            np.array(["A", "B"])[np.arange(count) % 2],
            happened,
            np.ones(count),
            p,
            np.full(count, 0.5),
            np.full(count, 0.5),
            np.ones(count),
        )
        passed += score(found, 5).against_base_rate.high < 0.0
    assert passed <= 3
