"""Boosted trees as flat arrays: one row walks down all of them without the library, and many times faster.

A row goes left where its input is below the threshold; where it has no value, as the node was taught. Leaves
lead to themselves. Thresholds are float64, so that both libraries' comparisons are exact: XGBoost's `x < t`
in float32, and LightGBM's `x <= t` as `x < the next number after t`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trader.domain.market import Floats
from trader.forecasters.samples import Matrix

Numbers = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Trees:
    """Nodes of all trees, one after the other, m in all; arrays of shape (m,)."""

    base: float
    """Log-odds before the first tree."""
    depth: int
    """Of the deepest tree: so many steps end in a leaf."""
    roots: Numbers
    """(trees,)"""
    feature: Numbers
    threshold: Floats
    left: Numbers
    right: Numbers
    missing: Numbers
    """Where a row without a value goes."""
    value: Floats
    """Of a leaf, in log-odds."""

    def log_odds(self, row: Matrix) -> float:
        """Of one row, (k,) float32."""
        node = self.roots
        for _ in range(self.depth):
            x = row[self.feature[node]]
            down = np.where(x < self.threshold[node], self.left[node], self.right[node])
            node = np.where(x == x, down, self.missing[node])
        return self.base + float(self.value[node].sum())

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """What the compiled walk reads."""
        return tuple(getattr(self, field.name) for field in fields(self)[2:])


class Nodes:
    """Nodes that are being laid out."""

    def __init__(self) -> None:
        self.roots: list[int] = []
        self._rows: list[list[float]] = []
        self._depth = 0

    def leaf(self, value: float, depth: int) -> int:
        """A new leaf; its number."""
        self._depth = max(self._depth, depth)
        at = len(self._rows)
        self._rows.append([0, np.inf, at, at, at, value])
        return at

    def split(self) -> int:
        """A new node, to be filled once its branches are there."""
        self._rows.append([])
        return len(self._rows) - 1

    def fill(self, at: int, feature: int, threshold: float, left: int, right: int, missing_left: bool) -> int:
        """Say where a node leads; its number."""
        self._rows[at] = [feature, threshold, left, right, left if missing_left else right, 0.0]
        return at

    def trees(self, base: float) -> Trees:
        """All of them."""
        columns = np.array(self._rows, np.float64).T
        feature, left, right, missing = (columns[place].astype(np.int32) for place in (0, 2, 3, 4))
        roots = np.array(self.roots, np.int32)
        threshold, value = np.ascontiguousarray(columns[1]), np.ascontiguousarray(columns[5])
        return Trees(base, self._depth, roots, feature, threshold, left, right, missing, value)


def of_xgboost(raw: bytes) -> Trees:
    """From the JSON that `save_raw("json")` gives."""
    model = json.loads(raw)["learner"]
    rate = float(model["learner_model_param"]["base_score"].strip("[]"))
    nodes = Nodes()
    for tree in model["gradient_booster"]["model"]["trees"]:
        nodes.roots.append(_xgboost_node(nodes, tree, 0, 0))
    return nodes.trees(float(np.log(rate) - np.log1p(-rate)))


def _xgboost_node(nodes: Nodes, tree: Mapping[str, Any], at: int, depth: int) -> int:
    condition = float(np.float32(tree["split_conditions"][at]))
    left, right = tree["left_children"][at], tree["right_children"][at]
    if left < 0:
        return nodes.leaf(condition, depth)
    own = nodes.split()
    below = _xgboost_node(nodes, tree, left, depth + 1)
    above = _xgboost_node(nodes, tree, right, depth + 1)
    return nodes.fill(own, tree["split_indices"][at], condition, below, above, bool(tree["default_left"][at]))


def of_lightgbm(dumped: Mapping[str, Any]) -> Trees:
    """From what `dump_model()` gives; the base is in the first tree's leaves."""
    nodes = Nodes()
    for tree in dumped["tree_info"]:
        nodes.roots.append(_lightgbm_node(nodes, tree["tree_structure"], 0))
    return nodes.trees(0.0)


def _lightgbm_node(nodes: Nodes, node: Mapping[str, Any], depth: int) -> int:
    if "leaf_value" in node:
        return nodes.leaf(float(node["leaf_value"]), depth)
    threshold = float(np.nextafter(node["threshold"], np.inf))
    own = nodes.split()
    below = _lightgbm_node(nodes, node["left_child"], depth + 1)
    above = _lightgbm_node(nodes, node["right_child"], depth + 1)
    # Where no value was missing in training, one that is counts as zero.
    missing_left = node["default_left"] if node["missing_type"] == "NaN" else threshold > 0.0
    return nodes.fill(own, node["split_feature"], threshold, below, above, bool(missing_left))


class Walker:
    """Log-odds of one row: compiled where numba is installed, else by NumPy."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees
        self._arrays = trees.arrays
        try:
            from trader.forecasters.tree_walk import walked
        except ImportError:
            self.compiled, self._walked = False, None
        else:
            self.compiled, self._walked = True, walked

    def log_odds(self, row: Matrix) -> float:
        """Of one row, (k,) float32, contiguous."""
        if self._walked is None:
            return self._trees.log_odds(row)
        return self._trees.base + float(self._walked(row, *self._arrays))
