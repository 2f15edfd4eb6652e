"""Models that read a spectrum: one array column besides plain ones. They lie in `models/spectra/`.

A model called `parallax` of system `parallax` gives `parallax_net(…)`, all outputs, and `parallax_error_net(…)`, which
takes the errors of the inputs and gives the standard errors of the outputs' logarithms (independent errors, equation 5
of Hogg et al. 2018), and one function of its last output. The graph is exp(A x + B spectrum + c): `x` [plain inputs,
rows] and `spectrum` [rows, pixels] give `y` [rows, outputs].

These are SQL, made from the weights in the ONNX file: a product of two arrays costs DuckDB a fraction of what handing
the array to Python does, and the plain shell has it too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..errors import UserError
from .comments import comment
from .metadata import PREFIX, RESERVED, UNIT, check_tables
from .model_files import spectral_files
from .names import identifier, is_plain, run_one
from .soundness import graph_hash

WEIGHTS = ("plain_weight", "spectrum_weight", "constant")
ERRORS = "Standard errors of the logarithms of all outputs, by the errors of the inputs in their place,"


@dataclass(frozen=True)
class SpectralModel:
    """A log-linear model: `plain` [inputs, outputs], `spectrum` [pixels, outputs] and `constant` [outputs], float32."""

    path: Path
    content: bytes
    plain: np.ndarray
    spectrum: np.ndarray
    constant: np.ndarray
    metadata: dict[str, str]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def inputs(self) -> list[str]:
        """The plain inputs and then the array."""
        return [entry["name"] for entry in json.loads(self.metadata["inputs"])]

    @property
    def errors(self) -> list[str]:
        """Columns with the standard errors of the inputs, in their order."""
        return [entry["error"] for entry in json.loads(self.metadata["inputs"])]

    @property
    def outputs(self) -> list[str]:
        return [entry["name"] for entry in json.loads(self.metadata["outputs"])]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def write_spectral(
    path: Path, plain: np.ndarray, spectrum: np.ndarray, constant: np.ndarray, metadata: dict[str, Any]
) -> SpectralModel:
    """Write a model to a temporary name, then rename it; weights as in `SpectralModel`, metadata as of other models."""
    weights = zip(WEIGHTS, (plain, spectrum, constant), strict=True)
    nodes = [
        helper.make_node("Gemm", ["x", "plain_weight", "constant"], ["rest"], transA=1),
        helper.make_node("Gemm", ["spectrum", "spectrum_weight", "rest"], ["log"]),
        helper.make_node("Exp", ["log"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        path.stem,
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [len(plain), "rows"]),
            helper.make_tensor_value_info("spectrum", TensorProto.FLOAT, ["rows", len(spectrum)]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", len(constant)])],
        [numpy_helper.from_array(np.asarray(values, np.float32), name) for name, values in weights],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in metadata.items()}
    texts["graph_sha256"] = graph_hash(graph)
    helper.set_model_props(proto, {PREFIX + key: text for key, text in texts.items()})
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(proto.SerializeToString())
    temporary.replace(path)
    return load_spectral(path)


def load_spectral(path: Path) -> SpectralModel:
    """Read a model file; the same file is parsed once a process.

    Raises
    ------
    UserError
        If it is no such model, was changed since it was written, or holds NaN weights.
    """
    stat = path.stat()
    return _load(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=8)
def _load(path: Path, mtime_ns: int, size: int) -> SpectralModel:
    content = path.read_bytes()
    try:
        proto = onnx.load_from_string(content)
        metadata = {p.key.removeprefix(PREFIX): p.value for p in proto.metadata_props}
        if any(tensor.external_data or tensor.data_location for tensor in proto.graph.initializer):
            raise ValueError("a weight is in another file")
        tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in proto.graph.initializer}
        if not all(tensors[name].dtype == np.float32 for name in WEIGHTS):
            raise ValueError("weights are not of single precision")
        plain, spectrum, constant = (tensors[name] for name in WEIGHTS)
        model = SpectralModel(path, content, plain, spectrum, constant, metadata)
        n_inputs, n_outputs = len(model.inputs), len(model.outputs)
        names = [path.stem, metadata["system"], metadata["function"], *model.inputs, *model.errors, *model.outputs]
        units = [entry.get("unit", "") for key in ("inputs", "outputs") for entry in json.loads(metadata[key])]
    except Exception as error:
        raise UserError(f"not a model over spectra ({error!s:.200}); train it again", file=path) from None
    odd = [name for name in names if not is_plain(name) or name in RESERVED]
    if odd:
        raise UserError(f"{odd[0]!r:.80} is no name for SQL: small letters, digits and _ only", file=path)
    if not all(isinstance(unit, str) and UNIT.fullmatch(unit) for unit in units):
        raise UserError("a unit is not plain text; train it again", file=path)
    check_tables(path, metadata)
    if graph_hash(proto.graph) != metadata.get("graph_sha256"):
        raise UserError(
            "changed since it was written (its weights do not match its own hash); train it again", file=path
        )
    if [node.op_type for node in proto.graph.node] != ["Gemm", "Gemm", "Exp"]:
        raise UserError("has other operators than Gemm, Gemm, Exp; train it again", file=path)
    if plain.shape != (n_inputs - 1, n_outputs) or spectrum.shape[1:] != (n_outputs,):
        raise UserError(
            f"its weights are not those of {n_inputs} inputs and {n_outputs} outputs; train it again", file=path
        )
    if not all(np.isfinite(values).all() for values in (plain, spectrum, constant)):
        raise UserError("holds NaN or infinite weights; train it again", file=path)
    return model


def create_stored_macros(connection: duckdb.DuckDBPyConnection, own: Path) -> None:
    """Create the functions of every model."""
    for path in spectral_files(own).values():
        model = load_spectral(path)
        system, function = model.metadata["system"], model.metadata["function"]
        run_one(connection, f"create schema if not exists {identifier(system)}")
        given, errors = model.inputs, [f"{name}_error" for name in model.inputs]
        value, relative = _value(model, -1, given), _relative_error(model, -1, errors)
        schema = identifier(system)
        unit = json.loads(model.metadata["outputs"])[-1].get("unit", "")
        error = f"Standard error of {model.outputs[-1]}, with the errors of the inputs (…_error) after them,"
        for name, arguments, body, what in (
            (f"{model.name}_net", given, _struct(model, _value), "[struct] All outputs"),
            (f"{model.name}_error_net", given, _struct(model, _relative_error), f"[struct] {ERRORS}"),
            (
                f"{model.name}_scatter",
                [],
                _scatter(model),
                "[struct] Relative scatter of each output beside those errors",
            ),
            (f"{schema}.{identifier(function)}", given, value, f"[{unit}] Output {model.outputs[-1]}"),
            (
                f"{schema}.{identifier(function + '_error')}",
                [*given, *errors],
                f"({value} * {relative})::float",
                f"[{unit}] {error}",
            ),
        ):
            listed = ", ".join(f'"{argument}"' for argument in arguments)
            run_one(connection, f"create or replace macro {name}({listed}) as {body}")
            note = f"{what} of {path.name}, from {_with_units(model)}; {model.metadata.get('citation', '')}"
            comment(connection, "macro", name, note)


def _with_units(model: SpectralModel) -> str:
    """The inputs with their units, and what their standard errors are called."""
    return ", ".join(f"{entry['name']} [{entry.get('unit', '')}]" for entry in json.loads(model.metadata["inputs"]))


def _scatter(model: SpectralModel) -> str:
    """The relative scatter of each output beside the errors of the inputs; NULL where the file does not say it."""
    said = json.loads(model.metadata.get("relative_scatter", "{}"))
    values = {name: f"{float(said[name])!r}" if name in said else "null" for name in model.outputs}
    parts = (f"'{name}': {value}::double" for name, value in values.items())
    return "{" + ", ".join(parts) + "}"


def _struct(model: SpectralModel, form: Callable[[SpectralModel, int, list[str]], str]) -> str:
    parts = (f"'{name}': {form(model, i, model.inputs)}" for i, name in enumerate(model.outputs))
    return "{" + ", ".join(parts) + "}"


def _value(model: SpectralModel, output: int, names: list[str]) -> str:
    """An output; NaN is NULL."""
    weights = zip(model.plain[:, output].tolist(), names, strict=False)
    terms = [f'{weight!r}::double * "{name}"' for weight, name in weights]
    product = f'list_inner_product("{names[-1]}"::float[], {_literal(model.spectrum[:, output])})'
    log = " + ".join([f"{float(model.constant[output])!r}::double", *terms, product])
    return f"nullif(exp({log})::float, 'nan'::float)"


def _relative_error(model: SpectralModel, output: int, names: list[str]) -> str:
    """The standard error of an output's logarithm: the root of the sum of squared weights times variances."""
    weights = zip(np.square(model.plain[:, output].astype(float)).tolist(), names, strict=False)
    terms = [f'{weight!r}::double * "{name}" * "{name}"' for weight, name in weights]
    squares = f'list_transform("{names[-1]}"::float[], lambda v: v * v)'
    product = f"list_inner_product({squares}, {_literal(np.square(model.spectrum[:, output]))})"
    return f"nullif(sqrt({' + '.join([*terms, product])})::float, 'nan'::float)"


def _literal(values: np.ndarray) -> str:
    """A list as text that DuckDB casts once, when the query is bound."""
    return f"'[{', '.join(map(str, values.tolist()))}]'::float[]"
