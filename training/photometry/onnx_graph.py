"""Write networks as ONNX files by the project's contract.

One float32 input `x` [inputs, rows], one float32 output `y` [outputs, rows]: a row of the
tensor is a column of the catalog. Physical units go in; the normalisation is folded into the
first layer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

from .network import Network

OPSET = 17
IR_VERSION = 8


class Graph:
    """A small builder: every method adds one node and returns the name of its result."""

    def __init__(self, parent: Graph | None = None) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = [] if parent is None else parent.constants
        self._known: dict[tuple[bytes, str, tuple[int, ...]], str] = {} if parent is None else parent._known
        self._counter: list[int] = [0] if parent is None else parent._counter

    def child(self) -> Graph:
        """The body of a Loop or Scan: own nodes, names and constants shared with this graph."""
        return Graph(self)

    def constant(self, value: ArrayLike, dtype: type = np.float32) -> str:
        """A constant tensor."""
        array: np.ndarray = np.asarray(value, dtype=dtype)
        key = (array.tobytes(), str(array.dtype), array.shape)
        if key not in self._known:
            self._known[key] = f"c{len(self.constants)}"
            self.constants.append(numpy_helper.from_array(array, self._known[key]))
        return self._known[key]

    def op_many(self, kind: str, inputs: Sequence[str], n: int, **attributes: Any) -> list[str]:
        """Add a node with n results."""
        self._counter[0] += 1
        names = [f"v{self._counter[0]}_{i}" for i in range(n)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of this ONNX operator."""
        return self.op_many(kind, inputs, 1, **attributes)[0]

    def name_as(self, value: str, name: str) -> None:
        """Give a result the name that a graph's output needs."""
        self.nodes.append(helper.make_node("Identity", [value], [name]))

    def linear(self, weight: ArrayLike, bias: ArrayLike, x: str) -> str:
        """weight @ x + bias with weight [out, in], bias [out]."""
        column = np.asarray(bias, dtype=np.float32).reshape(-1, 1)
        product = self.op("MatMul", self.constant(weight), x)
        return self.op("Add", product, self.constant(column))

    def bounds(self, start: int, stop: int, axis: int = 0) -> list[str]:
        """Constants that a Slice needs."""
        return [self.constant([value], np.int64) for value in (start, stop, axis)]

    def rows(self, x: str, start: int, stop: int) -> str:
        """Rows start..stop-1 of x."""
        return self.op("Slice", x, *self.bounds(start, stop))

    def row(self, x: str, index: int) -> str:
        """One row of x, [1, rows]."""
        return self.rows(x, index, index + 1)

    def entry(self, matrix: str, i: int, j: int) -> str:
        """One entry of a small matrix, [1, 1]."""
        return self.op("Slice", self.row(matrix, i), *self.bounds(j, j + 1, axis=1))

    def sum(self, x: str) -> str:
        """Sum over the first axis, [1, rows]."""
        return self.op("ReduceSum", x, self.constant([0], np.int64), keepdims=1)

    def sum_rows(self, x: str, n: int) -> str:
        """As `sum`, for x with n rows known beforehand: a product with ones is faster."""
        return self.op("MatMul", self.constant(np.ones((1, n))), x)

    def sum_out(self, x: str) -> str:
        """Sum over the first axis, which disappears."""
        return self.op("ReduceSum", x, self.constant([0], np.int64), keepdims=0)

    def total(self, terms: Sequence[str]) -> str:
        """Sum of several tensors."""
        value = terms[0]
        for term in terms[1:]:
            value = self.op("Add", value, term)
        return value

    def missing(self, x: str) -> str:
        """Where x is NaN."""
        return self.op("IsNaN", x)

    def not_positive(self, x: str) -> str:
        """Where x is zero, negative or NaN."""
        return self.op("Not", self.op("Greater", x, self.constant(0.0)))

    def either(self, a: str, b: str) -> str:
        """Logical or."""
        return self.op("Or", a, b)

    def activate(self, name: str, x: str) -> str:
        """The activation `name` of `network.ACTIVATIONS`."""
        if name == "sigmoid":
            return self.op("Sigmoid", x)
        if name == "tanh":
            return self.op("Tanh", x)
        if name == "silu":
            return self.op("Mul", x, self.op("Sigmoid", x))
        raise ValueError(f"no ONNX form of activation {name}")

    def activate_with_slope(self, name: str, x: str) -> tuple[str, str]:
        """The activation and its derivative."""
        one = self.constant(1.0)
        if name == "tanh":
            value = self.op("Tanh", x)
            return value, self.op("Sub", one, self.op("Mul", value, value))
        s = self.op("Sigmoid", x)
        if name == "sigmoid":
            return s, self.op("Mul", s, self.op("Sub", one, s))
        if name == "silu":  # f = x s, f' = s + f (1 - s)
            value = self.op("Mul", x, s)
            inner = self.op("Mul", value, self.op("Sub", one, s))
            return value, self.op("Add", s, inner)
        raise ValueError(f"no ONNX form of activation {name}")

    def save(
        self,
        path: Path | str,
        result: str,
        inputs: Sequence[tuple[str, str]],
        outputs: Sequence[tuple[str, str]],
        metadata: dict[str, object],
    ) -> None:
        """Check the graph and write it; inputs and outputs are (name, unit) pairs."""

        def port(name: str, size: int) -> onnx.ValueInfoProto:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, [size, "rows"])

        self.name_as(result, "y")
        graph = helper.make_graph(
            self.nodes,
            "candlesql",
            [port("x", len(inputs))],
            [port("y", len(outputs))],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        ports = {
            "inputs": [{"name": name, "unit": unit} for name, unit in inputs],
            "outputs": [{"name": name, "unit": unit} for name, unit in outputs],
        }
        for key, value in {**ports, **metadata}.items():
            text = value if isinstance(value, str) else json.dumps(value)
            model.metadata_props.add(key=f"candlesql.{key}", value=text)
        onnx.checker.check_model(model, full_check=True)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(path).with_suffix(".tmp")
        temporary.write_bytes(model.SerializeToString())
        temporary.rename(path)


def magnitudes_and_extinction(graph: Graph, network: Network, theta: str) -> tuple[str, str]:
    """Add the network: names of M [b, rows] and R [b, rows] for theta [3, rows]."""
    value = theta
    first, shift = fold(network.weights[0], network.biases[0], network)
    layers = [(first, shift), *zip(network.weights[1:-1], network.biases[1:-1], strict=True)]
    for weight, bias in layers:
        value = graph.activate(network.activation, graph.linear(weight, bias, value))
    # M_i = M_G + (M_i - M_G): the sum is folded into the last layer
    weight, bias = network.weights[-1].copy(), network.biases[-1].copy()
    weight[1:] += weight[0]
    bias[1:] += bias[0]
    magnitude = graph.linear(weight, bias, value)
    r_weight, r_bias = fold(network.extinction_weight, network.extinction_bias, network)
    return magnitude, graph.op("Exp", graph.linear(r_weight, r_bias, theta))


def fold(weight: ArrayLike, bias: ArrayLike, network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Fold (theta - centre) / scale into a layer: weight and bias that act on theta itself."""
    scaled = np.asarray(weight) / network.scale
    return scaled, np.asarray(bias) - scaled @ network.centre


def save_network(network: Network, band_names: Sequence[str], path: Path | str, metadata: dict[str, object]) -> None:
    """Write photometry.onnx: labels -> absolute magnitudes and extinction coefficients."""
    graph = Graph()
    magnitude, extinction = magnitudes_and_extinction(graph, network, "x")
    result = graph.op("Concat", magnitude, extinction, axis=0)
    inputs = [("teff_k", "K"), ("logg", "dex(cm/s2)"), ("feh", "dex")]
    outputs = [(f"absolute_{name}", "mag") for name in band_names]
    outputs += [(f"extinction_{name}", "mag/mag") for name in band_names]
    graph.save(path, result, inputs, outputs, {**metadata, "weights": weights_of(network)})


def weights_of(network: Network) -> dict[str, object]:
    """What `read_network` needs beside the folded weights: normalisation and activation."""
    return {
        "centre": network.centre.tolist(),
        "scale": network.scale.tolist(),
        "activation": network.activation,
    }


def read_network(path: Path | str) -> Network:
    """Read a network back from photometry.onnx: the MatMul and Add constants in order."""
    model = onnx.load(str(path))
    extra = {p.key: p.value for p in model.metadata_props}
    kept = json.loads(extra["candlesql.weights"])
    centre, scale = np.array(kept["centre"]), np.array(kept["scale"])
    arrays = {c.name: numpy_helper.to_array(c).astype(float) for c in model.graph.initializer}
    weights = [arrays[n.input[0]] for n in model.graph.node if n.op_type == "MatMul"]
    biases = [arrays[n.input[1]][:, 0] for n in model.graph.node if n.op_type == "Add"]
    for layer in (0, len(weights) - 1):  # both act on theta: undo `fold`
        biases[layer] = biases[layer] + weights[layer] @ centre
        weights[layer] = weights[layer] * scale
    last = len(weights) - 2
    weights[last][1:] -= weights[last][0]
    biases[last][1:] -= biases[last][0]
    return Network(centre, scale, weights[:-1], biases[:-1], weights[-1], biases[-1], kept["activation"])
