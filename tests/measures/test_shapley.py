"""Shapley values against games whose values are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.measures.shapley import exact_shapley, sampled_shapley

games = st.integers(1, 5).flatmap(
    lambda n: st.lists(st.floats(-10, 10), min_size=1 << n, max_size=1 << n).map(np.array)
)


def test_a_glove_market_pays_the_only_left_glove_two_thirds() -> None:
    """Player 0 has a left glove, 1 and 2 a right one; a pair is worth 1 (Shapley and Shubik 1969)."""
    worth = np.array([float(c in (3, 5, 7)) for c in range(8)])
    assert exact_shapley(worth) == pytest.approx([2 / 3, 1 / 6, 1 / 6], abs=1e-12)


def test_whoever_adds_the_same_to_all_is_worth_that() -> None:
    own = np.array([0.5, -0.25, 0.0])
    worth = np.array([sum(own[i] for i in range(3) if c >> i & 1) for c in range(8)])
    assert exact_shapley(worth) == pytest.approx(own, abs=1e-12)


@given(games)
def test_values_add_up_to_the_whole(worth: np.ndarray) -> None:
    assert exact_shapley(worth).sum() == pytest.approx(worth[-1] - worth[0], abs=1e-9)


@given(games)
def test_a_player_who_changes_nothing_is_worth_nothing(worth: np.ndarray) -> None:
    values = exact_shapley(np.concatenate([worth, worth]))  # the last player changes no coalition's worth
    assert values[-1] == 0.0
    assert values[:-1] == pytest.approx(exact_shapley(worth), abs=1e-9)


@given(games)
def test_drawn_orders_come_near_within_their_error(worth: np.ndarray) -> None:
    players = len(worth).bit_length() - 1
    values, errors = sampled_shapley(lambda c: float(worth[c]), players, orders=400)
    assert values.sum() == pytest.approx(worth[-1] - worth[0], abs=1e-9)
    assert np.abs(values - exact_shapley(worth)) == pytest.approx(
        np.zeros(players), abs=5 * errors.max() + 1e-9
    )


def test_half_a_game_is_no_game() -> None:
    with pytest.raises(ValueError, match="3 coalitions"):
        exact_shapley(np.zeros(3))
