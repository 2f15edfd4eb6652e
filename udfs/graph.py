"""Builds the ONNX graphs of the project's networks by hand, on transposed tensors [features, rows].

Columns of a catalog arrive as rows of a tensor, so nothing is transposed on the way in or out, and the scaling of the
inputs is folded into the first layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


@dataclass(frozen=True)
class Layer:
    """activation(weight @ x + bias): weight [out, in], bias [out]; activation is an ONNX operator or empty."""

    weight: np.ndarray
    bias: np.ndarray
    activation: str = ""


class GraphBuilder:
    """Collects nodes; every method returns the name of the tensor that it adds."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, value: np.ndarray | float, dtype: type = np.float32) -> str:
        array: np.ndarray = np.asarray(value, dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = f"c{len(self.constants)}"
            self.constants[self._known[key]] = array
        return self._known[key]

    def layer(self, x: str, layer: Layer) -> str:
        bias = self.constant(layer.bias.reshape(-1, 1))
        out = self.add("Gemm", self.constant(layer.weight), x, bias)
        return self.add(layer.activation, out) if layer.activation else out

    def rows(self, x: str, start: int, stop: int) -> str:
        """Rows start to stop (exclusive) of x."""
        return self.add("Slice", x, *(self.constant(np.array([v]), np.int64) for v in (start, stop, 0)))

    def concat(self, parts: list[str]) -> str:
        return parts[0] if len(parts) == 1 else self.add("Concat", *parts, axis=0)

    def sum_rows(self, x: str) -> str:
        return self.add("ReduceSum", x, self.constant(np.array([0]), np.int64), keepdims=1)

    def finish(self, y: str, n_inputs: int, n_outputs: int, name: str) -> onnx.GraphProto:
        nodes = [*self.nodes, helper.make_node("Identity", [y], ["y"])]
        return helper.make_graph(
            nodes,
            name,
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [n_inputs, "rows"])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [n_outputs, "rows"])],
            [numpy_helper.from_array(value, key) for key, value in self.constants.items()],
        )


def fold_scaling(layer: Layer, mean: np.ndarray, scale: np.ndarray) -> Layer:
    """The layer that does on raw inputs what `layer` does on (x - mean) / scale."""
    weight = layer.weight / scale
    return Layer(weight, layer.bias - weight @ mean, layer.activation)
