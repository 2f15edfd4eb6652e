"""A model file: an ONNX graph that carries what it needs, what it gives and how it was made.

Every model of the project has one float32 input `x` [inputs, rows] and one float32 output `y` [outputs, rows], in the
units that its metadata states; a row of the tensor is a column of a catalog.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from .cache import found_once
from .names import is_plain

if TYPE_CHECKING:
    import onnx

PREFIX = "candlesql."
#: The code that says whether a model file is sound.
CHECKS = (Path(__file__), Path(__file__).with_name("soundness.py"))
DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
UNIT = re.compile(r"[^'\"\n\0]{0,80}")
#: Schemas of SQL that are no system's, so that no model may put functions there.
RESERVED = {
    *("candlesql", "staging", "match", "quality", "cuts", "sphere", "stats", "region", "photometric"),
    *("main", "temp", "system", "sky", "memory", "pg_catalog", "information_schema"),
}
#: The operators that this program exports, trees, and those that do no more than these: each ends, and none makes more
#: rows than it was given.
OPERATORS = {
    *("Abs", "Add", "And", "ArgMax", "Cast", "Clip", "Concat", "Constant", "Div", "Equal", "Erf", "Exp", "Flatten"),
    *("Gather", "Gemm", "Greater", "GreaterOrEqual", "Identity", "IsInf", "IsNaN", "Less", "LessOrEqual", "Log"),
    *("LogSoftmax", "MatMul", "Max", "Mean", "Min", "Mul", "Neg", "Not", "Or", "Pow", "Reciprocal", "ReduceLogSumExp"),
    *("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "Relu", "Reshape", "Scan", "Sigmoid", "Slice", "Softmax"),
    *("Softplus", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "Transpose", "Unsqueeze", "Where", "Xor"),
    *("LeakyRelu", "Elu", "Gelu", "Sign", "Floor", "LayerNormalization", "Normalizer", "Scaler", "ZipMap"),
    *("Loop", "TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor"),
}
#: How often a Loop goes round at most; the photometer's goes round 12 times.
MOST_ROUNDS = 1000
TRAINED_ON = ("simulated", "real", "both")


#: Beyond them no star is, by unit: archives write 99.999, -999 or -9999 for what they have not.
POSSIBLE = {"mag": (-90, 90), "dex": (-90, 90), "K": (1, 1_000_000), "mas": (-900, 900)}
SENTINELS = (-9999, -999)


@dataclass(frozen=True)
class Field:
    """An input or output: its name and unit."""

    name: str
    unit: str

    def possible(self, value: str) -> str:
        """The SQL of a value of this input, NULL where it can only stand for a missing one."""
        if self.unit.partition("(")[0] in POSSIBLE:
            low, high = POSSIBLE[self.unit.partition("(")[0]]
            return f"case when {value} between {low} and {high} then {value} end"
        return f"case when {value} not in ({', '.join(map(str, SENTINELS))}) then {value} end"

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


def fields_of(metadata: dict[str, str], key: str) -> tuple[Field, ...]:
    """The fields that metadata lists under `inputs` or `outputs`."""
    return tuple(Field(**entry) for entry in json.loads(metadata[key]))


def check_metadata(path: Path, metadata: dict[str, str]) -> None:
    """Names become SQL: they must be plain words."""
    for key in ("system", "inputs", "outputs"):
        if key not in metadata:
            raise UserError(f"metadata {PREFIX}{key} is missing; this is not a candlesql model", file=path)
    names = {"file name": path.stem, "system": metadata["system"]}
    try:
        fields = [Field(**f) for key in ("inputs", "outputs") for f in json.loads(metadata[key])]
    except (ValueError, TypeError, RecursionError):
        raise UserError(f"metadata {PREFIX}inputs or outputs is no list of names and units", file=path) from None
    for number, entry in enumerate(fields):
        names[f"column {number}"] = entry.name
        if not isinstance(entry.unit, str) or not UNIT.fullmatch(entry.unit):
            raise UserError(f"unit {entry.unit!r:.80} of {entry.name!r:.80} is not plain text", file=path)
    _check_origin(path, metadata, {f["name"] for f in json.loads(metadata["inputs"])})
    for what, name in names.items():
        if not is_plain(name):
            raise UserError(f"{what} {name!r:.80} is no name for SQL: small letters, digits and _ only", file=path)
    for key in ("inputs", "outputs"):
        named = [entry["name"] for entry in json.loads(metadata[key])]
        if len(set(named)) < len(named):
            raise UserError(f"metadata {PREFIX}{key} names a column twice", file=path)
    if metadata["system"] in RESERVED:
        raise UserError(f"system {metadata['system']!r} is a schema of candlesql's own; give it another", file=path)
    if any(not is_plain(Field(**entry).function) for entry in json.loads(metadata["outputs"])):
        raise UserError("an output's name is nothing but its unit; give it a name", file=path)


def _check_origin(path: Path, metadata: dict[str, str], inputs: set[str]) -> None:
    """What a model says of its training must be one of the known words, and of its inputs."""
    trained_on = metadata.get("trained_on", TRAINED_ON[0])
    if trained_on not in TRAINED_ON:
        raise UserError(
            f"metadata {PREFIX}trained_on is {trained_on!r:.80}; it is one of {', '.join(TRAINED_ON)}", file=path
        )
    try:
        systems = dict(json.loads(metadata.get("input_systems", "{}")))
    except (ValueError, TypeError):
        raise UserError(f"metadata {PREFIX}input_systems is no JSON object of inputs and systems", file=path) from None
    if metadata.get("training_stars") and not is_plain(metadata["training_stars"]):
        raise UserError(f"metadata {PREFIX}training_stars is no name: small letters, digits and _ only", file=path)
    foreign = sorted(set(systems) - inputs)
    if foreign:
        raise UserError(f"metadata {PREFIX}input_systems names {foreign[0]!r:.80}, which is not an input", file=path)


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
    return Model(
        model.path.with_name(f"{name}.onnx"),
        _serialised(graph, {}),
        tuple(inputs),
        tuple(outputs),
        dict(model.metadata),
        operators_of(graph),
    )


def operators_of(graph: onnx.GraphProto) -> frozenset[tuple[str, int]]:
    """Name and number of inputs of every operator of a graph."""
    return frozenset((node.op_type, len(node.input)) for node in graph.node)


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
