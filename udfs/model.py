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
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from .cache import found_once
from .metadata import PREFIX, Field, check_metadata, fields_of

if TYPE_CHECKING:
    import onnx

#: The code that says whether a model file is sound.
CHECKS = tuple(Path(__file__).with_name(name) for name in ("metadata.py", "soundness.py"))


@dataclass(frozen=True)
class Model:
    """A model file that has been read and found sound."""

    path: Path
    content: bytes
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    metadata: dict[str, str]
    #: Name and number of inputs of every operator of its graph.
    operators: frozenset[tuple[str, int]]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def system(self) -> str:
        return self.metadata["system"]

    @property
    def trained_on(self) -> str:
        """What its training stars were: `simulated`, `real` or `both`; empty where the file does not say."""
        return self.metadata.get("trained_on", "")

    @property
    def takes_missing(self) -> bool:
        """Whether a missing input means something to it, and a row of them is not NULL."""
        return self.metadata.get("missing") == "nan"

    @cached_property
    def input_systems(self) -> dict[str, str]:
        """The photometric system and release of each input, as in {"phot_g_mean_mag": "Gaia DR2"}."""
        return dict(json.loads(self.metadata.get("input_systems", "{}")))

    @property
    def training_stars(self) -> str:
        """Which table of hashes holds its training stars; empty where there is none."""
        return self.metadata.get("training_stars", "")

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def graph(self) -> onnx.GraphProto:
        import onnx

        return onnx.load_from_string(self.content).graph


def load_model(path: Path) -> Model:
    """Read a model file; the same file is parsed once a process.

    Raises
    ------
    UserError
        If it is missing, truncated or no ONNX file, was changed since it was written, has operators or data from
        outside itself, holds NaN weights, or lacks the metadata of a candlesql model.
    """
    try:
        stat = path.stat()
    except OSError:
        raise UserError("no such model file", file=path) from None
    return _load(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=32)
def _load(path: Path, mtime_ns: int, size: int) -> Model:
    content = path.read_bytes()

    def find() -> dict[str, Any]:
        from .soundness import checked

        return checked(path, content)

    said = found_once(content, CHECKS, find)
    metadata = said["metadata"]
    check_metadata(path, metadata)
    inputs, outputs = (fields_of(metadata, key) for key in ("inputs", "outputs"))
    return Model(path, content, inputs, outputs, metadata, frozenset((name, n) for name, n in said["operators"]))


def write_model(path: Path, graph: onnx.GraphProto, metadata: dict[str, object]) -> Model:
    """Write a graph with its metadata to a temporary name, then rename it.

    Parameters
    ----------
    metadata
        Values for `system`, `inputs`, `outputs` (lists of {"name", "unit"}), `training_sha256`, `n_train`, `domain`,
        `metrics`, `citation`, `version`; and of its origin `trained_on` (simulated, real or both), `input_systems`
        ({input: photometric system and release}) and `training_stars` (the table of hashes of its training stars);
        anything but a string is stored as JSON.
    """
    from .soundness import graph_hash

    content = _serialised(graph, metadata | {"graph_sha256": graph_hash(graph)})
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
    return load_model(path)


def derived_model(model: Model, name: str, graph: onnx.GraphProto, inputs: list[Field], outputs: list[Field]) -> Model:
    """A model made from another in memory, with that one's metadata."""
    from .soundness import operators_of

    return Model(
        model.path.with_name(f"{name}.onnx"),
        _serialised(graph, {}),
        tuple(inputs),
        tuple(outputs),
        dict(model.metadata),
        operators_of(graph),
    )


def _serialised(graph: onnx.GraphProto, metadata: dict[str, object]) -> bytes:
    import onnx

    opsets = [onnx.helper.make_opsetid("", 17)]
    if any(node.domain == "ai.onnx.ml" for node in graph.node):
        opsets.append(onnx.helper.make_opsetid("ai.onnx.ml", 3))
    proto = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9)
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in metadata.items()}
    onnx.helper.set_model_props(proto, {PREFIX + key: text for key, text in texts.items()})
    content: bytes = proto.SerializeToString()
    return content
