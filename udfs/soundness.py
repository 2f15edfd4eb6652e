"""Whether a model file is sound: what is found out of its graph, once for each content of a file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from ..errors import UserError
from .metadata import PREFIX, check_metadata, fields_of

DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
#: The operators that this program exports, trees, and those that do no more than these: each ends, and none makes more
#: rows than it was given.
OPERATORS = {
    *("Abs", "Add", "And", "ArgMax", "Cast", "Clip", "Concat", "Constant", "Div", "Equal", "Erf", "Exp", "Flatten"),
    *("Gather", "Gemm", "Greater", "GreaterOrEqual", "Identity", "IsInf", "IsNaN", "Less", "LessOrEqual", "Log"),
    *("LogSoftmax", "MatMul", "Max", "Mean", "Min", "Mul", "Neg", "Not", "Or", "Pow", "Reciprocal", "ReduceLogSumExp"),
    *("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "Relu", "Reshape", "Scan", "Sigmoid", "Slice", "Softmax"),
    *("Softplus", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "Transpose", "Unsqueeze", "Where", "Xor"),
    *(
        "LeakyRelu",
        "Elu",
        "Gelu",
        "Sign",
        "Floor",
        "LayerNormalization",
        "Normalizer",
        "Scaler",
        "ZipMap",
        "Sin",
        "Cos",
    ),
    *("Loop", "TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor"),
}
#: How often a Loop goes round at most; the photometer's goes round 12 times.
MOST_ROUNDS = 1000


def checked(path: Path, content: bytes) -> dict[str, Any]:
    """The metadata of a model file and the operators of its graph, as JSON keeps them.

    Raises
    ------
    UserError
        As `load_model` says.
    """
    try:
        proto = onnx.load_from_string(content)
        _refuse_foreign(path, proto)
        onnx.checker.check_model(proto)
        said = {str(p.key, "utf-8") if isinstance(p.key, bytes) else p.key: p.value for p in proto.metadata_props}
        if not all(isinstance(value, str) for value in said.values()):
            raise ValueError("metadata that is no text")
    except UserError:
        raise
    except Exception as error:  # protobuf and onnx raise many kinds
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise UserError(
            f"truncated or not an ONNX model ({reason}); train it again or take it away", file=path
        ) from None
    metadata = {key.removeprefix(PREFIX): value for key, value in said.items() if key.startswith(PREFIX)}
    check_metadata(path, metadata)
    stated = metadata.get("graph_sha256")
    if stated and stated != graph_hash(proto.graph):
        raise UserError(
            "changed since it was written (its weights do not match its own hash); train it again", file=path
        )
    counts = {"x": len(fields_of(metadata, "inputs")), "y": len(fields_of(metadata, "outputs"))}
    _check_shape(path, counts, proto.graph)
    return {"metadata": metadata, "operators": sorted(operators_of(proto.graph))}


def _refuse_foreign(path: Path, proto: onnx.ModelProto) -> None:
    foreign = {opset.domain for opset in proto.opset_import}
    foreign |= {node.domain for graph in _graphs(proto.graph) for node in graph.node}
    foreign -= set(DOMAINS)
    if foreign or proto.functions:
        named = ", ".join(sorted(foreign)) or proto.functions[0].name
        raise UserError(f"has custom operators of {named!r:.80}; only standard ONNX models are run", file=path)
    odd = {node.op_type for graph in _graphs(proto.graph) for node in graph.node} - OPERATORS
    if odd:
        raise UserError(f"has the operator {min(odd)!r:.80}, which no model of this program needs", file=path)
    _refuse_endless(path, proto.graph, {})
    for info in (value for graph in _graphs(proto.graph) for value in graph.sparse_initializer):
        raise UserError(f"weight {info.values.name!r:.80} is sparse; a model's weights are plain", file=path)
    for tensor in _tensors(proto.graph):
        if tensor.external_data or tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise UserError(f"weight {tensor.name} is in another file; a model must be one file", file=path)
        values = numpy_helper.to_array(tensor)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise UserError(f"weight {tensor.name} holds NaN or infinity; train it again", file=path)
    for graph in _graphs(proto.graph):
        for node in graph.node:
            if any(not np.isfinite(a.floats).all() for a in node.attribute if len(a.floats)):
                raise UserError(f"weight of {node.op_type} holds NaN or infinity; train it again", file=path)


def _refuse_endless(path: Path, graph: onnx.GraphProto, around: dict[str, onnx.TensorProto], rounds: int = 1) -> None:
    """A Loop must say as a constant how often it goes round; so often goes each that is inside."""
    constants = around | {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        inside = rounds
        if node.op_type == "Loop":
            count = constants.get(node.input[0] if node.input else "")
            inside *= MOST_ROUNDS + 1 if count is None else max(1, *numpy_helper.to_array(count).ravel().tolist()[:1])
            if inside > MOST_ROUNDS:
                raise UserError(f"has a Loop that does not say that it ends within {MOST_ROUNDS} rounds", file=path)
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                _refuse_endless(path, attribute.g, constants, inside)


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph and every graph inside its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from _graphs(attribute.g)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every constant of a graph, those in the attributes of its nodes too."""
    for inner in _graphs(graph):
        yield from inner.initializer
        yield from (a.t for node in inner.node for a in node.attribute if a.type == onnx.AttributeProto.TENSOR)


def _check_shape(path: Path, stated: dict[str, int], graph: onnx.GraphProto) -> None:
    if len(graph.input) != 1 or len(graph.output) != 1:
        raise UserError(f"has {len(graph.input)} inputs and {len(graph.output)} outputs; x and y are wanted", file=path)
    for value, key in ((graph.input[0], "x"), (graph.output[0], "y")):
        tensor = value.type.tensor_type
        dims = tensor.shape.dim
        found = dims[0].dim_value if dims else 0
        if value.name != key or tensor.elem_type != onnx.TensorProto.FLOAT or found not in (0, stated[key]):
            raise UserError(
                f"tensor {value.name} has {found} rows, its metadata names {stated[key]} as {key!r}", file=path
            )


def graph_hash(graph: onnx.GraphProto) -> str:
    """SHA-256 of what a graph computes: its nodes and the bytes of its weights."""
    digest = hashlib.sha256()
    for node in graph.node:
        digest.update(f"{node.op_type}{list(node.input)}{list(node.output)}".encode())
        for attribute in sorted(node.attribute, key=lambda a: a.name):
            digest.update(attribute.SerializeToString(deterministic=True))
    for tensor in graph.initializer:
        digest.update(tensor.name.encode() + numpy_helper.to_array(tensor).tobytes())
    return digest.hexdigest()


def operators_of(graph: onnx.GraphProto) -> frozenset[tuple[str, int]]:
    """Name and number of inputs of every operator of a graph."""
    return frozenset((node.op_type, len(node.input)) for node in graph.node)
