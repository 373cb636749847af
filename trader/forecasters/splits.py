"""Which rows are trained on and which are tested: no label of the one reaches into the other.

Labels span the bars (begins, ends]. Lopez de Prado 2018, chapters 7 (purging, embargo), 12 (combinatorial).
"""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np

from trader.domain.errors import UsageError
from trader.forecasters.samples import Rows


class Split(NamedTuple):
    """Numbers of rows, ascending; the two share none."""

    train: Rows
    test: Rows


def walk_forward(
    begins: Rows, ends: Rows, folds: int, *, embargo: int = 0, first: float = 0.4
) -> Iterator[Split]:
    """Blocks of equally many bars, oldest first; each is tested by what was known `embargo` bars before it.

    The first `first` of the bars are trained on only. Raises UsageError where a block would be empty.
    """
    bars = np.unique(begins)
    start = int(len(bars) * first)
    if folds < 1 or len(bars) - start < folds:
        raise UsageError(
            f"{folds} folds of {len(bars) - start} bars cannot be made", hint="take fewer folds, or more bars"
        )
    for block in np.array_split(bars[start:], folds):
        known = ends <= block[0] - embargo
        tested = (begins >= block[0]) & (begins <= block[-1])
        yield Split(np.flatnonzero(known), np.flatnonzero(tested))


def combinatorial(
    begins: Rows, ends: Rows, groups: int, held_out: int, *, embargo: int = 0
) -> Iterator[Split]:
    """Every choice of `held_out` of `groups` equal blocks is tested once, trained on the rest, purged.

    A row is tested in C(groups - 1, held_out - 1) splits. Some are trained on later rows than they test, so
    they show how much luck there is in a history, and are no record of what could have been known.
    Raises UsageError for choices that cannot be made.
    """
    bars = np.unique(begins)
    if not 1 <= held_out < groups <= len(bars):
        raise UsageError(f"{held_out} of {groups} groups of {len(bars)} bars cannot be held out")
    blocks = np.array_split(bars, groups)
    for chosen in combinations(blocks, held_out):
        tested, clean = np.zeros(len(begins), bool), np.ones(len(begins), bool)
        for block in chosen:
            here = (begins >= block[0]) & (begins <= block[-1])
            tested |= here
            reach = int(ends[here].max())
            clean &= (ends <= block[0]) | (begins >= reach + embargo)
        yield Split(np.flatnonzero(clean & ~tested), np.flatnonzero(tested))
