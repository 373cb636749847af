"""No row is trained on whose label reaches into what is tested."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trader.domain.errors import UsageError
from trader.forecasters.splits import combinatorial, walk_forward


def labels(seed: int, bars: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    begins = np.repeat(np.arange(bars), 2)
    return begins, begins + rng.integers(1, 8, len(begins))


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_a_fold_knows_only_labels_that_had_ended_before_it(seed: int, folds: int, embargo: int) -> None:
    begins, ends = labels(seed)
    seen = []
    for train, test in walk_forward(begins, ends, folds, embargo=embargo):
        assert len(test)
        assert ends[train].max() <= begins[test].min() - embargo
        seen += test.tolist()
    assert seen == sorted(set(seen))
    assert seen == np.flatnonzero(begins >= 24).tolist()


@given(st.integers(0, 10_000), st.integers(3, 6), st.integers(1, 2), st.integers(0, 4))
@settings(max_examples=40, deadline=None)
def test_no_label_spans_a_bar_of_a_tested_block(seed: int, groups: int, held: int, embargo: int) -> None:
    begins, ends = labels(seed)
    times = np.zeros(len(begins), int)
    splits = list(combinatorial(begins, ends, groups, held, embargo=embargo))
    assert len(splits) == comb(groups, held)
    for train, test in splits:
        times[test] += 1
        for row in train:
            together = (begins[test] < ends[row]) & (ends[test] > begins[row])
            assert not together.any()
    assert (times == comb(groups - 1, held - 1)).all()


def test_the_embargo_keeps_rows_after_a_block_out() -> None:
    begins = np.arange(30)
    ends = begins + 2
    for embargo in (0, 3):
        train, test = list(combinatorial(begins, ends, 3, 1, embargo=embargo))[1]
        after = train[train > test.max()]
        assert after.min() == ends[test].max() + embargo


@pytest.mark.parametrize("folds", [0, 100])
def test_more_folds_than_bars_are_refused(folds: int) -> None:
    with pytest.raises(UsageError, match=f"{folds} folds"):
        list(walk_forward(np.arange(20), np.arange(20) + 1, folds))


def test_groups_that_cannot_be_held_out_are_refused() -> None:
    with pytest.raises(UsageError, match="3 of 3 groups"):
        list(combinatorial(np.arange(20), np.arange(20) + 1, 3, 3))
