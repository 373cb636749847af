"""Fixed share keeps its bound, whatever comes, and follows a record that becomes the better one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trader.memory.fixed_share import SHARE, capped, fixed_share, mixture_loss


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), dates=st.integers(1, 60), symbols=st.integers(1, 4), k=st.integers(2, 6)
)
def test_no_record_is_better_than_the_mixture_by_more_than_the_bound(
    seed: int, dates: int, symbols: int, k: int
) -> None:
    rng = np.random.default_rng(seed)
    date = np.repeat(np.arange(dates), symbols)
    n = len(date)
    p = rng.uniform(0.01, 0.99, size=(n, k)) ** rng.uniform(0.2, 3.0)
    happened = (rng.random(n) < p[:, rng.integers(k)]).astype(np.float64)
    worth, answered = rng.uniform(0.05, 1.0, n), np.ones((n, k), np.bool_)
    prior = rng.dirichlet(np.ones(k))
    counted = np.concatenate([capped(worth[date == one]) for one in range(dates)])
    each = -np.log(np.where(happened[:, None] > 0, p, 1.0 - p)) * counted[:, None]
    bound = -np.log(prior) - dates * np.log1p(-SHARE)
    mixed = mixture_loss(p, answered, happened, worth, date, prior)
    assert np.all(mixed <= each.sum(axis=0) + bound + 1e-9)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), later=st.integers(0, 40))
def test_weights_are_a_share_and_know_nothing_of_what_comes_later(seed: int, later: int) -> None:
    rng = np.random.default_rng(seed)
    n, k = 40 + later, 3
    p, happened = rng.uniform(0.05, 0.95, (n, k)), rng.integers(0, 2, n).astype(np.float64)
    answered, worth, prior = rng.random((n, k)) < 0.8, rng.uniform(0.1, 1.0, n), np.full(k, 1 / k)
    date = np.arange(n)
    weights = fixed_share(p[:40], answered[:40], happened[:40], worth[:40], date[:40], prior)
    assert np.isclose(weights.sum(), 1.0)
    assert weights.min() > 0.0
    happened[40:] = 1.0 - happened[40:]
    again = fixed_share(p[:40], answered[:40], happened[:40], worth[:40], date[:40], prior)
    assert weights.tobytes() == again.tobytes()


def test_the_weights_follow_a_record_that_becomes_the_better_one() -> None:
    n = 200
    p = np.column_stack([np.where(np.arange(n) < 100, 0.7, 0.3), np.where(np.arange(n) < 100, 0.3, 0.7)])
    everything, ones, date = np.ones((n, 2), np.bool_), np.ones(n), np.arange(n)

    def after(m: int) -> list[float]:
        return fixed_share(p[:m], everything[:m], ones[:m], ones[:m], date[:m], np.full(2, 0.5)).tolist()

    assert after(100)[0] > 0.9
    assert after(150)[1] > 0.9


def test_who_is_silent_keeps_its_weight_among_the_others() -> None:
    p, answered = np.array([[0.9, 0.1, 0.5]]), np.array([[True, True, False]])
    one, prior = np.ones(1), np.full(3, 1 / 3)
    first, second, silent = fixed_share(p, answered, one, one, np.zeros(1, int), prior)
    assert first > silent > second
    assert np.isclose(silent, 1 / 3)
