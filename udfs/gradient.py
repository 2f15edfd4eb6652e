"""Derivatives of a model's outputs, exact and as ONNX graphs: reverse mode, one pass an output over the model's nodes.

The adjoint of a tensor t [k, rows] is the derivative of one output with respect to each row of t. It is kept as a sum
of matrix products `matrix [k, m] @ tensor [m, rows]`, so that linear layers, slices and sums cost nothing until a
non-linear operator needs numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import numpy_helper

from .differentiable import ELEMENTWISE, PAIRS, is_differentiable
from .graph import GraphBuilder
from .model import Field, Model, derived_model

ONE = ""


@dataclass
class Adjoint:
    """A sum over tensors of matrix [k, m] @ tensor [m, rows]; the tensor ONE is a row of ones."""

    terms: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, tensor: str, matrix: np.ndarray) -> None:
        known = self.terms.get(tensor)
        self.terms[tensor] = matrix if known is None else known + matrix

    def mapped(self, matrix: np.ndarray) -> Adjoint:
        """`matrix` [n, k] times the sum."""
        return Adjoint({tensor: matrix @ own for tensor, own in self.terms.items()})


def gradient_model(model: Model) -> Model:
    """The model whose output `d_<output>_d_<input>` is the derivative of an output with respect to an input.

    Outputs stand in the order of the model's outputs and, within, of its inputs.
    """
    jacobian = Jacobian(model, "x")
    parts = [jacobian.row(i) for i in range(len(model.outputs))]
    fields = [
        Field(f"d_{output.name}_d_{given.name}", f"{output.unit or '1'} / ({given.unit or '1'})")
        for output in model.outputs
        for given in model.inputs
    ]
    builder = jacobian.builder
    graph = builder.finish(builder.concat(parts), len(model.inputs), len(fields), "gradient")
    return derived_model(model, f"{model.name}_gradient", graph, list(model.inputs), fields)


def propagated_model(model: Model) -> Model:
    """The model that takes the inputs and then their standard deviations, and gives those of the outputs.

    First order, errors of the inputs independent: sigma_y^2 = sum_i (dy/dx_i)^2 sigma_i^2.
    """
    n = len(model.inputs)
    builder = GraphBuilder()
    given = builder.rows("x", 0, n)
    sigma = builder.rows("x", n, 2 * n)
    jacobian = Jacobian(model, given, builder)
    parts = []
    for i in range(len(model.outputs)):
        moved = builder.add("Mul", jacobian.row(i), sigma)
        parts.append(builder.add("Sqrt", builder.sum_rows(builder.add("Mul", moved, moved))))
    graph = builder.finish(builder.concat(parts), 2 * n, len(model.outputs), "propagated")
    inputs = [*model.inputs, *(Field(f"{given.name}_error", given.unit) for given in model.inputs)]
    return derived_model(model, f"{model.name}_propagated", graph, inputs, list(model.outputs))


class Jacobian:
    """The model's nodes, then for each output the nodes of its derivative; forward tensors are shared.

    Raises
    ------
    NotImplementedError
        If an operator has no derivative here.
    """

    def __init__(self, model: Model, x: str, builder: GraphBuilder | None = None) -> None:
        if not is_differentiable(model):
            raise NotImplementedError(f"{model.name} has an operator without a derivative")
        self.builder = builder or GraphBuilder()
        self.x = x
        self.n_inputs = len(model.inputs)
        self.values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        self.nodes = list(model.graph.node)
        self.n_rows = _rows_of(model.graph) | {"x": self.n_inputs}
        self.slopes: dict[str, str] = {}
        self.tensors = {"x": x}
        for node in self.nodes:
            inputs = [self._forward(name) for name in node.input]
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            self.tensors[node.output[0]] = self.builder.add(node.op_type, *inputs, **attributes)

    def row(self, output: int) -> str:
        """The tensor [inputs, rows] of the derivatives of an output."""
        adjoints = {"y": Adjoint({ONE: np.eye(self.n_rows["y"])[:, [output]]})}
        for node in reversed(self.nodes):
            adjoint = adjoints.pop(node.output[0], None)
            if adjoint is None:
                continue
            for name, part in self._back(node, adjoint):
                for tensor, matrix in part.terms.items():
                    if matrix.any():
                        adjoints.setdefault(name, Adjoint()).add(tensor, matrix)
        return self._tensor(adjoints.get("x", Adjoint()), self.n_inputs)

    def _forward(self, name: str) -> str:
        if name in self.values:
            value = self.values[name]
            return self.builder.constant(value, value.dtype.type)
        return self.tensors[name]

    def _back(self, node: onnx.NodeProto, adjoint: Adjoint) -> list[tuple[str, Adjoint]]:
        """The share of each tensor that the node reads."""
        operator, names = node.op_type, list(node.input)
        if operator in ELEMENTWISE:
            return [(names[0], self._times(adjoint, self._slope(node), self.n_rows[names[0]]))]
        if operator in PAIRS:
            return self._back_pair(node, adjoint)
        if operator == "Softmax":
            return [(names[0], self._back_softmax(node, adjoint))]
        return self._back_linear(node, adjoint)

    def _back_linear(self, node: onnx.NodeProto, adjoint: Adjoint) -> list[tuple[str, Adjoint]]:
        names = list(node.input)
        if node.op_type in ("Gemm", "MatMul"):
            return [(names[1], adjoint.mapped(self.values[names[0]].astype(float).T))]
        if node.op_type == "Concat":
            ends = np.cumsum([self.n_rows[name] for name in names])
            own = np.eye(ends[-1])
            return [
                (name, adjoint.mapped(own[end - self.n_rows[name] : end]))
                for name, end in zip(names, ends, strict=True)
            ]
        k = self.n_rows[names[0]]
        matrix = {"Identity": np.eye(k), "Neg": -np.eye(k), "ReduceSum": np.ones((k, 1))}.get(node.op_type)
        if matrix is None:
            start, stop = (int(self.values[name].item()) for name in names[1:3])
            matrix = np.eye(k)[:, start:stop]
        return [(names[0], adjoint.mapped(matrix))]

    def _back_pair(self, node: onnx.NodeProto, adjoint: Adjoint) -> list[tuple[str, Adjoint]]:
        """Operators of two tensors, of which one may be a constant or have one row."""
        k = self.n_rows[node.output[0]]
        shares = []
        for place, name in enumerate(node.input):
            if name in self.values:
                continue
            share = self._share(node, adjoint, place, k)
            if self.n_rows[name] == 1 and k > 1:
                share = share.mapped(np.ones((1, k)))
            shares.append((name, share))
        return shares

    def _share(self, node: onnx.NodeProto, adjoint: Adjoint, place: int, k: int) -> Adjoint:
        operator = node.op_type
        if operator in ("Add", "Sub"):
            return adjoint.mapped(-np.eye(k)) if (operator, place) == ("Sub", 1) else adjoint
        other = node.input[1 - place]
        if other in self.values and operator in ("Mul", "Div") and (operator, place) != ("Div", 1):
            column = np.broadcast_to(self.values[other].astype(float).reshape(-1, 1), (k, 1))[:, 0]
            return adjoint.mapped(np.diag(column if operator == "Mul" else 1 / column))
        return self._times(adjoint, self._pair_slope(node, place), k)

    def _pair_slope(self, node: onnx.NodeProto, place: int) -> str:
        key = f"{node.output[0]}:{place}"
        if key not in self.slopes:
            self.slopes[key] = self._new_pair_slope(node, place)
        return self.slopes[key]

    def _new_pair_slope(self, node: onnx.NodeProto, place: int) -> str:
        add = self.builder.add
        left, right = (self._forward(name) for name in node.input)
        out = self.tensors[node.output[0]]
        if node.op_type == "Mul":
            return right if place == 0 else left
        if node.op_type == "Div":
            return add("Reciprocal", right) if place == 0 else add("Neg", add("Div", out, right))
        if node.op_type == "Pow":
            if place == 1:
                return add("Mul", out, add("Log", left))
            return add("Mul", right, add("Pow", left, add("Sub", right, self.builder.constant(1.0))))
        own, other = (left, right) if place == 0 else (right, left)
        taken = "Greater" if node.op_type == "Max" else "Less"
        return self._as_float(add(taken, own, other))

    def _slope(self, node: onnx.NodeProto) -> str:
        """The derivative of an elementwise operator, one tensor for all outputs that need it."""
        name = node.output[0]
        if name not in self.slopes:
            self.slopes[name] = self._new_slope(node)
        return self.slopes[name]

    def _new_slope(self, node: onnx.NodeProto) -> str:
        add, constant = self.builder.add, self.builder.constant
        x, y = self._forward(node.input[0]), self.tensors[node.output[0]]
        match node.op_type:
            case "Sigmoid":
                return add("Mul", y, add("Sub", constant(1.0), y))
            case "Tanh":
                return add("Sub", constant(1.0), add("Mul", y, y))
            case "Exp":
                return y
            case "Log":
                return add("Reciprocal", x)
            case "Sqrt":
                return add("Div", constant(0.5), y)
            case "Relu":
                return self._as_float(add("Greater", x, constant(0.0)))
        return self._as_float(add("Equal", x, y))

    def _back_softmax(self, node: onnx.NodeProto, adjoint: Adjoint) -> Adjoint:
        """y (a - sum(a y)) for the adjoint a of y."""
        y, k = self.tensors[node.output[0]], self.n_rows[node.output[0]]
        weighted = self.builder.add("Mul", self._tensor(adjoint, k), y)
        total = self.builder.add("Mul", y, self.builder.sum_rows(weighted))
        return Adjoint({weighted: np.eye(k), total: -np.eye(k)})

    def _times(self, adjoint: Adjoint, slope: str, k: int) -> Adjoint:
        """The adjoint [k, rows] times a slope [k or 1, rows], row by row."""
        return Adjoint({self.builder.add("Mul", self._tensor(adjoint, k), slope): np.eye(k)})

    def _tensor(self, adjoint: Adjoint, k: int) -> str:
        """The adjoint as one tensor [k, rows]."""
        total = ""
        for tensor, matrix in adjoint.terms.items():
            if tensor == ONE:
                term = self._ones(matrix)
            elif matrix.shape[0] == matrix.shape[1] and np.array_equal(matrix, np.eye(k)):
                term = tensor
            else:
                term = self.builder.add("MatMul", self.builder.constant(matrix), tensor)
            total = self.builder.add("Add", total, term) if total else term
        return total or self._ones(np.zeros((k, 1)))

    def _ones(self, column: np.ndarray) -> str:
        """`column` [k, 1] for every row of the catalog."""
        zeros = self.builder.add("Mul", self.builder.rows(self.x, 0, 1), self.builder.constant(0.0))
        return self.builder.add("Add", zeros, self.builder.constant(column))

    def _as_float(self, condition: str) -> str:
        return self.builder.add("Cast", condition, to=onnx.TensorProto.FLOAT)


def _rows_of(graph: onnx.GraphProto) -> dict[str, int]:
    """The number of rows of every tensor."""
    proto = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    known = onnx.shape_inference.infer_shapes(proto).graph
    shapes = [*known.value_info, *known.output]
    return {v.name: v.type.tensor_type.shape.dim[0].dim_value for v in shapes if v.type.tensor_type.shape.dim}
