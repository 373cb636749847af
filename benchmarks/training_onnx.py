"""Boosted trees as an ONNX model, and one row through onnxruntime."""

from collections.abc import Callable

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

from trader.forecasters.samples import Matrix
from trader.forecasters.trees import Trees


def session(trees: Trees, inputs: int) -> Callable[[Matrix], float]:
    """What gives the log-odds of a row (1, inputs)."""
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("TreeEnsembleRegressor", ["x"], ["p"], domain="ai.onnx.ml", **_nodes(trees))],
            "trees",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, inputs])],
            [helper.make_tensor_value_info("p", TensorProto.FLOAT, [None, 1])],
        ),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)],
        ir_version=9,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    runs = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = ["p"]
    return lambda row: float(runs.run(names, {"x": row})[0][0, 0])


def _nodes(trees: Trees) -> dict[str, object]:
    """The attributes of a tree ensemble, node after node."""
    ends = np.append(trees.roots[1:], len(trees.feature))
    tree = np.repeat(np.arange(len(trees.roots)), ends - trees.roots)
    local = np.arange(len(trees.feature)) - trees.roots[tree]
    leaf = trees.left == np.arange(len(trees.feature))
    return {
        "n_targets": 1,
        "base_values": [trees.base],
        "nodes_treeids": tree.tolist(),
        "nodes_nodeids": local.tolist(),
        "nodes_featureids": trees.feature.tolist(),
        "nodes_modes": ["LEAF" if one else "BRANCH_LT" for one in leaf],
        "nodes_values": np.where(leaf, 0.0, trees.threshold).tolist(),
        "nodes_truenodeids": np.where(leaf, 0, trees.left - trees.roots[tree]).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, trees.right - trees.roots[tree]).tolist(),
        "nodes_missing_value_tracks_true": (trees.missing == trees.left).astype(int).tolist(),
        "target_treeids": tree[leaf].tolist(),
        "target_nodeids": local[leaf].tolist(),
        "target_ids": [0] * int(leaf.sum()),
        "target_weights": trees.value[leaf].tolist(),
    }
