"""Boosted trees as a model file: a converter's graph, which reads rows, between two transposes.

Trees take most of the time, so transposing [inputs, rows] inside the graph costs nothing that can be measured
(`benchmarks/udf.py`), and every model file keeps one form.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TREES = ("TreeEnsembleRegressor", "TreeEnsembleClassifier")


def tree_graph(converted: onnx.ModelProto, n_inputs: int) -> onnx.GraphProto:
    """The graph of a LightGBM model as `onnxmltools.convert_lightgbm(..., zipmap=False)` gives it, on x [inputs, rows].

    A regressor gives one output; a classifier the probability of each class but the first.
    """
    source = converted.graph
    is_classifier = any(node.op_type == TREES[1] for node in source.node)
    result = source.output[1 if is_classifier else 0]
    nodes = [helper.make_node("Transpose", ["x"], [source.input[0].name], perm=[1, 0]), *source.node]
    constants = list(source.initializer)
    columns, n_outputs = result.name, 1
    if is_classifier:
        n_outputs = result.type.tensor_type.shape.dim[1].dim_value - 1
        bounds = {"from": [1], "to": [n_outputs + 1], "axis": [1]}
        constants += [numpy_helper.from_array(np.array(v), f"class_{k}") for k, v in bounds.items()]
        columns = "classes"
        nodes.append(helper.make_node("Slice", [result.name, *(f"class_{k}" for k in bounds)], [columns]))
    nodes.append(helper.make_node("Transpose", [columns], ["y"], perm=[1, 0]))
    return helper.make_graph(
        nodes,
        "trees",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [n_inputs, "rows"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [n_outputs, "rows"])],
        constants,
    )
