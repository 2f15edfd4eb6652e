"""Boosted trees that tell a state, the baseline of the joint networks: LightGBM on the same inputs and rows."""

from __future__ import annotations

import numpy as np
import onnx

from ..udfs.trees import tree_graph

TREES = 150
LEAVES = 15
RATE = 0.06


def train_trees(x: np.ndarray, state: np.ndarray, seed: int) -> onnx.GraphProto:
    """The graph of a classifier of `state` (0 or 1) [rows] from raw inputs x [rows, inputs]."""
    import lightgbm
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    classifier = lightgbm.LGBMClassifier(
        n_estimators=TREES,
        num_leaves=LEAVES,
        learning_rate=RATE,
        subsample=0.7,
        subsample_freq=1,
        colsample_bytree=0.7,
        random_state=seed,
        deterministic=True,
        n_jobs=1,
        verbose=-1,
    ).fit(x.astype(np.float32), state.astype(int))
    converted = onnxmltools.convert_lightgbm(
        classifier, initial_types=[("rows", FloatTensorType([None, x.shape[1]]))], target_opset=15, zipmap=False
    )
    return tree_graph(converted, x.shape[1])
