"""One row down all trees, compiled. numba notices changes of this file alone: it imports nothing of ours."""

from typing import Any

import numba


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def walked(
    row: Any, roots: Any, feature: Any, threshold: Any, left: Any, right: Any, missing: Any, value: Any
) -> Any:
    """The sum of the leaves that a row (k,) ends in; the arrays are those of `Trees`."""
    total = 0.0
    for tree in range(len(roots)):
        node = roots[tree]
        while left[node] != node:
            x = row[feature[node]]
            if x != x:
                node = missing[node]
            elif x < threshold[node]:
                node = left[node]
            else:
                node = right[node]
        total += value[node]
    return total
