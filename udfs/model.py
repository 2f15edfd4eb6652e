"""A model file: an ONNX graph that carries what it needs, what it gives and how it was made.

Every model of the project has one float32 input `x` [inputs, rows] and one float32 output `y` [outputs, rows], in the
units that its metadata states; a row of the tensor is a column of a catalog.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from ..errors import UserError

PREFIX = "candlesql."


@dataclass(frozen=True)
class Field:
    """An input or output: its name and unit."""

    name: str
    unit: str

    @property
    def function(self) -> str:
        """The name without its unit: `delta_p_s` [s] is the function `delta_p`."""
        suffix = "_" + self.unit.lower()
        words = self.name.removesuffix("_error")
        stem = words.removesuffix(suffix) if self.unit else words
        return stem + self.name[len(words) :]


@dataclass(frozen=True)
class Model:
    """A model file that has been read and found sound."""

    path: Path
    content: bytes
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    metadata: dict[str, str]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def system(self) -> str:
        return self.metadata["system"]

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def graph(self) -> onnx.GraphProto:
        return onnx.load_from_string(self.content).graph


def load_model(path: Path) -> Model:
    """Read a model file; the same file is parsed once a process.

    Raises
    ------
    UserError
        If it is missing, truncated or no ONNX file, has operators or data from outside itself, holds NaN weights, or
        lacks the metadata of a candlesql model.
    """
    try:
        stat = path.stat()
    except OSError:
        raise UserError(f"{path}: no such model file") from None
    return _load(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=32)
def _load(path: Path, mtime_ns: int, size: int) -> Model:
    content = path.read_bytes()
    try:
        proto = onnx.load_from_string(content)
        onnx.checker.check_model(proto)
    except Exception as error:  # protobuf and onnx raise many kinds
        reason = str(error).strip().split("\n")[0]
        raise UserError(f"{path}: truncated or not an ONNX model ({reason})") from None
    _refuse_foreign(path, proto)
    metadata = {p.key.removeprefix(PREFIX): p.value for p in proto.metadata_props if p.key.startswith(PREFIX)}
    for key in ("system", "inputs", "outputs"):
        if key not in metadata:
            raise UserError(f"{path}: metadata {PREFIX}{key} is missing; this is not a candlesql model")
    inputs, outputs = (tuple(Field(**f) for f in json.loads(metadata[key])) for key in ("inputs", "outputs"))
    model = Model(path, content, inputs, outputs, metadata)
    _check_shape(model, proto.graph)
    return model


def _refuse_foreign(path: Path, proto: onnx.ModelProto) -> None:
    for opset in proto.opset_import:
        if opset.domain not in ("", "ai.onnx", "ai.onnx.ml"):
            raise UserError(f"{path}: has custom operators of {opset.domain!r}; only standard ONNX models are run")
    for tensor in proto.graph.initializer:
        if tensor.external_data or tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise UserError(f"{path}: weight {tensor.name} is in another file; a model must be one file")
        values = numpy_helper.to_array(tensor)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise UserError(f"{path}: weight {tensor.name} holds NaN or infinity; train it again")


def _check_shape(model: Model, graph: onnx.GraphProto) -> None:
    stated = {"x": len(model.inputs), "y": len(model.outputs)}
    for value, key in ((graph.input[0], "x"), (graph.output[0], "y")):
        dims = value.type.tensor_type.shape.dim
        found = dims[0].dim_value if dims else 0
        if value.name != key or found not in (0, stated[key]):
            raise UserError(
                f"{model.path}: tensor {value.name} has {found} rows, its metadata names {stated[key]} as {key!r}"
            )


def write_model(path: Path, graph: onnx.GraphProto, metadata: dict[str, object]) -> Model:
    """Write a graph with its metadata to a temporary name, then rename it.

    Parameters
    ----------
    metadata
        Values for `system`, `inputs`, `outputs` (lists of {"name", "unit"}), `training_sha256`, `n_train`, `domain`,
        `metrics`, `citation`, `version`; anything but a string is stored as JSON.
    """
    proto = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in metadata.items()}
    onnx.helper.set_model_props(proto, {PREFIX + key: text for key, text in texts.items()})
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(proto.SerializeToString())
    temporary.replace(path)
    return load_model(path)
